import type { MachineSpecification } from "../specification/machine";
import { formatAdapter, formatForward, parseForwardRule } from "./adapters";

/**
 * What a machine is made of, flat and legible: property → value. Equal maps mean equal hardware.
 * Keys: `cpus`, `memory` (MiB), `adapter 1`…, `forward api`…, `root disk`, `data disk`.
 */
export type Hardware = Record<string, string>;

/** Where on the controller the disks are. */
export const CONTROLLER = "SATA";
/**
 * What kind it is, in `storagectl`'s words. AHCI: BIOS, EFI and every image's initrd boot from it, on ARM too, and it alone lets
 * disks come and go; virtio-scsi is in not all of them. With the host's cache, since all machines read the one disk they are
 * clones of: it is in memory once.
 */
export const CONTROLLER_OPTIONS = [
  ...["--add", "sata", "--controller", "IntelAhci"],
  ...["--portcount", "4", "--bootable", "on", "--hostiocache", "on"],
];
export const ROOT_PORT = 0;
export const DATA_PORT = 1;
export const SEED_PORT = 2;
/** The DVD drive of the seed, in `storageattach`'s words. */
export const SEED_DRIVE = [
  "--storagectl",
  CONTROLLER,
  "--port",
  String(SEED_PORT),
  "--device",
  "0",
  "--type",
  "dvddrive",
];
export const BUNDLE_PORT = 3;

/** VirtualBox gives eight adapters to a machine with the standard chipset. */
const ADAPTERS = 8;

const KINDS: Record<string, string> = {
  nat: "nat",
  intnet: "internal",
  hostonly: "hostonly",
  hostonlynetwork: "hostonly",
  bridged: "bridged",
};

/** The hardware a specification asks for. */
export function wantedHardware(specification: MachineSpecification): Hardware {
  return {
    cpus: String(specification.cpus),
    memory: String(specification.memoryMiB),
    ...Object.fromEntries(
      specification.adapters.map((adapter, index) => [`adapter ${index + 1}`, formatAdapter(adapter)]),
    ),
    ...Object.fromEntries(
      specification.forwards.map((forward) => [`forward ${forward.name}`, formatForward(forward)]),
    ),
    "root disk": "attached",
    "data disk": specification.dataDiskGiB === undefined ? "none" : "attached",
  };
}

/** The hardware a machine has, out of `showvminfo --machinereadable`. */
export function actualHardware(info: Map<string, string>): Hardware {
  const hardware: Hardware = { cpus: info.get("cpus") ?? "", memory: info.get("memory") ?? "" };
  for (let index = 1; index <= ADAPTERS; index++) {
    const adapter = actualAdapter(info, index);
    if (adapter) hardware[`adapter ${index}`] = adapter;
  }
  for (const rule of forwardRules(info)) {
    const forward = parseForwardRule(rule);
    if (forward) hardware[`forward ${forward.name}`] = formatForward(forward);
  }
  hardware["root disk"] = attachedMedium(info, ROOT_PORT) ? "attached" : "none";
  hardware["data disk"] = attachedMedium(info, DATA_PORT) ? "attached" : "none";
  return hardware;
}

function actualAdapter(info: Map<string, string>, index: number): string | undefined {
  const attachment = info.get(`nic${index}`);
  if (attachment === undefined || attachment === "none") return undefined;
  const kind = KINDS[attachment] ?? attachment;
  const network =
    info.get(`intnet${index}`) ??
    info.get(`hostonlyadapter${index}`) ??
    info.get(`hostonly-network${index}`) ??
    info.get(`bridgeadapter${index}`) ??
    "";
  const mac = (info.get(`macaddress${index}`) ?? "").toLowerCase().replace(/(..)(?!$)/g, "$1:");
  const cable = info.get(`cableconnected${index}`) === "off" ? "unplugged" : "";
  return [kind, network, mac, cable].filter((part) => part !== "").join(" ");
}

/** Adapters that are switched on, by number. */
export function adapterNumbers(info: Map<string, string>): number[] {
  return Array.from({ length: ADAPTERS }, (_, index) => index + 1).filter(
    (index) => (info.get(`nic${index}`) ?? "none") !== "none",
  );
}

/** VBoxManage's forwarding rules: `api,tcp,127.0.0.1,18080,10.0.2.15,6443`. */
export function forwardRules(info: ReadonlyMap<string, string>): string[] {
  return [...info].filter(([key]) => /^Forwarding\(\d+\)$/.test(key)).map(([, rule]) => rule);
}

/** The file attached to a port of the controller; undefined when nothing or an empty drive is. */
export function attachedMedium(info: Map<string, string>, port: number): string | undefined {
  const medium = info.get(`${CONTROLLER}-${port}-0`);
  return medium === undefined || medium === "none" || medium === "emptydrive" ? undefined : medium;
}

/** Names of the properties in which two states differ, in a fixed order. */
export function differences(before: Hardware, after: Hardware): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .sort();
}
