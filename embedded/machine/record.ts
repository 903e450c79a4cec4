/** What a registered machine is: everything its settings file would hold in the real VirtualBox. */
export interface StoredMachine {
  uuid: string;
  name: string;
  /** At least one: `/kube-lab/dev`. */
  groups: string[];
  osType: string;
  description: string;
  /** Path of its `.vbox` file; its folder holds Snapshots and Logs too. */
  settingsFile: string;
  cpus: number;
  memoryMiB: number;
  /** Eight, adapter 1 first. */
  adapters: AdapterRecord[];
  controllers: ControllerRecord[];
  attachments: AttachmentRecord[];
  snapshots: SnapshotRecord[];
  /** UUID of the snapshot that the machine's present state follows. */
  currentSnapshot?: string | undefined;
  extraData: Record<string, string>;
  guestProperties: Record<string, { value: string; flags: string; at: string }>;
  /** Settings that mean nothing to a container, kept for showvminfo: vram, boot1, graphicscontroller … */
  settings: Record<string, string>;
  /** Time of registration or of the last change while it did not run, ISO 8601. */
  changedAt: string;
  /** Milliseconds since 1970; `list vms` is in this order. */
  registeredAt: number;
  /** `unregistervm --delete` has begun: what is left of it is only to be removed. */
  isBeingRemoved?: boolean;
}

export type AdapterKind = "none" | "null" | "nat" | "intnet" | "hostonly" | "hostonlynet" | "bridged";

export interface AdapterRecord {
  kind: AdapterKind;
  type: string;
  /** Twelve upper-case hexadecimal digits. */
  mac: string;
  cableConnected: boolean;
  internalNetwork: string;
  hostInterface: string;
  forwards: ForwardRule[];
}

export interface ForwardRule {
  name: string;
  protocol: "tcp" | "udp";
  /** Empty: 127.0.0.1 in the stand-in, which never listens anywhere else. */
  hostAddress: string;
  hostPort: number;
  /** Empty: 10.0.2.15. */
  guestAddress: string;
  guestPort: number;
}

export interface ControllerRecord {
  name: string;
  bus: string;
  type: string;
  portCount: number;
  bootable: boolean;
}

export interface AttachmentRecord {
  controller: string;
  port: number;
  device: number;
  type: "hdd" | "dvddrive";
  /** Absent: an empty drive. */
  medium?: string;
}

export interface SnapshotRecord {
  uuid: string;
  name: string;
  description: string;
  parent?: string;
  takenAt: string;
  cpus: number;
  memoryMiB: number;
  /** Absent in templates of earlier versions. */
  adapters?: AdapterRecord[];
  controllers: ControllerRecord[];
  attachments: AttachmentRecord[];
}

export const ADAPTER_COUNT = 8;

export function emptyAdapter(): AdapterRecord {
  return {
    kind: "none",
    type: "82540EM",
    mac: randomMac(),
    cableConnected: true,
    internalNetwork: "intnet",
    hostInterface: "",
    forwards: [],
  };
}

/** In VirtualBox's range 08:00:27. */
export function randomMac(): string {
  const digits = Math.floor(Math.random() * 0x1000000).toString(16);
  return `080027${digits.padStart(6, "0")}`.toUpperCase();
}

/** `api,tcp,127.0.0.1,18080,10.0.2.15,6443`; undefined when it is none. */
export function readForwardRule(text: string): ForwardRule | undefined {
  const [
    name = "",
    protocol = "",
    hostAddress = "",
    hostPort = "",
    guestAddress = "",
    guestPort = "",
    ...more
  ] = text.split(",");
  const [from, to] = [Number(hostPort), Number(guestPort)];
  const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65536;
  const known = protocol === "tcp" || protocol === "udp";
  if (more.length > 0 || !known || !isPort(from) || !isPort(to)) return undefined;
  const given = name || `${protocol}_${from}_${to}`;
  return { name: given, protocol, hostAddress, hostPort: from, guestAddress, guestPort: to };
}

export function formatForwardRule(rule: ForwardRule): string {
  const { name, protocol, hostAddress, hostPort, guestAddress, guestPort } = rule;
  return [name, protocol, hostAddress, hostPort, guestAddress, guestPort].join(",");
}
