import { configure, custom, localCalls, machines, names, project, up, workers } from "./the-lab";

const nodeStep = /^lab-.*-node-apply$/;

/** Other numbers of machines and of processors. */
export function numberTests(): void {
  test("a fourth worker adds its own resources, and the others learn its name", async () => {
    configure(workers(4));
    const steps = custom(await project.preview());
    expect(steps.filter(({ op }) => op === "create").map(({ name }) => name)).toEqual([
      "lab-pki-kube-node04-host-key",
      ...["certificate", "key", "request"].map((part) => `lab-pki-kube-node04-kubelet-${part}`),
      "lab-workers-kube-node04-hardware",
      "lab-workers-kube-node04-node-apply",
      "lab-workers-kube-node04-node-leave",
      "lab-workers-kube-node04-seed",
    ]);
    const others = steps.filter(({ op }) => op !== "create");
    expect(others).toHaveLength(12 + 2);
    expect(others.every(({ op }) => op === "update")).toBe(true);
    expect(others.filter(({ name }) => !nodeStep.test(name)).map(({ name }) => name)).toEqual([
      "lab-network-host",
      "lab-seal",
    ]);

    await up();
    expect(localCalls()).toEqual([
      "network ensure",
      "seed ensure kube-lab-test-kube-node04",
      "machine ensure kube-lab-test-kube-node04",
      "seed seal",
    ]);
    const told = machines.taken().map(({ machine }) => machine);
    expect([...told].sort()).toEqual([...names, "kube-node04"].sort());
    expect(told[0]).toBe("gate-node01");
    for (const role of ["kube-mast", "glus-node", "hapx-node"])
      expect(told.filter((name) => name.startsWith(role))).toEqual(
        names.filter((name) => name.startsWith(role)),
      );
  });

  test("a worker that goes leaves before its machine is deleted, and the lab is known to be without it", async () => {
    configure(workers(3));
    await up();
    machines.taken();
    expect(localCalls()).toEqual([
      "network ensure",
      "seed seal",
      "node leave kube-lab-test-kube-node04",
      "machine absent kube-lab-test-kube-node04",
      "seed absent kube-lab-test-kube-node04",
    ]);
  });

  test("more processors change the hardware in place, and the node is waited for again", async () => {
    configure({ gluster: { cpus: 1 } });
    const steps = custom(await project.preview());
    expect(steps.filter(({ name }) => name.endsWith("-hardware")).map(({ op }) => op)).toEqual([
      "update",
      "update",
      "update",
    ]);
    expect(steps.filter(({ name }) => !name.startsWith("lab-gluster-"))).toEqual([]);
    expect(await project.run("preview", "--diff")).toMatch(/CPUS\s*: "2" => "1"/);
    await up();
    // One after the other: each comes back before the next is stopped.
    expect(localCalls()).toEqual(
      ["glus-node01", "glus-node02", "glus-node03"].map((name) => `machine ensure kube-lab-test-${name}`),
    );
    expect(machines.taken().map(({ machine }) => machine)).toEqual([
      "glus-node01",
      "glus-node02",
      "glus-node03",
    ]);
  });
}
