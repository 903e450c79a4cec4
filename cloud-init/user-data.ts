import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import type { MachineCredentials } from "./guest-files";
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
  encoding: "b64";
  content: string;
}

const unit = "kube-lab.service";
const archive = "/run/kube-lab/delivery.tar.gz";

/**
 * The #cloud-config of a machine: its files, its one user (by key only), and the start of the unit that does the rest.
 * The start does not wait: boot goes on while the machine converges.
 * The files come as one archive: cloud-init reads YAML in Python, a second of CPU for a machine's files in clear.
 * @param delivered by delivery()
 */
export function userData(
  plan: LabPlan,
  machine: MachinePlan,
  delivered: string,
  credentials: MachineCredentials,
): string {
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
    ],
    growpart: { mode: "auto", devices: ["/"], ignore_growroot_disabled: false },
    resize_rootfs: true,
    package_update: false,
    package_upgrade: false,
    // Modes and owner are in the archive; its times are not those of the files.
    // A unit that systemd has not read yet needs no reload, and enabling is a link: each reload would cost a second of boot.
    runcmd: [
      ["tar", "--extract", "--gzip", "--touch", "--file", archive, "--directory", "/"],
      ["rm", archive],
      ["ln", "-sf", `/etc/systemd/system/${unit}`, `/etc/systemd/system/multi-user.target.wants/${unit}`],
      ["systemctl", "start", "--no-block", unit],
    ],
  };
  return `#cloud-config\n${yaml(config)}`;
}
