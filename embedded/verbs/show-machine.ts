import { dirname, join } from "node:path";
import { hasOption, type OptionRule, parseArguments } from "../arguments";
import {
  type AdapterRecord,
  type ForwardRule,
  formatForwardRule,
  type StoredMachine,
} from "../machine/record";
import { findMachine } from "../machine/registry";
import { machineState } from "../machine/state";
import type { Place } from "../place";
import { loadMedia, type MediumRecord } from "../storage/medium";
import { snapshotLines } from "./snapshot-list";
import type { Verb } from "./verb";

const USAGE = "showvminfo <uuid | vmname> [--details] [--machinereadable]";
const RULES: OptionRule[] = ["details", "machinereadable"].map((name) => ({
  names: [name],
  values: 0 as const,
}));

/** `showvminfo`: in the machine-readable form always complete, else the few lines a person looks for. */
export const showMachine: Verb = async ({ place, args, print }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  const machine = findMachine(place, parsed.positionals[0] ?? "");
  const lines = hasOption(parsed, "machinereadable")
    ? machineReadable(place, machine)
    : readable(place, machine);
  for (const line of lines) print(line);
};

/** Keys in the real one's order; those of hardware that a container has not got are left out. */
function machineReadable(place: Place, machine: StoredMachine): string[] {
  const folder = dirname(machine.settingsFile);
  const { state, since } = machineState(place, machine);
  const kept = {
    vram: "8",
    firmware: "BIOS",
    chipset: "piix3",
    graphicscontroller: "vboxvga",
    ...machine.settings,
  };
  const boot = { boot1: "floppy", boot2: "dvd", boot3: "disk", boot4: "none", ...machine.settings };
  return [
    `name="${machine.name}"`,
    'encryption="disabled"',
    `groups="${machine.groups.join(",")}"`,
    'platformArchitecture="x86"',
    `ostype="${machine.osType}"`,
    `UUID="${machine.uuid}"`,
    `CfgFile="${machine.settingsFile}"`,
    `SnapFldr="${join(folder, "Snapshots")}"`,
    `LogFldr="${join(folder, "Logs")}"`,
    `hardwareuuid="${machine.uuid}"`,
    `memory=${machine.memoryMiB}`,
    `vram=${kept.vram}`,
    `chipset="${kept.chipset}"`,
    `firmware="${kept.firmware}"`,
    `cpus=${machine.cpus}`,
    ...(["boot1", "boot2", "boot3", "boot4"] as const).map((key) => `${key}="${boot[key]}"`),
    'acpi="on"',
    `ioapic="${machine.settings.ioapic ?? "off"}"`,
    `rtcuseutc="${machine.settings.rtcuseutc ?? "off"}"`,
    `VMState="${state}"`,
    `VMStateChangeTime="${since.replace(/(\.\d+)?Z$/, (_, digits = ".0") => digits.padEnd(10, "0"))}"`,
    `graphicscontroller="${kept.graphicscontroller}"`,
    ...controllerLines(machine),
    ...attachmentLines(machine, loadMedia(place)),
    ...machine.adapters.flatMap((adapter, index) => adapterLines(adapter, index + 1)),
    `audio="${machine.settings.audio === "on" ? "default" : "none"}"`,
    `usb="${machine.settings.usb ?? "off"}"`,
    ...(machine.description === "" ? [] : [`description="${machine.description}"`]),
    ...snapshotLines(machine),
    "GuestMemoryBalloon=0",
  ];
}

function controllerLines(machine: StoredMachine): string[] {
  return machine.controllers.flatMap((controller, index) => [
    `storagecontrollername${index}="${controller.name}"`,
    `storagecontrollertype${index}="${controller.type}"`,
    `storagecontrollerinstance${index}="0"`,
    `storagecontrollermaxportcount${index}="30"`,
    `storagecontrollerportcount${index}="${controller.portCount}"`,
    `storagecontrollerbootable${index}="${controller.bootable ? "on" : "off"}"`,
  ]);
}

function attachmentLines(machine: StoredMachine, media: readonly MediumRecord[]): string[] {
  return machine.controllers.flatMap(({ name, portCount }) =>
    Array.from({ length: portCount }, (_, port) => port).flatMap((port) => {
      const found = machine.attachments.find((one) => one.controller === name && one.port === port);
      if (!found) return [`"${name}-${port}-0"="none"`];
      const medium = media.find((candidate) => candidate.uuid === found.medium);
      if (!medium) return [`"${name}-${port}-0"="emptydrive"`, `"${name}-IsEjected-${port}-0"="off"`];
      return [
        `"${name}-${port}-0"="${medium.location}"`,
        `"${name}-ImageUUID-${port}-0"="${medium.uuid}"`,
        ...(found.type === "dvddrive"
          ? [`"${name}-tempeject-${port}-0"="off"`, `"${name}-IsEjected-${port}-0"="off"`]
          : []),
      ];
    }),
  );
}

function adapterLines(adapter: AdapterRecord, number: number): string[] {
  if (adapter.kind === "none") return [`nic${number}="none"`];
  const attached: Partial<Record<AdapterRecord["kind"], string>> = {
    nat: `natnet${number}="nat"`,
    intnet: `intnet${number}="${adapter.internalNetwork}"`,
    hostonly: `hostonlyadapter${number}="${adapter.hostInterface}"`,
    hostonlynet: `hostonly-network${number}="${adapter.hostInterface}"`,
    bridged: `bridgeadapter${number}="${adapter.hostInterface}"`,
  };
  const nat = [
    ...['mtu="0"', 'sockSnd="64"', 'sockRcv="64"', 'tcpWndSnd="64"', 'tcpWndRcv="64"'],
    ...['localhostReachable="1"', 'forwardBroadcast="0"', 'enableTFTP="0"'],
    ...byName(adapter.forwards).map((rule, index) => `Forwarding(${index})="${formatForwardRule(rule)}"`),
  ];
  return [
    ...(attached[adapter.kind] === undefined ? [] : [attached[adapter.kind] ?? ""]),
    `macaddress${number}="${adapter.mac}"`,
    `cableconnected${number}="${adapter.cableConnected ? "on" : "off"}"`,
    `nic${number}="${adapter.kind}"`,
    `nictype${number}="${adapter.type}"`,
    `nicspeed${number}="0"`,
    ...(adapter.kind === "nat" ? nat : []),
  ];
}

/** The real one keeps them so. */
function byName(rules: readonly ForwardRule[]): ForwardRule[] {
  return [...rules].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readable(place: Place, machine: StoredMachine): string[] {
  const { state, since } = machineState(place, machine);
  const rows: [string, string][] = [
    ["Name:", machine.name],
    ["Groups:", machine.groups.join(",")],
    ["Guest OS:", machine.osType],
    ["UUID:", machine.uuid],
    ["Config file:", machine.settingsFile],
    ["Memory size:", `${machine.memoryMiB}MB`],
    ["Number of CPUs:", `${machine.cpus}`],
    ["State:", `${state === "poweroff" ? "powered off" : state} (since ${since.replace("Z", "000000")})`],
    ["Stand-in:", `a systemd-nspawn container; its console: ${join(place.run, machine.uuid, "console.log")}`],
  ];
  return rows.map(([label, value]) => label.padEnd(29) + value);
}
