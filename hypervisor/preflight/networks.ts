import { contains, networkOf, overlap, rangeOf } from "../../lib/addresses";
import { setCommand } from "../../plan/config/problems";
import type { BridgedAdapterPlan, HostAdapterPlan, HostOnlyAdapterPlan, LabPlan } from "../../plan/lab-plan";
import { groupsOf } from "../driver/inspect";
import { parseMachineList } from "../driver/output";
import { chooseBridged, parseBridged } from "../network/bridged";
import {
  findHostOnly,
  type HostOnly,
  hostOnlyList,
  networksConfRemedy,
  parseHostOnly,
} from "../network/host-only";
import { type Finding, failure, fine, warning } from "./finding";
import { machineInfo, type Probes } from "./probes";

/** What VirtualBox permits without being told. Source: its manual, "Host-only networking". */
const PERMITTED = "192.168.56.0/21";

/** Host adapters that machines want: bridged ones must be there, host-only ones permitted and no other lab's. */
export async function checkHostNetworks(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const adapters = plan.machines.flatMap((machine) => machine.adapters);
  const wanted = adapters.filter(
    (adapter): adapter is HostAdapterPlan => adapter.kind === "bridged" || adapter.kind === "hostonly",
  );
  const isFirst = (adapter: HostAdapterPlan, index: number) =>
    wanted.findIndex(({ hostInterface }) => hostInterface === adapter.hostInterface) === index;
  const findings = wanted
    .filter(isFirst)
    .map((adapter) =>
      adapter.kind === "bridged" ? checkBridged(plan, adapter, probes) : checkHostOnly(plan, adapter, probes),
    );
  return (await Promise.all(findings)).flat();
}

async function checkBridged(plan: LabPlan, adapter: BridgedAdapterPlan, probes: Probes): Promise<Finding[]> {
  const check = "bridged adapter";
  const output = await probes.vboxManage(plan.hypervisor, ["list", "bridgedifs"]);
  if (output === undefined) return [fine(check, "cannot be looked at without VBoxManage")];
  const choice = chooseBridged(adapter.hostInterface, parseBridged(output));
  if (!("chosen" in choice)) return [failure(check, choice.problem, choice.fix)];
  const { name, isUp, lan } = choice.chosen;
  const shown = JSON.stringify(name);
  const down = warning(check, `The host adapter ${shown} is down.`, "Connect it, or bridge to another.");
  return [isUp ? fine(check, name) : down, ...(lan === undefined ? [] : checkLan(plan, shown, lan))];
}

/** A machine in both could not tell them apart. */
function checkLan(plan: LabPlan, adapter: string, lan: string): Finding[] {
  return Object.values(plan.subnets)
    .filter(({ cidr }) => overlap(rangeOf(cidr), rangeOf(lan)))
    .map(({ name, cidr }) =>
      failure(
        "bridged adapter",
        `The LAN ${lan} of ${adapter} overlaps the lab's network ${name}, ${cidr}.`,
        `Choose another subnet for it: ${setCommand(`networks.${name}.cidr`, "A.B.C.0/24")}`,
      ),
    );
}

async function checkHostOnly(
  plan: LabPlan,
  adapter: HostOnlyAdapterPlan,
  probes: Probes,
): Promise<Finding[]> {
  const { platform } = probes.host;
  const output = await probes.vboxManage(plan.hypervisor, ["list", hostOnlyList(platform)]);
  const there = parseHostOnly(output ?? "", platform);
  const { hostInterface: name, hostAddress: address, prefixLength } = adapter;
  const found = findHostOnly(there, { ...(name !== undefined && { name }), address, prefixLength });
  return [
    ...(platform === "linux" ? [checkPermission(adapter, probes), ...checkControl(probes)] : []),
    await checkOtherLabs(plan, found, there, probes),
  ];
}

/** Windows permits everything, and macOS's own host-only networks ask nobody; Linux asks /etc/vbox/networks.conf. */
function checkPermission({ hostAddress, prefixLength }: HostOnlyAdapterPlan, probes: Probes): Finding {
  const check = "networks.conf";
  const ranges = networksConf(probes.read("/etc/vbox/networks.conf"));
  if (ranges === "all" || permitted(hostAddress, ranges)) return fine(check, `permits ${hostAddress}`);
  return failure(
    check,
    `VirtualBox does not permit the host-only address ${hostAddress}/${prefixLength}; permitted is ${ranges.join(", ") || "none"}.`,
    networksConfRemedy(hostAddress, prefixLength),
  );
}

/** Interfaces of the host have a kernel driver of their own. */
function checkControl(probes: Probes): Finding[] {
  if (!probes.exists("/dev/vboxdrv") || probes.exists("/dev/vboxnetctl")) return [];
  return [
    failure(
      "network driver",
      "VirtualBox's driver for host-only networks is not loaded (no /dev/vboxnetctl).",
      "`sudo modprobe vboxnetadp`",
    ),
  ];
}

/** Two gateways with one address in one network: each lab wants a network of its own. */
async function checkOtherLabs(
  plan: LabPlan,
  found: HostOnly | undefined,
  there: readonly HostOnly[],
  probes: Probes,
): Promise<Finding> {
  const check = "host-only network";
  if (!found) return fine(check, "will be made");
  const known = parseMachineList((await probes.vboxManage(plan.hypervisor, ["list", "vms"])) ?? "");
  const ours = new Set(plan.machines.map(({ hypervisorName }) => hypervisorName));
  const others = [...known.keys()].filter((name) => name.startsWith(`${plan.project}-`) && !ours.has(name));
  const labs = await Promise.all(
    others.map(async (name) => {
      const info = await machineInfo(probes, plan.hypervisor, name);
      const isOnIt = [...(info ?? [])].some(
        ([key, value]) => /^(hostonlyadapter|hostonly-network)\d$/.test(key) && value === found.name,
      );
      return info && isOnIt ? groupsOf(info) : [];
    }),
  );
  const [other] = labs.flat().filter((group) => group !== plan.group);
  if (other === undefined) return fine(check, found.name);
  const free = Array.from({ length: 8 }, (_, index) => `192.168.${56 + index}.`).find(
    (start) => !there.some(({ address }) => address.startsWith(start)),
  );
  return failure(
    check,
    `The host-only network ${found.name} (${found.address}) serves the lab ${other} already.`,
    setCommand("hostAccess.hostOnly.cidr", `${free ?? "A.B.C."}0/24`),
  );
}

/** Lines `* 192.168.254.0/24 fd00::/64`; `* 0.0.0.0/0 ::/0` permits all. Without the file, VirtualBox's own range. */
export function networksConf(text: string | undefined): string[] | "all" {
  if (text === undefined) return [PERMITTED];
  const ranges = text
    .split(/\r?\n/)
    .filter((line) => line.trimStart().startsWith("*"))
    .flatMap((line) => line.replace("*", "").trim().split(/\s+/))
    .filter((range) => range !== "");
  return ranges.includes("0.0.0.0/0") ? "all" : ranges;
}

function permitted(address: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    // What is no IPv4 range permits none of our addresses.
    const subnet = networkOf(range);
    return subnet !== undefined && contains(rangeOf(subnet), address);
  });
}
