import { onPath } from "../../lib/host";
import { linuxFamily } from "../../lib/linux-distribution";
import { setCommand } from "../../plan/config/problems";
import type { ForwardPlan, LabPlan } from "../../plan/lab-plan";
import { belongsTo, groupsOf } from "../driver/inspect";
import { findIsoTool, isoToolRemedy } from "../driver/iso";
import { parseMachineList } from "../driver/output";
import { sshRemedy } from "../guest/guest-shell";
import { formatForward } from "../machine/adapters";
import { isElsewhere, recordFile, recordIn } from "../machine/record";
import { byWhom, holdsPort, listenerCommand } from "../network/host-ports";
import { type Finding, failure, fine, warning } from "./finding";
import { folderForMachines, machineInfo, type Probes } from "./probes";

/** What a machine's linked clone grows to in ordinary use, measured; the template's disk comes on top. */
const CLONE_GIB = 2;
const TEMPLATE_GIB = 4;
/** VirtualBox's own need per machine, beside its guest's memory. */
const OVERHEAD_MIB = 100;

export function checkIsoTool(probes: Probes): Finding {
  const found = findIsoTool({ ...probes.host, exists: probes.exists });
  if (found) return fine("ISO tool", found.file);
  // Set-up installs it there.
  if (probes.isRoot && probes.exists("/usr/bin/apt-get"))
    return fine("ISO tool", "genisoimage will be installed");
  return failure(
    "ISO tool",
    "No program that makes ISO images is there.",
    isoToolRemedy(probes.host.platform, linuxFamily(probes.read("/etc/os-release"))),
  );
}

/** Machines are asked by it before they are changed or go. */
export function checkSsh(probes: Probes): Finding {
  const found = onPath({ ...probes.host, exists: probes.exists }, "ssh");
  if (found) return fine("ssh", found);
  if (probes.isRoot && probes.exists("/usr/bin/apt-get"))
    return fine("ssh", "openssh-client will be installed");
  return failure("ssh", "The program ssh is not there.", sshRemedy(probes.host.platform));
}

/** A port may be held by this very lab: its own running gateway carries that forward. */
export async function checkPortsAreFree(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const findings = plan.machines.flatMap((machine) =>
    machine.adapters.flatMap((adapter) =>
      adapter.kind !== "nat"
        ? []
        : adapter.forwards.map((forward) =>
            checkPort(plan, probes, machine.hypervisorName, forward, adapter.address),
          ),
    ),
  );
  return Promise.all(findings);
}

async function checkPort(
  plan: LabPlan,
  probes: Probes,
  machine: string,
  forward: ForwardPlan,
  guestAddress: string,
): Promise<Finding> {
  const { hostAddress, hostPort } = forward;
  const check = `port ${hostPort}`;
  const hindrance = await probes.portHindrance(hostAddress, hostPort);
  if (hindrance === undefined) return fine(check, `free on ${hostAddress}`);
  if (hindrance === "no address of this computer")
    return failure(
      check,
      `${hostAddress} is no address of this computer; the lab forwards port ${hostPort} of it (${formatForward({ ...forward, guestAddress })}).`,
      `Give this computer that address again, or choose one that it has: ${setCommand("hostAccess.address", "ADDRESS")}`,
    );
  const info = await machineInfo(probes, plan.hypervisor, machine);
  if (holdsPort(info, hostPort)) return fine(check, "this lab's own");
  return failure(
    check,
    `Port ${hostPort} of ${hostAddress} is taken${byWhom(probes.listenerOn(hostPort))}; the lab forwards it (${formatForward({ ...forward, guestAddress })}).`,
    `End the program that listens there (${listenerCommand(probes.host.platform, hostPort)}), or choose another port: ${anotherPort(forward)}`,
  );
}

function anotherPort({ name, about, hostPort }: ForwardPlan): string {
  return about === undefined
    ? setCommand(`hostAccess.${name}Port`, "NUMBER")
    : `the one that begins with ${hostPort}: in hostAccess.forwards, or, where \`npm run forward\` has made it, \`npm run forward -- --remove ${hostPort}\``;
}

/** Memory and disk for the machines that do not run yet. */
export async function checkCapacity(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const running = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "runningvms"])) ?? "");
  const known = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "vms"])) ?? "");
  const toStart = plan.machines.filter((machine) => !running.has(machine.hypervisorName));
  const toMake = plan.machines.filter((machine) => !known.has(machine.hypervisorName));
  const folder = (await folderForMachines(probes, plan.hypervisor)) ?? probes.host.project;
  return [
    await checkMemory(plan, toStart, probes),
    checkProcessors(plan, probes),
    checkDisk(toMake.length, folder, probes),
  ];
}

async function checkMemory(plan: LabPlan, machines: LabPlan["machines"], probes: Probes): Promise<Finding> {
  const overhead = plan.hypervisor === "virtualbox" ? OVERHEAD_MIB : 0;
  const needed = machines.reduce((sum, machine) => sum + machine.memoryMiB + overhead, 0);
  const { totalMiB, availableMiB } = await probes.memory();
  const fix = "Close other programs, or lower counts or memory of the machines in the configuration.";
  if (needed > totalMiB) {
    // In the stand-in the numbers are limits, not claims: twelve idle machines take a tenth of them.
    const problem = plan.hypervisor === "virtualbox" ? failure : warning;
    return problem(
      "memory",
      `The machines need ${needed} MiB of memory; this computer has ${totalMiB} MiB.`,
      fix,
    );
  }
  if (needed > availableMiB && plan.hypervisor === "virtualbox")
    return warning(
      "memory",
      `The machines need ${needed} MiB of memory; ${availableMiB} MiB are free at the moment.`,
      fix,
    );
  return fine("memory", `${needed} MiB needed, ${availableMiB} of ${totalMiB} MiB free`);
}

function checkProcessors(plan: LabPlan, probes: Probes): Finding {
  const largest = plan.machines.toSorted((a, b) => b.cpus - a.cpus)[0];
  if (!largest || largest.cpus <= probes.processors || plan.hypervisor === "embedded")
    return fine("processors", String(probes.processors));
  return warning(
    "processors",
    `${largest.name} has ${largest.cpus} virtual processors; this computer has ${probes.processors}.`,
    "Give a machine at most as many as the computer has.",
  );
}

function checkDisk(machines: number, folder: string, probes: Probes): Finding {
  const free = probes.freeGiB(folder);
  const needed = machines === 0 ? 0 : machines * CLONE_GIB + TEMPLATE_GIB;
  if (free === undefined) return fine("disk", `the free space is unknown in ${folder}`);
  if (free >= needed) return fine("disk", `${needed} GiB wanted, ${free} GiB free in ${folder}`);
  const problem = free < TEMPLATE_GIB + machines / 4 ? failure : warning;
  return problem(
    "disk",
    `${machines} new machines want about ${needed} GiB in ${folder}; ${free} GiB are free.`,
    "Free space there (`npm run prune` removes old images), or move VirtualBox's default machine folder (`VBoxManage setproperty machinefolder FOLDER`).",
  );
}

/** A disk of another layout than Debian's own cloud image has can only be built here. */
export function checkLayout({ image }: LabPlan, { host, architecture, isRoot }: Probes): Finding[] {
  if (image.layout === "plain") return [];
  const builds = host.platform === "linux" && architecture === "x64" && isRoot;
  return [
    builds
      ? fine("disk layout", `${image.layout}, built here`)
      : failure(
          "disk layout",
          `image.layout is ${image.layout}: such a disk is built by root on Linux with an x86-64 processor only.`,
          `Run it as root there, or take the plain layout: ${setCommand("image.layout", "plain")}`,
        ),
  ];
}

/** Machines that have our names and are something else's, or another checkout's. */
export async function checkNamesAreFree(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const known = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "vms"])) ?? "");
  const ours = plan.machines.filter((machine) => known.has(machine.hypervisorName));
  const clashes = ours.map(async ({ hypervisorName }): Promise<Finding[]> => {
    const info = await machineInfo(probes, plan.hypervisor, hypervisorName);
    if (!info) return [];
    if (belongsTo(info, plan.group, hypervisorName)) return ofAnotherCheckout(info, probes);
    return [
      failure(
        "machine names",
        `A machine ${hypervisorName} is there that is not of this lab: its group is ${groupsOf(info).join(", ")}, not ${plan.group}.`,
        "Rename or remove it in VirtualBox, or use another stack name.",
      ),
    ];
  });
  const found = new Map((await Promise.all(clashes)).flat().map((finding) => [finding.found, finding]));
  return found.size > 0
    ? [...found.values()]
    : [fine("machine names", ours.length > 0 ? `${ours.length} machines of this lab are there` : "free")];
}

/** Several machines of the same one are one finding. */
function ofAnotherCheckout(info: Map<string, string>, { read, host }: Probes): Finding[] {
  const record = recordIn(info, read(recordFile(info)));
  if (record === undefined || !isElsewhere(record, host)) return [];
  return [
    failure(
      "machine names",
      `A lab of this name is there already: its machines were made from ${record.project}.`,
      `Take that lab down (\`npm run down\` in that folder), or use another stack name here: \`npm run up -- --stack NAME\`.`,
    ),
  ];
}
