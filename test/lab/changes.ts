import { eventuallyHealthy, readyNodes, referenceNodes } from "./health";
import { eventually } from "./lab-under-test";
import { nodesWithOwn } from "./own-parts";
import { lab } from "./the-lab";
import { twin } from "./workload";

/** Other numbers in the configuration, and a master that has lost its data. */
export function changeTests(): void {
  test("grows by one machine of a role and shrinks again, touching no other machine's hardware", async () => {
    const uuids = async () => (await lab.vboxManage("list", "runningvms")).trim().split("\n").sort();
    const before = await uuids();
    const silence = await lab.longestSilenceDuring(async () => {
      await lab.configure({ workers: { count: 4 }, loadBalancers: { count: 3 }, gluster: { count: 4 } });
      await lab.up();
      expect(await readyNodes()).toEqual([...referenceNodes, "kube-node04"].sort());
      await eventuallyHealthy();
      const grown = await uuids();
      expect(grown).toHaveLength(before.length + 3);
      expect(grown).toEqual(expect.arrayContaining(before));
      // The worker that had something of its own has nothing of it any more.
      expect(await nodesWithOwn()).toEqual([]);
      await lab.configure({ workers: {}, loadBalancers: {}, gluster: {}, addons: {} });
      await lab.up();
      const left = await lab.kubectl.run(["get", "deployments", "--all-namespaces", "--output=name"]);
      expect(left).not.toMatch(/metrics-server|controller|headlamp|traefik/);
      // The API server takes each kind's objects away first, and nobody waits for that.
      await eventually("the add-ons' kinds to be gone", 60_000, async () => {
        const kinds = await lab.kubectl.run(["get", "customresourcedefinitions", "--output=name"]);
        expect(kinds).not.toMatch(/metallb|gateway/);
        return true;
      });
      expect(await readyNodes()).toEqual(referenceNodes);
      await eventuallyHealthy();
      expect(await uuids()).toEqual(before);
    });
    console.log(`growing and shrinking: longest time without an answer of the API ${silence.toFixed(1)} s`);
    expect(silence).toBeLessThan(10);
  });

  test("gets other memory and larger disks in place, one machine of a role after the other", async () => {
    const before = await lab.vboxManage("list", "vms");
    await lab.configure({ masters: { memoryMiB: 2304 }, gluster: { brickGiB: 510 } });
    expect(await lab.stack.text(["preview", "--diff"])).not.toMatch(/replace/i);
    const silence = await lab.longestSilenceDuring(async () => void (await lab.up()));
    expect(await lab.vboxManage("list", "vms")).toBe(before);
    for (const { hypervisorName } of lab.outputs.machines.filter(({ role }) => role === "master"))
      expect(await lab.vboxManage("showvminfo", hypervisorName, "--machinereadable")).toContain(
        "memory=2304",
      );
    for (const { name } of lab.outputs.machines.filter(({ role }) => role === "gluster"))
      expect(
        Number(await lab.on(name, "df --output=size -BG /srv/brick | tail -1 | tr -d G")),
      ).toBeGreaterThan(505);
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
    console.log(
      `restarting masters in turn: longest time without an answer of the API ${silence.toFixed(1)} s`,
    );
    expect(silence).toBeLessThan(15);
  });

  test("changes workers in turn, so that a workload of two replicas is never away", async () => {
    const uuids = async () => (await lab.vboxManage("list", "runningvms")).trim().split("\n").sort();
    const before = await uuids();
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: twin() });
    await lab.kubectl.run(["rollout", "status", "deployment/twin", "--timeout=120s"], { timeoutMs: 130_000 });
    const larger = { memoryMiB: 2304 };
    await lab.configure({ workers: { machines: { "kube-node01": larger, "kube-node03": larger } } });
    const path = "/api/v1/namespaces/default/services/twin:80/proxy/";
    const silence = await lab.longestSilenceDuring(async () => void (await lab.up()), path);
    console.log(
      `changing workers in turn: longest time without an answer of two replicas ${silence.toFixed(1)} s`,
    );
    expect(silence).toBeLessThan(5);
    expect(await uuids()).toEqual(before);
    const sizes = await Promise.all(
      lab.outputs.machines
        .filter(({ role }) => role === "worker")
        .map(
          async ({ hypervisorName }) =>
            /memory=(\d+)/.exec(await lab.vboxManage("showvminfo", hypervisorName, "--machinereadable"))?.[1],
        ),
    );
    expect(sizes).toEqual(["2304", "2048", "2304"]);
    const { items } = await lab.kubectl.json<{ items: { spec: { unschedulable?: boolean } }[] }>([
      "get",
      "nodes",
    ]);
    expect(items.filter(({ spec }) => spec.unschedulable)).toEqual([]);
    await lab.kubectl.run(["delete", "deployment,service", "twin"], { timeoutMs: 120_000 });
    await eventuallyHealthy();
  });

  test("takes a master back whose etcd has lost its data", async () => {
    const etcd = "sudo crictl ps --quiet --name etcd";
    await lab.on(
      "kube-mast03",
      `sudo systemctl stop kubelet && sudo crictl stop $(${etcd}) && sudo rm -rf /var/lib/etcd/member &&
        sudo systemctl restart kube-lab`,
      120_000,
    );
    await lab.on("kube-mast03", "sudo kube-lab wait", 600_000);
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });
}
