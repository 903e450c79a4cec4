import { BlockList } from "node:net";
import type { HostAdapterPlan, LabPlan } from "../plan/lab-plan";
import { setCommand } from "../plan/problems";
import { type Finding, failure, fine, warning } from "./finding";
import { networksConfRemedy } from "./host-only";
import { parseBlocks } from "./output";
import type { Probes } from "./probes";

/** What VirtualBox permits without being told. Source: its manual, "Host-only networking". */
const PERMITTED = "192.168.56.0/21";

/** Host adapters that the gateway wants: bridged ones must be there, host-only ones permitted. */
export async function checkHostNetworks(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  const adapters = plan.machines.flatMap((machine) => machine.adapters);
  const wanted = adapters.filter(
    (adapter): adapter is HostAdapterPlan => adapter.kind === "bridged" || adapter.kind === "hostonly",
  );
  if (plan.hypervisor === "embedded") return wanted.map(({ kind }) => notInStandIn(kind));
  const findings = wanted.map((adapter) =>
    adapter.kind === "bridged" ? checkBridged(plan, adapter, probes) : checkHostOnly(adapter, probes),
  );
  return Promise.all(findings);
}

function notInStandIn(kind: string): Finding {
  return failure(
    "host adapter",
    `The gateway has a ${kind} adapter, which the stand-in has not: it keeps off the host's own network.`,
    `${setCommand("hostAccess.mode", "forward")}, or use VirtualBox.`,
  );
}

async function checkBridged(plan: LabPlan, adapter: HostAdapterPlan, probes: Probes): Promise<Finding> {
  const check = "bridged adapter";
  const output = await probes.vboxManage(plan.hypervisor, ["list", "bridgedifs"]);
  if (output === undefined) return fine(check, "cannot be looked at without VBoxManage");
  const interfaces = parseBlocks(output);
  const found = interfaces.find((block) => block.get("Name") === adapter.hostInterface);
  const names = interfaces.map((block) => JSON.stringify(block.get("Name"))).join(", ");
  if (!found)
    return failure(
      check,
      `There is no host adapter ${JSON.stringify(adapter.hostInterface)} to bridge to.`,
      `Choose one of ${names || "(none: this computer has no adapter that can be bridged)"}, exactly as written.`,
    );
  if (found.get("Status") !== "Down") return fine(check, found.get("Name") ?? "");
  return warning(
    check,
    `The host adapter ${JSON.stringify(adapter.hostInterface)} is down.`,
    `Connect it, or bridge to another of ${names}.`,
  );
}

/** Windows permits everything, and macOS's own host-only networks ask nobody; Linux asks /etc/vbox/networks.conf. */
async function checkHostOnly(adapter: HostAdapterPlan, probes: Probes): Promise<Finding> {
  const check = "host-only network";
  const { hostAddress, prefixLength } = adapter;
  const { platform } = probes.host;
  if (hostAddress === undefined || prefixLength === undefined || platform !== "linux")
    return fine(check, "permitted");
  const ranges = networksConf(probes.read("/etc/vbox/networks.conf"));
  if (ranges === "all" || permitted(hostAddress, ranges)) return fine(check, `${hostAddress} is permitted`);
  return failure(
    check,
    `VirtualBox does not permit the host-only address ${hostAddress}/${prefixLength}; permitted is ${ranges.join(", ")}.`,
    networksConfRemedy(hostAddress, prefixLength),
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
  const list = new BlockList();
  for (const range of ranges) {
    const found = /^([\d.]+)\/(\d+)$/.exec(range);
    if (found?.[1] && found[2]) list.addSubnet(found[1], Number(found[2]), "ipv4");
  }
  return list.check(address, "ipv4");
}
