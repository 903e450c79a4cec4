import { deliveredFiles } from "../../delivered-files";
import { allRunning, labOf, nothingThere, planOf } from "./lab-in-test";
import type { Registered } from "./registered";

const three = planOf();
const four = planOf({ workers: { count: 4 } });

/** The lab after a worker was added: three of them run, the fourth is not there yet. */
function withFourth() {
  const observations = allRunning(three);
  const missing = nothingThere(four).get("kube-node04");
  if (missing) observations.set("kube-node04", missing);
  return labOf(four, { observations });
}

test("a fourth worker adds its own resources and changes only files of those who learn its name", async () => {
  const before = await labOf(three, { observations: allRunning(three) });
  const after = await withFourth();
  const names = new Set(before.resources.map(({ name }) => name));
  const added = after.resources.map(({ name }) => name).filter((name) => !names.has(name));
  expect(added.sort()).toEqual([
    "lab-pki-kube-node04-host-key",
    "lab-pki-kube-node04-kubelet-certificate",
    "lab-pki-kube-node04-kubelet-key",
    "lab-pki-kube-node04-kubelet-request",
    "lab-workers-kube-node04",
    "lab-workers-kube-node04-hardware",
    "lab-workers-kube-node04-node",
    "lab-workers-kube-node04-node-apply",
    "lab-workers-kube-node04-node-leave",
    "lab-workers-kube-node04-seed",
  ]);
  const changed = before.resources.filter((resource) => differs(resource, after.resource(resource.name)));
  const nodes = changed.filter(({ type }) => type === "command:remote:Command");
  expect(changed.filter((resource) => !nodes.includes(resource)).map(({ name }) => name)).toEqual([
    "lab-network-host",
    "lab-access",
    "lab-seal",
  ]);
  for (const { name, inputs } of nodes) {
    const { stdin, ...rest } = inputs;
    const { stdin: newStdin, ...newRest } = after.resource(name).inputs;
    expect(newRest).toEqual(rest);
    expect(pathsOf(stdin, newStdin)).toEqual(["/etc/hosts", "/etc/kube-lab/digest"]);
  }
});

test("more memory for masters changes their hardware and nothing else", async () => {
  const before = await labOf(three, { observations: allRunning(three) });
  const larger = planOf({ masters: { memoryMiB: 3072 } });
  const after = await labOf(larger, { observations: allRunning(larger) });
  const changed = before.resources.filter((resource) => differs(resource, after.resource(resource.name)));
  expect(changed.map(({ name }) => name).sort()).toEqual([
    "lab-masters-kube-mast01-hardware",
    "lab-masters-kube-mast02-hardware",
    "lab-masters-kube-mast03-hardware",
  ]);
});

test("the same configuration registers the same lab", async () => {
  const [one, two] = [await labOf(three), await labOf(three)];
  expect(one.resources.filter((resource) => differs(resource, two.resource(resource.name)))).toEqual([]);
});

/** As the engine sees it: inputs, but for those it is told to leave as they are. */
function differs(before: Registered, after: Registered): boolean {
  const relevant = ({ inputs, ignoreChanges }: Registered) =>
    Object.fromEntries(Object.entries(inputs).filter(([key]) => !ignoreChanges.includes(key)));
  return JSON.stringify(relevant(before)) !== JSON.stringify(relevant(after));
}

/** Which files of two deliveries differ. */
function pathsOf(before: unknown, after: unknown): string[] {
  const files = (stdin: unknown) => deliveredFiles((stdin as { secret: string }).secret);
  const [old, fresh] = [files(before), files(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((path) => old.get(path) !== fresh.get(path))
    .sort();
}
