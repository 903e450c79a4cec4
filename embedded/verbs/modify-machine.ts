import { type GivenOption, type OptionRule, parseArguments } from "../arguments";
import { invalidArgument, machineLocked, SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import {
  ADAPTER_COUNT,
  type AdapterKind,
  type AdapterRecord,
  randomMac,
  readForwardRule,
  type StoredMachine,
} from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import { parseGroups } from "./create-machine";
import { SETTINGS } from "./machine-settings";
import type { Verb } from "./verb";

const USAGE =
  "modifyvm <uuid | vmname> [--cpus=CPU-count] [--memory=size-in-MB] [--description=description] [--groups=group] [--nicN=…] …";

const ADAPTER_RULES: OptionRule[] = [
  { names: ["nic"], values: 1, numbered: true },
  { names: ["nic-type"], values: 1, numbered: true },
  { names: ["mac-address"], values: 1, numbered: true },
  { names: ["cable-connected"], values: 1, numbered: true },
  { names: ["nic-promisc"], values: 1, numbered: true },
  { names: ["intnet"], values: 1, numbered: true },
  { names: ["bridge-adapter"], values: 1, numbered: true },
  { names: ["host-only-adapter"], values: 1, numbered: true },
  { names: ["host-only-net"], values: 1, numbered: true },
  { names: ["nat-pf"], values: 1, numbered: true, second: (first) => first === "delete" },
];

/** Modes of a serial port that name what it leads to. */
const WITH_PLACE = ["server", "client", "tcpserver", "tcpclient", "file"];

const RULES: OptionRule[] = [
  ...["name", "groups", "description", "memory", "cpus"].map((name) => ({
    names: [name],
    values: 1 as const,
  })),
  ...Object.keys(SETTINGS).map((name) => ({ names: [name], values: 1 as const })),
  { names: ["uart-mode"], values: 1, numbered: true, second: (mode) => WITH_PLACE.includes(mode) },
  { names: ["uart"], values: 1, numbered: true, second: (address) => address !== "off" },
  ...ADAPTER_RULES,
];

/** `modifyvm`: all of the call's changes or none. */
export const modifyMachine: Verb = async ({ place, args }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  await withPlaceLock(place, "registry", () => {
    const machine = findMachine(place, parsed.positionals[0] ?? "");
    if (isOn(machineState(place, machine).state)) throw machineLocked(machine.name);
    for (const option of parsed.options) change(machine, option);
    saveMachine(place, machine);
  });
};

/** Applies one option to the record. */
function change(machine: StoredMachine, option: GivenOption): void {
  const value = option.values[0] ?? "";
  if (option.number !== undefined) {
    changeNumbered(machine, option, value);
    return;
  }
  switch (option.name) {
    case "name":
      throw new VirtualBoxError("The stand-in does not rename machines");
    case "groups":
      machine.groups = parseGroups(value);
      return;
    case "description":
      machine.description = value;
      return;
    case "memory":
      machine.memoryMiB = within(
        value,
        4,
        2_097_152,
        (given) => `Invalid RAM size: ${given} MB (must be in range [4, 2097152] MB)`,
      );
      return;
    case "cpus":
      machine.cpus = within(
        value,
        1,
        64,
        (given) => `Invalid virtual CPU count: ${given} (must be in range [1, 64])`,
      );
      return;
    default: {
      const setting = SETTINGS[option.name];
      setting?.check(value);
      machine.settings[setting?.shown ?? option.name] = value;
    }
  }
}

function within(text: string, least: number, most: number, message: (given: number) => string): number {
  if (!/^\d+$/.test(text)) throw new SyntaxFailure(`Invalid value: ${text}`, USAGE);
  const value = Number(text);
  if (value < least || value > most) throw invalidArgument(message(value), "SessionMachine");
  return value;
}

function changeNumbered(machine: StoredMachine, option: GivenOption, value: string): void {
  const number = option.number ?? 0;
  // Serial ports are none of a container's.
  if (option.name === "uart" || option.name === "uart-mode") return;
  const adapter = machine.adapters[number - 1];
  if (!adapter || number > ADAPTER_COUNT) throw new VirtualBoxError(`Invalid NIC number ${number}`);
  changeAdapter(adapter, option, number, value);
}

const KINDS: Record<string, AdapterKind> = {
  none: "none",
  null: "null",
  nat: "nat",
  intnet: "intnet",
  hostonly: "hostonly",
  hostonlynet: "hostonlynet",
  bridged: "bridged",
};

const TYPES = ["Am79C970A", "Am79C973", "82540EM", "82543GC", "82545EM", "virtio", "usbnet"];

function changeAdapter(adapter: AdapterRecord, option: GivenOption, number: number, value: string): void {
  switch (option.name) {
    case "nic": {
      const kind = KINDS[value];
      // The spelling is the real one's.
      if (!kind) throw new VirtualBoxError(`Invalid type '${value}' specfied for NIC ${number}`);
      adapter.kind = kind;
      return;
    }
    case "nic-type":
      if (!TYPES.includes(value))
        throw new VirtualBoxError(`Invalid NIC type '${value}' specified for NIC ${number}`);
      adapter.type = value;
      return;
    case "mac-address":
      adapter.mac = macOf(value);
      return;
    case "cable-connected":
      adapter.cableConnected = onOff(value, option.typed);
      return;
    case "intnet":
      adapter.internalNetwork = value;
      return;
    case "bridge-adapter":
    case "host-only-adapter":
    case "host-only-net":
      adapter.hostInterface = value;
      return;
    case "nat-pf":
      changeForwards(adapter, option.values, number);
      return;
  }
}

function macOf(value: string): string {
  if (value === "auto") return randomMac();
  // The lowest bit of the first byte marks a group's address.
  if (!/^[0-9a-f]{12}$/i.test(value) || Number.parseInt(value.slice(0, 2), 16) % 2 === 1)
    throw invalidArgument("Invalid MAC address format", "NetworkAdapterWrap");
  return value.toUpperCase();
}

function onOff(value: string, typed: string): boolean {
  if (value !== "on" && value !== "off")
    throw new SyntaxFailure(`Invalid value '${value}' for '${typed}'`, USAGE);
  return value === "on";
}

/** `natpf`'s value: a rule, or `delete` and a rule's name. */
export function changeForwards(adapter: AdapterRecord, values: string[], number: number): void {
  const [first = "", name = ""] = values;
  if (first === "delete") {
    const left = adapter.forwards.filter((rule) => rule.name !== name);
    if (left.length === adapter.forwards.length)
      throw new VirtualBoxError(
        "Code NS_ERROR_INVALID_ARG (0x80070057) - Invalid argument value (extended info not available)",
      );
    adapter.forwards = left;
    return;
  }
  if (/^[^,]*,(?!tcp,|udp,)[^,]*,/.test(first))
    throw new VirtualBoxError(`Invalid proto '${first}' specfied for NIC ${number}`);
  const rule = readForwardRule(first);
  if (!rule) throw new SyntaxFailure("Missing or invalid argument to '--natpf'", USAGE, 2);
  if (adapter.forwards.some((other) => other.name === rule.name))
    throw invalidArgument("A NAT rule of this name already exists", "NATEngineWrap");
  adapter.forwards.push(rule);
}
