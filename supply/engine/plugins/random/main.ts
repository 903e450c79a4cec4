import { serve } from "../protocol/server";
import { random } from "./provider";

void serve(random, process.argv[2]);
