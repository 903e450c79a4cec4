import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepsImage, latestBaseDisk } from "../../../components/base-disk";
import { baseDiskInUse, refuseToMakeSleepersAnew } from "../../../components/births";
import type { Observation } from "../../../hypervisor/reality";
import { scratch } from "../hypervisor/fixtures";
import { allRunning, labOf, planOf } from "./lab-in-test";

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
  const anew = all((name) => ({ image: "old", changed: name === "kube-node01" ? ["renewal"] : [] }));
  expect(baseDiskInUse(plan, anew, latest)).toBeUndefined();
  expect(
    baseDiskInUse(
      plan,
      all(() => ({ image: "unheard-of" })),
      latest,
    ),
  ).toBeUndefined();
});

describe("masters that are off", () => {
  const withOff = (names: readonly string[], changed: string[]) =>
    new Map(
      [...allRunning(plan)].map(([name, seen]): [string, Observation] => [
        name,
        names.includes(name) ? { ...seen, state: "stopped", changed } : seen,
      ]),
    );

  test("are not made anew where no majority of others runs, and nothing is described", async () => {
    const observations = withOff(["kube-mast01", "kube-mast03"], ["image"]);
    const refusal = /kube-mast01, kube-mast03 would be made anew while off.*npm run start/;
    expect(() => refuseToMakeSleepersAnew(plan, observations)).toThrow(refusal);
    await expect(labOf(plan, { observations })).rejects.toThrow(refusal);
  });

  test("are where one does, and are started where they stay what they are", () => {
    expect(() => refuseToMakeSleepersAnew(plan, withOff(["kube-mast01"], ["renewal"]))).not.toThrow();
    const all = plan.machines.map(({ name }) => name);
    expect(() => refuseToMakeSleepersAnew(plan, withOff(all, []))).not.toThrow();
  });
});
