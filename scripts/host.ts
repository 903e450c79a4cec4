import { readChoice } from "../hypervisor/driver/choice";
import { usablePlanOfStack } from "../lab/stack/stack-plan";
import { isAddress } from "../lib/addresses";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { setCommand } from "../plan/config/problems";
import { hostsEntries } from "../plan/hosts-entries";
import type { LabPlan } from "../plan/lab-plan";
import { printed, rightsHere } from "./host/administrator";
import { delegationOf, dnsChange, unanswered } from "./host/dns";
import { addDns, removeDns } from "./host/dns-side";
import { addHosts, addRoutes, removeHosts, removeRoutes } from "./host/host-side";
import { hostsFilePath } from "./host/hosts-file";
import { addKubeconfig, addSshInclude, removeKubeconfig, removeSshInclude } from "./host/personal-files";
import { readHostRecord } from "./host/record";
import { findResolver, type NoResolver, type Resolver, resolverFacts } from "./host/resolver";
import { addRouteCommand, gatewayAddress, routesTo } from "./host/routes";

const options = {
  via: { type: "string", value: "ADDRESS", does: "the gateway's address on this computer's side" },
} as const satisfies Options;

const usage = {
  name: "host",
  does: "shows this computer's way to the lab's machines, in the modes hostonly and bridged, or sets it",
  options,
  words: "[kubeconfig|ssh|routes|hosts|dns add|remove]",
  notes: "`npm run down` takes away what was added.",
};

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const via = checkedVia(values.via);
  const fitting = readChoice(process.cwd()) ?? "virtualbox";
  const { plan, warning } = usablePlanOfStack(stack, `Pulumi.${stack}.yaml`, fitting);
  if (warning !== undefined) console.error(warning);
  switch (words.join(" ")) {
    case "":
      return show(plan, via);
    case "routes add":
      return addRoutes(plan, gatewayOf(plan, via));
    case "hosts add":
      requireWay(plan);
      return addHosts(plan);
    case "dns add":
      return letAsk(plan);
    case "kubeconfig add":
      return console.log(`kube-lab: the lab's context is in ${addKubeconfig(stack)}`);
    case "ssh add":
      return console.log(`kube-lab: the lab's machines are in ${addSshInclude(stack)}`);
    case "kubeconfig remove":
      return said(removeKubeconfig(stack), "no context was added");
    case "ssh remove":
      return said(removeSshInclude(stack), "no machines were added");
    case "routes remove":
      return said(removeRoutes(stack), "no route was set");
    case "hosts remove":
      return said(removeHosts(stack), "no name was written");
    case "dns remove":
      return said(removeDns(stack), "the gateway was not asked");
    default:
      throw new Error(`there is no \`${words.join(" ")}\`; there are: ${usage.words}`);
  }
}

function show(plan: LabPlan, via: string | undefined): void {
  const steps = routesTo(plan, gatewayOf(plan, via)).map((route) => ({
    command: addRouteCommand(process.platform, route),
  }));
  console.log(`Routes, until this computer restarts (npm run host -- routes add):
  ${printed(steps, rightsHere(), process.platform).join("\n  ")}

Lines for ${hostsFilePath(process.platform, process.env)} (npm run host -- hosts add):
  ${indented(hostsEntries(plan))}

${shownDns(plan)}`);
}

function shownDns(plan: LabPlan): string {
  const resolver = resolverFor(plan);
  if (resolver.kind === "none") return `No DNS for ${plan.domain}: ${resolver.reason}`;
  const { files, add } = dnsChange(resolver, plan.stack, delegationOf(plan));
  const until = resolver.kind === "systemd-resolved-link" ? ", until this computer restarts" : "";
  return [
    `DNS for ${plan.domain}, instead of those lines${until} (npm run host -- dns add):`,
    ...files.map(({ path, text }) => `  ${path}:\n    ${indented(text, 4)}`),
    ...printed(add, rightsHere(), process.platform).map((line) => `  ${line}`),
  ].join("\n");
}

function letAsk(plan: LabPlan): void {
  const resolver = resolverFor(plan);
  if (resolver.kind === "none") throw new Error(resolver.reason);
  addDns(plan.stack, resolver, delegationOf(plan));
  if (readHostRecord(plan.stack).routes.length === 0)
    console.log(
      "kube-lab: the gateway is asked by the routes to the lab; to set them: npm run host -- routes add",
    );
}

function resolverFor(plan: LabPlan): Resolver | NoResolver {
  const reason = unanswered(plan);
  return reason === undefined ? findResolver(resolverFacts(), plan) : { kind: "none", reason };
}

function indented(text: string, spaces = 2): string {
  return text
    .trimEnd()
    .split("\n")
    .join(`\n${" ".repeat(spaces)}`);
}

/** @throws Error in a mode where the host has no way to the machines. */
function requireWay({ hostAccess }: LabPlan): void {
  if (hostAccess.mode !== "forward") return;
  throw new Error(
    `hostAccess.mode is forward: this computer reaches the lab by its forwarded ports alone. For a way to the machines: ${setCommand("hostAccess.mode", "hostonly")}, then npm run up`,
  );
}

/** @throws Error where the gateway's address on the host's side is unknown. */
function gatewayOf(plan: LabPlan, via: string | undefined): string {
  requireWay(plan);
  const address = via ?? gatewayAddress(plan);
  if (address !== undefined) return address;
  throw new Error(
    `the LAN's DHCP gives the gateway its address. Ask the gateway, \`ssh -F .kube-lab/ssh/${plan.stack}/config ${plan.machines[0]?.name} ip -brief address\`, and say it: --via ADDRESS`,
  );
}

function checkedVia(via: string | undefined): string | undefined {
  if (via !== undefined && !isAddress(via)) throw new Error(`--via ${via}: that is no IPv4 address`);
  return via;
}

function said(done: boolean, otherwise: string): void {
  if (!done) console.log(`kube-lab: ${otherwise}`);
}

void runCommand(usage, main);
