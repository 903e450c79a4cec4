import { cpus, freemem, release, totalmem } from "node:os";
import { hasOption, type OptionRule, parseArguments } from "../arguments";
import { SyntaxFailure } from "../errors";
import { inaccessibleMachines, loadMachines } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { Place } from "../place";
import { loadMedia } from "../storage/medium";
import { mediumLines } from "./show-medium";
import type { Verb } from "./verb";

const USAGE =
  "list [--long] [--sorted] [bridgedifs | dvds | groups | hdds | hostinfo | hostonlyifs | hostonlynets | intnets | ostypes | runningvms | systemproperties | vms]";
const RULES: OptionRule[] = [
  { names: ["long", "l"], values: 0 },
  { names: ["sorted", "s"], values: 0 },
];

/** `list` */
export const listVerb: Verb = async ({ place, args, print, warn }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  const what = parsed.positionals[0] ?? "";
  const lines = listed(place, what, hasOption(parsed, "long"));
  if (!lines) throw new SyntaxFailure(`Unknown subcommand "${what}".`, USAGE);
  for (const line of lines) print(line);
  for (const problem of problems(place, what)) warn(`VBoxManage: warning: ${problem}`);
};

function listed(place: Place, what: string, isLong: boolean): string[] | undefined {
  switch (what) {
    case "vms":
      return [
        ...loadMachines(place).map(({ name, uuid }) => `"${name}" {${uuid}}`),
        ...inaccessibleMachines(place).map(({ uuid }) => `"<inaccessible>" {${uuid}}`),
      ];
    case "runningvms":
      return loadMachines(place)
        .filter((machine) => isOn(machineState(place, machine).state))
        .map(({ name, uuid }) => `"${name}" {${uuid}}`);
    case "groups":
      return [...new Set(loadMachines(place).flatMap((machine) => machine.groups))].map(
        (group) => `"${group}"`,
      );
    case "intnets":
      return internalNetworks(place).map((name) => `Name:        ${name}`);
    case "hdds":
    case "dvds": {
      const kind = what === "hdds" ? "disk" : "dvd";
      return loadMedia(place)
        .filter((medium) => medium.kind === kind)
        .flatMap((medium) => [...mediumLines(place, medium, isLong), ""]);
    }
    case "systemproperties":
      return systemProperties(place);
    case "hostinfo":
      return hostInformation();
    // The stand-in keeps off the host's network: there is nothing to choose.
    case "bridgedifs":
    case "hostonlyifs":
    case "hostonlynets":
      return [];
    case "ostypes":
      return [
        "ID:          Debian_64",
        "Description: Debian (64-bit)",
        "Family ID:   Linux",
        "64 bit:      true",
        "",
      ];
    default:
      return undefined;
  }
}

/** What is registered and cannot be read, where it is asked for. */
function problems(place: Place, what: string): string[] {
  if (what === "vms") return inaccessibleMachines(place).map(({ problem }) => problem);
  if (what !== "hdds" && what !== "dvds") return [];
  return loadMedia(place).flatMap(({ problem }) => problem ?? []);
}

function internalNetworks(place: Place): string[] {
  const adapters = loadMachines(place).flatMap((machine) => machine.adapters);
  return [...new Set(adapters.flatMap((one) => (one.kind === "intnet" ? [one.internalNetwork] : [])))].sort();
}

function systemProperties(place: Place): string[] {
  const rows: [string, string][] = [
    ["API version:", "7_2"],
    ["Minimum guest RAM size:", "4 Megabytes"],
    ["Maximum guest RAM size:", "2097152 Megabytes"],
    ["Minimum guest CPU count:", "1"],
    ["Maximum guest CPU count:", "64"],
    ["Default machine folder:", place.machineFolder],
    ["Default hard disk format:", "VDI"],
    ["Log history count:", "1"],
    ["Stand-in:", "kube-lab's own; machines are systemd-nspawn containers"],
  ];
  return rows.map(([label, value]) => label.padEnd(33) + value);
}

function hostInformation(): string[] {
  const count = cpus().length;
  return [
    "Host Information:",
    "",
    `Host time: ${new Date().toISOString().replace("Z", "000000Z")}`,
    `Processor online count: ${count}`,
    `Processor count: ${count}`,
    `Processor online core count: ${count}`,
    `Processor core count: ${count}`,
    "Processor supports HW virtualization: no",
    `Memory size: ${Math.floor(totalmem() / 2 ** 20)} MByte`,
    `Memory available: ${Math.floor(freemem() / 2 ** 20)} MByte`,
    "Operating system: Linux",
    `Operating system version: ${release()}`,
  ];
}
