import type { OwnDelivery } from "../cloud-init/own/files";
import type { Observation } from "../hypervisor/reality/observation";
import type { LabPlan } from "../plan/lab-plan";
import type { Outside } from "../plan/outside";
import type { Image } from "./image";
import type { Network } from "./network";
import type { Pki } from "./pki";
import type { Secrets } from "./secrets";
import type { Starting } from "./starting";

/** What every machine of a lab is built on. */
export interface Site {
  plan: LabPlan;
  /** What there is already of the plan's machines, by their names. */
  observations: ReadonlyMap<string, Observation>;
  /** Every machine that does not run yet enters itself here. */
  starting: Starting;
  network: Network;
  image: Image;
  pki: Pki;
  secrets: Secrets;
  /** What a person's own configuration adds to machines, by their names. */
  own: ReadonlyMap<string, OwnDelivery>;
  /** How machines reach what is outside of the lab. */
  outside: Outside;
}
