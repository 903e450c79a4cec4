import { rmSync, writeFileSync } from "node:fs";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

describe("a master's add-ons", () => {
  const plan = exampleLab({ addons: { metalLb: { enabled: true }, traefik: { enabled: true } } });
  let master: WrittenMachine;
  let list: { data: Record<string, string> };
  beforeEach(() => {
    master = writeMachine(plan, firstOf(plan, "master"));
    list = JSON.parse(master.read("/etc/kube-lab/addons.json")) as typeof list;
  });
  afterEach(() => master.remove());

  /** Calls a function where the cluster has this list; what it has kubectl do. */
  const done = (call: string, inCluster: unknown) => {
    const stubs = `
      as_admin() { cat <<'JSON'\n${JSON.stringify(inCluster)}\nJSON\n}
      kubectl_here() { printf '%s\\n' "$*" >>"$ROOT/calls"; }`;
    writeFileSync(master.at("/calls"), "");
    const { status } = master.run(call, stubs);
    const calls = master
      .read("/calls")
      .split("\n")
      .filter((line) => line !== "");
    return { status, calls: calls.map((line) => line.replaceAll(master.root, "")) };
  };
  const applied = (path: string) =>
    expect.stringMatching(new RegExp(`^apply .*-f ${path.replaceAll(".", "\\.")}$`));

  testWith("jq")("are applied in the order that they need, their list last", () => {
    expect(done("apply_addons", {})).toEqual({
      status: 0,
      calls: [
        `/usr/local/share/kube-lab/manifests/${list.data.manifest}`,
        "/etc/kube-lab/addons-1.yaml",
        "/etc/kube-lab/addons-2.yaml",
        "/etc/kube-lab/addons.json",
      ].map(applied),
    });
  });

  testWith("jq")("are left alone where the cluster has them", () => {
    expect(done("apply_addons", list)).toEqual({ status: 0, calls: [] });
  });

  testWith("jq")("are removed when they are listed no more, those alone", () => {
    const objects = `${list.data.objects}\nDeployment.v1.apps kube-system old\nClusterRole.v1.rbac.authorization.k8s.io - old`;
    const { calls } = done("remove_addons", { data: { ...list.data, objects } });
    expect(calls).toEqual([
      expect.stringMatching(/^delete Deployment\.v1\.apps old --namespace kube-system /),
      expect.stringMatching(/^delete ClusterRole\.v1\.rbac\.authorization\.k8s\.io old --namespace default /),
    ]);
  });

  testWith("jq")("are kept where their list is gone: it says nothing about them", () => {
    rmSync(master.at("/etc/kube-lab/addons.json"));
    const { status, calls } = done("apply_addons", list);
    expect({ isDone: status === 0, calls }).toEqual({ isDone: false, calls: [] });
    expect(master.read("/run/kube-lab/reason")).toContain("addons.json lists nothing");
  });
});
