import { gatewayOf } from "./endpoint";
import type { LabPlan, MachinePlan } from "./lab-plan";
import { ownLanAdapter } from "./lan-addresses";

/**
 * Lines for a computer's /etc/hosts: address, full name, short name; ends with a line feed. Where the machines have addresses of
 * their own on the LAN it is these, which need no route; the API is at the gateway's then.
 */
export function hostsEntries(plan: LabPlan): string {
  const gateway = gatewayOf(plan);
  const onLan = plan.machines.some((machine) => ownLanAdapter(machine)?.address !== undefined);
  const gatewayOnLan = onLan ? gateway.adapters.find(({ kind }) => kind === "bridged")?.address : undefined;
  const addressOf = (machine: MachinePlan) =>
    (machine === gateway ? gatewayOnLan : ownLanAdapter(machine)?.address) ?? machine.address;
  const lines = plan.machines.map((machine) => `${addressOf(machine)} ${machine.fqdn} ${machine.name}`);
  return `${[...lines, `${gatewayOnLan ?? plan.virtualIp} ${plan.apiName}`].join("\n")}\n`;
}
