import { standInPackages } from "../../embedded/host-packages";
import { basePackages } from "../../supply/base/host";

/** Programs that tests run beside those of the product, and the Debian package each is in. */
export const testPrograms: Readonly<Record<string, string>> = {
  bsdtar: "libarchive-tools",
  bwrap: "bubblewrap",
  chromium: "chromium",
  "cloud-init": "cloud-init",
  dnsmasq: "dnsmasq-base",
  fincore: "util-linux-extra",
  genisoimage: "genisoimage",
  haproxy: "haproxy",
  ip: "iproute2",
  jq: "jq",
  losetup: "mount",
  "mkfs.ext4": "e2fsprogs",
  mmdebstrap: "mmdebstrap",
  mount: "mount",
  nft: "nftables",
  nsenter: "util-linux",
  openssl: "openssl",
  ps: "procps",
  // cloud-init brings its module yaml
  python3: "python3",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
  sfdisk: "fdisk",
  shellcheck: "shellcheck",
  ss: "iproute2",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  "systemd-analyze": "systemd",
  umount: "mount",
  unshare: "util-linux",
  xmllint: "libxml2-utils",
};

/** Files that tests' programs read: nft looks protocols up in /etc/protocols. */
const testFiles = ["netbase"];

/** Debian packages for `npm test`: tests look at both hypervisors and both layouts, whichever this computer's own lab has. */
export const testPackages: string[] = [
  ...new Set([...Object.values(testPrograms), ...testFiles, ...standInPackages, ...basePackages("lvm")]),
];
