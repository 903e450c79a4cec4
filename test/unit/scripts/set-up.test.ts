import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Observation } from "../../../hypervisor/reality/observation";
import { ensureBaseDisk, ensureLabBundle } from "../../../scripts/set-up/base-disk";
import { observeMachines } from "../../../scripts/set-up/observed-machines";
import { completeForUpdate } from "../../../scripts/set-up/set-up";
import { allRunning, nothingThere, planOf } from "../components/lab-in-test";
import { scratch } from "../hypervisor/fixtures";

jest.mock("../../../components/base-disk", () => ({
  ...jest.requireActual<object>("../../../components/base-disk"),
  latestBaseDisk: () => ({ template: "kube-lab-image-old", path: "/gone/disk.img" }),
}));
jest.mock("../../../hypervisor/driver/locate", () => ({ locateVBoxManage: () => "/usr/bin/VBoxManage" }));
jest.mock("../../../supply/engine/backend", () => ({
  ensureBackend: () => Promise.resolve({ environment: {}, summary: "" }),
}));
jest.mock("../../../supply/engine/engine", () => ({
  ensureEngine: () => Promise.resolve({ pulumi: "/pulumi", path: [], environment: {}, summary: "" }),
}));
jest.mock("../../../scripts/set-up/base-disk");
jest.mock("../../../scripts/set-up/observed-machines");

const plan = planOf();
const { folder: project, remove } = scratch();
mkdirSync(join(project, ".kube-lab"));
const said: string[] = [];

beforeEach(() => {
  jest.clearAllMocks();
  said.length = 0;
  jest.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
});
afterAll(() => {
  jest.restoreAllMocks();
  remove();
});

const update = async (seen: ReadonlyMap<string, Observation> | undefined) => {
  jest.mocked(observeMachines).mockResolvedValue(seen);
  await completeForUpdate({ project, plan });
  const calls = [ensureBaseDisk, ensureLabBundle].map((made) => jest.mocked(made).mock.calls.length);
  return { disks: calls[0], bundlesAlone: calls[1], words: said.filter((line) => /base disk/.test(line)) };
};

const living = () =>
  new Map([
    ...[...allRunning(plan)].map(([name, seen]): [string, Observation] => [
      name,
      { ...seen, image: "kube-lab-image-old" },
    ]),
    ["kube-lab-image-old", { state: "stopped", changed: [], incarnation: "" }],
  ]);

test("a living lab gets the bundle alone, and not a word about a base disk", async () => {
  expect(await update(living())).toEqual({ disks: 0, bundlesAlone: 1, words: [] });
});

test("Pulumi by hand works on as many resources at once as our commands do", async () => {
  jest.mocked(observeMachines).mockResolvedValue(living());
  const { environment } = await completeForUpdate({ project, plan });
  expect(Number(environment.PULUMI_PARALLEL)).toBeGreaterThan(plan.machines.length);
  const file = readFileSync(join(project, ".kube-lab", "environment.sh"), "utf8");
  expect(file).toContain(`export PULUMI_PARALLEL='${environment.PULUMI_PARALLEL}'\n`);
});

test("a release that no upgrade leads to is refused before anything is built for it", async () => {
  const later = new Map(
    [...living()].map(([name, seen]): [string, Observation] => [
      name,
      { ...seen, releases: "Kubernetes 1.99.0" },
    ]),
  );
  await expect(update(later)).rejects.toThrow(/kubernetes\.version.*has 1\.99\.0 already/s);
  expect(jest.mocked(ensureBaseDisk)).not.toHaveBeenCalled();
  expect(jest.mocked(ensureLabBundle)).not.toHaveBeenCalled();
});

test.each<[string, () => ReadonlyMap<string, Observation> | undefined]>([
  ["nobody knows of a lab", () => undefined],
  ["none of its machines is there", () => nothingThere(plan)],
  [
    "one is to be made",
    () => living().set("kube-node01", { state: "missing", changed: [], incarnation: "" }),
  ],
])("a base disk is made where %s", async (_, seen) => {
  expect(await update(seen())).toEqual({ disks: 1, bundlesAlone: 0, words: [] });
});
