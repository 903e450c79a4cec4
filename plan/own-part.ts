import type { Role } from "./lab-plan";

/** What a person's own configuration adds to a machine. Contents and commands may be secret: they are no part of the plan. */
export interface OwnPart {
  /** Each path once. */
  files: OwnFile[];
  /** In the order in which they run. */
  commands: OwnCommand[];
  /** Debian's names, each once. */
  packages: string[];
}

export interface OwnFile {
  /** `cloudInit.workers.files[0]` */
  key: string;
  path: string;
  /** Octal, four digits. */
  permissions: string;
  /** `root:root` */
  owner: string;
  /** Text, or a file of the host: full path, or relative to the project's folder. */
  from: { content: string } | { source: string };
}

export interface OwnCommand {
  /** `cloudInit.workers.commands[0]` */
  key: string;
  /** For bash; one line or more. */
  command: string;
}

/** The key of `cloudInit` that holds for a role's machines. */
export const partOf = {
  gateway: "gateway",
  loadBalancer: "loadBalancers",
  master: "masters",
  worker: "workers",
  gluster: "gluster",
} as const satisfies Record<Role, string>;

/** Later parts go before earlier ones: a path's last file is the one, commands come one part after another. */
export function mergedParts(parts: readonly OwnPart[]): OwnPart {
  const files = new Map(parts.flatMap((part) => part.files).map((file) => [file.path, file]));
  return {
    files: [...files.values()],
    commands: parts.flatMap(({ commands }) => commands),
    packages: [...new Set(parts.flatMap(({ packages }) => packages))],
  };
}

/** Of the lab itself: who wrote another file there would be undone by the next pass, or break the machine. */
const labsFolders = [
  "/dev",
  "/etc/corosync",
  "/etc/kube-lab",
  "/etc/kubernetes",
  "/etc/ssh/authorized_keys.d",
  "/proc",
  "/run",
  "/sys",
  "/tmp",
  "/usr/local/lib/kube-lab",
  "/var/lib/etcd",
  "/var/lib/kube-lab",
  "/var/lib/kubelet",
  "/var/log/kube-lab",
];
const labsFiles =
  /^\/(etc\/(hosts|hostname|fstab|passwd|shadow|group|gshadow|sudoers|resolv\.conf|nftables\.conf|dnsmasq\.conf|crictl\.yaml|chrony\/chrony\.conf|containerd\/config\.toml|haproxy\/haproxy\.cfg|glusterfs\/glusterd\.vol|profile\.d\/kube-lab\.sh|sysctl\.d\/90-kube-lab\.conf|ssh\/(sshd_config|ssh_host_[^/]*|sshd_config\.d\/10-kube-lab\.conf)|systemd\/network\/05-kube-lab-[^/]*|systemd\/system\/kubelet\.service)|usr\/local\/s?bin\/kube-lab)$|(^|\/)kube-lab[^/]*$/;

/** Whether a path inside a machine is the lab's, or the system's own, so that nobody else may write it. */
export function isLabsPath(path: string): boolean {
  return (
    labsFiles.test(path) || labsFolders.some((folder) => path === folder || path.startsWith(`${folder}/`))
  );
}
