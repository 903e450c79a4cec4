import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../lab/check";
import type { LabPlan } from "../plan/lab-plan";
import { topology } from "./topology";

/** The topology as a file of its own, with its colours for light and dark. */
export function picture(plan: LabPlan, checks: readonly Check[]): string {
  const style = readFileSync(join(__dirname, "topology.css"), "utf8").trim();
  return `${topology(plan, checks, style)}\n`;
}
