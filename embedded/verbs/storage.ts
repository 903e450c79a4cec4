import { type OptionRule, optionValue, type ParsedArguments, parseArguments } from "../arguments";
import { machineLocked, SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { askSupervisor } from "../machine/control";
import { discOf, loadDrive } from "../machine/drive";
import type { AttachmentRecord, StoredMachine } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import { isOn, machineState, readRunState } from "../machine/state";
import type { Place } from "../place";
import { openMedium } from "../storage/medium";
import type { Call, Verb } from "./verb";

const CONTROLLER_USAGE =
  "storagectl <uuid | vmname> --name=controller-name [--add= ide | sata | scsi | sas] [--controller=type] [--portcount=count] [--hostiocache= on | off] [--bootable= on | off] [--remove]";

const CONTROLLER_RULES: OptionRule[] = [
  ...["name", "add", "controller", "portcount", "hostiocache", "bootable"].map((name) => ({
    names: [name],
    values: 1 as const,
  })),
  { names: ["remove"], values: 0 },
];

/** `storagectl` */
export const controller: Verb = async ({ place, args }) => {
  const parsed = parseArguments(args, CONTROLLER_RULES, CONTROLLER_USAGE, { least: 1, most: 1 });
  const name = optionValue(parsed, "name");
  if (!name) throw new SyntaxFailure("Storage controller name not specified", CONTROLLER_USAGE);
  await withPlaceLock(place, "registry", () => {
    const machine = findMachine(place, parsed.positionals[0] ?? "");
    if (isOn(machineState(place, machine).state)) throw machineLocked(machine.name);
    changeControllers(machine, name, parsed);
    saveMachine(place, machine);
  });
};

function changeControllers(machine: StoredMachine, name: string, parsed: ParsedArguments): void {
  const existing = machine.controllers.find((candidate) => candidate.name === name);
  if (parsed.options.some((option) => option.name === "remove")) {
    findController(machine, name);
    machine.controllers = machine.controllers.filter((candidate) => candidate.name !== name);
    machine.attachments = machine.attachments.filter((attachment) => attachment.controller !== name);
    return;
  }
  const bus = optionValue(parsed, "add");
  if (bus !== undefined && existing)
    throw new VirtualBoxError(`Storage controller named '${name}' already exists`, {
      code: "VBOX_E_OBJECT_IN_USE",
      component: "SessionMachine",
      interface: "IMachine",
      context: "AddStorageController(Bstr(pszCtl).raw(), StorageBus_SATA, ctl.asOutParam())",
    });
  const target = existing ?? { name, bus: bus ?? "sata", type: "IntelAhci", portCount: 30, bootable: true };
  if (!existing && bus === undefined) findController(machine, name);
  target.type = optionValue(parsed, "controller") ?? target.type;
  target.portCount = Number(optionValue(parsed, "portcount") ?? target.portCount);
  target.bootable = (optionValue(parsed, "bootable") ?? "on") === "on";
  if (!existing) machine.controllers.push(target);
}

function findController(machine: StoredMachine, name: string) {
  const found = machine.controllers.find((candidate) => candidate.name === name);
  if (!found) throw new VirtualBoxError(`Could not find a controller named '${name}'`);
  return found;
}

const ATTACH_USAGE =
  "storageattach <uuid | vmname> --storagectl=name [--device=number] [--port=number] [--type= dvddrive | hdd] [--medium= none | emptydrive | uuid | filename] [--forceunmount]";

const ATTACH_RULES: OptionRule[] = [
  ...[
    "storagectl",
    "device",
    "port",
    "type",
    "medium",
    "mtype",
    "nonrotational",
    "discard",
    "hotpluggable",
  ].map((name) => ({ names: [name], values: 1 as const })),
  { names: ["forceunmount"], values: 0 },
];

/** `storageattach`. While the machine runs only a DVD can be changed: a seed goes from it, any other comes or goes as a device. */
export const attach: Verb = async ({ place, args }) => {
  const parsed = parseArguments(args, ATTACH_RULES, ATTACH_USAGE, { least: 1, most: 1 });
  const [name, medium] = [optionValue(parsed, "storagectl"), optionValue(parsed, "medium")];
  if (!name) throw new SyntaxFailure("Storage controller name not specified", ATTACH_USAGE);
  if (!medium) throw new SyntaxFailure("Missing --medium argument", ATTACH_USAGE);
  const port = Number(optionValue(parsed, "port") ?? 0);
  const device = Number(optionValue(parsed, "device") ?? 0);
  const type = optionValue(parsed, "type");
  const changed = await withPlaceLock(place, "registry", () => {
    const machine = findMachine(place, parsed.positionals[0] ?? "");
    const isRunning = isOn(machineState(place, machine).state);
    if (findController(machine, name).portCount <= port && medium !== "none") growPorts(machine, name, port);
    const old = machine.attachments.find(
      (one) => one.controller === name && one.port === port && one.device === device,
    );
    const wanted = type ?? old?.type;
    if (isRunning && (wanted !== "dvddrive" || medium === "none")) throw machineLocked(machine.name);
    const others = machine.attachments.filter((attachment) => attachment !== old);
    if (medium === "none" && !old) throw nothingAttached(name, port, device);
    const fresh =
      medium === "none"
        ? []
        : [attachment({ place }, others, { controller: name, port, device }, wanted, medium)];
    machine.attachments = [...others, ...fresh].sort((a, b) => a.port - b.port);
    saveMachine(place, machine);
    return isRunning ? machine : undefined;
  });
  if (changed !== undefined) await changeDrive(place, changed, medium);
};

async function changeDrive(place: Place, machine: StoredMachine, medium: string): Promise<void> {
  if (medium === "emptydrive") await askSupervisor(place, machine.uuid, { do: "clearSeed" });
  const leader = readRunState(place, machine.uuid)?.leader;
  if (leader !== undefined) await loadDrive(place, await discOf(place, machine), leader);
}

function attachment(
  { place }: Pick<Call, "place">,
  others: readonly AttachmentRecord[],
  slot: Omit<AttachmentRecord, "type" | "medium">,
  type: string | undefined,
  medium: string,
): AttachmentRecord {
  if (type !== "hdd" && type !== "dvddrive")
    throw new SyntaxFailure(`Invalid --type argument '${type ?? ""}'`, ATTACH_USAGE);
  if (medium === "emptydrive") return { ...slot, type };
  const found = openMedium(place, medium, type === "hdd" ? "disk" : "dvd");
  if (type === "hdd" && others.some((other) => other.medium === found.uuid))
    throw new VirtualBoxError(`Medium '${found.location}' is already attached to this virtual machine`, {
      code: "VBOX_E_OBJECT_IN_USE",
      component: "SessionMachine",
      interface: "IMachine",
      context: "AttachDevice(Bstr(pszCtl).raw(), port, device, DeviceType_HardDisk, pMedium2Mount)",
    });
  return { ...slot, type, medium: found.uuid };
}

/** The real one grows a SATA controller by itself up to its 30 ports. */
function growPorts(machine: StoredMachine, name: string, port: number): void {
  const target = findController(machine, name);
  if (port >= 30 || port < 0 || !Number.isInteger(port))
    throw new VirtualBoxError(`Invalid port number ${port}: the controller '${name}' has 30`, {
      code: "NS_ERROR_INVALID_ARG",
      component: "SessionMachine",
      interface: "IMachine",
    });
  target.portCount = port + 1;
}

function nothingAttached(name: string, port: number, device: number): VirtualBoxError {
  return new VirtualBoxError(
    `No storage device attached to device slot ${device} on port ${port} of controller '${name}'`,
    {
      code: "VBOX_E_OBJECT_NOT_FOUND",
      component: "SessionMachine",
      interface: "IMachine",
      context: "DetachDevice(Bstr(pszCtl).raw(), port, device)",
    },
  );
}
