import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const addons = { metricsServer: { enabled: true }, metalLb: { enabled: true }, traefik: { enabled: true } };
const plan = exampleLab({ addons });
const master = writeMachine(plan, firstOf(plan, "master"));
afterAll(() => master.remove());

describe("the cluster's objects", () => {
  /** What objects.py says of a cluster that has all that is delivered, changed by some lines of Python that know it as `cluster`. */
  function look(change: string): { faults: string[]; workloads: unknown[] } {
    const script = `
import glob, json, sys
sys.path.insert(0, ${JSON.stringify(master.at("/usr/local/lib/kube-lab"))})
import objects
files = glob.glob(${JSON.stringify(master.at("/etc/kube-lab/addons-*.yaml"))})
given = [*objects.kubeadm_objects(), *objects.delivered(files)]
cluster = {objects.path(thing): {"spec": {}, **objects.comparable(thing), "status": {"readyReplicas": 1}} for thing in given}
assert len(cluster) == len(given) > 20
${change}
print(json.dumps(objects.look(cluster.get, files)))
`;
    return JSON.parse(expectAccepted("python3", ["-B", "-c", script])) as ReturnType<typeof look>;
  }
  const flannel = '"/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds"';

  testWith("python3")("that are as they were delivered are no fault, whatever else they have got", () => {
    const { faults, workloads } = look(
      `for thing in cluster.values(): thing["metadata"] = {**thing["metadata"], "uid": "1", "labels": {**(thing["metadata"].get("labels") or {}), "x": "y"}}`,
    );
    expect(faults).toEqual([]);
    expect(workloads).toContainEqual({ name: "kube-system/coredns", ready: 1, wanted: 1 });
  });

  testWith("python3")("that are gone or were edited are named", () => {
    expect(look(`del cluster[${flannel}]`).faults).toEqual([
      "DaemonSet kube-flannel/kube-flannel-ds is gone",
    ]);
    expect(
      look(`cluster[${flannel}]["spec"]["template"]["spec"]["containers"][0]["image"] = "another"`).faults,
    ).toEqual(["DaemonSet kube-flannel/kube-flannel-ds was edited"]);
    expect(look('del cluster["/apis/apps/v1/namespaces/kube-system/deployments/coredns"]').faults).toEqual([
      "Deployment kube-system/coredns is gone",
    ]);
  });

  testWith("python3")("may have more in a list that is merged: an apply would leave it there", () => {
    const env = `cluster[${flannel}]["spec"]["template"]["spec"]["containers"][0]["env"]`;
    expect(look(`${env} = [{"name": "MORE", "value": "1"}, *${env}]`).faults).toEqual([]);
    expect(look(`${env}.pop()`).faults).toEqual(["DaemonSet kube-flannel/kube-flannel-ds was edited"]);
  });

  testWith("python3")("of kinds whose plural is no plain s have the API's own path", () => {
    const script = `
import sys
sys.path.insert(0, ${JSON.stringify(master.at("/usr/local/lib/kube-lab"))})
import objects
print(*map(objects.plural, ["storageclass", "networkpolicy", "gateway", "configmap"]))
`;
    expect(expectAccepted("python3", ["-B", "-c", script])).toBe(
      "storageclasses networkpolicies gateways configmaps\n",
    );
  });
});

describe("a master repairs", () => {
  const mended = (faults: string[], speaks = true) =>
    master.run(
      "mend_objects",
      `
speaks_for_cluster() { ${speaks}; }
cluster_objects() { jq -n '{faults: $ARGS.positional, workloads: []}' --args ${faults.map((fault) => `'${fault}'`).join(" ")}; }
put_addons() { echo "put add-ons"; }
run_kubeadm() { echo "kubeadm $4"; }
`,
    ).words;

  test("nothing where nothing is missing, and nothing that another master speaks for", () => {
    expect(mended([])).toBe("");
    expect(mended(["DaemonSet kube-flannel/kube-flannel-ds is gone"], false)).toBe("");
  });

  test("what was delivered, by delivering it again", () => {
    const words = mended(["DaemonSet kube-flannel/kube-flannel-ds is gone"]);
    expect(words).toContain("put add-ons");
    expect(words).not.toContain("kubeadm");
  });

  test("kubeadm's own by kubeadm, each by its phase", () => {
    expect(mended(["DaemonSet kube-system/kube-proxy is gone"])).toMatch(/kubeadm kube-proxy\n$/);
    expect(mended(["Service kube-system/kube-dns is gone"])).toMatch(/kubeadm coredns\n$/);
  });
});

describe("a node tries what a new pod needs", () => {
  const tried = (before: string) =>
    master.run(
      `. "$LIBRARY/verify.sh"; node_probes`,
      `kubelet_setting() { echo x; }\nnext_subnet() { :; }\n${before}`,
    ).words;
  const conditions = (network: boolean) =>
    `dig() { echo 10.96.0.1; }
volume_takes_files() { true; }
timeout() { echo '{"status": {"conditions": [{"type": "RuntimeReady", "status": true}, {"type": "NetworkReady", "status": ${network}}]}}'; }`;

  test("and says of each thing that it is well", () => {
    expect(tried(conditions(true))).toBe(
      ["cluster DNS", "gateway's DNS", "new pods", "claims"].map((kind) => `ok\t${kind}\t\n`).join(""),
    );
  });

  test("or what is wrong", () => {
    expect(tried(`${conditions(false)}\ndig() { echo ';; no servers could be reached'; }`)).toMatch(
      /^bad\tcluster DNS\tno answer for kubernetes\.default\.svc\.x\nbad\tgateway's DNS\t.*\nbad\tnew pods\tcontainerd has no network/,
    );
    expect(tried(`${conditions(true)}\nvolume_takes_files() { false; }`)).toContain("bad\tclaims\t");
  });

  test("and a scheduler that has renewed its lease a while ago schedules nothing", () => {
    const led = (seconds: number) =>
      master.run(
        "leads kube-scheduler >/dev/null && echo leads",
        `as_admin() { printf '{"spec": {"renewTime": "%(%FT%T)T.123456Z"}}' $((EPOCHSECONDS - ${seconds})); }; export TZ=UTC`,
      ).words;
    expect(led(2)).toBe("leads\n");
    expect(led(60)).toBe("");
  });

  test("and pods are reached, but for those that a NetworkPolicy may keep apart", () => {
    const pod = (namespace: string, node: string, podIP: string) =>
      `{metadata: {namespace: "${namespace}", name: "one"}, spec: {nodeName: "${node}"}, status: {podIP: "${podIP}"}}`;
    const asked = (policies: string) =>
      master.run(
        `. "$LIBRARY/verify.sh"; CLUSTER=known; cluster_probes`,
        `leads() { :; }
ping() { [[ $* != *10.244.1.5* ]]; }
as_admin() {
  case $1 in
    */networkpolicies) ${policies} ;;
    *) jq -n '{items: [${pod("open", "kube-node01", "10.244.2.5")}, ${pod("closed", "kube-node02", "10.244.1.5")}]}' ;;
  esac
}`,
      ).words;
    expect(asked(`echo '{"items": []}'`)).toContain("bad\tpods reached\tno answer from closed/one");
    expect(asked("false")).toContain("bad\tpods reached\tno answer from closed/one");
    const policed = asked(`echo '{"items": [{"metadata": {"namespace": "closed"}}]}'`);
    expect(policed).toContain("ok\tpods reached\t");
    expect(policed).not.toContain("bad");
  });
});
