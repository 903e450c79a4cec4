import { machine, nodeDoes, wanted, writeNode } from "./release-node";
import { testWith } from "./tool";

afterEach(() => machine.remove());

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
