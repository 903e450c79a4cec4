import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepsImage, latestBaseDisk } from "../../../components/base-disk";
import { baseDiskInUse, needsNoBaseDisk } from "../../../components/base-disk-in-use";
import {
  neededBaseDisk,
  refuseToMakeMastersBesideRestore,
  refuseToMakeMastersInSilence,
  refuseToMakeSleepersAnew,
} from "../../../components/births";
import type { Observation } from "../../../hypervisor/reality/observation";
import { scratch } from "../hypervisor/fixtures";
import { allRunning, labOf, nothingThere, planOf } from "./lab-in-test";

const plan = planOf();
const { folder, remove } = scratch();
afterAll(remove);

const disk = (template: string, rootDiskGiB = 30, layout = "plain") => ({
  ...{ base: "built", rootDiskGiB, layout, versions: "Kubernetes 1.36.3" },
  ...{ template, path: `/cache/${template}.img` },
});

const list = join(folder, "base-disks.json");
writeFileSync(list, JSON.stringify([disk("old"), disk("lvm", 30, "lvm"), disk("large", 31), disk("new")]));

test.each([
  ["its own record says that it was born as wished", { image: "large", birth: "built, 30 GiB, plain" }, true],
  ["its own record says otherwise", { image: "old", birth: "built, 40 GiB, plain" }, false],
  ["its template was made as wished", { image: "old" }, true],
  ["its template has another size", { image: "large" }, false],
  ["its template has another layout", { image: "lvm" }, false],
  ["nobody knows what it was born as", { image: "unheard-of" }, true],
])("a machine stays what it is or not: %s", (_, born, stays) => {
  expect(keepsImage(plan, born, list)).toBe(stays);
});

test("the base disk is that of the latest template in use, and the newest when a machine needs one", () => {
  const seen = allRunning(plan);
  const latest = (templates: ReadonlySet<string>) => latestBaseDisk(templates, list);
  const all = (facts: (name: string) => Partial<Observation>) =>
    new Map([...seen].map(([name, one]): [string, Observation] => [name, { ...one, ...facts(name) }]));
  const mixed = all((name) => ({ image: name === "kube-node01" ? "large" : "old" }));
  expect(baseDiskInUse(plan, mixed, latest)?.template).toBe("large");
  const missing = all((name) => (name === "kube-node01" ? { state: "missing" } : { image: "old" }));
  expect(baseDiskInUse(plan, missing, latest)).toBeUndefined();
  const renewed = all((name) => ({ image: "old", changed: name === "kube-node01" ? ["renewal"] : [] }));
  expect(baseDiskInUse(plan, renewed, latest)).toBeUndefined();
  expect(
    baseDiskInUse(
      plan,
      all(() => ({ image: "unheard-of" })),
      latest,
    ),
  ).toBeUndefined();
});

describe("whether an update needs a base disk", () => {
  const latest = (templates: ReadonlySet<string>) => latestBaseDisk(templates, list);
  const living = (facts: Partial<Observation> = {}, template: Partial<Observation> = {}) => {
    const there = { state: "stopped", changed: [], incarnation: "2026-11-20T10:00:00Z missing" } as const;
    const machines = [...allRunning(plan)].map(([name, seen]): [string, Observation] => [
      name,
      { ...seen, image: "old", ...(name === "kube-node01" ? facts : {}) },
    ]);
    return new Map([...machines, ["old", { ...there, ...template }] as [string, Observation]]);
  };

  // Of a machine whose record is there, its template is known.
  const noRecord = { image: undefined as never };

  test.each<[string, Partial<Observation>]>([
    ["every machine runs", {}],
    ["one is off", { state: "stopped" }],
    ["one is to be changed", { changed: ["cpus", "root disk"] }],
  ])("none where %s", (_, facts) => {
    expect(needsNoBaseDisk(plan, living(facts), latest)).toBe(true);
  });

  test.each<[string, Partial<Observation>, Partial<Observation>]>([
    ["a machine is missing", { state: "missing", ...noRecord }, {}],
    ["a machine's files alone are there", { state: "missing" }, {}],
    ["a machine has no record", { state: "unfinished", ...noRecord }, {}],
    ["a machine is off and has no record", { state: "stopped", ...noRecord }, {}],
    ["one was born as another", { changed: ["image"] }, {}],
    ["a person asked for a new one", { state: "stopped", changed: ["renewal"] }, {}],
    ["one's template was not looked at", { image: "new" }, {}],
    ["the template is gone", {}, { state: "missing" }],
    ["the template was not finished", {}, { state: "unfinished" }],
  ])("one where %s", (_, facts, template) => {
    expect(needsNoBaseDisk(plan, living(facts, template), latest)).toBe(false);
  });

  test("one where unknown what the template was made from, and in a new lab", () => {
    expect(needsNoBaseDisk(plan, living(), () => undefined)).toBe(false);
    expect(needsNoBaseDisk(plan, nothingThere(plan), latest)).toBe(false);
  });

  test("a machine that is to be made without one is refused, and the lab is not described", async () => {
    const missing = living({ state: "missing", ...noRecord });
    const refusal = /no base disk for it \(built, 30 GiB, plain, Kubernetes 1\.\d+\.\d+.*\)\. `npm run up`/;
    expect(() => neededBaseDisk(plan, missing, undefined)).toThrow(refusal);
    await expect(labOf(plan, { observations: missing, baseDisk: undefined })).rejects.toThrow(refusal);
    expect(neededBaseDisk(plan, missing, disk("new"))).toMatchObject({ template: "new" });
  });
});

describe("masters that are off", () => {
  const withOff = (names: readonly string[], changed: string[]) =>
    new Map(
      [...allRunning(plan)].map(([name, seen]): [string, Observation] => [
        name,
        names.includes(name) ? { ...seen, state: "stopped", changed } : seen,
      ]),
    );

  test("are not recreated where no majority of others runs, and nothing is described", async () => {
    const observations = withOff(["kube-mast01", "kube-mast03"], ["image"]);
    const refusal = /kube-mast01, kube-mast03 would be recreated while off.*npm run start/;
    expect(() => refuseToMakeSleepersAnew(plan, observations)).toThrow(refusal);
    await expect(labOf(plan, { observations })).rejects.toThrow(refusal);
  });

  test("are where one does, and are started where they stay what they are", () => {
    expect(() => refuseToMakeSleepersAnew(plan, withOff(["kube-mast01"], ["renewal"]))).not.toThrow();
    const all = plan.machines.map(({ name }) => name);
    expect(() => refuseToMakeSleepersAnew(plan, withOff(all, []))).not.toThrow();
  });
});

test("no master is made while a restore waits for its end: it would begin an empty cluster", async () => {
  const restoring = {
    since: 1,
    faults: ["has not converged: a restore was begun and has not come to its end"],
  };
  const seen = (gone: Partial<Observation>, left: Partial<Observation>) =>
    new Map(
      [...allRunning(plan)].map(([name, one]): [string, Observation] => [
        name,
        { ...one, ...(name === "kube-mast02" ? gone : {}), ...(name === "kube-mast01" ? left : {}) },
      ]),
    );
  const refusal =
    /kube-mast01: a restore was begun.*kube-mast02 would begin an empty cluster.*npm run restore/;
  const cutOff = seen({ state: "missing" }, { inside: restoring });
  await expect(labOf(plan, { observations: cutOff })).rejects.toThrow(refusal);
  const refuse = (observations: Map<string, Observation>) => () =>
    refuseToMakeMastersBesideRestore(plan, observations);
  expect(refuse(seen({ changed: ["renewal"] }, { inside: restoring }))).toThrow(refusal);
  expect(refuse(seen({}, { inside: restoring }))).not.toThrow();
  expect(refuse(seen({ state: "missing" }, { inside: "no answer" }))).not.toThrow();
});

describe("a master that is made while none of the others can say which cluster there is", () => {
  const stopped = { since: 1, faults: ["kubelet.service is stopped"] };
  const healthy = { since: 1, faults: [] };
  const seen = (gone: Partial<Observation>, left: (name: string) => Observation["inside"]) =>
    new Map(
      [...allRunning(plan)].map(([name, one]): [string, Observation] => {
        const inside = left(name);
        const facts = name === "kube-mast02" ? gone : inside === undefined ? {} : { inside };
        return [name, { ...one, ...facts }];
      }),
    );
  const refuse = (observations: Map<string, Observation>) => () =>
    refuseToMakeMastersInSilence(plan, observations);
  const missing = { state: "missing" } as const;

  test("is refused, and nothing is described: it would begin an empty cluster", async () => {
    const silent = seen(missing, (name) => (name === "kube-mast01" ? "no answer" : stopped));
    const refusal =
      /kube-mast02 would be created while the etcd of kube-mast01, kube-mast03 can't be asked.*an empty one/;
    await expect(labOf(plan, { observations: silent })).rejects.toThrow(refusal);
    expect(refuse(seen({ changed: ["image"] }, () => "no answer"))).toThrow(refusal);
  });

  test("is made where one of them answers, where nobody was asked, and in a new lab", () => {
    expect(refuse(seen(missing, (name) => (name === "kube-mast01" ? "no answer" : healthy)))).not.toThrow();
    expect(refuse(seen(missing, () => undefined))).not.toThrow();
    expect(refuse(seen({}, () => "no answer"))).not.toThrow();
    expect(refuse(nothingThere(plan))).not.toThrow();
  });
});
