import { deleteLabSnapshot, restoreLabSnapshot, takeLabSnapshot } from "../../scripts/snapshot/lab-snapshots";
import { lab } from "../lab/the-lab";

/** The whole lab as it was. */
export function snapshotTests(): void {
  const worker = "kube-node01";
  const note = "/var/lib/kube-lab-note";

  test("a snapshot brings the whole lab back, from a clean stop and from a power cut", async () => {
    const existing = await lab.existing();
    await lab.on(worker, `echo before | sudo tee ${note}`);
    await lab.kubectl.run(["create", "configmap", "before"]);
    await takeLabSnapshot(existing, "day-two");
    await expect(takeLabSnapshot(existing, "day-two")).rejects.toThrow("There is a snapshot day-two already");
    // Its connections are those of before.
    await lab.shell.close();
    await lab.on(worker, `echo after | sudo tee ${note}`);
    await lab.kubectl.run(["delete", "configmap", "before"]);
    await restoreLabSnapshot(existing, "day-two");
    await lab.shell.close();
    expect(await lab.on(worker, `cat ${note}`)).toBe("before\n");
    await lab.kubectl.run(["get", "configmap", "before"]);
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
    await deleteLabSnapshot(existing, "day-two");
  });
}
