import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a container must not or need not do: hardware, clocks, consoles, boot loaders, periodic upkeep. */
const MASKED = [
  ...["systemd-modules-load.service", "systemd-timesyncd.service", "systemd-time-wait-sync.service"],
  ...["systemd-udev-trigger.service", "systemd-udev-settle.service", "systemd-boot-random-seed.service"],
  ...["systemd-firstboot.service", "systemd-remount-fs.service", "systemd-growfs-root.service"],
  ...["getty.target", "console-getty.service", "getty-static.service", "serial-getty@ttyS0.service"],
  ...["grub-common.service", "grub-initrd-fallback.service", "e2scrub_reap.service", "e2scrub_all.timer"],
  // no seat, no power button, no journal on disk, no devices to make
  ...["systemd-logind.service", "systemd-journal-flush.service", "systemd-network-generator.service"],
  ...["systemd-udev-load-credentials.service", "systemd-tmpfiles-setup-dev-early.service"],
  ...["systemd-tmpfiles-setup-dev.service"],
  ...["fstrim.timer", "xfs_scrub_all.timer", "man-db.timer", "dpkg-db-backup.timer"],
  ...["apt-daily.timer", "apt-daily-upgrade.timer"],
  ...["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount"],
  ...["proc-sys-fs-binfmt_misc.automount", "dev-hugepages.mount"],
];

/** Capability that containerd needs to lower a sandbox's OOM score. Source: linux/capability.h. */
const CAP_SYS_RESOURCE = 24n;

/** Fills `folder` with what the machine sees as /run/systemd/system: drop-ins and masks, gone with the machine's power. */
export function writeUnits(folder: string, cgroup: "v1" | "v2"): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(guestFolder(), folder, { recursive: true });
  if (cgroup === "v1") {
    mkdirSync(join(folder, "sysinit.target.wants"));
    symlinkSync(
      "../kube-lab-cgroups.service",
      join(folder, "sysinit.target.wants", "kube-lab-cgroups.service"),
    );
  } else rmSync(join(folder, "kube-lab-cgroups.service"));
  for (const unit of MASKED) symlinkSync("/dev/null", join(folder, unit));
}

/** The real files: beside this source, or, from the bundle in .kube-lab/programs, in the project. */
function guestFolder(): string {
  const candidates = [join(__dirname, "..", "guest"), join(__dirname, "..", "..", "embedded", "guest")];
  const found = candidates.find((folder) => existsSync(join(folder, "kube-lab-cgroups.service")));
  if (!found) throw new Error(`the stand-in's own files are missing; looked in ${candidates.join(" and ")}`);
  return found;
}

/** `/run/kube-lab/host.env`: what the scripts inside must know of where they run; absent on VirtualBox. */
export function writeHostEnvironment(file: string, cgroup: "v1" | "v2", hasDataDisk: boolean): void {
  const values: Record<string, string> = {
    KUBE_LAB_CGROUP_DRIVER: "cgroupfs",
    KUBE_LAB_FAIL_CGROUP_V1: cgroup === "v1" ? "false" : "true",
    KUBE_LAB_RESTRICT_OOM_SCORE_ADJ: canRaisePriorities() ? "false" : "true",
    KUBE_LAB_CLOCK: "host",
    KUBE_LAB_KERNEL: "host",
    ...(hasDataDisk ? { KUBE_LAB_DATA_DISK: "/dev/sdb" } : {}),
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.join(""), { mode: 0o644 });
}

function canRaisePriorities(): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return ((BigInt(`0x${bounding}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}
