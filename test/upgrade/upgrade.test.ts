import { cutPower } from "../../hypervisor/machine/lab-power";
import { apiFigures } from "../../lab/drill-figures";
import { ApiLoad } from "../../scripts/drill/api-load";
import { eventually, LabUnderTest } from "../lab/lab-under-test";
import { toolboxImage } from "../lab/workload";
import { longestGapSeconds, twoReplicas, WorkloadLoad } from "./workload-load";

jest.setTimeout(60 * 60_000);

/** What the lab is born with, what it is brought to: the next minor release, then a patch, in which the power fails. */
const [born = "", ...steps] = (process.env.KUBE_LAB_UPGRADE ?? "1.35.4 1.36.1 1.36.3").split(" ");
const last = steps.at(-1) ?? born;

const nodes = ["kube-mast01", "kube-mast02", "kube-mast03", "kube-node01", "kube-node02"];

let lab: LabUnderTest;
const release = (version: string) => lab.configure({ kubernetes: { version } });

beforeAll(async () => {
  lab = await LabUnderTest.create("upgrade-test", {
    loadBalancers: { count: 1 },
    masters: { count: 3 },
    workers: { count: 2 },
    gluster: { count: 0 },
    kubernetes: { version: born },
  });
  await lab.up();
  await lab.kubectl.run(["apply", "--filename=-"], { stdin: twoReplicas(`${toolboxImage}:1`) });
  await lab.kubectl.run(["rollout", "status", "deployment/echo", "--timeout=120s"]);
});

afterAll(() => lab?.down());

test.each(steps.slice(0, -1))(
  "a living lab is brought to %s: no machine recreated, the API and a workload of two there",
  async (version) => {
    const machines = await lab.vboxManage("list", "runningvms");
    await release(version);
    expect(await lab.stack.text(["preview", "--diff"])).toMatch(
      new RegExp(`KUBERNETES *: "[\\d.]+" => "${version}"`),
    );
    const load = new ApiLoad(lab.outputs.kubeconfig);
    const workload = new WorkloadLoad(lab, "kube-mast03");
    await Promise.all([load.begin(), workload.begin()]);
    const began = Date.now();
    await lab.up();
    const seconds = Math.round((Date.now() - began) / 1000);
    await load.end();
    const { lossSeconds, failed, requests } = apiFigures(load.samples);
    const silenceSeconds = longestGapSeconds(
      load.samples.filter(({ succeeded }) => succeeded).map(({ sentAt }) => sentAt),
    );
    const { answered, longestSilenceSeconds } = await workload.end();
    console.log(
      `to ${version} in ${seconds} s: API silent for ${silenceSeconds} s at most, some requests failed for ${lossSeconds} s at most ` +
        `(${failed} of ${requests}), ` +
        `workload of two for ${longestSilenceSeconds} s (${answered} answers)`,
    );
    expect(await lab.vboxManage("list", "runningvms")).toBe(machines);
    await expectAllOf(version);
    expect(silenceSeconds).toBeLessThanOrEqual(5);
    expect(longestSilenceSeconds).toBeLessThanOrEqual(3);
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  },
);

test("nothing is lost when the power of all machines fails while the second master is upgraded; the next up goes on", async () => {
  const machines = await lab.vboxManage("list", "vms");
  const before = `--from-literal=written=${Date.now()}`;
  await lab.kubectl.run(["create", "configmap", "kept", before]);
  await release(last);
  await lab.buildWhatIsWanted();
  const secondBegins = eventually("the second master to be upgraded", 15 * 60_000, async () =>
    /upgrading the control plane/.test(await lab.on("kube-mast02", "cat /run/kube-lab/status"))
      ? true
      : undefined,
  );
  expect(await lab.killedUp(secondBegins)).toBe(true);
  await cutPower((await lab.existing()).vbox, lab.outputs.machines);
  const text = await lab.up();
  console.log(`after the power cut: up\n${text.split("\n").slice(-15).join("\n")}`);
  expect(await lab.vboxManage("list", "vms")).toBe(machines);
  await expectAllOf(last);
  expect(await lab.kubectl.run(["get", "configmap", "kept", "--output=yaml"])).toContain(
    before.split("=").at(-1),
  );
  await lab.kubectl.run(["rollout", "status", "deployment/echo", "--timeout=120s"]);
  await eventually("the lab to be healthy", 300_000, async () =>
    (await lab.ailments()).length === 0 ? true : undefined,
  );
  expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
});

test("a master that is recreated afterwards joins with the release that the lab has", async () => {
  const master = lab.outputs.machines.find(({ name }) => name === "kube-mast01");
  await lab.vboxManage("controlvm", master?.hypervisorName ?? "", "poweroff");
  await lab.vboxManage("unregistervm", master?.hypervisorName ?? "", "--delete");
  await lab.up();
  expect(await versionsOfNodes()).toEqual(nodes.map((name) => `${name} v${last}`));
});

test("the way back is refused with what is possible, by preview and up, and nothing is touched", async () => {
  await release(born);
  for (const command of [["preview"], ["up", "--yes", "--skip-preview"]])
    await expect(lab.stack.text(command)).rejects.toThrow(/kubernetes.version.*no way back/s);
  await release(last);
  expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
});

/** What runs, is noted and is in the pods of the control plane. */
async function expectAllOf(version: string): Promise<void> {
  await eventually("every node to say so", 60_000, async () =>
    (await versionsOfNodes()).every((line) => line.endsWith(` v${version}`)) ? true : undefined,
  );
  expect(await noted()).toContain(`kubernetesVersion: v${version}`);
  expect(await imagesIn("kube-system")).toContain(`registry.k8s.io/kube-proxy:v${version}`);
  expect(await imagesIn("kube-system")).not.toMatch(new RegExp(`kube-[a-z-]+:v(?!${version})`));
}

/** `kube-mast01 v1.36.3`, with `true` behind it where pods are kept away. */
async function versionsOfNodes(): Promise<string[]> {
  const fields = "{.metadata.name} {.status.nodeInfo.kubeletVersion} {.spec.unschedulable}";
  const text = await lab.kubectl.run([
    "get",
    "nodes",
    `--output=jsonpath={range .items[*]}${fields}{"\\n"}{end}`,
  ]);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
}

function noted(): Promise<string> {
  return lab.kubectl.run(["-n", "kube-system", "get", "configmap", "kubeadm-config", "--output=yaml"]);
}

function imagesIn(namespace: string): Promise<string> {
  const path = "--output=jsonpath={.items[*].spec.containers[*].image}";
  return lab.kubectl.run(["-n", namespace, "get", "pods", path]);
}
