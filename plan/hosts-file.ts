import type { LabPlan } from "./lab-plan";

/** Lines for a computer's /etc/hosts: address, full name, short name; ends with a line feed. */
export function hostsFile(plan: LabPlan): string {
  const lines = plan.machines.map(({ address, fqdn, name }) => `${address} ${fqdn} ${name}`);
  return `${[...lines, `${plan.virtualIp} ${plan.apiName}`].join("\n")}\n`;
}
