import { allOnLan, gatewayAdapters, lanAdapters, machineAdapter } from "./adapters";
import type { Configuration } from "./config/defaults";
import { type OwnWorker, ownWorkers } from "./config/own-workers";
import { subnetNames } from "./fixed-networks";
import type { AddedForward } from "./forwards";
import type { MachinePlan } from "./lab-plan";
import { type AdapterName, adapterKey, macAddresses } from "./mac-addresses";
import { addressOf, type MachineName, machineNames, subnetOf } from "./machine-names";
import { machineSize } from "./machine-sizes";

/** Every machine, in the order of `machineNames`. */
export function planMachines(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[],
): MachinePlan[] {
  const names = machineNames(configuration);
  const workers = ownWorkers(configuration);
  const macs = macAddresses(stack, adapterNames(configuration, names));
  const macOf = (machine: string, adapter: string) => macs.get(adapterKey({ machine, adapter })) ?? "";
  return names.map(({ role, index, name }) => ({
    name,
    role,
    index,
    hypervisorName: `kube-lab-${stack}-${name}`,
    fqdn: `${name}.${configuration.domain}`,
    address: addressOf(configuration, role, index),
    ...machineSize(configuration, { role, name }),
    ...(role === "gluster" && { dataDiskGiB: configuration.gluster.brickGiB }),
    ...nodeOf(workers.get(name)),
    ...(configuration.workers.notStarted.includes(name) && { autoStart: false as const }),
    adapters:
      role === "gateway"
        ? gatewayAdapters(configuration, stack, added, (adapter) => macOf(name, adapter))
        : [
            machineAdapter(configuration, stack, role, index, macOf(name, subnetOf[role])),
            ...lanAdapters(configuration, role, index, macOf(name, "bridged")),
          ],
  }));
}

/** The first of every role, then the second of every role: so a machine that is added comes late. */
function adapterNames(configuration: Configuration, machines: MachineName[]): AdapterName[] {
  return machines
    .toSorted((a, b) => a.index - b.index)
    .flatMap(({ name, role }) =>
      (role === "gateway"
        ? gatewayAdapterNames(configuration)
        : [subnetOf[role], ...(allOnLan(configuration) ? ["bridged"] : [])]
      ).map((adapter) => ({ machine: name, adapter })),
    );
}

function gatewayAdapterNames({ hostAccess }: Configuration): string[] {
  return ["nat", ...subnetNames, ...(hostAccess.mode === "forward" ? [] : [hostAccess.mode])];
}

function nodeOf(own: OwnWorker | undefined): Pick<MachinePlan, "labels" | "taints"> {
  if (own === undefined) return {};
  const { labels, taints } = own;
  return { ...(Object.keys(labels).length > 0 && { labels }), ...(taints.length > 0 && { taints }) };
}
