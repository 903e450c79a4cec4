import type { Observation } from "./observation";

/** Whether the machine runs as it was left, so that nothing about it is to be recreated. */
export function isSettled(observation: Observation): boolean {
  return observation.state === "running" && observation.changed.length === 0;
}
