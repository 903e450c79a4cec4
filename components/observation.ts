import { isToBeRecreated, type Observation } from "../hypervisor/reality/observation";

/** @throws Error for what nobody has looked for. */
export function observationOf(observations: ReadonlyMap<string, Observation>, name: string): Observation {
  const observation = observations.get(name);
  if (observation === undefined) throw new Error(`${name} was not looked for before its resources`);
  return observation;
}

/** The template that a machine stays a clone of; undefined for one that is made, or recreated. */
export function templateOf(observation: Observation): string | undefined {
  return isToBeRecreated(observation) ? undefined : observation.image;
}
