import type { MachinePlan } from "../plan/lab-plan";
import type { Machine } from "./machine";

/**
 * Builds the machines of a role so that each knows the one before it: those that run already are changed one at a time.
 * @param atOnce how many are, where more than one may
 */
export function inTurn(
  machines: MachinePlan[],
  build: (machine: MachinePlan, before: { after?: Machine }) => Machine,
  atOnce = 1,
): Machine[] {
  const built: Machine[] = [];
  for (const machine of machines) {
    const after = built.at(-atOnce);
    built.push(build(machine, after === undefined ? {} : { after }));
  }
  return built;
}
