import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machine, nodeDoes, note, wanted, writeNode } from "./release-node";
import { testWith } from "./tool";

afterEach(() => machine.remove());

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
    const backups = machine.at("/etc/kubernetes/tmp/kubeadm-backup-etcd-1");
    mkdirSync(backups, { recursive: true });
    const failed = nodeDoes("master_upgrade", { LAB: "1.36.2", KUBEADM_FAILS: "apply" });
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain("kubeadm upgrade apply failed");
    expect(failed.calls).not.toContain("move_pods");
    expect(note()).toBe("1.36.2");
    expect(existsSync(backups)).toBe(true);
    expect(nodeDoes("master_upgrade", { LAB: "1.36.2" }).status).toBe(0);
    expect(note()).toBe(wanted);
    expect(existsSync(backups)).toBe(false);
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
