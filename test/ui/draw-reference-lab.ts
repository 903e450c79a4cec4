import { writeFileSync } from "node:fs";
import { picture } from "../../ui/picture";
import { exampleLab } from "../rendered/example-lab";
import { healthyChecks } from "./healthy-checks";

/** `npx tsx test/ui/draw-reference-lab.ts`, when the drawing has changed. */
writeFileSync("docs/topology.svg", picture(exampleLab(), healthyChecks(exampleLab())));
