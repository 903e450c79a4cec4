import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";

/** Just what the tests need of Debian 13; a lab's base disk is four times the size and built elsewhere. */
const PACKAGES = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "cloud-init",
  "openssh-server",
  "iproute2",
  "iputils-ping",
  "netplan.io",
  "socat",
  "e2fsprogs",
];

const START = 2048;

/** A raw disk image with a small Debian 13, made once. */
export function ensureTestImage(): string {
  const image = join(cacheFolder(), "test", "debian-13-small.raw");
  if (!existsSync(image)) make(image);
  return image;
}

function make(image: string): void {
  mkdirSync(join(image, ".."), { recursive: true });
  const [fresh, tar] = [`${image}.new`, `${image}.tar`];
  execFileSync("mmdebstrap", ["--quiet", "--variant=apt", `--include=${PACKAGES.join(",")}`, "trixie", tar]);
  writeFileSync(fresh, "");
  truncateSync(fresh, 4 * 2 ** 30);
  execFileSync("sfdisk", ["--quiet", fresh], { input: `label: dos\nstart=${START}, type=83, bootable\n` });
  const device = execFileSync("losetup", ["--find", "--show", `--offset=${START * 512}`, fresh])
    .toString()
    .trim();
  const mounted = mkdtempSync(join(tmpdir(), "kube-lab-image-"));
  try {
    execFileSync("mkfs.ext4", ["-q", "-L", "root", device]);
    execFileSync("mount", [device, mounted]);
    execFileSync("tar", ["--xattrs", "--xattrs-include=*", "-xpf", tar, "-C", mounted]);
    truncateSync(join(mounted, "etc/machine-id"), 0);
    for (const key of readdirSync(join(mounted, "etc/ssh")).filter((name) => name.startsWith("ssh_host_")))
      rmSync(join(mounted, "etc/ssh", key));
    execFileSync("umount", [mounted]);
  } finally {
    execFileSync("losetup", ["--detach", device]);
    rmdirSync(mounted);
    rmSync(tar, { force: true });
  }
  renameSync(fresh, image);
}
