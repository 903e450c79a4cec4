import type { Observation } from "../hypervisor/reality/observation";
import type { MachinePlan } from "../plan/lab-plan";

/**
 * Whether a machine is only made, and off until a person starts it. Once it has run it is as any other: what is in it is waited for
 * and kept up to date, and it is started again where it is off.
 */
export function waitsForStart({ autoStart }: MachinePlan, { state, image }: Observation): boolean {
  // Of one that no ensure has come to the end of, no image is known.
  const isUnknown = (state === "missing" || state === "stopped") && image === undefined;
  return autoStart === false && (state === "made" || isUnknown);
}
