import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { machinesOf } from "../../plan/lab-plan";
import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();
const [first, second] = machinesOf(plan, "master").map(({ name, address }) => `${name}=${address}`);

/** An etcd that gives snapshots, and a program that makes a member's data of one. */
const stubs = `
calls=$KUBE_LAB_ROOT/calls
etcdctl_here() {
  case "$*" in
    *"snapshot save"*) echo snapshot >"$5" ;;
    *"endpoint status"*) echo '[{"Status": {"header": {"revision": 4711}}}]' ;;
  esac
}
etcdutl() {
  echo "etcdutl $*" >>"$calls"
  case $2 in
    status) echo '{"hash": 1, "revision": 4700, "totalKey": 2, "totalSize": 3}' ;;
    restore)
      local all="$*" folder && folder=\${all#*--data-dir } && folder=\${folder%% *}
      mkdir -p "$folder/member" && cp "$3" "$folder/member/data" ;;
  esac
}
authority_fingerprint() { echo AA:BB; }
systemctl() { echo "systemctl $*" >>"$calls"; }
crictl() { :; }
`;

describe("a master", () => {
  let master: WrittenMachine;
  beforeEach(() => {
    master = writeMachine(plan, firstOf(plan, "master"));
    mkdirSync(master.at("/var/lib/kube-lab"), { recursive: true });
  });
  afterEach(() => master.remove());

  const state = (name: string) => master.at(`/var/lib/kube-lab/${name}`);
  const member = () => master.at("/var/lib/etcd/member");
  const onMaster = (commands: string, more = "") => master.run(commands, `${stubs}\n${more}`);
  const hasData = (text: string) => {
    mkdirSync(member(), { recursive: true });
    writeFileSync(`${member()}/data`, text);
    writeFileSync(state("placed"), "");
  };
  const calls = () => (existsSync(master.at("/calls")) ? master.read("/calls") : "");
  const load = `echo snapshot >"$KUBE_LAB_ROOT/snapshot.db"; echo '{}' >"$KUBE_LAB_ROOT/about.json"
tar -cz -C "$KUBE_LAB_ROOT" about.json snapshot.db | base64 | restore_load '${first} ${second}' t1`;

  test("gives etcd's data with what it is of, when it can be read again", () => {
    const { status, words } = onMaster("master_backup");
    expect(status).toBe(0);
    const archive = Buffer.from(words, "base64");
    const about = execFileSync("tar", ["-xzO", "about.json"], { input: archive, encoding: "utf8" });
    expect(JSON.parse(about)).toMatchObject({
      stack: "dev",
      kubernetes: plan.kubernetes.version,
      authority: "AA:BB",
      snapshot: { revision: 4700 },
      masters: machinesOf(plan, "master").map(({ name, address }) => ({ name, address })),
    });
    expect(execFileSync("tar", ["-tz"], { input: archive, encoding: "utf8" })).toContain("snapshot.db");
  });

  test("gives nothing that cannot be read again, and leaves nothing behind", () => {
    const { status, words } = onMaster("master_backup", "etcdutl() { return 1; }");
    expect(status).toBe(1);
    expect(words).toContain("the snapshot cannot be read again");
    expect(execFileSync("ls", [master.at("/var/lib/kube-lab")], { encoding: "utf8" })).not.toContain(
      "backup",
    );
  });

  test("says whether it was a member, also in the middle of a restore", () => {
    const told = () => JSON.parse(onMaster("restore_about").words) as { member: boolean; revision: number };
    expect(told()).toMatchObject({ member: false, revision: 4711 });
    hasData("old");
    expect(told().member).toBe(true);
    rmSync(member(), { recursive: true });
    writeFileSync(state("restoring"), "true\n");
    expect(told().member).toBe(true);
  });

  test("takes no data before everything has stopped", () => {
    hasData("old");
    expect(onMaster(load)).toMatchObject({
      status: 1,
      words: expect.stringContaining("nothing was stopped"),
    });
    expect(readFileSync(`${member()}/data`, "utf8")).toBe("old");
  });

  test("keeps the data of before, that of the first attempt only, and is a member of the new cluster", () => {
    hasData("old");
    for (const attempt of ["restore_stop true", "restore_stop true"])
      expect(onMaster(`${attempt}\n${load}`)).toEqual({ status: 0, words: "" });
    expect(readFileSync(`${member()}/data`, "utf8")).toBe("snapshot\n");
    expect(readFileSync(`${state("etcd-replaced")}/data`, "utf8")).toBe("old");
    expect(calls()).toContain(
      `--initial-cluster ${[first, second].map((pair) => `${pair?.replace("=", "=https://")}:2380`).join(",")} `,
    );
    expect(calls()).toContain("--bump-revision 1000000000 --mark-compacted");
    expect(calls().indexOf("systemctl stop kube-lab.service kubelet.service")).toBeLessThan(
      calls().indexOf("etcdutl"),
    );
  });

  test("takes no place meanwhile, whatever it was about to do", () => {
    for (const notes of [["placed"], ["place"], []]) {
      for (const name of notes) writeFileSync(state(name), "init\n");
      onMaster("restore_stop false");
      expect(
        onMaster("master_place", "decide_place() { echo decided; }; master_start() { echo started; }"),
      ).toEqual({
        status: 1,
        words: expect.stringContaining("run 'npm run restore' again"),
      });
      for (const name of notes) rmSync(state(name));
    }
  });

  test("that had no place decides anew afterwards; a member keeps its own", () => {
    writeFileSync(state("place"), "init\n");
    onMaster("restore_stop false; restore_start");
    expect(existsSync(state("place"))).toBe(false);
    hasData("old");
    onMaster("restore_stop true; restore_start");
    expect(existsSync(state("placed"))).toBe(true);
    expect(existsSync(state("restoring"))).toBe(false);
  });
});
