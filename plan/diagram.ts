import { subnetNames } from "./fixed-networks";
import type { AdapterPlan, LabPlan, MachinePlan, SubnetPlan } from "./lab-plan";
import { subnetOf } from "./machine-names";

/** The lab as a Mermaid flowchart: the host, the gateway, the four subnets and the machines in them. */
export function mermaid(plan: LabPlan): string {
  const gateways = plan.machines.filter(({ role }) => role === "gateway");
  return `${[
    "flowchart TB",
    `  host(["this computer"])`,
    ...gateways.flatMap((gateway) => [`  ${node(gateway)}`, ...hostLinks(gateway)]),
    ...subnetNames.flatMap((name) => subnet(plan, plan.subnets[name])),
    ...gateways.flatMap((gateway) => subnetNames.map((name) => `  ${id(gateway.name)} --- ${name}`)),
    `  dmz -- "API ${plan.kubernetes.apiPort}" --> mast`,
  ].join("\n")}\n`;
}

function subnet(plan: LabPlan, { name, cidr }: SubnetPlan): string[] {
  const inside = plan.machines.filter(({ role }) => role !== "gateway" && subnetOf[role] === name);
  const virtualIp = name === "dmz" ? [`    vip(["${plan.virtualIp}<br/>${plan.apiName}"])`] : [];
  return [
    `  subgraph ${name}["${name} ${cidr}"]`,
    ...virtualIp,
    ...inside.map((machine) => `    ${node(machine)}`),
    ...(name === "dmz" ? inside.map((machine) => `    vip -.- ${id(machine.name)}`) : []),
    "  end",
  ];
}

function node(machine: MachinePlan): string {
  const disk = machine.dataDiskGiB === undefined ? "" : `, ${machine.dataDiskGiB} GiB`;
  const size = `${machine.cpus} CPU, ${machine.memoryMiB} MiB${disk}`;
  return `${id(machine.name)}["${machine.name}<br/>${machine.address}<br/>${size}"]`;
}

function hostLinks(gateway: MachinePlan): string[] {
  return gateway.adapters.flatMap((adapter) =>
    labels(adapter).map((label) => `  host -- "${label}" --> ${id(gateway.name)}`),
  );
}

function labels(adapter: AdapterPlan): string[] {
  switch (adapter.kind) {
    case "nat":
      return adapter.forwards.map(({ name, hostAddress, hostPort }) => `${name} ${hostAddress}:${hostPort}`);
    case "internal":
      return [];
    case "hostonly":
    case "bridged":
      return [
        [adapter.kind, adapter.hostInterface, adapter.address].filter((part) => part !== undefined).join(" "),
      ];
  }
}

/** Mermaid's identifiers take no hyphen safely: `a---b` is a link. */
function id(name: string): string {
  return name.replaceAll("-", "_");
}
