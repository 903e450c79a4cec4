import type { GuestFile } from "../guest-file";
import { realFile } from "../real-file";

/** Routing, filter, names, addresses, time. */
export function gatewayFiles(): GuestFile[] {
  return [
    ...["gateway.sh", "nftables.conf", "dnsmasq.conf"].map((name) =>
      realFile(`gateway/${name}`, `/usr/local/lib/kube-lab/${name}`),
    ),
    realFile("gateway/sysctl.conf", "/etc/sysctl.d/90-kube-lab.conf"),
  ];
}
