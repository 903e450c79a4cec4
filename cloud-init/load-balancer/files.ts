import type { MachineCredentials } from "../credentials";
import type { GuestFile } from "../guest-file";
import { needed } from "../needed";
import { realFile } from "../real-file";

/** haproxy before the masters, corosync and pacemaker for the virtual address. */
export function loadBalancerFiles(credentials: MachineCredentials): GuestFile[] {
  return [
    // Inside, a script is found by its role's name.
    realFile("load-balancer/load-balancer.sh", "/usr/local/lib/kube-lab/loadBalancer.sh"),
    ...["haproxy.cfg", "corosync.conf", "cib.xml"].map((name) =>
      realFile(`load-balancer/${name}`, `/usr/local/lib/kube-lab/${name}`),
    ),
    realFile("load-balancer/stop-failed.sh", "/usr/local/lib/kube-lab/stop-failed.sh", "0755"),
    { path: "/etc/kube-lab/corosync-key", mode: "0600", content: `${needed(credentials, "corosyncKey")}\n` },
    {
      path: "/etc/kube-lab/statistics-password",
      mode: "0600",
      content: `${needed(credentials, "statisticsPassword")}\n`,
    },
    {
      path: "/etc/kube-lab/kubernetes-ca.crt",
      mode: "0644",
      content: credentials.authorities["kubernetes-ca"].certificate,
    },
  ];
}
