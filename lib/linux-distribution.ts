/** Families of Linux distributions that install packages and sign kernel modules alike. */
export type LinuxFamily = "debian" | "ubuntu" | "fedora" | "suse" | "arch" | "other";

/**
 * The family that os-release(5) names.
 * @param osRelease text of /etc/os-release; undefined when it is not there
 */
export function linuxFamily(osRelease: string | undefined): LinuxFamily {
  const ids = [value(osRelease, "ID"), ...value(osRelease, "ID_LIKE").split(" ")];
  const families: [LinuxFamily, readonly string[]][] = [
    // Before Debian: Ubuntu and its kin are like Debian, too.
    ["ubuntu", ["ubuntu"]],
    ["debian", ["debian"]],
    ["fedora", ["fedora", "rhel", "centos"]],
    ["suse", ["suse", "opensuse", "sles"]],
    ["arch", ["arch"]],
  ];
  return families.find(([, names]) => ids.some((id) => names.includes(id)))?.[0] ?? "other";
}

function value(osRelease: string | undefined, key: string): string {
  return new RegExp(`^${key}="?([^"\n]*)"?$`, "m").exec(osRelease ?? "")?.[1] ?? "";
}
