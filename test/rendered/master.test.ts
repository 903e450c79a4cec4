import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { machinesOf } from "../../plan/lab-plan";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();
const masters = machinesOf(plan, "master");
const [first = "", second = "", third = ""] = masters.map(({ address }) => address);

/** As `etcdctl member list` prints them. */
function members(addresses: string[]): string {
  return addresses
    .map(
      (address, i) =>
        `${i + 1}a, started, m${i + 1}, https://${address}:2380, https://${address}:2379, false\n`,
    )
    .join("");
}

/** An etcd of which only some members answer, and agree where they are a majority. */
function etcd(all: string[], answering: string[]): string {
  const majority = answering.filter((address) => all.includes(address)).length * 2 > all.length;
  return `
ANSWERING="${answering.join(" ")}"
port_open() { [[ " $ANSWERING " = *" $1 "* ]]; }
etcdctl_at() {
  [[ " $ANSWERING " = *" $1 "* ]] || return 1
  case "$*" in
    *"member list --consistency=s") printf '%s' "${members(all)}" ;;
    *"member list") ${majority} && printf '%s' "${members(all)}" ;;
    *"endpoint health") ${majority} ;;
    *"member remove"*) echo "removed $4 by $1" ;;
  esac
}
with_join_lock() { "$@"; }
kubectl_lab() { :; }
systemctl() { :; }
forget_pods() { :; }
forget_place() { echo "forgot its place"; }
leave_pods() { :; }
leave_balancers() { echo "left the load balancers"; }
make_way() { echo "stepped aside"; }
`;
}

describe("a master", () => {
  let master: WrittenMachine;
  beforeAll(() => {
    master = writeMachine(plan, firstOf(plan, "master"));
  });
  afterAll(() => master.remove());

  const state = (name: string) => master.at(`/var/lib/kube-lab/${name}`);
  const given = (notes: Record<string, string>) => {
    rmSync(master.at("/var/lib/kube-lab"), { recursive: true, force: true });
    mkdirSync(master.at("/var/lib/kube-lab"), { recursive: true });
    for (const [name, content] of Object.entries(notes)) writeFileSync(state(name), content);
  };

  describe("takes the place", () => {
    const here = (data: boolean, node: string) => `
etcd_has_data() { ${data}; }
node_answer() { echo ${node}; }
certificate_digest() { echo digest; }
note_loaded() { :; }
wait_until() { shift 2; "$@" >/dev/null || fail "timed out"; }
master_init() { echo "place: init"; }
master_join() { echo "place: join"; }
master_replace() { echo "place: replace"; }
master_start() { echo "place: kept"; }
`;
    const all = [first, second, third];
    const placed = { placed: "", place: "init" };
    test.each<[string, Record<string, string>, boolean, string, string[], string[], string]>([
      ["of a new lab when nobody answers", {}, false, "404", all, [], "init"],
      ["of a slow first master", {}, false, "404", all, [second, third], "init"],
      ["of one added later", {}, false, "404", [second, third], [second, third], "join"],
      ["of one that lost its disk", {}, false, "200", all, [second, third], "replace"],
      ["that it has", placed, true, "200", all, all, "kept"],
      ["that it has when the others are silent", placed, true, "200", all, [], "kept"],
      [
        "of one that lost its data, whatever its note says",
        placed,
        false,
        "200",
        all,
        [second, third],
        "replace",
      ],
      ["that a pass cut short has begun", { place: "join" }, true, "200", all, [second, third], "join"],
      [
        "again when that pass has left no data",
        { place: "init" },
        false,
        "200",
        all,
        [second, third],
        "replace",
      ],
    ])("%s", (_, notes, data, node, listed, answering, place) => {
      given(notes);
      const { words, status } = master.run("master_place", etcd(listed, answering) + here(data, node));
      expect(words).toMatch(new RegExp(`place: ${place}$`, "m"));
      expect(status).toBe(0);
    });

    test("of nobody while it has lost its data and the others are silent: an empty cluster would forget all", () => {
      given(placed);
      const { words, status } = master.run("master_place", etcd(all, []) + here(false, "404"));
      expect(words).not.toContain("place:");
      expect(status).toBe(1);
      // Nor in the next pass, which finds the notes of this one.
      expect(master.run("master_place", etcd(all, []) + here(false, "404")).words).not.toContain("place:");
      expect(
        master.run("master_place", `${etcd(all, [])}${here(false, "404")}MASTERS="kube-mast01=${first}"`)
          .words,
      ).toContain("there is no other master");
    });

    testWith("jq")("of one that joins again when etcd cannot use its data any more", () => {
      given(placed);
      const lost = `api_ready() { false; }; etcd_lost() { true; }; kubelet_certificate() { :; }
        control_plane_revive() { :; }; api_ready_or_etcd_lost() { true; }`;
      const source = `. "$LIBRARY/master.sh"; ${etcd(all, [second, third])}${here(true, "200")}`;
      const start = `eval "$(sed -n '/^master_start()/,/^}/p' "$LIBRARY/master.sh")"; ${lost}`;
      expect(master.run("master_place", `${source}${start}`).words).toContain("place: replace");
      const alone = `. "$LIBRARY/master.sh"; ${etcd(all, [second])}${here(true, "200")}${start}`;
      const { words, status } = master.run("master_place", alone);
      expect(words).not.toContain("place:");
      expect(status).toBe(1);
    });
  });

  describe.each<[string, string[], string[], boolean, boolean]>([
    ["three healthy members", [first, second, third], [first, second, third], true, true],
    ["three members, another one dead", [first, second, third], [first, second], false, false],
    ["two healthy members", [first, second], [first, second], true, true],
    ["two members, another one dead", [first, second], [first], false, false],
    ["only its own member", [first], [first], false, true],
    ["silent members", [first, second, third], [], false, false],
    ["a silent member of its own", [first, second, third], [second, third], true, true],
  ])("of a cluster with %s", (_, all, answering, leaves, steps) => {
    test(`${leaves ? "leaves" : "does not leave"} by itself`, () => {
      given({ placed: "", place: "init" });
      const { status, words } = master.run("role_leave", etcd(all, answering));
      expect({
        status,
        removed: /left the load balancers\n(?:.*\n)?removed 1a by/.test(words),
        forgot: /forgot its place/.test(words),
      }).toEqual({
        status: leaves ? 0 : 1,
        removed: leaves,
        forgot: leaves,
      });
      if (!leaves) expect(words).toMatch(/may not leave: .{10}/);
    });

    test(`${steps ? "stops" : "does not stop"} for a while`, () => {
      given({ placed: "" });
      const { status, words } = master.run(
        "SECONDS=0; role_step_aside",
        `${etcd(all, answering)}
        pause() { SECONDS=$((SECONDS + 400)); }`,
      );
      expect(status).toBe(steps ? 0 : 1);
      expect(words).toMatch(steps ? /stepped aside/ : /may not stop now: .{10}/);
    });
  });

  test.each([
    ["member 7692d02830b92591 has already been bootstrapped", true],
    ["tocommit(9) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?", true],
    ["the member has been permanently removed from the cluster", true],
    ["listen tcp 192.168.1.10:2380: bind: address already in use", false],
  ])("whose etcd ended with '%s' has lost its data: %s", (words, lost) => {
    const crictl = (running: string) =>
      `crictl() { case $* in *Running*) echo "${running}" ;; *Exited*) echo 1a ;; logs*) echo "${words}" ;; esac; }`;
    expect(master.run("etcd_lost", crictl("")).status === 0).toBe(lost);
    expect(master.run("etcd_lost", crictl("2b")).status).toBe(1);
  });

  test("takes a dead member out, and none whose going would cost the majority", () => {
    const all = [first, second, third];
    const dead = master.run(`role_forget kube-mast03 ${third}`, etcd(all, [first, second]));
    expect(dead).toMatchObject({ status: 0, words: expect.stringContaining("removed 3a by") });
    const living = master.run(`role_forget kube-mast02 ${second}`, etcd(all, [first, second]));
    expect(living).toMatchObject({ status: 1, words: expect.stringContaining("may not be taken out") });
  });

  test("takes out silent members that the lab has no more, and leaves silent ones that it has", () => {
    const all = [first, second, third];
    const run = (names: string) =>
      master.run("master_strangers", `${etcd(all, [first, second])}MASTERS="${names}"`).words;
    expect(run(`kube-mast01=${first}`)).toMatch(/removed 3a by/);
    expect(run(`kube-mast01=${first}`)).not.toMatch(/removed 2a by/);
    expect(run(`kube-mast01=${first} kube-mast02=${second} kube-mast03=${third}`)).not.toContain("removed");
  });

  test("is not kept from stepping aside by a dead one that the host knows the lab has no more", () => {
    given({ placed: "" });
    const all = [first, second, third];
    const { words } = master.run(
      "SECONDS=0; role_step_aside kube-mast01 kube-node01",
      `${etcd(all, [first, second])}
      pause() { SECONDS=$((SECONDS + 400)); }`,
    );
    expect(words).toMatch(/removed 3a by/);
    expect(words).not.toMatch(/removed 2a by/);
  });

  testWith("jq").each([
    ["true", "[]", "taint node kube-mast01 node-role.kubernetes.io/control-plane=:NoSchedule --overwrite"],
    ["false", '[{"key": "node-role.kubernetes.io/control-plane"}]', "control-plane-"],
    ["true", '[{"key": "node-role.kubernetes.io/control-plane"}]', ""],
    ["false", "[]", ""],
  ])("wants its taint (%s), has %s: %s", (wanted, taints, call) => {
    const { words } = master.run(
      "master_taint",
      `TAINTED=${wanted}; as_node() { echo '{"spec": {"taints": ${taints}}}'; }; kubectl_here() { echo "$*"; }`,
    );
    if (call === "") expect(words).toBe("");
    else expect(words).toContain(call);
  });

  testWith("jq")("removes the tokens by which machines joined, and no person's", () => {
    const secret = (name: string, description: string) =>
      `{"metadata": {"name": "${name}"}, "data": {"description": "${btoa(description)}"}}`;
    const items = `${secret("bootstrap-token-a", "machines of the lab")}, ${secret("bootstrap-token-b", "dashboard")}`;
    const { words } = master.run(
      "master_tokens",
      `as_admin() { echo '{"items": [${items}, {"metadata": {"name": "c"}}]}'; }; kubectl_here() { echo "$*"; }`,
    );
    expect(words.match(/delete .*/g)).toEqual([
      "delete secret bootstrap-token-a --namespace kube-system --ignore-not-found",
    ]);
  });

  test("sets the life of kubelets' certificates in a manifest that has another, once", () => {
    const manifest = master.at("/manifests/kube-controller-manager.yaml");
    mkdirSync(master.at("/manifests"), { recursive: true });
    const command =
      "spec:\n  containers:\n  - command:\n    - kube-controller-manager\n    - --bind-address=127.0.0.1\n";
    const wanted = command.replace("manager\n", "manager\n    - --cluster-signing-duration=8760h\n");
    for (const content of [
      command,
      command.replace("manager\n", "manager\n    - --cluster-signing-duration=1h\n"),
      wanted,
    ]) {
      writeFileSync(manifest, content);
      expect(master.run("master_signing", `CONTROLLER_MANAGER=${manifest}`).status).toBe(0);
      expect(master.read("/manifests/kube-controller-manager.yaml")).toBe(wanted);
    }
  });
});
