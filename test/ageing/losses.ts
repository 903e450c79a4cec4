import { eventuallyHealthy, readyNodes, referenceNodes } from "../lab/health";
import { lab } from "../lab/the-lab";

/** Machines that are gone behind Pulumi's back. */
export function lossTests(): void {
  test("loses machines for good and goes on without them", async () => {
    for (const name of ["kube-node03", "kube-mast03"]) {
      const lost = lab.outputs.machines.find((machine) => machine.name === name);
      await lab.vboxManage("controlvm", lost?.hypervisorName ?? "", "poweroff");
      await lab.vboxManage("unregistervm", lost?.hypervisorName ?? "", "--delete");
    }
    await lab.configure({ workers: { count: 2 }, masters: { count: 1 } });
    await lab.up();
    expect(await readyNodes()).toEqual(["kube-mast01", "kube-node01", "kube-node02"]);
    await eventuallyHealthy();
    await lab.configure({ workers: {}, masters: {} });
    await lab.up();
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });

  test("gets a master back that was removed behind Pulumi's back", async () => {
    const master = lab.outputs.machines.find(({ name }) => name === "kube-mast02");
    await lab.vboxManage("controlvm", master?.hypervisorName ?? "", "poweroff");
    await lab.vboxManage("unregistervm", master?.hypervisorName ?? "", "--delete");
    expect(await lab.stack.text(["preview", "--diff"])).toContain("missing");
    await lab.up();
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });

  test("takes a machine that the hypervisor was told to forget as it was", async () => {
    const [worker] = lab.outputs.machines.filter(({ role }) => role === "worker");
    if (worker === undefined) throw new Error("the reference lab has three workers");
    const note = "/var/lib/kube-lab-note";
    await lab.on(worker.name, `echo kept | sudo tee ${note} && sync`);
    await lab.vboxManage("controlvm", worker.hypervisorName, "poweroff");
    await lab.vboxManage("unregistervm", worker.hypervisorName);
    await lab.up();
    expect(await lab.on(worker.name, `cat ${note}`)).toBe("kept\n");
    await eventuallyHealthy();
  });
}
