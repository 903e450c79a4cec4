import { parseMachineReadable } from "../../../hypervisor/driver/output";
import {
  deleteSnapshot,
  type LabSnapshot,
  labSnapshots,
  listSnapshots,
  requireDeletable,
  requireNewName,
  requireSnapshot,
  requireWhole,
  snapshotsOf,
  takeSnapshot,
} from "../../../hypervisor/machine/snapshots";
import { scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const description = "kube-lab: all 2 machines, 2026-11-21T04:33:10Z";
const snapshot = (over: Partial<LabSnapshot> = {}): LabSnapshot => ({
  name: "a",
  takenAt: "2026-11-21T04:33:10Z",
  machineCount: 2,
  holders: ["one", "two"],
  isCurrent: true,
  followers: ["the present state"],
  ...over,
});
const machines = [
  { name: "one", hypervisorName: "lab-one" },
  { name: "two", hypervisorName: "lab-two" },
];

test("a machine's snapshots are read as a tree, as VirtualBox 7.2 prints it", () => {
  const info = parseMachineReadable(`SnapshotName="a"
SnapshotUUID="474e810b-ac06-4e7a-835d-1d9831257fc9"
SnapshotDescription="${description}"
SnapshotName-1="b"
SnapshotUUID-1="3c3ce12d-6a1c-4523-968e-aee1bab5642a"
SnapshotName-1-1="c"
SnapshotUUID-1-1="7a58048f-4649-4998-8d86-cd9699e2ad6d"
SnapshotName-2="d"
SnapshotUUID-2="18360cac-9cc1-4345-b4ef-ed6ce315a85e"
CurrentSnapshotName="d"
CurrentSnapshotUUID="18360cac-9cc1-4345-b4ef-ed6ce315a85e"
CurrentSnapshotNode="SnapshotName-2"
`);
  expect(snapshotsOf(info)).toEqual([
    { name: "a", description, isCurrent: false, followers: ["b", "d"] },
    { name: "b", description: "", isCurrent: false, followers: ["c"] },
    { name: "c", description: "", isCurrent: false, followers: [] },
    { name: "d", description: "", isCurrent: true, followers: ["the present state"] },
  ]);
});

test("the lab's are put together from its machines, somebody's own of one machine left out", () => {
  const own = { name: "mine", description: "before I try", isCurrent: true, followers: [] };
  const a = { name: "a", description, isCurrent: true, followers: ["the present state"] };
  const b = { ...a, name: "b", description: description.replace("2026", "2025") };
  const found = [
    { name: "one", snapshots: [a, b] },
    { name: "two", snapshots: [{ ...a, isCurrent: false, followers: ["mine"] }, own] },
  ];
  expect(labSnapshots(found)).toEqual([
    snapshot({ name: "b", takenAt: "2025-11-21T04:33:10Z", holders: ["one"] }),
    snapshot({ isCurrent: false, followers: ["the present state", "mine"] }),
  ]);
});

describe("names", () => {
  test.each(["", "-a", ".a", "a b", "a/b", "a".repeat(64), "a\nb", "ä"])("%j is refused", (name) =>
    expect(() => requireNewName(name, [])).toThrow("is no name for a snapshot"),
  );
  test.each(["a", "2026-11-21", "before_upgrade-1.36"])("%j is allowed", (name) =>
    expect(() => requireNewName(name, [snapshot({ name: "b" })])).not.toThrow(),
  );
  test("one that is there or not there tells what there is", () => {
    expect(() => requireNewName("a", [snapshot()])).toThrow(
      "There is a snapshot a already. The lab has: a (2026-11-21T04:33:10Z).",
    );
    expect(() => requireSnapshot("b", [snapshot()])).toThrow(
      "There is no snapshot b. The lab has: a (2026-11-21T04:33:10Z).",
    );
    expect(() => requireSnapshot("b", [])).toThrow("There is no snapshot b. The lab has none.");
  });
});

test("only a snapshot of the very machines can be restored", () => {
  expect(() => requireWhole(snapshot(), machines)).not.toThrow();
  expect(() => requireWhole(snapshot({ holders: ["one"] }), machines)).toThrow("two does not have it");
  expect(() => requireWhole(snapshot({ machineCount: 3 }), machines)).toThrow(
    "it is of 3 machines, and the lab has 2 now",
  );
});

test("what two things build on is kept, with the word which go first", () => {
  expect(() => requireDeletable(snapshot())).not.toThrow();
  const forked = snapshot({ followers: ["b", "the present state"] });
  expect(() => requireDeletable(forked)).toThrow("b and the present state build on it");
  expect(() => requireDeletable(forked)).toThrow(
    expect.objectContaining({ remedy: "Delete the later ones first: b." }),
  );
});

describe("with VBoxManage", () => {
  const { folder, remove } = scratch();
  const simulated = new SimulatedVBoxManage(folder);
  const vbox = simulated.open();
  afterAll(() => {
    jest.restoreAllMocks();
    remove();
  });
  beforeAll(async () => {
    jest.spyOn(process.stderr, "write").mockReturnValue(true);
    for (const { hypervisorName } of machines)
      await simulated.run("", ["createvm", "--name", hypervisorName, "--groups", "/l"], {
        timeoutSeconds: 1,
      });
  });

  test("one taken of every machine is listed, and gone when deleted", async () => {
    await takeSnapshot(vbox, machines, "a", new Date("2026-11-21T04:33:10.5Z"));
    const listed = await listSnapshots(vbox, machines);
    expect(listed).toEqual([snapshot()]);
    await deleteSnapshot(vbox, machines, snapshot());
    expect(await listSnapshots(vbox, machines)).toEqual([]);
  });

  test("one that could not be taken of all is removed from the others", async () => {
    simulated.interrupt = ([verb, name, action]) =>
      verb === "snapshot" && name === "lab-two" && action === "take"
        ? { status: 1, stderr: "VBoxManage: error: VERR_DISK_FULL" }
        : undefined;
    await expect(takeSnapshot(vbox, machines, "b", new Date())).rejects.toThrow(/^two: .*VERR_DISK_FULL/);
    expect(simulated.calls).toContainEqual(["snapshot", "lab-one", "delete", "b"]);
    expect(await listSnapshots(vbox, machines)).toEqual([]);
  });
});
