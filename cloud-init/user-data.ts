import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import type { GuestFile, MachineCredentials } from "./guest-files";
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
  content: string;
}

const unit = "kube-lab.service";

/**
 * The #cloud-config of a machine: its files, its one user (by key only), and the start of the unit that does the rest.
 * The start does not wait: boot goes on while the machine converges.
 */
export function userData(
  plan: LabPlan,
  machine: MachinePlan,
  files: GuestFile[],
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
    write_files: files.map(({ path, mode, content }) => ({
      path,
      permissions: mode,
      owner: "root:root",
      content,
    })),
    growpart: { mode: "auto", devices: ["/"], ignore_growroot_disabled: false },
    resize_rootfs: true,
    package_update: false,
    package_upgrade: false,
    // A unit that systemd has not read yet needs no reload, and enabling is a link: each reload would cost a second of boot.
    runcmd: [
      ["ln", "-sf", `/etc/systemd/system/${unit}`, `/etc/systemd/system/multi-user.target.wants/${unit}`],
      ["systemctl", "start", "--no-block", unit],
    ],
  };
  return `#cloud-config\n${yaml(config)}`;
}
