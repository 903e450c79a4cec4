import { serveProvider } from "../protocol/server";
import { command } from "./provider";

void serveProvider(command, process.argv[2]);
