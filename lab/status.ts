import type { ObservedState } from "../hypervisor/reality/observation";
import { type CertificateEnd, certificateEnds, kubeletEnds } from "./certificate-ends";
import type { Check } from "./check";
import { forwardChecks } from "./forward-checks";
import {
  askMachines,
  didNotAnswer,
  type MachineReport,
  type ReportPatience,
  type Reports,
} from "./machine-reports";
import type { LabOutputs } from "./outputs";
import { serviceChecks } from "./service-checks";
import { type LabShell, NoAnswer } from "./shell";

const dayMs = 24 * 3600 * 1000;

/**
 * Looks at the whole lab, all machines at once. Never throws: what can't be reached is a check that failed, or one that nobody
 * could make.
 */
export async function examine(
  outputs: LabOutputs,
  states: ReadonlyMap<string, ObservedState>,
  shell: Pick<LabShell, "run">,
  now: Date,
  patience?: ReportPatience,
): Promise<Check[]> {
  // Nobody waits for a machine that is not to run yet.
  const begun = outputs.machines.filter(({ name }) => states.get(name) !== "made");
  const [reports, forwards] = await Promise.all([
    askMachines(begun, states, shell, patience),
    forwardChecks(outputs),
  ]);
  return [
    ...outputs.machines.map(({ name }) =>
      states.get(name) === "made" ? madeCheck(name) : machineCheck(name, states.get(name), reports.of(name)),
    ),
    ...nodeChecks(reports),
    ...etcdChecks(reports),
    ...balancerChecks(reports),
    ...glusterChecks(reports),
    ...mountChecks(outputs, reports),
    ...serviceChecks(reports),
    ...forwards,
    ...certificateChecks([...certificateEnds(outputs.certificates), ...kubeletEnds(reports)], now),
  ];
}

/** A check that failed, or, where somebody who could tell is silent, one that could not be made. */
function missing(kind: string, name: string, detail: string, silent: readonly string[]): Check {
  if (silent.length === 0) return { kind, name, healthy: false, detail };
  return { kind, name, healthy: false, unknown: true, detail: `not known: ${didNotAnswer(silent)}` };
}

function madeCheck(name: string): Check {
  return { kind: "machine", name, healthy: true, detail: "made, not started; npm run start starts it" };
}

function machineCheck(name: string, state: ObservedState | undefined, told: MachineReport | Error): Check {
  const hardware = state ?? "not of this computer";
  if (told instanceof Error) {
    const detail = `${hardware}; ${told.message}`;
    return {
      kind: "machine",
      name,
      healthy: false,
      ...(told instanceof NoAnswer && { unknown: true }),
      detail,
    };
  }
  const doing = told.converged
    ? "converged"
    : `${told.doing}${told.reason === "" ? "" : ` (last failure: ${told.reason})`}`;
  // Why a machine has not converged is said already.
  const broken = (told.faults ?? []).filter((fault) => told.converged || !fault.startsWith("has not"));
  const faults = [...broken, ...clockFaults(told), ...(broken.length > 0 ? ["npm run up repairs it"] : [])];
  return {
    kind: "machine",
    name,
    healthy: told.converged && hardware === "running" && faults.length === 0,
    detail: [hardware, doing, ...faults].join("; "),
  };
}

/** Certificates and etcd mind seconds; a busy machine's answer is no measure of less. */
const clockToleranceSeconds = 5;

function clockFaults({ clockOffset }: MachineReport): string[] {
  const seconds = Math.round(Math.abs(clockOffset));
  if (seconds <= clockToleranceSeconds) return [];
  return [`its clock is ${seconds} s ${clockOffset < 0 ? "behind" : "ahead of"} this computer's`];
}

interface NodeFact {
  name: string;
  ready: boolean;
  version: string;
  schedulable: boolean;
  address: string;
}

/** As the first master sees it whose API server answers, else as the node itself was told by the API. */
function nodeChecks(reports: Reports): Check[] {
  const seen = reports.known("master", ({ nodes }) => listed<NodeFact>(nodes));
  return [...reports.namesOf("master"), ...reports.namesOf("worker")].map((name) => {
    const node = seen?.value.find((candidate) => candidate.name === name) ?? ownNode(reports, name);
    if (node === undefined) {
      const detail = seen ? `the API server of ${seen.by} knows no such node` : "no API server answers";
      return missing("node", name, detail, seen ? [] : reports.silent("master"));
    }
    const words = [
      node.ready ? "Ready" : "NotReady",
      node.schedulable ? "" : "cordoned",
      node.version,
      node.address,
    ];
    return { kind: "node", name, healthy: node.ready, detail: words.filter(Boolean).join(", ") };
  });
}

/** A worker asks the API by the virtual address. */
function ownNode(reports: Reports, name: string): NodeFact | undefined {
  const { ready, version } = reports.facts(name) ?? {};
  if (typeof ready !== "boolean") return undefined;
  return { name, ready, version: String(version ?? ""), schedulable: true, address: "" };
}

interface EtcdFact {
  name: string;
  healthy: boolean;
  learner: boolean;
}

/** As the first master sees it whose etcd answers. */
function etcdChecks(reports: Reports): Check[] {
  const kind = "etcd member";
  const seen = reports.known("master", ({ etcd }) => listed<EtcdFact>(etcd));
  const masters = reports.namesOf("master");
  const known = masters.map((name): Check => {
    const member = seen?.value.find((candidate) => candidate.name === name);
    if (member === undefined) {
      const detail = seen ? `not a member, says ${seen.by}` : "no master can list the members";
      return missing(kind, name, detail, seen ? [] : reports.silent("master"));
    }
    const detail = member.learner ? "learner" : member.healthy ? "healthy" : "not healthy";
    return { kind, name, healthy: member.healthy && !member.learner, detail };
  });
  const foreign = (seen?.value ?? [])
    .filter((member) => !masters.includes(member.name))
    .map(({ name }) => ({
      kind,
      name: name || "(not started)",
      healthy: false,
      detail: "no machine of the lab",
    }));
  return [...known, ...foreign];
}

interface BackendFact {
  name: string;
  status: string;
  check: string;
}

function balancerChecks(reports: Reports): Check[] {
  const holders = reports.namesOf("loadBalancer").filter((name) => reports.facts(name)?.virtualIp === true);
  const [holder] = holders;
  const backends = (holder && (reports.facts(holder)?.backends as BackendFact[] | undefined)) || [];
  const kind = "virtual IP";
  const virtualIp: Check =
    holder === undefined
      ? missing(kind, "nobody", "held by no load balancer", reports.silent("loadBalancer"))
      : holders.length === 1
        ? { kind, name: holder, healthy: true, detail: "holds it" }
        : { kind, name: holder, healthy: false, detail: `held by ${holders.join(" and ")}` };
  return [
    virtualIp,
    ...backends.map(({ name, status, check }) => ({
      kind: "backend",
      name,
      healthy: status.startsWith("UP"),
      detail: `${status}${check ? `, ${check}` : ""}`,
    })),
  ];
}

function glusterChecks(reports: Reports): Check[] {
  const names = reports.namesOf("gluster");
  if (names.length === 0) return [];
  return [...names.map((name) => peerCheck(name, names.length, reports)), volumeCheck(reports)];
}

interface PeerFact {
  name: string;
  connected: boolean;
}

/** A machine that says nothing is judged by another that has it in its pool. */
function peerCheck(name: string, wanted: number, reports: Reports): Check {
  const kind = "Gluster peer";
  const peers = reports.facts(name)?.peers as PeerFact[] | undefined;
  if (peers !== undefined) {
    const connected = peers.filter((peer) => peer.connected).length;
    const healthy = connected === peers.length && connected >= wanted;
    return { kind, name, healthy, detail: `${connected} of ${Math.max(peers.length, wanted)} connected` };
  }
  const seen = reports.known("gluster", (facts) => {
    return (facts.peers as PeerFact[] | undefined)?.find((peer) => peer.name === name);
  });
  if (seen === undefined) return missing(kind, name, "glusterd says nothing", reports.silent("gluster"));
  const { connected } = seen.value;
  return { kind, name, healthy: connected, detail: `${connected ? "" : "not "}connected, says ${seen.by}` };
}

/** Gluster answers one question about its bricks at a time: who was refused counts none. */
function volumeCheck(reports: Reports): Check {
  const kind = "Gluster volume";
  const seen =
    reports.known("gluster", (facts) => (Number(facts.bricks) > 0 ? facts : undefined)) ??
    reports.known("gluster", (facts) => ("bricks" in facts ? facts : undefined));
  if (seen === undefined) return missing(kind, "?", "glusterd says nothing", reports.silent("gluster"));
  const { started, volume, bricks, bricksOnline } = seen.value;
  const count = Number(bricks);
  const online = Number(bricksOnline);
  const left = leftToHeal(reports);
  return {
    kind,
    name: String(volume),
    healthy: started === true && count > 0 && online === count && left === "",
    detail: `${started === true ? "started" : "not started"}, ${online} of ${count} bricks online${left}`,
  };
}

/** What the bricks have not told each other yet, for the end of a sentence; "" where that is nothing, or where none can say. */
function leftToHeal(reports: Reports): string {
  const told = reports.known("gluster", (facts) =>
    typeof facts.healPending === "number" ? facts : undefined,
  );
  const pending = Number(told?.value.healPending ?? 0);
  const splitBrain = Number(told?.value.splitBrain ?? 0);
  return [
    pending === 0 ? "" : `, ${pending} entries left to heal`,
    splitBrain === 0 ? "" : `, ${splitBrain} in split brain (docs/troubleshooting.md)`,
  ].join("");
}

/** Nodes converge without the volume; those that want it are named where it is missing, and else counted. */
function mountChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const wanting = machines.filter(({ name }) => {
    const volume = reports.facts(name)?.volume;
    return volume === "mounted" || volume === "not mounted";
  });
  const without = wanting.filter(({ name }) => reports.facts(name)?.volume !== "mounted");
  if (wanting.length === 0) return [];
  return [
    {
      kind: "storage",
      name: "gluster",
      healthy: without.length === 0,
      detail: `mounted on ${wanting.length - without.length} of ${wanting.length} nodes${without.map(({ name }) => `, not on ${name}`).join("")}`,
    },
  ];
}

/** The one that expires first speaks for all; every expired one speaks for itself. */
function certificateChecks(ends: readonly CertificateEnd[], now: Date): Check[] {
  const byEnd = ends.toSorted((a, b) => a.end.getTime() - b.end.getTime());
  const expired = byEnd.filter(({ end }) => end <= now);
  return (expired.length > 0 ? expired : byEnd.slice(0, 1)).map(({ name, end }) => ({
    kind: "certificate",
    name,
    healthy: end > now,
    detail:
      end > now
        ? `first of ${byEnd.length} to expire: ${end.toISOString().slice(0, 10)}, in ${Math.floor((end.getTime() - now.getTime()) / dayMs)} days`
        : `expired ${end.toISOString()}; npm run up renews it`,
  }));
}

/** An empty list is no answer: an API server or an etcd that is silent gives one. */
function listed<T>(list: unknown): T[] | undefined {
  return Array.isArray(list) && list.length > 0 ? (list as T[]) : undefined;
}
