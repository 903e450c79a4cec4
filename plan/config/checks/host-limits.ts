import type { Role } from "../../lab-plan";
import { machineNames } from "../../machine-names";
import { groupOf, machineSize, sizeKey } from "../../machine-sizes";
import type { Configuration } from "../defaults";
import type { HostCapacity } from "../host-capacity";
import { type Problem, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** What the thin disks of a new lab really take: the base image once, then what each machine writes in its first days. */
const DISK_GIB = { image: 4, machine: 1, brick: 1 };

const MASTER_CPUS = 2;

/** What all machines take that one place of the configuration says the size of. */
interface Share {
  /** That place: `workers`, or `workers.machines.kube-node02`. */
  key: string;
  group: (typeof groupOf)[Role];
  count: number;
  cpus: number;
  memoryMiB: number;
}

export const checkHostLimits: ConfigurationCheck = ({ configuration, host }: CheckInput) =>
  host === undefined
    ? []
    : [...processors(configuration, host), ...memory(configuration, host), ...disk(configuration, host)];

function sharesOf(configuration: Configuration): Share[] {
  const shares = new Map<string, Share>();
  for (const machine of machineNames(configuration)) {
    const key = sizeKey(configuration, machine);
    const share = { key, group: groupOf[machine.role], count: 0, ...machineSize(configuration, machine) };
    shares.set(key, { ...share, count: (shares.get(key)?.count ?? 0) + 1 });
  }
  return [...shares.values()];
}

function processors(configuration: Configuration, host: HostCapacity): Problem[] {
  return sharesOf(configuration)
    .filter(({ cpus }) => cpus > host.cpus)
    .map(({ key, group, cpus }) => ({
      key: `${key}.cpus`,
      value: cpus,
      reason: `the host has ${host.cpus} processors`,
      allowed: `at most ${host.cpus} on this host`,
      fix:
        group === "masters" && host.cpus < MASTER_CPUS
          ? `a host with ${MASTER_CPUS} processors, which kubeadm wants in a master`
          : setCommand(`${key}.cpus`, host.cpus),
    }));
}

/** VirtualBox takes a machine's memory whole; the stand-in's machines take what they use, up to it. */
function memory(configuration: Configuration, host: HostCapacity): Problem[] {
  const shares = sharesOf(configuration);
  if (configuration.hypervisor === "embedded") {
    return shares
      .filter(({ memoryMiB }) => memoryMiB > host.memoryMiB)
      .map(({ key, memoryMiB }) => ({
        key: `${key}.memoryMiB`,
        value: memoryMiB,
        reason: `the host has ${host.memoryMiB} MiB`,
        allowed: `at most ${host.memoryMiB} MiB on this host`,
        fix: setCommand(`${key}.memoryMiB`, host.memoryMiB),
      }));
  }
  const total = shares.reduce((sum, { count, memoryMiB }) => sum + count * memoryMiB, 0);
  if (total <= host.memoryMiB) {
    return [];
  }
  const largest = shares.reduce((a, b) => (b.count * b.memoryMiB > a.count * a.memoryMiB ? b : a));
  const list = shares.map(({ key, count, memoryMiB }) => `${key} ${count} × ${memoryMiB}`).join(", ");
  return [
    {
      key: `${largest.key}.memoryMiB`,
      value: largest.memoryMiB,
      reason: `all machines together take ${total} MiB (${list}), and the host has ${host.memoryMiB} MiB`,
      allowed: `a sum of at most ${host.memoryMiB} MiB`,
      fix: lessMemory(configuration, shares, total - host.memoryMiB),
      dependsOn: shares.flatMap(({ key, group }) => [`${key}.memoryMiB`, `${group}.count`]),
    },
  ];
}

/** The smallest sacrifice that is enough: Gluster, then workers, then all but one master. */
function lessMemory(configuration: Configuration, shares: readonly Share[], excess: number): string {
  const { gluster, workers, masters, loadBalancers } = configuration;
  const ofWorkers = shares.filter(({ group }) => group === "workers");
  const allWorkers = ofWorkers.reduce((sum, { count, memoryMiB }) => sum + count * memoryMiB, 0);
  const steps: [string, number, number][] = [
    ["gluster.count", 0, gluster.count * gluster.memoryMiB],
    ["workers.count", 1, workers.count > 1 ? allWorkers - workers.memoryMiB : 0],
    ["masters.count", 1, (masters.count - 1) * masters.memoryMiB],
    ["loadBalancers.count", 1, (loadBalancers.count - 1) * loadBalancers.memoryMiB],
  ];
  const alone = steps.find(([, , saved]) => saved >= excess);
  if (alone !== undefined) {
    return setCommand(alone[0], alone[1]);
  }
  const useful = steps.filter(([, , saved]) => saved > 0);
  const saved = useful.reduce((sum, step) => sum + step[2], 0);
  const commands = useful.map(([key, count]) => setCommand(key, count)).join(" && ");
  return saved >= excess ? commands : "a host with more memory, or smaller machines";
}

function disk(configuration: Configuration, host: HostCapacity): Problem[] {
  const shares = sharesOf(configuration);
  const machines = shares.reduce((sum, { count }) => sum + count, 0);
  const bricks = configuration.gluster.count;
  const needed = DISK_GIB.image + machines * DISK_GIB.machine + bricks * DISK_GIB.brick;
  if (needed <= host.diskGiB) {
    return [];
  }
  const most = shares.reduce((a, b) => (b.count >= a.count ? b : a));
  return [
    {
      key: `${most.group}.count`,
      value: most.count,
      reason: `${machines} machines take about ${needed} GiB of disk at first, and ${host.diskGiB} GiB are free`,
      allowed: `${host.diskGiB} GiB in all: ${DISK_GIB.image} for the image, ${DISK_GIB.machine} for each machine and each brick`,
      fix: "free disk space, fewer machines, or another folder for the hypervisor's machines",
      dependsOn: ["masters.count", "workers.count", "gluster.count", "loadBalancers.count"],
    },
  ];
}
