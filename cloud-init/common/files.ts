import type { LabPlan, MachinePlan } from "../../plan/lab-plan";
import { ownLanAdapter } from "../../plan/lan-addresses";
import type { MachineCredentials } from "../credentials";
import { environmentFile } from "../environment";
import type { GuestFile } from "../guest-file";
import { realFile } from "../real-file";

const library = "/usr/local/lib/kube-lab";

/** What every machine has, whatever its role. */
export function commonFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
): GuestFile[] {
  const { sshHostKey, authorizedKey } = credentials;
  return [
    { path: "/etc/kube-lab/environment", mode: "0644", content: environmentFile(plan, machine) },
    { path: "/etc/hosts", mode: "0644", content: guestHostsFile(plan) },
    realFile("common/kube-lab", "/usr/local/sbin/kube-lab", "0755"),
    ...[
      "lib.sh",
      "base.sh",
      "network.sh",
      "static.network",
      "dhcp.network",
      "apply.sh",
      "status.sh",
      "verify.sh",
    ].map((name) => realFile(`common/${name}`, `${library}/${name}`)),
    ...(ownLanAdapter(machine) === undefined ? [] : ["lan.sh", "lan.nft"]).map((name) =>
      realFile(`common/${name}`, `${library}/${name}`),
    ),
    realFile("own/own.sh", `${library}/own.sh`),
    realFile("common/kube-lab.service", "/etc/systemd/system/kube-lab.service"),
    ...["kube-lab-verify.socket", "kube-lab-verify@.service"].map((name) =>
      realFile(`common/${name}`, `/etc/systemd/system/${name}`),
    ),
    realFile("common/aliases.sh", "/etc/profile.d/kube-lab.sh"),
    realFile("common/sshd.conf", "/etc/ssh/sshd_config.d/10-kube-lab.conf"),
    {
      path: "/etc/ssh/ssh_host_ed25519_key",
      mode: "0600",
      content: ended(sshHostKey.privateKey),
    },
    { path: "/etc/ssh/ssh_host_ed25519_key.pub", mode: "0644", content: ended(sshHostKey.publicKey) },
    {
      path: `/etc/ssh/authorized_keys.d/${plan.user}`,
      mode: "0644",
      content: [authorizedKey, ...plan.authorizedKeys].map(ended).join(""),
    },
  ];
}

/**
 * Names of all machines on every machine: they know each other before the gateway is up. The gateway's dnsmasq serves this
 * file, both ways.
 */
function guestHostsFile(plan: LabPlan): string {
  const lines = plan.machines.flatMap((machine) =>
    addressesOf(machine).map((address) => `${address} ${machine.fqdn} ${machine.name}`),
  );
  return [
    "127.0.0.1 localhost",
    "::1 localhost ip6-localhost",
    ...lines,
    `${plan.virtualIp} ${plan.apiName}`,
    "",
  ].join("\n");
}

/** The address others know first; the gateway has one in each subnet. */
function addressesOf(machine: MachinePlan): string[] {
  const inner = machine.adapters.flatMap((adapter) => (adapter.kind === "internal" ? [adapter.address] : []));
  return [...new Set([machine.address, ...inner])];
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
