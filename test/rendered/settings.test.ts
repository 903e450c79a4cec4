import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { kubeletSettingsDigest } from "../../cloud-init/kubernetes/settings";
import { sourceFolder } from "../../cloud-init/real-file";
import { kubeadmOf } from "./bundled-kubeadm";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab({
  kubernetes: {
    featureGates: { AllAlpha: false },
    apiServer: { extraArguments: { "max-requests-inflight": 500 } },
    kubelet: { maxPods: 50 },
  },
});
const FAILED_FOR_GOOD = 78;

let machine: WrittenMachine;
const manifest = () => machine.at("/manifests/kube-apiserver.yaml");
const read = (path: string) => machine.read(path).trim();

describe("a master's settings", () => {
  beforeEach(() => {
    machine = writeMachine(plan, firstOf(plan, "master"));
    for (const folder of ["/manifests", "/kubelet"]) mkdirSync(machine.at(folder));
    for (const name of ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
      writeFileSync(machine.at(`/manifests/${name}.yaml`), "old\n");
    writeFileSync(machine.at("/kubelet/config.yaml"), "old\n");
  });
  afterEach(() => machine.remove());

  /** Programs whose new container runs, or has ended; kubeadm writes `new` for those that are to change. */
  const stubs = (state: "RUNNING" | "EXITED", changed = "kube-apiserver") => `
    MANIFEST_FOLDER=${machine.at("/manifests")} KUBELET_CONFIGURATION=${machine.at("/kubelet/config.yaml")}
    INIT_PATCHES=${machine.at("/etc/kube-lab/patches-init")} SETTLING_SECONDS=3
    with_join_lock() { "$@"; }
    leave_balancers() { echo leaving; }; return_to_balancers() { echo returning; }
    systemctl() { :; }; sync() { :; }; pause() { :; }; api_ready() { true; }; answers_well() { true; }
    node_becomes_ready() { true; }; kubelet_refusal() { return 1; }
    run_kubeadm() { for name in kube-apiserver kube-controller-manager kube-scheduler; do
      if [ $name = ${changed} ]; then echo new; else echo old; fi >"$KUBEADM_INIT_DRYRUN_DIR/$name.yaml"; done; }
    kubeadm_upgrade() { :; }; note_loaded() { :; }
    crictl() {
      if [ "$1" = logs ]; then echo 'E1 "command failed" err="no such thing"'
      elif [[ " $* " = *" --quiet "* ]]; then echo b2
      elif grep -q new ${manifest()}; then
        echo '{"containers": [{"id": "a", "state": "CONTAINER_EXITED"}, {"id": "b1", "state": "CONTAINER_${state}"}, {"id": "b2", "state": "CONTAINER_${state}"}]}'
      else echo '{"containers": [{"id": "a", "state": "CONTAINER_RUNNING"}]}'; fi
    }`;

  test("a program that comes up keeps its new manifest, away from the load balancers", () => {
    const { status, words } = machine.run(
      "master_settings; settings_differ $INIT_PATCHES && echo differs",
      stubs("RUNNING"),
    );
    expect({ status, words }).toEqual({ status: 1, words });
    expect(words).not.toContain("differs");
    expect(words.indexOf("leaving")).toBeLessThan(words.indexOf("starting kube-apiserver"));
    expect(words).toContain("returning");
    expect(read("/manifests/kube-apiserver.yaml")).toBe("new");
    expect(read("/manifests/kube-scheduler.yaml")).toBe("old");
  });

  test("one that does not has its earlier manifest again, and the pass ends for good with the reason", () => {
    const { status, words } = machine.run("master_settings", stubs("EXITED"));
    expect(status).toBe(FAILED_FOR_GOOD);
    expect(read("/manifests/kube-apiserver.yaml")).toBe("old");
    expect(words).toMatch(
      /kube-mast01: kube-apiserver does not come up .*kubernetes\.apiServer.*no such thing/s,
    );
    const again = machine.run("master_settings", stubs("EXITED"));
    expect(again.status).toBe(FAILED_FOR_GOOD);
    expect(again.words).toContain("no such thing");
    expect(again.words).not.toContain("starting kube-apiserver");
  });

  test("one whose change was cut off begins again with its earlier manifest", () => {
    machine.run(`keep_earlier ${manifest()}; echo new >${manifest()}`, "sync() { :; }");
    const { status, words } = machine.run("put_earlier_back; put_earlier_back", stubs("RUNNING"));
    expect({ status, words }).toEqual({ status: 0, words });
    expect(read("/manifests/kube-apiserver.yaml")).toBe("old");
  });

  testWith(kubeadmOf(plan))("kubeadm itself writes them into the manifests", () => {
    const documents = machine.at("/etc/kube-lab/kubeadm-init.yaml");
    const here = read("/etc/kube-lab/kubeadm-init.yaml").replaceAll(
      "/etc/kube-lab/patches",
      machine.at("/etc/kube-lab/patches"),
    );
    writeFileSync(documents, here);
    const before = `delivered=/etc/kube-lab/kubeadm-init.yaml
      run_kubeadm() { "${kubeadmOf(plan)}" "\${@/$delivered/$ROOT$delivered}"; }`;
    const { status, words } = machine.run(`write_manifests ${machine.at("/written")}`, before);
    expect({ status, words }).toEqual({ status: 0, words: "" });
    const command = (name: string) => {
      const { spec } = load(read(`/written/${name}.yaml`)) as {
        spec: { containers: { command: string[] }[] };
      };
      return spec.containers[0]?.command.slice(-2);
    };
    expect(command("kube-apiserver")).toEqual([
      "--feature-gates=AllAlpha=false",
      "--max-requests-inflight=500",
    ]);
    expect(command("kube-scheduler")).toContain("--feature-gates=AllAlpha=false");
  });

  test("what kubeadm reads is after its own, in both folders of patches", () => {
    for (const folder of ["init", "join"]) {
      const patch = JSON.parse(read(`/etc/kube-lab/patches-${folder}/kube-apiserver2+json.json`));
      const flags = patch.flatMap(({ value }: { value: unknown }) =>
        typeof value === "string" ? value : [],
      );
      expect(flags.slice(-2)).toEqual(["--feature-gates=AllAlpha=false", "--max-requests-inflight=500"]);
      const kubelet = JSON.parse(read(`/etc/kube-lab/patches-${folder}/kubeletconfiguration2+merge.json`));
      expect(kubelet).toEqual({ maxPods: 50, featureGates: { AllAlpha: false } });
    }
  });
});

describe("a worker's settings", () => {
  beforeEach(() => {
    machine = writeMachine(plan, firstOf(plan, "worker"));
    writeFileSync(machine.at("/config.yaml"), "old\n");
  });
  afterEach(() => machine.remove());

  const stubs = (more: string) => `
    KUBELET_CONFIGURATION=${machine.at("/config.yaml")} PATCHES=${machine.at("/etc/kube-lab/patches")} SETTLING_SECONDS=1
    systemctl() { echo 0; }; sync() { :; }; pause() { :; }; timeout() { shift; "$@"; }
    journalctl() { echo 'E1 "command failed" err="no room"'; }
    kubeadm_upgrade() { echo new >"$KUBELET_CONFIGURATION"; }; node_becomes_ready() { true; }; wait_node_ready() { true; }
    kubelet() { echo 'E1 "command failed" err="cannot exit on lock file contention: no lock file specified"'; return 1; }
    ${more}`;

  test("are the kubelet's, and the machine says so to its host", () => {
    const { status, words } = machine.run('worker_settings; echo "has $(role_settings)"', stubs(""));
    expect({ status, words }).toEqual({ status: 0, words });
    expect(words).toContain(`has ${kubeletSettingsDigest(plan)}`);
    expect(read("/config.yaml")).toBe("new");
  });

  test.each([
    [
      "the kubelet knows no such field",
      `kubelet() { echo 'I1 "Using lenient decoding" err="strict decoding error: unknown field \\"maxPodz\\""'; return 1; }`,
      'unknown field "maxPodz"',
    ],
    [
      "the kubelet refuses a value",
      `kubelet() { echo 'E1 "command failed" err="negative"'; return 1; }`,
      "negative",
    ],
    ["the node does not come back", "node_becomes_ready() { false; }", "no room"],
  ])("are put back where %s", (_, stub, reason) => {
    const { status, words } = machine.run("worker_settings", stubs(stub));
    expect(words).toMatch(new RegExp(reason));
    expect(status).toBe(FAILED_FOR_GOOD);
    expect(read("/config.yaml")).toBe("old");
  });

  test("nothing happens where nothing is set", () => {
    rmSync(machine.at("/etc/kube-lab/patches"), { recursive: true, force: true });
    const { status, words } = machine.run("worker_settings", stubs("kubeadm_upgrade() { exit 5; }"));
    expect({ status, words }).toEqual({ status: 0, words: "" });
  });
});

describe("kube-proxy.py", () => {
  const proxy = (configuration: string, ...words: string[]) => {
    const script = join(sourceFolder(), "kubernetes", "kube-proxy.py");
    const input = JSON.stringify({ data: { "config.conf": configuration, "kubeconfig.conf": "kept" } });
    return execFileSync("python3", [script, ...words], { input, encoding: "utf8" });
  };
  const withYaml = spawnSync("python3", ["-c", "import yaml"]).status === 0 ? "python3" : "python3-yaml";

  testWith(withYaml)("changes mode and gates, and leaves all else", () => {
    const { data } = JSON.parse(
      proxy("mode: nftables\nclusterCIDR: 10.244.0.0/16\n", "iptables", "AllAlpha=false"),
    );
    expect(load(data["config.conf"])).toEqual({
      mode: "iptables",
      clusterCIDR: "10.244.0.0/16",
      featureGates: { AllAlpha: false },
    });
    expect(data["kubeconfig.conf"]).toBe("kept");
  });

  testWith(withYaml)("says nothing of what is as it should be", () => {
    expect(proxy("mode: nftables\nfeatureGates: null\n", "nftables")).toBe("");
  });
});
