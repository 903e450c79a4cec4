import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { NAMESPACES } from "../network/switch";
import type { SharedUsr } from "../storage/shared-usr";
import { type DataDisk, isThere } from "./data-disks";
import { SEED_IN_GUEST } from "./seed";

/** All that the container of one boot is made of; every path is the host's. */
export interface ContainerPlan {
  /** systemd-nspawn's own name of it, unique on the host. */
  name: string;
  hostname: string;
  root: string;
  /** Layers of /usr, where that is not all in `root`. */
  usr?: SharedUsr;
  networkNamespace: string;
  cgroup: "v1" | "v2";
  units: string;
  hostEnvironment: string;
  emptyFile: string;
  /** Unpacked NoCloud seed, when one is attached. */
  seed?: string;
  dataDisks: DataDisk[];
  /** File descriptor that takes the console's text. */
  console: number;
}

/** What reboot(2) inside makes systemd-nspawn end with. Source: nspawn.c, EXIT_FORCE_RESTART. */
export const EXIT_REBOOT = 133;

/**
 * Of root's capabilities what neither systemd, Kubernetes nor Gluster needs: what would reach the host's clock, modules, ports and
 * files (by CAP_DAC_READ_SEARCH a handle opens any file of a file system of which one folder is seen). CAP_MKNOD is not among
 * them: crun makes the nodes of every container; nor CAP_LINUX_IMMUTABLE, which keeps the volume's mount point empty.
 */
const DROPPED = [
  ...["CAP_SYS_TIME", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_DAC_READ_SEARCH", "CAP_WAKE_ALARM"],
  ...["CAP_BLOCK_SUSPEND", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_SYS_PACCT", "CAP_SYS_TTY_CONFIG"],
  "CAP_AUDIT_READ",
];

/** Devices that a virtual machine's kernel would have. */
const DEVICES = ["/dev/kmsg", "/dev/fuse", "/dev/net/tun"];

/**
 * Starts the container; it dies with this process: unshare is killed, systemd-nspawn, first of a process namespace, with
 * it, and the kernel ends all that is in such a namespace without its first.
 */
export function spawnContainer(plan: ContainerPlan): ChildProcess {
  const environment = {
    PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin",
    // kubelet and containerd see only their own machine's groups.
    SYSTEMD_NSPAWN_USE_CGNS: "1",
    // /proc/sys/net writable, the rest of the host's /proc/sys and /sys not.
    SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
    SYSTEMD_SECCOMP: "0",
  };
  const namespace = `--net=${NAMESPACES}/${plan.networkNamespace}`;
  return spawn(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", "nsenter", namespace],
      ...["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"],
      ...["systemd-nspawn", ...nspawnArguments(plan)],
    ],
    { env: environment, stdio: ["ignore", plan.console, plan.console], cwd: "/" },
  );
}

/** systemd-nspawn's arguments; exported for the tests. */
export function nspawnArguments(plan: ContainerPlan): string[] {
  const devices = DEVICES.filter(isThere).map((device) => `--bind=${device}`);
  const disks = plan.dataDisks.map((disk) => `--bind=${disk.device}:${disk.guestDevice}`);
  return [
    ...["--quiet", "--keep-unit", "--register=no", `--machine=${plan.name}`, `--hostname=${plan.hostname}`],
    ...[`--directory=${plan.root}`, "--private-users=no", "--link-journal=no", "--resolv-conf=off"],
    ...(plan.usr === undefined ? [] : [`--overlay=${plan.usr.base}:${plan.usr.changes}:/usr`]),
    // The clock and the kernel's modules are the host's.
    ...["--timezone=off", "--capability=all", `--drop-capability=${DROPPED.join(",")}`],
    ...["--console=pipe", "--kill-signal=SIGRTMIN+3", ...devices, ...disks],
    ...[
      `--bind=${plan.units}:/run/systemd/system`,
      `--bind-ro=${plan.hostEnvironment}:/run/kube-lab/host.env`,
    ],
    // Its root, boot and swap partitions do not exist here.
    `--bind-ro=${plan.emptyFile}:/etc/fstab`,
    ...(plan.seed === undefined ? [] : [`--bind-ro=${plan.seed}:${SEED_IN_GUEST}`]),
    "--boot",
    // systemd from 256 on refuses cgroup v1 unless told.
    ...(plan.cgroup === "v1" ? ["SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"] : []),
  ];
}

/** The container's init: systemd-nspawn's child, below what started that. Undefined before it runs. */
export function findLeader(ancestor: number): number | undefined {
  for (const child of childrenOf(ancestor)) {
    const found = /^\S*\/(systemd|init)\0/.test(commandLine(child)) ? child : findLeader(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(pid: number): number[] {
  return (readIfThere(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? []).map(Number);
}

function commandLine(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
