import type { MachineState } from "../hypervisor/reality";
import { certificateEnds } from "./certificate-ends";
import type { LabOutputs } from "./lab-outputs";
import type { LabShell } from "./lab-shell";

/** One thing that was looked at. */
export interface Check {
  /** `machine`, `node`, `etcd member`, `virtual IP`, `backend`, `Gluster peer`, `Gluster volume`, `storage`, `certificate`. */
  kind: string;
  name: string;
  healthy: boolean;
  detail: string;
}

/** What a machine says of itself: `kube-lab status --json`, see cloud-init/common/status.sh. */
interface MachineReport {
  converged: boolean;
  doing: string;
  reason: string;
  facts: Record<string, unknown>;
}

type Reports = Map<string, MachineReport | Error>;

const reportTimeoutMs = 15_000;
const dayMs = 24 * 3600 * 1000;

/** Looks at the whole lab, all machines at once. Never throws: what can't be reached is an unhealthy check. */
export async function examine(
  outputs: LabOutputs,
  states: ReadonlyMap<string, MachineState>,
  shell: LabShell,
  now: Date,
): Promise<Check[]> {
  const reports: Reports = new Map(
    await Promise.all(
      outputs.machines.map(
        async ({ name }): Promise<[string, MachineReport | Error]> => [
          name,
          await report(shell, name).catch((error: Error) => error),
        ],
      ),
    ),
  );
  return [
    ...outputs.machines.map(({ name }) => machineCheck(name, states.get(name), reports.get(name))),
    ...nodeChecks(outputs, reports),
    ...etcdChecks(outputs, reports),
    ...balancerChecks(outputs, reports),
    ...glusterChecks(outputs, reports),
    ...mountChecks(outputs, reports),
    ...certificateChecks(outputs.certificates, now),
  ];
}

async function report(shell: LabShell, machine: string): Promise<MachineReport> {
  const { status, stdout, stderr } = await shell.run(machine, "sudo kube-lab status --json", {
    timeoutMs: reportTimeoutMs,
  });
  if (status !== 0) throw new Error(`kube-lab status ended with ${status}: ${stderr.trim()}`);
  return JSON.parse(stdout) as MachineReport;
}

function machineCheck(
  name: string,
  state: MachineState | undefined,
  told: MachineReport | Error | undefined,
): Check {
  const hardware = state ?? "not of this computer";
  if (told === undefined || told instanceof Error) {
    return { kind: "machine", name, healthy: false, detail: `${hardware}; ${told?.message ?? "no answer"}` };
  }
  const doing = told.converged
    ? "converged"
    : `${told.doing}${told.reason === "" ? "" : ` (last failure: ${told.reason})`}`;
  return {
    kind: "machine",
    name,
    healthy: told.converged && hardware === "running",
    detail: `${hardware}; ${doing}`,
  };
}

interface NodeFact {
  name: string;
  ready: boolean;
  version: string;
  schedulable: boolean;
  address: string;
}

/** As the first master sees it whose API server answers. */
function nodeChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const nodes = factsOf(reports)
    .map(({ nodes }) => nodes as NodeFact[] | undefined)
    .find((list) => list !== undefined && list.length > 0);
  return machines
    .filter(({ role }) => role === "master" || role === "worker")
    .map(({ name }) => {
      const node = nodes?.find((candidate) => candidate.name === name);
      const words = node
        ? [node.ready ? "Ready" : "NotReady", node.schedulable ? "" : "cordoned", node.version, node.address]
        : ["no API server knows it"];
      return { kind: "node", name, healthy: node?.ready === true, detail: words.filter(Boolean).join(", ") };
    });
}

interface EtcdFact {
  name: string;
  healthy: boolean;
  learner: boolean;
}

function etcdChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const members = factsOf(reports)
    .map(({ etcd }) => etcd as EtcdFact[] | undefined)
    .find((list) => list !== undefined && list.length > 0);
  const known = machines
    .filter(({ role }) => role === "master")
    .map(({ name }) => {
      const member = members?.find((candidate) => candidate.name === name);
      const healthy = member?.healthy === true && !member.learner;
      const detail = member
        ? member.learner
          ? "learner"
          : member.healthy
            ? "healthy"
            : "not healthy"
        : "not a member";
      return { kind: "etcd member", name, healthy, detail };
    });
  const foreign = (members ?? [])
    .filter((member) => !known.some(({ name }) => name === member.name))
    .map(({ name }) => ({
      kind: "etcd member",
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

function balancerChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const balancers = machines.filter(({ role }) => role === "loadBalancer");
  const holders = balancers
    .filter(({ name }) => factOf(reports, name)?.virtualIp === true)
    .map(({ name }) => name);
  const backends = factOf(reports, holders[0] ?? "")?.backends as BackendFact[] | undefined;
  return [
    {
      kind: "virtual IP",
      name: holders[0] ?? "nobody",
      healthy: holders.length === 1,
      detail: holders.length === 1 ? "holds it" : `held by ${holders.join(" and ") || "no load balancer"}`,
    },
    ...(backends ?? []).map(({ name, status, check }) => ({
      kind: "backend",
      name,
      healthy: status.startsWith("UP"),
      detail: `${status}${check ? `, ${check}` : ""}`,
    })),
  ];
}

function glusterChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const gluster = machines.filter(({ role }) => role === "gluster");
  const told = gluster.map(({ name }) => ({ name, facts: factOf(reports, name) }));
  // Gluster answers one question about its bricks at a time: who was refused counts none.
  const answering = (told.find(({ facts }) => Number(facts?.bricks) > 0) ?? told[0])?.facts;
  if (gluster.length === 0) return [];
  const bricks = Number(answering?.bricks ?? 0);
  const online = Number(answering?.bricksOnline ?? 0);
  return [
    ...told.map(({ name, facts }) => {
      const peers = (facts?.peers as { name: string; connected: boolean }[] | undefined) ?? [];
      const connected = peers.filter((peer) => peer.connected).length;
      const healthy = connected === peers.length && connected >= gluster.length;
      return {
        kind: "Gluster peer",
        name,
        healthy,
        detail: `${connected} of ${Math.max(peers.length, gluster.length)} connected`,
      };
    }),
    {
      kind: "Gluster volume",
      name: String(answering?.volume ?? "?"),
      healthy: answering?.started === true && bricks > 0 && online === bricks,
      detail: `${answering?.started === true ? "started" : "not started"}, ${online} of ${bricks} bricks online`,
    },
  ];
}

/** Nodes converge without the volume; those that want it are named where it is missing, and else counted. */
function mountChecks({ machines }: LabOutputs, reports: Reports): Check[] {
  const wanting = machines.filter(({ name }) => {
    const volume = factOf(reports, name)?.volume;
    return volume === "mounted" || volume === "not mounted";
  });
  const missing = wanting.filter(({ name }) => factOf(reports, name)?.volume !== "mounted");
  if (wanting.length === 0) return [];
  return [
    {
      kind: "storage",
      name: "gluster",
      healthy: missing.length === 0,
      detail: `mounted on ${wanting.length - missing.length} of ${wanting.length} nodes${missing.map(({ name }) => `, not on ${name}`).join("")}`,
    },
  ];
}

/** The one that expires first speaks for all; every expired one speaks for itself. */
function certificateChecks(certificates: Record<string, string>, now: Date): Check[] {
  const byEnd = certificateEnds(certificates);
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

function factsOf(reports: Reports): Record<string, unknown>[] {
  return [...reports.keys()].map((name) => factOf(reports, name)).filter((facts) => facts !== undefined);
}

function factOf(reports: Reports, machine: string): Record<string, unknown> | undefined {
  const told = reports.get(machine);
  return told === undefined || told instanceof Error ? undefined : told.facts;
}
