import type { ForwardPlan, LabPlan } from "../plan/lab-plan";
import { formatForward } from "./adapters";
import { actualHardware } from "./hardware";
import { belongsTo, groupsOf } from "./inspect";
import { findIsoTool, isoToolRemedy } from "./iso";
import { parseMachineList } from "./output";
import type { Finding } from "./preflight";
import { machineFolder, machineInfo, type Probes } from "./probes";

/** What a machine's linked clone grows to in ordinary use, measured; the template's disk comes on top. */
const CLONE_GIB = 2;
const TEMPLATE_GIB = 4;
/** VirtualBox's own need per machine, beside its guest's memory. */
const OVERHEAD_MIB = 100;

export function checkIsoTool(probes: Probes): Finding[] {
  if (findIsoTool({ ...probes.host, exists: probes.exists })) return [];
  return [
    {
      severity: "error",
      problem: "No program that makes ISO images is there.",
      fix: isoToolRemedy(probes.host.platform),
    },
  ];
}

/** A port may be held by this very lab: its own running gateway carries that forward. */
export async function checkPorts(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const findings = plan.machines.flatMap((machine) =>
    machine.adapters.flatMap((adapter) =>
      adapter.kind !== "nat"
        ? []
        : adapter.forwards.map((forward) =>
            checkPort(plan, probes, machine.hypervisorName, forward, adapter.address),
          ),
    ),
  );
  return (await Promise.all(findings)).flat();
}

async function checkPort(
  plan: LabPlan,
  probes: Probes,
  machine: string,
  forward: ForwardPlan,
  guestAddress: string,
): Promise<Finding[]> {
  const { hostAddress, hostPort } = forward;
  if (!(await probes.portTaken(hostAddress, hostPort))) return [];
  const info = await machineInfo(probes, plan.hypervisor, machine);
  const ours = info?.get("VMState") === "running" ? Object.values(actualHardware(info)) : [];
  const place = `${hostAddress}:${hostPort} ->`;
  if (ours.some((value) => value.startsWith(place))) return [];
  return [
    {
      severity: "error",
      problem: `Port ${hostPort} of ${hostAddress} is taken; the lab forwards it (${formatForward({ ...forward, guestAddress })}).`,
      fix: `End the program that listens there (${listenerCommand(probes.host.platform, hostPort)}), or choose another port: pulumi config set --path hostAccess.${forward.name}Port NUMBER`,
    },
  ];
}

function listenerCommand(platform: NodeJS.Platform, port: number): string {
  if (platform === "win32") return `\`Get-NetTCPConnection -LocalPort ${port}\` shows it`;
  return platform === "darwin"
    ? `\`lsof -nP -iTCP:${port} -sTCP:LISTEN\` shows it`
    : `\`ss -ltnp sport = :${port}\` shows it`;
}

/** Memory and disk for the machines that do not run yet. */
export async function checkCapacity(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const running = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "runningvms"])) ?? "");
  const known = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "vms"])) ?? "");
  const toStart = plan.machines.filter((machine) => !running.has(machine.hypervisorName));
  const toMake = plan.machines.filter((machine) => !known.has(machine.hypervisorName));
  const folder = (await machineFolder(probes, plan.hypervisor)) ?? probes.host.project;
  return [
    ...checkMemory(plan, toStart, probes),
    ...checkProcessors(plan, probes),
    ...checkDisk(toMake.length, folder, probes),
  ];
}

function checkMemory(plan: LabPlan, machines: LabPlan["machines"], probes: Probes): Finding[] {
  const overhead = plan.hypervisor === "virtualbox" ? OVERHEAD_MIB : 0;
  const needed = machines.reduce((sum, machine) => sum + machine.memoryMiB + overhead, 0);
  const { totalMiB, availableMiB } = probes.memory;
  const fix = "Close other programs, or lower counts or memory of the machines in the configuration.";
  if (needed > totalMiB)
    return [
      // In the stand-in the numbers are limits, not claims: twelve idle machines take a tenth of them.
      {
        severity: plan.hypervisor === "virtualbox" ? "error" : "warning",
        problem: `The machines need ${needed} MiB of memory; this computer has ${totalMiB} MiB.`,
        fix,
      },
    ];
  if (needed <= availableMiB || plan.hypervisor === "embedded") return [];
  return [
    {
      severity: "warning",
      problem: `The machines need ${needed} MiB of memory; ${availableMiB} MiB are free at the moment.`,
      fix,
    },
  ];
}

function checkProcessors(plan: LabPlan, probes: Probes): Finding[] {
  return plan.machines
    .filter((machine) => machine.cpus > probes.processors && plan.hypervisor === "virtualbox")
    .map((machine) => ({
      severity: "warning" as const,
      problem: `${machine.name} has ${machine.cpus} virtual processors; this computer has ${probes.processors}.`,
      fix: "Give the machine at most as many as the computer has.",
    }));
}

function checkDisk(machines: number, folder: string, probes: Probes): Finding[] {
  if (machines === 0) return [];
  const needed = machines * CLONE_GIB + TEMPLATE_GIB;
  const free = probes.freeGiB(folder);
  if (free === undefined || free >= needed) return [];
  return [
    {
      severity: free < TEMPLATE_GIB + machines / 4 ? "error" : "warning",
      problem: `${machines} new machines want about ${needed} GiB in ${folder}; ${free} GiB are free.`,
      fix: "Free space there (`npm run prune` removes old images), or move VirtualBox's default machine folder.",
    },
  ];
}

/** Machines that have our names and are something else's. */
export async function checkNames(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const known = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "vms"])) ?? "");
  const clashes = plan.machines
    .filter((machine) => known.has(machine.hypervisorName))
    .map(async ({ hypervisorName }): Promise<Finding[]> => {
      const info = await machineInfo(probes, plan.hypervisor, hypervisorName);
      if (!info || belongsTo(info, plan.group, hypervisorName)) return [];
      return [
        {
          severity: "error",
          problem: `A machine ${hypervisorName} is there that is not of this lab: its group is ${groupsOf(info).join(", ")}, not ${plan.group}.`,
          fix: "Rename or remove it in VirtualBox, or use another stack name.",
        },
      ];
    });
  return (await Promise.all(clashes)).flat();
}
