import { BlockList } from "node:net";
import type { HostAdapterPlan, LabPlan } from "../plan/lab-plan";
import { networksConfRemedy } from "./host-only";
import { parseBlocks } from "./output";
import type { Finding } from "./preflight";
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
  return (await Promise.all(findings)).flat();
}

function notInStandIn(kind: string): Finding {
  return {
    severity: "error",
    problem: `The gateway has a ${kind} adapter, which the stand-in has not: it keeps off the host's own network.`,
    fix: "`pulumi config set --path hostAccess.mode forward`, or use VirtualBox.",
  };
}

async function checkBridged(plan: LabPlan, adapter: HostAdapterPlan, probes: Probes): Promise<Finding[]> {
  const output = await probes.vboxManage(plan.hypervisor, ["list", "bridgedifs"]);
  if (output === undefined) return [];
  const interfaces = parseBlocks(output);
  const found = interfaces.find((block) => block.get("Name") === adapter.hostInterface);
  const names = interfaces.map((block) => JSON.stringify(block.get("Name"))).join(", ");
  if (!found)
    return [
      {
        severity: "error",
        problem: `There is no host adapter ${JSON.stringify(adapter.hostInterface)} to bridge to.`,
        fix: `Choose one of ${names || "(none: this computer has no adapter that can be bridged)"}, exactly as written.`,
      },
    ];
  if (found.get("Status") !== "Down") return [];
  return [
    {
      severity: "warning",
      problem: `The host adapter ${JSON.stringify(adapter.hostInterface)} is down.`,
      fix: `Connect it, or bridge to another of ${names}.`,
    },
  ];
}

/** Windows permits everything; macOS and Linux ask /etc/vbox/networks.conf. */
async function checkHostOnly(adapter: HostAdapterPlan, probes: Probes): Promise<Finding[]> {
  const { hostAddress, prefixLength } = adapter;
  const { platform } = probes.host;
  if (hostAddress === undefined || prefixLength === undefined || platform === "win32") return [];
  const ranges = networksConf(probes.read("/etc/vbox/networks.conf"));
  if (ranges === "all" || permitted(hostAddress, ranges)) return [];
  return [
    {
      severity: "error",
      problem: `VirtualBox does not permit the host-only address ${hostAddress}/${prefixLength}; permitted is ${ranges.join(", ")}.`,
      fix: networksConfRemedy(hostAddress, prefixLength),
    },
  ];
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
