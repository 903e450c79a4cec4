import * as pulumi from "@pulumi/pulumi";
import { isToBeMadeAnew, type Observation } from "../hypervisor/reality";
import { type LabPlan, machinesOf } from "../plan/lab-plan";
import { latestBaseDisk } from "./base-disk";
import type { BaseDisk } from "./image";
import { observationOf, templateOf } from "./observation";

/**
 * The base disk of the template that the lab's machines are clones of, where every one of them stays what it is: another template is
 * not made before a machine needs it. Undefined where one does, or where nobody knows what theirs was made from.
 */
export function baseDiskInUse(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  latest: (templates: ReadonlySet<string>) => BaseDisk | undefined = latestBaseDisk,
): BaseDisk | undefined {
  const templates = plan.machines.map(({ name }) => templateOf(observationOf(observations, name)));
  if (templates.includes(undefined)) return undefined;
  return latest(new Set(templates.flatMap((template) => template ?? [])));
}

/**
 * Masters that are off can't be asked whether they may go, and are made anew all at once: without a majority of others that run they
 * would take the cluster with them.
 * @throws pulumi.RunError that names them; nothing is touched then.
 */
export function refuseToMakeSleepersAnew(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
): void {
  const masters = machinesOf(plan, "master");
  const looked = masters.map(({ name }) => ({ name, ...observationOf(observations, name) }));
  const awake = looked.filter(({ state }) => state === "running");
  const sleepers = looked.filter((master) => isToBeMadeAnew(master) && !awake.includes(master));
  if (sleepers.length === 0 || awake.length > masters.length / 2) return;
  const names = sleepers.map(({ name }) => name).join(", ");
  throw new pulumi.RunError(
    `${names} would be made anew while off, and the cluster's data is on their disks. Start the lab first, npm run start, and run again. Where it can't be started so, take the change of kube-lab:image back, npm run up, then make it again.`,
  );
}
