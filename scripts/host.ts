import { readChoice } from "../hypervisor/choice";
import { hostsFile } from "../plan/hosts-file";
import type { LabPlan } from "../plan/lab-plan";
import { setCommand } from "../plan/problems";
import { isAddress } from "../plan/subnets";
import { fail, parseStackArguments } from "./command-line";
import { printed, rightsHere } from "./host/administrator";
import { addHosts, addRoutes, removeHosts, removeRoutes } from "./host/host-side";
import { hostsFilePath } from "./host/hosts-file";
import { addKubeconfig, addSshInclude, removeKubeconfig, removeSshInclude } from "./host/personal-files";
import { addCommand, gatewayAddress, routesTo } from "./host/routes";
import { planOfStack } from "./stack-plan";

const usage = "npm run host [-- kubeconfig|ssh|routes|hosts add|remove] [-- --via ADDRESS] [-- --stack NAME]";

/**
 * `npm run host`: this computer's way to the lab's machines, in the modes hostonly and bridged. Prints routes and names;
 * `npm run host -- routes add` and `npm run host -- hosts add` set them. `-- kubeconfig add` puts the lab's context into the
 * person's kubeconfig, `-- ssh add` its machines into their ssh configuration. `remove` takes each away, as `npm run down` does.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const { words, via } = parseVia(rest);
  const plan = planOfStack(stack, `Pulumi.${stack}.yaml`, readChoice(process.cwd()) ?? "virtualbox");
  switch (words.join(" ")) {
    case "":
      return show(plan, via);
    case "routes add":
      return addRoutes(plan, gatewayOf(plan, via));
    case "hosts add":
      requireWay(plan);
      return addHosts(plan);
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
    default:
      throw new Error(`there is no \`${words.join(" ")}\`: ${usage}`);
  }
}

function show(plan: LabPlan, via: string | undefined): void {
  const steps = routesTo(plan, gatewayOf(plan, via)).map((route) => ({
    command: addCommand(process.platform, route),
  }));
  console.log(`Routes, until this computer restarts (npm run host -- routes add):
  ${printed(steps, rightsHere(), process.platform).join("\n  ")}

Lines for ${hostsFilePath(process.platform, process.env)} (npm run host -- hosts add):
  ${hostsFile(plan).trimEnd().split("\n").join("\n  ")}`);
}

/** @throws Error in a mode where the host has no way to the machines. */
function requireWay({ hostAccess }: LabPlan): void {
  if (hostAccess.mode !== "forward") return;
  throw new Error(
    `hostAccess.mode is forward: this computer reaches the lab by its forwarded ports alone. For a way to the machines: ${setCommand("hostAccess.mode", "hostonly")}, then npm run up`,
  );
}

/** @throws Error where nobody knows the gateway's address on the host's side. */
function gatewayOf(plan: LabPlan, via: string | undefined): string {
  requireWay(plan);
  const address = via ?? gatewayAddress(plan);
  if (address !== undefined) return address;
  throw new Error(
    `the LAN's DHCP gives the gateway its address. Ask the gateway, \`ssh -F .kube-lab/ssh/${plan.stack}/config ${plan.machines[0]?.name} ip -brief address\`, and say it: --via ADDRESS`,
  );
}

function parseVia(rest: string[]): { words: string[]; via?: string } {
  const at = rest.indexOf("--via");
  if (at < 0) return { words: rest };
  const via = rest[at + 1] ?? "";
  if (!isAddress(via)) throw new Error(`--via ${via}: that is no IPv4 address. ${usage}`);
  return { words: rest.toSpliced(at, 2), via };
}

function said(done: boolean, otherwise: string): void {
  if (!done) console.log(`kube-lab: ${otherwise}`);
}

main().catch(fail(1));
