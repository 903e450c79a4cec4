import { birthOf } from "../plan/birth";
import type { AdapterPlan, LabPlan, MachinePlan } from "../plan/lab-plan";
import { releasesOf, releasesText } from "../plan/releases";
import { inForce, type OwnArchive } from "./containers/own-archives";
import { formatAdapter, formatForward } from "./machine/adapters";

/** Environment of a command: one entry a property, so that `preview --diff` reads `CPUS: "2" => "4"`. */
export type CommandEnvironment = Record<string, string>;

/** For `seed ensure|absent`. A new incarnation runs them again. */
export function seedEnvironment(
  plan: LabPlan,
  machine: MachinePlan,
  incarnation: string,
): CommandEnvironment {
  return {
    HYPERVISOR: plan.hypervisor,
    GROUP: plan.group,
    MACHINE: machine.hypervisorName,
    INCARNATION: incarnation,
  };
}

/** For `node leave`. */
export function nodeEnvironment(plan: LabPlan, machine: MachinePlan): CommandEnvironment {
  return { HYPERVISOR: plan.hypervisor, GROUP: plan.group, MACHINE: machine.hypervisorName };
}

/** For `disk ensure|absent`: a data disk knows nothing of what its machine is made from, and outlives it. */
export function dataDiskEnvironment(
  plan: LabPlan,
  machine: MachinePlan,
  dataDiskGiB: number,
): CommandEnvironment {
  return {
    HYPERVISOR: plan.hypervisor,
    GROUP: plan.group,
    MACHINE: machine.hypervisorName,
    DATA_DISK_GIB: String(dataDiskGiB),
  };
}

/** For `seed seal`: machines that have begun, each with its incarnation, of which a new one runs it again; so do other releases. */
export function sealEnvironment(
  plan: LabPlan,
  begun: readonly MachinePlan[],
  incarnationOf: (machine: MachinePlan) => string,
): CommandEnvironment {
  const seeds = begun.map((machine) => [
    `SEED_${machine.name.toUpperCase().replaceAll("-", "_")}`,
    `${machine.hypervisorName} ${incarnationOf(machine)}`,
  ]);
  return {
    HYPERVISOR: plan.hypervisor,
    GROUP: plan.group,
    ...releasesEnvironment(plan),
    ...Object.fromEntries(seeds),
  };
}

/**
 * For `images ensure|absent`: what is in each archive and where it is to be, and the machines with their incarnations: a new archive
 * or machine runs it again.
 */
export function ownImagesEnvironment(
  archives: readonly OwnArchive[],
  machines: readonly MachinePlan[],
  incarnationOf: (machine: MachinePlan) => string,
): CommandEnvironment {
  const names = inForce(archives).map(({ sha256, own, on }): [string, string] => [
    `ARCHIVE_${sha256.slice(0, 12).toUpperCase()}`,
    `${own.map(({ name }) => name).join(" ")} on ${on}`,
  ]);
  const nodes = machines.map((machine): [string, string] => [
    `MACHINE_${machine.name.toUpperCase().replaceAll("-", "_")}`,
    incarnationOf(machine),
  ]);
  return Object.fromEntries([...names, ...nodes]);
}

/** For `machine ensure|absent`: everything about its hardware; HOST_KEY, which is made later, comes beside it. */
export function machineEnvironment(
  plan: LabPlan,
  machine: MachinePlan,
  image: string,
  incarnation: string,
): CommandEnvironment {
  return {
    ...seedEnvironment(plan, machine, incarnation),
    IMAGE: image,
    CPUS: String(machine.cpus),
    MEMORY_MIB: String(machine.memoryMiB),
    BIRTH: birthOf(plan),
    ...(machine.dataDiskGiB === undefined ? {} : { DATA_DISK_GIB: String(machine.dataDiskGiB) }),
    ...(runsKubernetes(machine) ? releasesEnvironment(plan) : {}),
    ...Object.fromEntries(
      machine.adapters.map((adapter, index) => [`ADAPTER_${index + 1}`, adapterEntry(adapter)]),
    ),
    ...Object.fromEntries(machine.adapters.flatMap(forwardEntries)),
  };
}

/** What a living machine is given as a volume when it changes: `KUBERNETES: "1.36.2" => "1.36.3"`. */
function releasesEnvironment(plan: LabPlan): CommandEnvironment {
  const { Kubernetes = "", ...others } = releasesOf(plan);
  return { KUBERNETES: Kubernetes, ADDONS: releasesText(others) };
}

/** For `releases ensure`: what all that runs Kubernetes is to have. */
export function labReleasesEnvironment(plan: LabPlan): CommandEnvironment {
  return { HYPERVISOR: plan.hypervisor, GROUP: plan.group, ...releasesEnvironment(plan) };
}

function runsKubernetes({ role }: MachinePlan): boolean {
  return role === "master" || role === "worker";
}

function adapterEntry(adapter: AdapterPlan): string {
  return formatAdapter({ kind: adapter.kind, network: networkEntry(adapter), mac: adapter.mac });
}

function networkEntry(adapter: AdapterPlan): string {
  switch (adapter.kind) {
    case "nat":
      return "";
    case "internal":
      return adapter.internalNetwork;
    case "bridged":
      return adapter.hostInterface;
    case "hostonly":
      return adapter.hostInterface ?? `${adapter.hostAddress}/${adapter.prefixLength}`;
  }
}

function forwardEntries(adapter: AdapterPlan): [string, string][] {
  if (adapter.kind !== "nat") return [];
  return adapter.forwards.map(({ name, hostAddress, hostPort, guestPort }) => [
    `FORWARD_${name.toUpperCase()}`,
    formatForward({ name, hostAddress, hostPort, guestAddress: adapter.address, guestPort }),
  ]);
}

/**
 * For `network ensure|absent`: the lab's folder, its machines and what it is made with, and the host-only interface where it has
 * one.
 * @param incarnation token of the lab's record, so that one that is gone is written again
 */
export function networkEnvironment(plan: LabPlan, incarnation: string): CommandEnvironment {
  const hostOnly = plan.machines
    .flatMap((machine) => machine.adapters)
    .find((adapter) => adapter.kind === "hostonly");
  return {
    HYPERVISOR: plan.hypervisor,
    GROUP: plan.group,
    MEMBERS: plan.machines.map(({ hypervisorName }) => hypervisorName).join(" "),
    INCARNATION: incarnation,
    ...Object.fromEntries(Object.entries(plan.madeWith).map(([name, value]) => [`MADE_WITH_${name}`, value])),
    ...(hostOnly && {
      ...(hostOnly.hostInterface && { HOST_INTERFACE: hostOnly.hostInterface }),
      HOST_ADDRESS: hostOnly.hostAddress,
      HOST_PREFIX_LENGTH: String(hostOnly.prefixLength),
    }),
  };
}

/**
 * For `image ensure`.
 * @param image the template machine's name
 * @param baseDisk full path of the disk it is made from
 * @param bundle folder of the Kubernetes bundle, only for a disk that is not prepared yet
 * @param incarnation the observation's, so that a template that is gone is made again
 */
export function imageEnvironment(
  plan: LabPlan,
  image: string,
  baseDisk: string,
  bundle?: string,
  incarnation?: string,
): CommandEnvironment {
  return {
    HYPERVISOR: plan.hypervisor,
    IMAGE: image,
    BASE_DISK: baseDisk,
    ROOT_DISK_GIB: String(plan.image.rootDiskGiB),
    ...(bundle === undefined ? {} : { BUNDLE: bundle }),
    ...(incarnation === undefined ? {} : { INCARNATION: incarnation }),
  };
}
