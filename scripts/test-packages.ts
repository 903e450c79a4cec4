/** Debian packages with the programs that check the machines' files; see test/rendered. */
export const testPackages = [
  "shellcheck",
  "cloud-init",
  "haproxy",
  "dnsmasq-base",
  "nftables",
  "systemd",
  "openssh-client",
  "openssl",
  "libarchive-tools",
];
