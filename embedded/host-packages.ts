/** Host programs that the stand-in runs, and the Debian package each is in. */
const PROGRAMS: Record<string, string> = {
  "systemd-nspawn": "systemd-container",
  btrfs: "btrfs-progs",
  flock: "util-linux",
  chattr: "e2fsprogs",
  modprobe: "kmod",
  sysctl: "procps",
  "mkfs.btrfs": "btrfs-progs",
  ip: "iproute2",
  bsdtar: "libarchive-tools",
  nsenter: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
  losetup: "mount",
  mke2fs: "e2fsprogs",
  mount: "mount",
  umount: "mount",
  sfdisk: "fdisk",
};

/** Debian packages the stand-in needs on the host. */
export const standInPackages: string[] = [...new Set(Object.values(PROGRAMS))];

/** The programs it looks for, with their packages. */
export const standInPrograms: Readonly<Record<string, string>> = PROGRAMS;

export function programPackage(program: string): string {
  return PROGRAMS[program] ?? program;
}
