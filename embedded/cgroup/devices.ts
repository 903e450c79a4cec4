/** Linux, Documentation/admin-guide/devices.txt. */
const LOOP = 7;
const MEMORY = 1;
const MISC = 10;
/** /dev/mem, /dev/kmem, /dev/port; the others of this number are /dev/null and its kin, and the kernel's log. */
const HOST_MEMORY = [1, 2, 4];
/** A terminal of one's own, and its parts. */
const TERMINALS = new Set([5, 128, ...Array.from({ length: 8 }, (_, index) => 136 + index)]);
/** What flannel and Gluster's client open. */
const USED_MISC = new Set(["tun", "fuse"]);

/**
 * The host's devices that a machine must not open, as rules for cgroup v1's `devices.deny`: its disks first of all. Loop devices
 * are the machines' own disks and discs. Not the other way round, all but a list: the kernel lets nobody below such a group have
 * all, as kube-proxy's privileged container wants. Making a device's node stays allowed, since every container makes some.
 * @param devices /proc/devices
 * @param misc /proc/misc
 */
export function deniedDevices(devices: string, misc: string): string[] {
  const [characters = "", blocks = ""] = devices.split(/^Block devices:$/m);
  const block = majors(blocks).filter((major) => major !== LOOP);
  const character = majors(characters).filter(
    (major) => major !== MEMORY && major !== MISC && !TERMINALS.has(major),
  );
  const others = [...misc.matchAll(/^ *(\d+) (\S+)$/gm)].filter(([, , name = ""]) => !USED_MISC.has(name));
  return [
    ...block.map((major) => `b ${major}:* rw`),
    ...character.map((major) => `c ${major}:* rw`),
    ...HOST_MEMORY.map((minor) => `c ${MEMORY}:${minor} rw`),
    ...others.map(([, minor]) => `c ${MISC}:${minor} rw`),
  ];
}

/** Each once: several drivers may share one. */
function majors(lines: string): number[] {
  return [...new Set([...lines.matchAll(/^ *(\d+) \S/gm)].map(([, major]) => Number(major)))];
}
