import { serveProvider } from "../protocol/server";
import { tls } from "./provider";

void serveProvider(tls, process.argv[2]);
