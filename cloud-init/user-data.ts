import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import type { MachineCredentials } from "./credentials";
import type { GuestFile } from "./guest-file";
import { realFile } from "./real-file";
import { yaml } from "./yaml";

/** The part of cloud-init's configuration that the lab uses. Source: docs.cloud-init.io, "Module reference". */
interface CloudConfig {
  hostname: string;
  fqdn: string;
  prefer_fqdn_over_hostname: boolean;
  users: UserConfig[];
  ssh_pwauth: boolean;
  disable_root: boolean;
  /** Keys come with the files. */
  ssh_deletekeys: boolean;
  write_files: WrittenFile[];
  growpart: { mode: "auto"; devices: string[]; ignore_growroot_disabled: boolean };
  resize_rootfs: boolean;
  package_update: boolean;
  package_upgrade: boolean;
  runcmd: string[][];
  /** What runs before anything else of a boot, and how often. */
  cloud_init_modules: [string, "always"][];
}

interface UserConfig {
  name: string;
  gecos: string;
  shell: string;
  lock_passwd: boolean;
  sudo: string;
  ssh_authorized_keys: string[];
}

interface WrittenFile {
  path: string;
  permissions: string;
  owner: string;
  encoding?: "b64";
  content: string;
}

/** On a disk: what is in /run does not outlive a power cut. */
const archive = "/var/lib/kube-lab/delivery.tar.gz";

/**
 * cloud-init does each of these once for an instance, and notes so before it does it: cut off by a power cut, it would never do
 * it again. So they are done at each boot until the machine has converged, when it switches cloud-init off.
 */
const modules = [
  "write_files",
  "set_hostname",
  "users_groups",
  "growpart",
  "resizefs",
  "runcmd",
  "scripts_user",
];

/**
 * The #cloud-config of a machine: its files, its one user (by key only), and the start of the unit that does the rest.
 * The start does not wait: boot goes on while the machine converges.
 * The files come as one archive: cloud-init reads YAML in Python, a second of CPU for a machine's files in clear. A script beside
 * it unpacks them, once.
 * @param delivered by delivery()
 */
export function userData(
  plan: LabPlan,
  machine: MachinePlan,
  delivered: string,
  credentials: MachineCredentials,
): string {
  const unpack = realFile("common/unpack", "/var/lib/kube-lab/unpack", "0700");
  const config: CloudConfig = {
    hostname: machine.name,
    fqdn: machine.fqdn,
    prefer_fqdn_over_hostname: false,
    users: [
      {
        name: plan.user,
        gecos: "kube-lab",
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        // sshd reads the key from a file of the lab's; the usual place is for who looks there.
        ssh_authorized_keys: [credentials.authorizedKey.trim()],
      },
    ],
    ssh_pwauth: false,
    disable_root: true,
    ssh_deletekeys: false,
    write_files: [
      { path: archive, permissions: "0600", owner: "root:root", encoding: "b64", content: delivered },
      written(unpack),
    ],
    growpart: { mode: "auto", devices: ["/"], ignore_growroot_disabled: false },
    resize_rootfs: true,
    package_update: false,
    package_upgrade: false,
    runcmd: [[unpack.path]],
    cloud_init_modules: modules.map((name) => [name, "always"]),
  };
  return `#cloud-config\n${yaml(config)}`;
}

function written({ path, mode, content }: GuestFile): WrittenFile {
  return { path, permissions: mode, owner: "root:root", content };
}
