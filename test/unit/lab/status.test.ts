import type { ObservedState } from "../../../hypervisor/reality/observation";
import type { Facts, MachineReport, ReportPatience } from "../../../lab/machine-reports";
import type { LabOutputs } from "../../../lab/outputs";
import { type CommandResult, NoAnswer } from "../../../lab/shell";
import { examine } from "../../../lab/status";
import { statusText, verdict } from "../../../lab/status-text";
import { healthOf } from "../../../ui/health";
import { exampleLab } from "../../rendered/example-lab";

const plan = exampleLab();
const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
const workers = ["kube-node01", "kube-node02", "kube-node03"];
const gluster = ["glus-node01", "glus-node02", "glus-node03"];

const node = (name: string) => ({
  name,
  ready: true,
  version: "v1.36.3",
  schedulable: true,
  address: "192.168.1.10",
});
const masterFacts: Facts = {
  api: true,
  workloads: [{ name: "kube-flannel/kube-flannel-ds", ready: 6, wanted: 6 }],
  volume: "mounted",
  nodes: [...masters, ...workers].map(node),
  etcd: masters.map((name) => ({ name, healthy: true, learner: false })),
};
const glusterFacts: Facts = {
  volume: "lab",
  started: true,
  bricks: 3,
  bricksOnline: 3,
  healPending: 0,
  splitBrain: 0,
  peers: gluster.map((name) => ({ name, connected: true })),
};

/** What each machine of the reference lab says when all is well. */
function healthyFacts(): Map<string, Facts> {
  return new Map<string, Facts>([
    ["gate-node01", { names: true, time: true, filter: true, leases: [] }],
    [
      "hapx-node01",
      { virtualIp: true, backends: masters.map((name) => ({ name, status: "UP", check: "" })) },
    ],
    ["hapx-node02", { virtualIp: false, backends: [] }],
    ...masters.map((name): [string, Facts] => [name, masterFacts]),
    ...workers.map((name): [string, Facts] => [name, { ready: true, version: "v1.36.3", volume: "mounted" }]),
    ...gluster.map((name): [string, Facts] => [name, glusterFacts]),
  ]);
}

interface Scene {
  facts?: Map<string, Facts>;
  /** Who runs and says nothing. */
  silent?: string[];
  /** How long a machine takes. */
  delayMs?: (machine: string) => number;
  states?: [string, ObservedState][];
  /** What a machine says beside its facts. */
  beside?: Record<string, Partial<MachineReport>>;
  patience?: ReportPatience;
}

async function look({
  facts = healthyFacts(),
  silent = [],
  delayMs,
  states = [],
  beside = {},
  patience = { leastMs: 100, factor: 4, mostMs: 400 },
}: Scene) {
  const asked: string[] = [];
  const shell = {
    run: async (machine: string, _: string, { signal }: { signal?: AbortSignal } = {}) => {
      asked.push(machine);
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        if (!silent.includes(machine)) setTimeout(resolve, delayMs?.(machine) ?? 0);
      });
      const report = {
        ...{
          converged: true,
          doing: "converged",
          reason: "",
          time: Date.now() / 1000,
          faults: [],
          probes: [],
        },
        ...{ facts: facts.get(machine) ?? {}, ...beside[machine] },
      };
      return { status: 0, stdout: JSON.stringify(report), stderr: "" } satisfies CommandResult;
    },
  };
  const running = plan.machines.map(({ name }): [string, ObservedState] => [name, "running"]);
  const outputs = { machines: plan.machines, certificates: {} } as unknown as LabOutputs;
  const checks = await examine(outputs, new Map([...running, ...states]), shell, new Date(), patience);
  const of = (kind: string, name?: string) =>
    checks.find((check) => check.kind === kind && (name === undefined || check.name === name));
  return { checks, asked, of };
}

const wrong = (checks: Awaited<ReturnType<typeof look>>["checks"]) =>
  checks.filter(({ healthy, unknown }) => !healthy && !unknown);

describe("examine", () => {
  test("finds a lab healthy whose machines all say so", async () => {
    const { checks } = await look({});
    expect(checks.filter(({ healthy }) => !healthy)).toEqual([]);
    expect(verdict(checks)).toBe("The lab is healthy.");
  });

  test("asks nobody who was made and not started, and misses no node of it", async () => {
    const facts = healthyFacts();
    for (const name of masters)
      facts.set(name, { ...masterFacts, nodes: [...masters, "kube-node01", "kube-node02"].map(node) });
    const { checks, of, asked } = await look({ facts, states: [["kube-node03", "made"]] });
    expect(of("machine", "kube-node03")).toMatchObject({
      healthy: true,
      detail: expect.stringMatching(/^made, not started/),
    });
    expect(checks.filter(({ healthy }) => !healthy)).toEqual([]);
    expect(of("node", "kube-node03")).toBeUndefined();
    expect(asked).not.toContain("kube-node03");
  });

  test("waits longer where others have been slow, and for as long as nobody has answered", async () => {
    // Both far beyond the least, and far below what a busy computer makes of them.
    const patience = { leastMs: 100, factor: 100, mostMs: 20_000 };
    const slow = await look({ patience, delayMs: (machine) => (machine.startsWith("kube") ? 300 : 80) });
    expect(slow.checks.filter(({ healthy }) => !healthy)).toEqual([]);
    const slowest = await look({ patience, delayMs: () => 350 });
    expect(slowest.checks.filter(({ healthy }) => !healthy)).toEqual([]);
  });

  test("a time-out is no fault: it names who did not answer, and judges by who did", async () => {
    const { checks, of } = await look({
      silent: ["kube-mast01", "kube-node02", "glus-node02", "hapx-node02"],
    });
    expect(wrong(checks)).toEqual([]);
    expect(of("machine", "kube-mast01")).toMatchObject({ healthy: false, unknown: true });
    expect(of("machine", "kube-mast01")?.detail).toMatch(/^running; no answer within \d/);
    expect(of("node", "kube-mast01")).toMatchObject({ healthy: true });
    expect(of("node", "kube-node02")).toMatchObject({ healthy: true });
    expect(of("etcd member", "kube-mast01")).toMatchObject({ healthy: true });
    expect(of("Gluster peer", "glus-node02")).toMatchObject({
      healthy: true,
      detail: "connected, says glus-node01",
    });
    expect(of("Gluster volume")).toMatchObject({ healthy: true });
    expect(of("virtual IP")).toMatchObject({ healthy: true, name: "hapx-node01" });
    expect(verdict(checks)).toMatch(/none failed, but 4 could not be made\.$/);
    expect(statusText(checks)).toMatch(/^\? +machine +kube-mast01/m);
    expect(healthOf(checks)).toBe("unknown");
  });

  test("a volume that is not whole is not healthy, though all of its bricks are online", async () => {
    const facts = healthyFacts();
    facts.set("glus-node02", { ...glusterFacts, healPending: 7, splitBrain: 0 });
    for (const name of ["glus-node01", "glus-node03"])
      facts.set(name, { ...glusterFacts, healPending: null });
    const healing = await look({ facts });
    expect(healing.of("Gluster volume")).toMatchObject({
      healthy: false,
      detail: "started, 3 of 3 bricks online, 7 entries left to heal",
    });
    facts.set("glus-node02", { ...glusterFacts, healPending: 2, splitBrain: 2 });
    expect((await look({ facts })).of("Gluster volume")?.detail).toMatch(/, 2 in split brain/);
  });

  test("what nobody could tell is not known, and not wrong", async () => {
    const { checks, of } = await look({ silent: [...masters, ...gluster, "hapx-node01"] });
    expect(wrong(checks)).toEqual([]);
    // A worker has asked the API by its virtual address.
    expect(of("node", "kube-node01")).toMatchObject({ healthy: true, detail: "Ready, v1.36.3" });
    expect(of("node", "kube-mast01")).toMatchObject({
      unknown: true,
      detail: "not known: kube-mast01 and kube-mast02 and kube-mast03 did not answer",
    });
    for (const kind of ["etcd member", "virtual IP", "Gluster peer", "Gluster volume"])
      expect(of(kind)).toMatchObject({ healthy: false, unknown: true });
  });

  test("what those who answered know is wrong stays wrong", async () => {
    const facts = healthyFacts();
    for (const name of masters) {
      const nodes = [...masters, "kube-node01"].map(node);
      facts.set(name, {
        ...masterFacts,
        etcd: [{ name: "kube-mast01", healthy: true, learner: false }],
        nodes,
      });
    }
    facts.set("kube-node02", {});
    facts.set("hapx-node01", { virtualIp: false });
    const { of } = await look({ facts, silent: ["kube-mast01", "kube-node02"] });
    expect(of("node", "kube-node02")).toMatchObject({
      healthy: false,
      detail: "the API server of kube-mast02 knows no such node",
    });
    expect(of("node", "kube-node02")?.unknown).toBeUndefined();
    expect(of("etcd member", "kube-mast03")?.detail).toBe("not a member, says kube-mast02");
    expect(of("virtual IP")).toMatchObject({ name: "nobody", detail: "held by no load balancer" });
    expect(of("virtual IP")?.unknown).toBeUndefined();
  });

  test("masters that all answer and know nothing are a fault", async () => {
    const facts = healthyFacts();
    for (const name of masters) facts.set(name, { api: false, nodes: [], etcd: [] });
    for (const name of workers) facts.set(name, {});
    const { of } = await look({ facts });
    expect(of("node", "kube-node01")).toMatchObject({ healthy: false, detail: "no API server answers" });
    expect(of("etcd member")).toMatchObject({ healthy: false, detail: "no master can list the members" });
    expect(of("etcd member")?.unknown).toBeUndefined();
  });

  test("does not ask a machine that does not run, and calls that wrong", async () => {
    const { asked, of } = await look({ states: [["kube-node01", "stopped"]] });
    expect(asked).not.toContain("kube-node01");
    expect(of("machine", "kube-node01")).toMatchObject({
      healthy: false,
      detail: "stopped; it does not run",
    });
    expect(of("machine", "kube-node01")?.unknown).toBeUndefined();
  });

  test("what is broken inside a machine is a fault of the machine, its clock too", async () => {
    const { of } = await look({
      beside: {
        "gate-node01": { faults: ["dnsmasq.service is stopped", "/etc/dnsmasq.conf was edited"] },
        "kube-node01": { time: Date.now() / 1000 - 90 },
        "kube-node02": { time: Date.now() / 1000 + 3 },
      },
    });
    expect(of("machine", "gate-node01")).toMatchObject({
      healthy: false,
      detail:
        "running; converged; dnsmasq.service is stopped; /etc/dnsmasq.conf was edited; npm run up repairs it",
    });
    expect(of("machine", "kube-node01")?.detail).toMatch(/; its clock is 90 s behind this computer's$/);
    expect(of("machine", "kube-node02")?.healthy).toBe(true);
  });

  test("a lab that does not serve is not healthy, and says for whom", async () => {
    const facts = healthyFacts();
    const workloads = [
      { name: "kube-flannel/kube-flannel-ds", ready: 6, wanted: 6 },
      { name: "kube-system/coredns", ready: 0, wanted: 2 },
    ];
    facts.set("kube-mast01", { ...masterFacts, workloads: null });
    facts.set("kube-mast02", { ...masterFacts, workloads });
    const dns = (well: boolean) => ({
      probes: [{ kind: "cluster DNS", well, detail: well ? "" : "no answer for x" }],
    });
    const beside = { "kube-node01": dns(true), "kube-node02": dns(false), "kube-node03": dns(true) };
    const { of } = await look({ facts, beside });
    expect(of("service", "cluster DNS")).toMatchObject({
      healthy: false,
      detail: "2 of 3; kube-node02: no answer for x",
    });
    expect(of("service", "system workloads")).toMatchObject({
      healthy: false,
      detail: "1 of 2 have all their pods; kube-system/coredns 0 of 2",
    });
  });

  test("machines of an earlier release tell less, and nothing of that is a fault", async () => {
    const facts = healthyFacts();
    const { workloads: _, ...earlier } = masterFacts;
    for (const name of masters) facts.set(name, earlier);
    const { checks } = await look({ facts });
    expect(checks.filter(({ healthy }) => !healthy)).toEqual([]);
  });

  test("a refused connection is no time-out", async () => {
    const shell = {
      run: (machine: string) =>
        Promise.reject(machine === "kube-node01" ? new Error("connection refused") : new NoAnswer("late")),
    };
    const outputs = { machines: plan.machines, certificates: {} } as unknown as LabOutputs;
    const checks = await examine(outputs, new Map(), shell, new Date());
    const machine = (wanted: string) =>
      checks.find(({ kind, name }) => kind === "machine" && name === wanted);
    expect(machine("kube-node01")?.unknown).toBeUndefined();
    expect(machine("kube-node02")?.unknown).toBe(true);
  });
});
