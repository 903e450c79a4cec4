import type { Configuration } from "./config/defaults";
import { ownWorkers } from "./config/own-workers";
import type { Role } from "./lab-plan";
import type { MachineName } from "./machine-names";

/** The group of the configuration that says how many machines of a role there are, and of what size. */
export const groupOf = {
  gateway: "gateway",
  loadBalancer: "loadBalancers",
  master: "masters",
  worker: "workers",
  gluster: "gluster",
} as const satisfies Record<Role, keyof Configuration>;

/** Its own where it has one, else that of its role. */
export function machineSize(
  configuration: Configuration,
  { role, name }: Pick<MachineName, "role" | "name">,
): { cpus: number; memoryMiB: number } {
  const { cpus, memoryMiB } = configuration[groupOf[role]];
  const own = ownWorkers(configuration).get(name);
  return { cpus: own?.cpus ?? cpus, memoryMiB: own?.memoryMiB ?? memoryMiB };
}

/** Where the configuration says of what size a machine is. */
export function sizeKey(configuration: Configuration, { role, name }: MachineName): string {
  const own = ownWorkers(configuration).get(name);
  return own?.cpus === undefined && own?.memoryMiB === undefined ? groupOf[role] : `workers.machines.${name}`;
}
