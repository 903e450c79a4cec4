import { eventuallyHealthy, readyNodes, referenceNodes } from "./health";
import { lab } from "./the-lab";
import { twin } from "./workload";

/** What people keep in a lab outlives its machines. */
export function ageingTests(): void {
  test("keeps files, objects and service while every machine is recreated for a larger disk", async () => {
    const before = await keptThings();
    const uuids = await machineIds();
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: twin() });
    await lab.kubectl.run(["rollout", "status", "deployment/twin", "--timeout=120s"], { timeoutMs: 130_000 });
    await lab.configure({ image: { rootDiskGiB: 31 } });
    const path = "/api/v1/namespaces/default/services/twin:80/proxy/";
    const silence = await lab.longestSilenceDuring(async () => {
      expect(await lab.up()).toContain("recreates glus-node01, glus-node02, glus-node03 (data disks kept)");
    }, path);
    console.log(
      `every machine recreated: longest time without an answer of two replicas ${silence.toFixed(1)} s`,
    );
    expect(silence).toBeLessThan(15);
    const after = await machineIds();
    expect(after).toHaveLength(uuids.length);
    expect(after.filter((uuid) => uuids.includes(uuid))).toEqual([]);
    await lab.kubectl.run(["delete", "deployment,service", "twin"], { timeoutMs: 120_000 });
    await eventuallyHealthy();
    expect(await keptThings()).toEqual(before);
    expect(await readyNodes()).toEqual(referenceNodes);
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });
}

/** Files on the Gluster volume, with their sums, and an object of the cluster; made when they are asked for first. */
export async function keptThings(): Promise<string[]> {
  const files =
    "for i in $(seq 40); do test -e kept-$i || sudo dd if=/dev/urandom of=kept-$i bs=512K count=1 status=none; done";
  const sums = await lab.on("kube-node01", `cd /srv/volume && ${files} && sudo md5sum kept-* && sync`);
  const object = ["configmap", "kept", "--namespace=default"];
  await lab.kubectl
    .run(["get", ...object])
    .catch(() => lab.kubectl.run(["create", ...object, `--from-literal=now=${Date.now()}`]));
  const value = await lab.kubectl.run(["get", ...object, "--output=jsonpath={.data.now}{.metadata.uid}"]);
  return [...sums.trim().split("\n"), value];
}

/** The hypervisor's identities of all machines that run. */
async function machineIds(): Promise<string[]> {
  const listed = await lab.vboxManage("list", "runningvms");
  return [...listed.matchAll(/^"kube-lab-lab-test-.*" \{(.*)\}$/gm)].map(([, uuid = ""]) => uuid);
}
