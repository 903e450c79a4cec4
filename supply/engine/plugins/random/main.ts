import { serveProvider } from "../protocol/server";
import { random } from "./provider";

void serveProvider(random, process.argv[2]);
