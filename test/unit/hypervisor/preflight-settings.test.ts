import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusedSettings } from "../../../hypervisor/preflight/settings";
import { tarOf } from "../../../lib/tar";
import { bundleFolder, hostArchitecture } from "../../../supply/kubernetes/bundle";
import { referencePlan, scratch } from "./fixtures";

const { folder, remove } = scratch();
afterAll(remove);

/** Programs that judge as Kubernetes' own do, in a bundle as it is made; each notes that it was asked. */
const asked = join(folder, "asked");
const apiServer = `#!/bin/sh
echo asked >>"${asked}"
case "$*" in
  *--help*) echo "      --max-requests-inflight int   How many" ;;
  *--max-request-inflight=*) echo "Error: unknown flag: --max-request-inflight" >&2; exit 1 ;;
  *Nonsense*) echo 'E1 run.go:72] "command failed" err="unrecognized feature gate: Nonsense"' >&2; exit 1 ;;
esac
`;
const kubelet = `#!/bin/sh
grep -q Nonsense "$2" && { echo 'panic: failed to merge, error: unrecognized feature gate: Nonsense' >&2; exit 2; }
grep -q maxPodz "$2" && { echo 'I1 "lenient" err="strict decoding error: unknown field \\\\"maxPodz\\\\""' >&2; }
grep -q -- -3 "$2" && { echo 'E1 "command failed" err="failed to validate kubelet configuration, error: maxPods -3 must not be negative, path: &TypeMeta{}"' >&2; exit 1; }
echo 'E1 "command failed" err="cannot exit on lock file contention: no lock file specified"' >&2
exit 1
`;

const plan = (kubernetes: Record<string, unknown>) => referencePlan({ kubernetes });
const version = plan({}).kubernetes.version;

beforeAll(() => {
  const bundle = bundleFolder(folder, version, hostArchitecture());
  for (const part of ["bin", "images"]) mkdirSync(join(bundle, part), { recursive: true });
  writeFileSync(join(bundle, "bin", "kubelet"), kubelet, { mode: 0o755 });
  for (const name of ["kube-apiserver", "kube-scheduler"]) {
    const layer = tarOf([{ path: `usr/local/bin/${name}`, mode: 0o755, content: apiServer }]);
    const files = [{ path: "layer.tar", mode: 0o644, content: layer.toString("latin1") }];
    writeFileSync(join(bundle, "images", `${name}.tar`), tarOf(files));
  }
});

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("the lab's own release refuses what it does not take, key by key, with what was meant", async () => {
  const settings = {
    featureGates: { Nonsense: true },
    apiServer: { extraArguments: { "max-request-inflight": 5, "max-requests-inflight": 500 } },
    kubelet: { maxPodz: 4, maxPods: -3, serializeImagePulls: true },
  };
  const problems = await refusedSettings(plan(settings), folder);
  expect(Object.fromEntries(problems.map(({ key, reason }) => [key, reason]))).toEqual({
    "kubernetes.apiServer.extraArguments.max-request-inflight":
      "unknown flag: --max-request-inflight; the nearest is max-requests-inflight",
    "kubernetes.featureGates.Nonsense": "unrecognized feature gate: Nonsense",
    "kubernetes.kubelet.maxPodz": 'unknown field "maxPodz"',
    "kubernetes.kubelet.maxPods": "maxPods -3 must not be negative",
  });
  expect(problems.find(({ value }) => value === "5")).toMatchObject({
    key: "kubernetes.apiServer.extraArguments.max-request-inflight",
    fix: "pulumi config rm --path kubernetes.apiServer.extraArguments.max-request-inflight",
  });
});

onLinux("what was taken once is not asked again, and another value is", async () => {
  const settings = (value: number) =>
    plan({ apiServer: { extraArguments: { "max-requests-inflight": value } }, kubelet: { maxPods: 50 } });
  expect(await refusedSettings(settings(500), folder)).toEqual([]);
  rmSync(asked);
  expect(await refusedSettings(settings(500), folder)).toEqual([]);
  expect(existsSync(asked)).toBe(false);
  expect(await refusedSettings(settings(501), folder)).toEqual([]);
  expect(existsSync(asked)).toBe(true);
});

test("without a bundle the first machine judges", async () => {
  expect(await refusedSettings(plan({ kubelet: { maxPodz: 4 } }), join(folder, "nowhere"))).toEqual([]);
});
