import { serve } from "../protocol/server";
import { command } from "./provider";

void serve(command, process.argv[2]);
