import { configure, custom, localCalls, machines, project, up } from "./the-lab";

/** Another image, and machines that are recreated from one. */
export function imageTests(): void {
  test("another image of the same base is for machines that are made: no living one is touched, nor is it made for nothing", async () => {
    project.useTemplate("kube-lab-image-eeeeeeeeeeee");
    expect(await project.preview()).toEqual([]);
    project.loseMachine("kube-lab-test-kube-node03");
    const steps = custom(await project.preview());
    expect(steps[0]).toEqual({ op: "update", name: "lab-image-template" });
    expect(steps.filter(({ name }) => name.endsWith("-hardware"))).toEqual([
      { op: "replace", name: "lab-workers-kube-node03-hardware" },
    ]);
    await up();
    expect(localCalls().filter((call) => call.startsWith("machine "))).toEqual(
      ["absent", "ensure"].map((verb) => `machine ${verb} kube-lab-test-kube-node03`),
    );
    machines.taken();
    expect(await project.preview()).toEqual([]);
  });

  test("a machine is recreated when a person asks for it, once", async () => {
    project.wishRenewal("kube-lab-test-kube-node01");
    expect(await project.run("preview")).toMatch(/machines and their data:\s+recreates kube-node01$/m);
    const steps = custom(await project.preview());
    expect(steps.filter(({ op }) => op === "replace").map(({ name }) => name)).toEqual(
      ["hardware", "node-apply", "node-leave"].map((part) => `lab-workers-kube-node01-${part}`),
    );
    await up();
    expect(localCalls().filter((call) => call.endsWith("kube-node01"))).toEqual(
      ["seed ensure", "node leave", "machine absent", "machine ensure"].map(
        (verb) => `${verb} kube-lab-test-kube-node01`,
      ),
    );
    machines.taken();
    expect(await project.preview()).toEqual([]);
  });

  test("masters that are off are not recreated: their cluster's data would go with them", async () => {
    configure({ gluster: { cpus: 1 }, image: { rootDiskGiB: 31 } });
    project.useTemplate("kube-lab-image-ffffffffffff", 31);
    const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
    for (const name of masters) project.switchOff(`kube-lab-test-${name}`);
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]])
      await expect(project.run(...command)).rejects.toThrow(
        /kube-mast01, kube-mast02, kube-mast03 would be recreated while off/,
      );
    expect(localCalls()).toEqual([]);
    for (const name of masters) project.switchOn(`kube-lab-test-${name}`);
  });

  test("an image of another base recreates every machine: each leaves, goes, comes and joins in its turn", async () => {
    configure({ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } });
    expect(await project.run("preview")).toMatch(
      /recreates glus-node01, glus-node02, glus-node03 \(data disks kept\)$/m,
    );
    const steps = custom(await project.preview());
    expect(steps.filter(({ name, op }) => name.endsWith("-hardware") && op === "replace")).toHaveLength(12);
    await up();
    const remote = machines.taken().filter(({ machine }) => machine.startsWith("kube-mast"));
    expect(remote.map(({ machine }) => machine)).toEqual(["kube-mast01", "kube-mast02", "kube-mast03"]);
    const calls = localCalls();
    expect(calls.filter((call) => /^node leave .*mast/.test(call))).toEqual(
      ["kube-mast01", "kube-mast02", "kube-mast03"].map((name) => `node leave kube-lab-test-${name}`),
    );
    // What recreates machines leaves their data disks alone.
    expect(calls.filter((call) => call.startsWith("disk "))).toEqual([]);
    expect(calls.filter((call) => call.endsWith("kube-mast02"))).toEqual(
      ["seed ensure", "node leave", "machine absent", "machine ensure"].map(
        (verb) => `${verb} kube-lab-test-kube-mast02`,
      ),
    );
    expect(calls.at(-1)).toBe("seed seal");
    expect(await project.preview()).toEqual([]);
  });
}
