import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadAll } from "js-yaml";
import { moduleFiles } from "../../supply/kubernetes/go/module-files";
import type { ManifestObject } from "./manifest-rights";
import { differences } from "./manifest-statements";
import { testWith } from "./tool";
import { type Upstream, upstreamManifests } from "./upstream-manifests";

const downloadMilliseconds = 300_000;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "kube-lab-manifests-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const objectsOf = (text: string) => loadAll(text).filter(Boolean) as ManifestObject[];

async function manifestOf({ small, module, release, files, renamed }: Upstream): Promise<ManifestObject[]> {
  const context = { modules: resolve("supply/kubernetes/modules"), scratch, detail: () => undefined };
  const folder = await moduleFiles(context, small, [module, `v${release}`]);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => objectsOf(renamed ? text.replaceAll(...renamed) : text));
}

const covers = (pattern: string | RegExp, line: string): boolean =>
  typeof pattern === "string" ? pattern === line : pattern.test(line);

testWith("go").each(upstreamManifests)(
  "the lab's manifest says what that of $module $release says, but for what differs on purpose",
  async (upstream) => {
    const found = differences(await manifestOf(upstream), upstream.ours as ManifestObject[]);
    const patterns = upstream.onPurpose.flatMap(([, ...lines]) => lines);
    const unexplained = found.filter((line) => !patterns.some((pattern) => covers(pattern, line)));
    const needless = patterns.filter((pattern) => !found.some((line) => covers(pattern, line)));
    expect({ unexplained, needless }).toEqual({ unexplained: [], needless: [] });
  },
  downloadMilliseconds,
);

describe("what is compared", () => {
  const rights = (rules: string, name = "a") => `
kind: Role
metadata: { name: ${name}, namespace: n }
rules: ${rules}
---
kind: RoleBinding
metadata: { name: to-${name}, namespace: n }
roleRef: { kind: Role, name: ${name} }
subjects: [{ kind: ServiceAccount, name: one, namespace: n }]
`;
  const pod = (container: string, volume: string) => `
kind: DaemonSet
metadata: { name: d }
spec: { template: { spec: { containers: [{ name: c, ${container} }], volumes: [${volume}] } } }
`;
  const between = (first: string, second: string) => differences(objectsOf(first), objectsOf(second));

  test("a right, however roles are called and rules are split", () => {
    const first = rights('[{ apiGroups: [""], resources: [pods, secrets], verbs: [get, list] }]');
    const split = `[{ apiGroups: [""], resources: [secrets], verbs: [list, get] },
      { apiGroups: [""], resources: [pods], verbs: [get, list] },
      { apiGroups: [""], resources: [secrets], resourceNames: [one], verbs: [get] }]`;
    expect(between(first, rights(split, "b"))).toEqual([]);
    const fewer = rights('[{ apiGroups: [""], resources: [pods, secrets], verbs: [get] }]');
    expect(between(first, fewer)).toEqual(["- one in n: may list pods", "- one in n: may list secrets"]);
    const named = rights(
      "[{ apiGroups: [apps], resources: [deployments], resourceNames: [x], verbs: [get] }]",
    );
    const wider = rights("[{ apiGroups: [apps], resources: [deployments], verbs: [get] }]");
    expect(between(named, wider)).toEqual([
      "+ one in n: may get apps/deployments",
      "- one in n: may get apps/deployments named x",
    ]);
  });

  test("an argument, an image, and what is mounted where, whatever the volume is called", () => {
    const first = pod(
      "image: i:1, args: [--a], volumeMounts: [{ name: v, mountPath: /m/ }]",
      "{ name: v, emptyDir: {} }",
    );
    const same = pod(
      "args: [--a], image: i:1, volumeMounts: [{ name: w, mountPath: /m }]",
      "{ name: w, emptyDir: {} }",
    );
    expect(between(first, same)).toEqual([]);
    const other = pod(
      "image: i:2, args: [--a, --b], volumeMounts: [{ name: v, mountPath: /m }]",
      "{ name: v, hostPath: { path: /h } }",
    );
    expect(between(first, other)).toEqual([
      "+ DaemonSet d: pod.containers.c.args = --b",
      "+ DaemonSet d: pod.containers.c.image = i:2",
      "+ DaemonSet d: pod.containers.c.mounts./m.hostPath.path = /h",
      "- DaemonSet d: pod.containers.c.image = i:1",
      "- DaemonSet d: pod.containers.c.mounts./m.emptyDir = {}",
    ]);
  });

  test("an object that only one of them has", () => {
    expect(between("kind: Namespace\nmetadata: { name: n }\n", "")).toEqual(["- Namespace n"]);
  });
});
