import { serve } from "../protocol/server";
import { tls } from "./provider";

void serve(tls, process.argv[2]);
