import { apiFigures } from "../../lab/drill-figures";
import { ApiLoad } from "../../scripts/drill/api-load";
import { eventually, LabUnderTest } from "../lab/lab-under-test";
import { toolboxImage } from "../lab/workload";
import { longestGapSeconds, twoReplicas, WorkloadLoad } from "./workload-load";

jest.setTimeout(60 * 60_000);

/** What the lab is born with, and what it is brought to, one after the other: the next minor release, then a patch. */
const [born = "", ...steps] = (process.env.KUBE_LAB_UPGRADE ?? "1.35.4 1.36.1 1.36.3").split(" ");

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

test.each(steps)(
  "a living lab is brought to %s: no machine anew, the API and a workload of two there",
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
    await eventually("every node to say so", 60_000, async () =>
      (await versionsOfNodes()).every((line) => line.endsWith(` v${version} `)) ? true : undefined,
    );
    expect(await noted()).toContain(`kubernetesVersion: v${version}`);
    expect(await imagesIn("kube-system")).toContain(`registry.k8s.io/kube-proxy:v${version}`);
    expect(await imagesIn("kube-system")).not.toMatch(new RegExp(`kube-[a-z-]+:v(?!${version})`));
    expect(silenceSeconds).toBeLessThanOrEqual(5);
    expect(longestSilenceSeconds).toBeLessThanOrEqual(3);
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  },
);

test("a master that is made anew afterwards joins with the release that the lab has", async () => {
  const master = lab.outputs.machines.find(({ name }) => name === "kube-mast01");
  await lab.vboxManage("controlvm", master?.hypervisorName ?? "", "poweroff");
  await lab.vboxManage("unregistervm", master?.hypervisorName ?? "", "--delete");
  await lab.up();
  expect(await versionsOfNodes()).toEqual(nodes.map((name) => `${name} v${steps.at(-1)} `));
});

test("the way back is refused with what is possible, by preview and up, and nothing is touched", async () => {
  await release(born);
  for (const command of [["preview"], ["up", "--yes", "--skip-preview"]])
    await expect(lab.stack.text(command)).rejects.toThrow(/kubernetes.version.*no way back/s);
  await release(steps.at(-1) ?? born);
  expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
});

/** `kube-mast01 v1.36.3 `, with what keeps pods away at the end. */
async function versionsOfNodes(): Promise<string[]> {
  const fields = "{.metadata.name} {.status.nodeInfo.kubeletVersion} {.spec.unschedulable}";
  const text = await lab.kubectl.run([
    "get",
    "nodes",
    `--output=jsonpath={range .items[*]}${fields}{"\\n"}{end}`,
  ]);
  return text.trimEnd().split("\n");
}

function noted(): Promise<string> {
  return lab.kubectl.run(["-n", "kube-system", "get", "configmap", "kubeadm-config", "--output=yaml"]);
}

function imagesIn(namespace: string): Promise<string> {
  const path = "--output=jsonpath={.items[*].spec.containers[*].image}";
  return lab.kubectl.run(["-n", namespace, "get", "pods", path]);
}
