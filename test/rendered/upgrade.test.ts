import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const wanted = "1.36.3";
const plan = exampleLab({ kubernetes: { version: wanted } });

/** Everything outside of the scripts, each saying that it was called; what it answers is in variables. */
const stubs = `
  said() { printf '%s\\n' "$*" >>"$ROOT/calls"; }
  lock() { said lock; "$@"; said unlock; }
  with_join_lock() { lock "$@"; }
  place_programs() { local folder=$1; shift; said place "\${@##*/}"; }
  run_kubeadm() { said kubeadm "$1 $2"; [ "$2" != "\${KUBEADM_FAILS:-}" ]; }
  systemctl() { said systemctl "$@"; }
  others_serve() { said ask; [ -z "\${SILENT:-}" ]; }
  etcd_healthy() { true; }
  api_ready() { true; }
  node_runtime() { said runtime; }
  as_admin() {
    case "$1" in
      */nodes) printf '{"items": [%s]}' "\${NODES:-1, 2}" ;;
      */kubeadm-config) noted ;;
      */daemonsets/kube-proxy) [ "\${PROXY:-$LAB}" != none ] && jq -n --arg image "r/kube-proxy:v\${PROXY:-$LAB}" '{spec: {template: {spec: {containers: [{$image}]}}}}' ;;
      */pods*fieldSelector*) server_pod "\${OWN_POD:-$LAB}" | jq -s '{items: .}' ;;
      */pods*) { server_pod "\${OWN_POD:-$LAB}" && server_pod "\${LAST_MASTER:-$LAB}"; } | jq -s '{items: .}' ;;
    esac
  }
  server_pod() { jq -n --arg image "r/kube-apiserver:v$1" '{spec: {containers: [{name: "kube-apiserver", $image}]}}'; }
  kubelet_certificate() { true; }
  settle() { said settle "\${1##*/}"; }
  pause() { SECONDS=$((SECONDS + 1)); }
  nft() { case "$1" in list) [ -e "$ROOT/leaving" ] ;; delete) said return; rm "$ROOT/leaving" ;; *) said leave; : >"$ROOT/leaving" ;; esac; }
  ss() { said connections; [ -z "\${CONNECTED:-}" ] || echo ESTAB; }
  move_pods() { said move_pods; }
  kubectl_lab() {
    case "$1 \${2:-}" in
      "get --raw") noted ;;
      "replace --raw") said note "$(jq -r '.data.ClusterConfiguration' | tail -n 1)" ;;
      *) said kubectl "$1" ;;
    esac
  }
  noted() { jq -n --arg text "apiVersion: kubeadm
kubernetesVersion: v$LAB" --arg ahead "\${AHEAD_NOTED:-}" '{data: {ClusterConfiguration: $text}, metadata: {}} |
    if $ahead == "" then . else .metadata.annotations = {"kube-lab/ahead": ""} end'; }
  as_node() {
    case "$1" in
      */kubeadm-config) noted ;;
      */endpointslices*) printf '{"items": [{"endpoints": [{"addresses": ["192.168.1.10"]}, {"addresses": ["192.168.1.11"]}]}]}' ;;
      */nodes/*) said node "$@"; printf '{"status": {"nodeInfo": {"kubeletVersion": "v%s"}}}' "${wanted}" ;;
    esac
  }
  curl() { case "$*" in *192.168.1.11*) printf '{"gitVersion": "v%s"}' "\${LAST_MASTER:-$LAB}" ;; *) printf '{"gitVersion": "v%s"}' "$LAB" ;; esac; }
  mountpoint() { false; }
  ctr() { said ctr "$3 $4 \${!#}"; [ "\${!#}" != "$VOLUME/images/\${IMPORT_FAILS:-}" ]; }
  wait_until() { shift 2; "$@" || fail "waited for nothing for: $*"; }
`;

let machine: WrittenMachine;
afterEach(() => machine.remove());

function writeNode(role: "master" | "worker", installed: string): void {
  machine = writeMachine(plan, firstOf(plan, role));
  const volume = machine.at("/run/kube-lab/bundle");
  mkdirSync(join(volume, "images"), { recursive: true });
  mkdirSync(join(volume, "manifests"), { recursive: true });
  for (const folder of ["bin", "cni"]) mkdirSync(join(volume, folder));
  writeFileSync(join(volume, "bin", "kubeadm"), "");
  writeFileSync(join(volume, "manifest.json"), JSON.stringify({ version: wanted }));
  mkdirSync(machine.at("/usr/local/share/kube-lab"), { recursive: true });
  writeFileSync(machine.at("/usr/local/share/kube-lab/kubernetes"), `${installed}\n`);
}

function nodeDoes(call: string, environment: Record<string, string> = {}) {
  const script = `set -euo pipefail; . "$LIBRARY/lib.sh"; load_role; ${stubs}\n${call}`;
  const env = {
    ...{
      PATH: process.env.PATH,
      KUBE_LAB_ROOT: machine.root,
      LIBRARY: machine.at("/usr/local/lib/kube-lab"),
    },
    ...{ LAB: wanted, ...environment },
  };
  const { status, stderr, stdout } = spawnSync("bash", ["--norc", "-c", script], { env, encoding: "utf8" });
  const file = machine.at("/calls");
  const calls = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  writeFileSync(file, "");
  return { status, output: stdout + stderr, calls };
}

const note = () => readFileSync(machine.at("/usr/local/share/kube-lab/kubernetes"), "utf8").trim();

describe("a master that is given another release", () => {
  testWith("jq")(
    "takes the lab to it: control plane, then the kubelet without pods, all under the lock",
    () => {
      writeNode("master", "1.36.2");
      const { status, calls } = nodeDoes("master_upgrade", { LAB: "1.36.2" });
      expect(calls.filter((call) => !call.startsWith("node"))).toEqual([
        ...["lock", "ask", "settle kubernetes.new", "place kubeadm", "leave", "connections"],
        ...["kubeadm upgrade apply", "return", "move_pods", "place *", "place kubeadm"],
        ...["systemctl restart kubelet.service", "settle kubernetes.new", "unlock"],
      ]);
      expect({ status, note: note() }).toEqual({ status: 0, note: wanted });
      expect(nodeDoes("master_upgrade")).toMatchObject({ status: 0, calls: [""] });
    },
  );

  test("says what it runs: the later of its node and its API server, which an upgrade that is cut off is between", () => {
    writeNode("master", "1.36.2");
    expect(nodeDoes("role_release").output.trim()).toBe("1.36.2");
    const manifests = machine.at("/etc/kubernetes/manifests");
    mkdirSync(manifests, { recursive: true });
    const image = (release: string) =>
      `    image: registry.k8s.io/kube-apiserver:v${release}\n    imagePullPolicy: x\n`;
    writeFileSync(join(manifests, "kube-apiserver.yaml"), image("1.36.3"));
    expect(nodeDoes("role_release").output.trim()).toBe("1.36.3");
    writeFileSync(join(manifests, "kube-apiserver.yaml"), image("1.36.1"));
    expect(nodeDoes("role_release").output.trim()).toBe("1.36.2");
  });

  testWith("jq")("follows the note of the first", () => {
    writeNode("master", "1.36.2");
    expect(nodeDoes("master_upgrade").calls).toContain("kubeadm upgrade node");
    expect(note()).toBe(wanted);
  });

  testWith("jq")("waits for a majority of the other members before it touches its own", () => {
    writeNode("master", "1.36.2");
    const { status, calls } = nodeDoes("master_upgrade", { LAB: "1.36.2", SILENT: "1" });
    expect(status).not.toBe(0);
    expect(calls).toEqual(["lock", "ask"]);
  });

  testWith("jq")("is not done when kubeadm has failed, and goes on in the next pass", () => {
    writeNode("master", "1.36.2");
    const failed = nodeDoes("master_upgrade", { LAB: "1.36.2", KUBEADM_FAILS: "apply" });
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain("kubeadm upgrade apply failed");
    expect(failed.calls).not.toContain("move_pods");
    expect(note()).toBe("1.36.2");
    expect(nodeDoes("master_upgrade", { LAB: "1.36.2" }).status).toBe(0);
    expect(note()).toBe(wanted);
  });

  testWith("jq")("knows what it is of also when its programs were placed and it was cut off then", () => {
    writeNode("master", "1.36.2");
    rmSync(machine.at("/usr/local/share/kube-lab/kubernetes"));
    const kubelet = "kubelet() { echo Kubernetes v1.36.2; };";
    expect(nodeDoes(`${kubelet} systemctl() { exit 1; }; master_upgrade`).status).not.toBe(0);
    expect(note()).toBe("1.36.2");
    expect(nodeDoes("kubelet() { echo Kubernetes v1.36.3; }; master_upgrade").calls).toContain(
      "systemctl restart kubelet.service",
    );
    expect(note()).toBe(wanted);
  });

  describe("is back at the load balancers, which check by themselves whether its API server is ready,", () => {
    const lock = `lock() {
      unset -f with_join_lock; . "$LIBRARY/join-lock.sh"
      retry() { said lock; LOCK_UID=1; }; renew_lock() { :; }; delete_lock() { said unlock; }
      with_join_lock "$@"
    }`;

    testWith("jq")("when kubeadm has failed", () => {
      writeNode("master", "1.36.2");
      const failed = nodeDoes(`${lock}; master_upgrade`, { LAB: "1.36.2", KUBEADM_FAILS: "apply" });
      expect(failed.status).not.toBe(0);
      expect(failed.calls.slice(failed.calls.indexOf("leave"))).toEqual([
        ...["leave", "connections", "kubeadm upgrade apply", "return", "unlock"],
      ]);
    });

    testWith("jq")("when the pass is ended from outside", () => {
      writeNode("master", "1.36.2");
      const ended = `${lock}; run_kubeadm() { kill -TERM $$; }; master_upgrade`;
      expect(nodeDoes(ended, { LAB: "1.36.2" }).calls.slice(-2)).toEqual(["return", "unlock"]);
    });

    test("before anything that the next pass may fail at, when the pass was killed", () => {
      writeNode("master", "1.36.2");
      writeFileSync(machine.at("/leaving"), "");
      const { status, calls } = nodeDoes(`node_guard() { fail "guard"; }; role_converge`);
      expect({ status, calls }).toEqual({ status: 1, calls: ["return"] });
    });
  });

  testWith("jq")("does not leave the load balancers where no other API server is ready", () => {
    writeNode("master", "1.36.2");
    const alone = "curl() { return 22; }; master_upgrade";
    const { status, calls } = nodeDoes(alone, { LAB: "1.36.2" });
    expect(status).toBe(0);
    expect(calls).not.toContain("leave");
  });

  testWith("jq")("waits no longer than ten seconds for the load balancers to let go", () => {
    writeNode("master", "1.36.2");
    const { status, calls } = nodeDoes("master_upgrade", { LAB: "1.36.2", CONNECTED: "1" });
    expect(status).toBe(0);
    const looks = calls.filter((call) => call === "connections").length;
    expect(looks).toBeGreaterThan(5);
    expect(looks).toBeLessThanOrEqual(11);
  });

  testWith("jq")("has the release on disk before it is noted, and replaces no program before", () => {
    writeNode("master", "1.36.2");
    const programs = machine.at("/programs");
    mkdirSync(programs);
    writeFileSync(join(programs, "kubeadm"), "old");
    const volume = "$ROOT/run/kube-lab/bundle/bin/kubeadm";
    const cut = `unset -f place_programs settle; . "$LIBRARY/bundle.sh"; settle() { exit 9; }; place_programs "$ROOT/programs" "${volume}"`;
    expect(nodeDoes(cut).status).toBe(9);
    expect(readFileSync(join(programs, "kubeadm"), "utf8")).toBe("old");
    expect(nodeDoes("settle() { exit 9; }; note_kubernetes 1.36.3").status).toBe(9);
    expect(note()).toBe("1.36.2");
    writeFileSync(machine.at("/usr/local/share/kube-lab/kubernetes"), "");
    expect(nodeDoes("kubelet() { echo Kubernetes v1.36.2; }; installed_kubernetes").output).toBe("1.36.2\n");
  });

  testWith("jq").each([
    ["skip a minor release", "1.34.9", "no way to 1.36.3"],
    ["go back", "1.36.4", "no way back to 1.36.3"],
  ])("refuses to %s, whatever the host has let through", (_, lab, words) => {
    writeNode("master", lab);
    const { status, output, calls } = nodeDoes("master_upgrade", { LAB: lab });
    expect(status).not.toBe(0);
    expect(output).toContain(words);
    expect(calls).not.toContain("kubeadm upgrade apply");
  });

  testWith("jq")("goes to the next minor release", () => {
    writeNode("master", "1.35.1");
    expect(nodeDoes("master_upgrade", { LAB: "1.35.1" }).status).toBe(0);
    expect(note()).toBe(wanted);
  });

  testWith("jq")("keeps its pods where there is nowhere else to put them", () => {
    writeNode("master", "1.36.2");
    const { calls } = nodeDoes("master_upgrade", { LAB: "1.36.2", NODES: "1" });
    expect(calls).not.toContain("move_pods");
    expect(note()).toBe(wanted);
  });

  testWith("jq")("gets its manifest back where kubeadm was cut off between two", () => {
    writeNode("master", "1.36.2");
    const folder = machine.at("/etc/kubernetes/manifests");
    mkdirSync(folder, { recursive: true });
    for (const name of ["etcd", "kube-controller-manager", "kube-scheduler"])
      writeFileSync(join(folder, `${name}.yaml`), "lives");
    for (const [time, content] of [
      ["1", "older"],
      ["2", "kept"],
    ]) {
      const backup = machine.at(`/etc/kubernetes/tmp/kubeadm-backup-manifests-${time}`);
      mkdirSync(backup, { recursive: true });
      for (const name of ["kube-apiserver", "etcd"]) {
        writeFileSync(join(backup, `${name}.yaml`), content ?? "");
        utimesSync(join(backup, `${name}.yaml`), Number(time), Number(time));
      }
    }
    expect(nodeDoes("restore_manifests").status).toBe(0);
    expect(readFileSync(join(folder, "kube-apiserver.yaml"), "utf8")).toBe("kept");
    expect(readFileSync(join(folder, "etcd.yaml"), "utf8")).toBe("lives");
    // What a power cut may leave of a rename.
    writeFileSync(join(folder, "etcd.yaml"), "");
    expect(nodeDoes("restore_manifests").status).toBe(0);
    expect(readFileSync(join(folder, "etcd.yaml"), "utf8")).toBe("kept");
  });
});

describe("a worker", () => {
  testWith("jq")("takes no silence about the API servers for masters that all have the release", () => {
    writeNode("worker", "1.36.2");
    expect(nodeDoes("masters_upgraded").status).toBe(0);
    for (const answer of ["return 22", `printf '{"items": []}'`]) {
      const silent = `as_node() { case "$1" in */kubeadm-config) noted ;; *) ${answer} ;; esac; }`;
      expect(nodeDoes(`${silent}; masters_upgraded`).status).not.toBe(0);
    }
  });
});

describe("a master that joins a lab of an earlier release", () => {
  testWith("jq")("does not join before kubeadm's note is written", () => {
    writeNode("master", wanted);
    const refused = `kubectl_lab() { case "$1" in get) noted ;; *) return 1 ;; esac; }; master_join || exit 1`;
    const { status, output, calls } = nodeDoes(refused, { LAB: "1.36.2" });
    expect(status).not.toBe(0);
    expect(output).toContain("could not be written");
    expect(calls.join()).not.toContain("kubeadm join");
  });

  testWith("jq")("comes as the first one of its own, for the others may wait for it", () => {
    writeNode("master", wanted);
    const { status, calls } = nodeDoes("master_join", { LAB: "1.36.2" });
    expect({ status, calls }).toEqual({
      status: 0,
      calls: [`note kubernetesVersion: v${wanted}`, "kubeadm join --config"],
    });
  });

  testWith("jq")("leaves it to the next one to take the lab to the release", () => {
    writeNode("master", "1.36.2");
    expect(nodeDoes("master_upgrade", { LAB: wanted, AHEAD_NOTED: "1" }).calls).toContain(
      "kubeadm upgrade apply",
    );
  });

  describe("brings kubeadm's own add-ons along", () => {
    // As kubeadm takes them: a phase has no --skip-phases, and does not run without a release.
    const kubeadm = `run_kubeadm() { said "\${@:1:6}"; [[ "$*" != *skip-phases* && "$6" = v${wanted} ]]; }`;
    const phases = ["addon", "upload-config"].map((phase) => `upgrade apply phase ${phase} all v${wanted}`);
    const follow = (environment: Record<string, string>) => {
      writeNode("master", wanted);
      const { status, calls } = nodeDoes(`${kubeadm}; master_follow`, environment);
      return { status, calls: calls.filter((call) => call !== "") };
    };

    testWith("jq").each<[string, Record<string, string>]>([
      ["where no master was upgraded", { AHEAD_NOTED: "1", PROXY: "1.36.2" }],
      ["where the last one was recreated instead", { PROXY: "1.36.2" }],
      ["where a pass was cut off before the note", { AHEAD_NOTED: "1" }],
    ])("%s", (_, environment) => {
      expect(follow(environment)).toEqual({ status: 0, calls: ["lock", ...phases, "unlock"] });
    });

    testWith("jq").each<[string, Record<string, string>]>([
      ["they have the release", {}],
      ["there are none yet", { PROXY: "none" }],
      ["another API server has the release before", { PROXY: "1.36.2", LAST_MASTER: "1.36.2" }],
      ["that one joined ahead", { AHEAD_NOTED: "1", PROXY: "1.36.2", LAST_MASTER: "1.36.2" }],
    ])("but not where %s", (_, environment) => {
      expect(follow(environment)).toEqual({ status: 0, calls: [] });
    });

    testWith("jq")("not before its own pod is known, by which kubeadm judges", () => {
      const { status, calls } = follow({ PROXY: "1.36.2", OWN_POD: "1.36.2" });
      expect(status).not.toBe(0);
      expect(calls).toEqual([]);
    });

    testWith("jq")("once, though two find them behind", () => {
      const other = `lock() { said lock; PROXY=${wanted} "$@"; said unlock; }`;
      writeNode("master", wanted);
      const { calls } = nodeDoes(`${kubeadm}; ${other}; master_follow`, { PROXY: "1.36.2" });
      expect(calls).toEqual(["lock", "unlock"]);
    });
  });

  testWith("jq")("changes no note that is right, and does not come where a release would be left out", () => {
    writeNode("master", wanted);
    expect(nodeDoes("master_join").calls).toEqual(["kubeadm join --config"]);
    expect(nodeDoes("master_join", { LAB: "1.34.1" })).toMatchObject({ calls: [""] });
  });
});

describe("a worker that is given another release", () => {
  testWith("jq")("follows the masters, drained", () => {
    writeNode("worker", "1.36.2");
    const { calls } = nodeDoes("worker_upgrade");
    expect(calls.filter((call) => !call.startsWith("node"))).toEqual([
      ...["settle kubernetes.new", "place kubeadm", "move_pods", "kubeadm upgrade node", "place *"],
      ...["place kubeadm", "systemctl restart kubelet.service", "settle kubernetes.new"],
    ]);
    expect(note()).toBe(wanted);
  });

  testWith("jq").each([
    ["the first", { LAB: "1.36.2" }],
    ["the last", { LAST_MASTER: "1.36.2" }],
  ])("never goes ahead of %s of them", (_, environment) => {
    writeNode("worker", "1.36.2");
    const { status, calls } = nodeDoes("worker_upgrade", environment);
    expect(status).not.toBe(0);
    expect(calls).toEqual([]);
  });
});

describe("images that are wanted and not there", () => {
  const archive = (name: string, image: string) => {
    const folder = machine.at("/run/kube-lab/bundle/images");
    writeFileSync(join(folder, "manifest.json"), JSON.stringify([{ RepoTags: [image] }]));
    execFileSync("tar", ["-cf", join(folder, name), "-C", folder, "manifest.json"]);
  };
  const listed = () =>
    readFileSync(machine.at("/usr/local/share/kube-lab/images.txt"), "utf8").trim().split("\n");
  const imported = (calls: string[]) => calls.filter((call) => call.startsWith("ctr images import"));

  beforeEach(() => {
    writeNode("worker", wanted);
    archive("flannel.tar", "ghcr.io/flannel-io/flannel:v0.28.4");
    archive("kube-proxy.tar", `registry.k8s.io/kube-proxy:v${wanted}`);
    archive("traefik.tar", "docker.io/library/traefik:v3.6.12");
    writeFileSync(
      machine.at("/usr/local/share/kube-lab/images.txt"),
      `ghcr.io/flannel-io/flannel:v0.28.4\nregistry.k8s.io/kube-proxy:v${wanted}\n`,
    );
  });

  testWith("jq")("come from the volume, those alone, pinned and listed", () => {
    const { status, calls } = nodeDoes("IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle");
    expect(status).toBe(0);
    expect(imported(calls)).toEqual([expect.stringMatching(/traefik\.tar$/)]);
    expect(listed()).toHaveLength(3);
    expect(imported(nodeDoes("IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle").calls)).toEqual([]);
  });

  testWith("jq")("are not listed when their import was cut short", () => {
    const call = "IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle";
    const { status, output } = nodeDoes(call, { IMPORT_FAILS: "traefik.tar" });
    expect(status).not.toBe(0);
    expect(output).toContain("traefik.tar could not be imported");
    expect(listed()).toHaveLength(2);
    expect(nodeDoes(call).status).toBe(0);
  });

  testWith("jq")("are named where the volume does not have them, or no volume is there", () => {
    for (const setting of ["", "volume_mounted() { return 1; }; "]) {
      const { status, output } = nodeDoes(`${setting}IMAGES='r.example/other:v1'; node_bundle`);
      expect(status).toBe(0);
      expect(output).toContain("not in the bundle: r.example/other:v1");
    }
  });

  testWith("jq")("are waited for where there is no node without them", () => {
    const call = "IMAGES='registry.k8s.io/kube-proxy:v1.36.9'; node_bundle";
    const lacking = nodeDoes(call);
    expect(lacking.status).not.toBe(0);
    expect(lacking.output).toContain("has no registry.k8s.io/kube-proxy:v1.36.9");
    const without = nodeDoes(`mount_volume() { fail "waited for it"; }; ${call}`);
    expect(without.output).toContain("waited for it");
  });
});
