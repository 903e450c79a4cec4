import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
forget_pods() { :; }
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
  const prepare = `echo snapshot >"$KUBE_LAB_ROOT/snapshot.db"; echo '{}' >"$KUBE_LAB_ROOT/about.json"
tar -cz -C "$KUBE_LAB_ROOT" about.json snapshot.db | base64 | restore_prepare '${first} ${second}' t1 3`;
  const attempt = `${prepare}\nrestore_stop true\nrestore_swap`;

  test("gives etcd's data with what it is of, when it can be read again", () => {
    const { status, words } = onMaster("master_backup");
    expect(status).toBe(0);
    const archive = Buffer.from(words, "base64");
    const about = execFileSync("tar", ["-xzO", "about.json"], { input: archive, encoding: "utf8" });
    expect(JSON.parse(about)).toMatchObject({
      stack: "dev",
      kubernetes: plan.kubernetes.version,
      authority: "AA:BB",
      majority: true,
      snapshot: { revision: 4700 },
      masters: machinesOf(plan, "master").map(({ name, address }) => ({ name, address })),
    });
    expect(execFileSync("tar", ["-tz"], { input: archive, encoding: "utf8" })).toContain("snapshot.db");
  });

  test("brings along the keys of the secrets in it, which a master of another key takes beside its own", () => {
    const keys = "/etc/kubernetes/encryption/keys";
    onMaster("take_encryption_key; merge_keys $ENCRYPTION_KEYS <(echo k0 AAAA)");
    const archive = Buffer.from(onMaster("master_backup").words, "base64");
    const own = (text: string) => text.split("\n").map((line) => line.split(" ")[0]);
    const given = execFileSync("tar", ["-xzO", "encryption-keys"], { input: archive, encoding: "utf8" });
    expect(own(given)).toEqual([expect.stringMatching(/^k[0-9a-f]{12}$/), "k0", ""]);
    rmSync(master.at(keys));
    onMaster(`take_encryption_key; place_encryption "$(encryption_target)"`);
    writeFileSync(master.at("/backup"), archive);
    const { status, words } = onMaster(
      `base64 "$KUBE_LAB_ROOT/backup" | restore_prepare '${first} ${second}' t1 3; restore_stop true; restore_swap`,
    );
    expect({ status, words }).toEqual({ status: 0, words: "" });
    expect(own(master.read(keys))).toEqual(own(given));
    const { resources } = JSON.parse(master.read("/etc/kubernetes/encryption/providers.yaml"));
    expect(resources[0].providers[0].secretbox.keys.map(({ name }: { name: string }) => name)).toEqual(
      own(given).slice(0, 2),
    );
    expect(statSync(master.at(keys)).mode & 0o777).toBe(0o600);
  });

  test("gives nothing that cannot be read again, and leaves nothing behind", () => {
    const { status, words } = onMaster("master_backup", "etcdutl() { return 1; }");
    expect(status).toBe(1);
    expect(words).toContain("the snapshot cannot be read again");
    expect(execFileSync("ls", [master.at("/var/lib/kube-lab")], { encoding: "utf8" })).not.toContain(
      "backup",
    );
  });

  test("says when it is without a majority, whose writes it may not have", () => {
    const lonely = `etcdctl_here() { case "$*" in *health*) return 1 ;; *) echo snapshot >"$5" ;; esac; }`;
    const archive = Buffer.from(onMaster("master_backup", lonely).words, "base64");
    const about = execFileSync("tar", ["-xzO", "about.json"], { input: archive, encoding: "utf8" });
    expect(JSON.parse(about)).toMatchObject({ majority: false });
  });

  test("is not one of a majority that it has found only after its snapshot", () => {
    const late = `etcdctl_here() {
  case "$*" in *health*) [ -e "$KUBE_LAB_ROOT/saved" ] ;; *) echo snapshot >"$5"; touch "$KUBE_LAB_ROOT/saved" ;; esac
}`;
    const archive = Buffer.from(onMaster("master_backup", late).words, "base64");
    const about = execFileSync("tar", ["-xzO", "about.json"], { input: archive, encoding: "utf8" });
    expect(JSON.parse(about)).toMatchObject({ majority: false });
  });

  test("names also members that its etcd has and that it was never told of", () => {
    const more = `etcdctl_here() {
  case "$*" in *list*) echo '{"members": [{"name": "kube-mast01"}, {"name": "kube-mast09"}, {"ID": 7}]}' ;; esac
}`;
    const { masters } = JSON.parse(onMaster("restore_about", more).words) as { masters: string[] };
    expect(masters).toEqual([...machinesOf(plan, "master").map(({ name }) => name), "kube-mast09"]);
  });

  test("takes away copies that a cut off backup has left, but none of one at work", () => {
    mkdirSync(state("backup.cut"));
    expect(onMaster("lock_backups; (exec 8>&-; forget_copies)").status).toBe(0);
    expect(existsSync(state("backup.cut"))).toBe(true);
    expect(onMaster("note_restored").status).toBe(0);
    expect(existsSync(state("backup.cut"))).toBe(false);
  });

  test("says whether it was a member, also in the middle of a restore", () => {
    const told = () => JSON.parse(onMaster("restore_about").words) as { member: boolean; lived: boolean };
    expect(told()).toMatchObject({
      ...{ member: false, lived: false, revision: 4711 },
      masters: machinesOf(plan, "master").map(({ name }) => name),
    });
    hasData("old");
    expect(told().member).toBe(true);
    rmSync(member(), { recursive: true });
    writeFileSync(state("restoring"), "true\n");
    expect(told().member).toBe(true);
    // A full disk leaves nothing in it.
    writeFileSync(state("restoring"), "");
    expect(told()).toMatchObject({ member: false, lived: true });
  });

  test("takes no data before everything has stopped", () => {
    hasData("old");
    expect(onMaster(`${prepare}; restore_swap`)).toMatchObject({
      status: 1,
      words: expect.stringContaining("nothing was stopped"),
    });
    expect(readFileSync(`${member()}/data`, "utf8")).toBe("old");
  });

  test("stops nothing for what cannot be prepared", () => {
    hasData("old");
    const full = `etcdutl() { mkdir -p "$PREPARED/member"; echo 'no space left on device' >&2; return 1; }`;
    expect(onMaster(prepare, full)).toMatchObject({
      status: 1,
      words: expect.stringContaining("no space left on device"),
    });
    expect(calls()).not.toContain("systemctl stop");
    expect(readFileSync(`${member()}/data`, "utf8")).toBe("old");
    // What has filled the disk goes: the etcd that serves on needs it.
    for (const name of ["backup.in", "etcd-restored"]) expect(existsSync(state(name))).toBe(false);
  });

  test("begins nothing where the disk has no room for the data twice, and for etcd's log", () => {
    expect(onMaster(prepare, "df() { echo Avail; echo $((256 << 20)); }")).toMatchObject({
      status: 1,
      words: expect.stringMatching(/has room for 256 MiB, and this needs 257 MiB/),
    });
    expect(calls()).not.toContain("etcdutl");
  });

  test("takes no silence of containerd for an end of etcd", () => {
    hasData("old");
    expect(onMaster("restore_stop true", "crictl() { return 1; }")).toMatchObject({
      status: 1,
      words: expect.stringContaining("containerd does not tell what runs"),
    });
    // By its passes the next update knows that a restore was begun.
    expect(calls()).toMatch(/systemctl start --no-block kube-lab.service\n$/);
  });

  test("keeps the data of before until a restore came to its end, and then that of before the next one", () => {
    hasData("old");
    for (const _ of [1, 2]) onMaster(`${attempt}\nrestore_start`);
    expect(readFileSync(`${state("etcd-replaced")}/data`, "utf8")).toBe("old");
    onMaster("note_restored");
    writeFileSync(`${member()}/data`, "later");
    onMaster(attempt);
    expect(readFileSync(`${state("etcd-replaced")}/data`, "utf8")).toBe("later");
  });

  test("takes data up again that is gone, as the member that it was", () => {
    writeFileSync(state("lived"), "");
    expect(onMaster(attempt).status).toBe(0);
    expect(existsSync(state("placed"))).toBe(true);
  });

  test("keeps the data of before, that of the first attempt only, and is a member of the new cluster", () => {
    hasData("old");
    for (const _ of [1, 2]) expect(onMaster(attempt)).toEqual({ status: 0, words: "" });
    expect(readFileSync(`${member()}/data`, "utf8")).toBe("snapshot\n");
    expect(readFileSync(`${state("etcd-replaced")}/data`, "utf8")).toBe("old");
    expect(calls()).toContain(
      `--initial-cluster ${[first, second].map((pair) => `${pair?.replace("=", "=https://")}:2380`).join(",")} `,
    );
    expect(calls()).toContain("--bump-revision 1000000000 --mark-compacted");
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

  test("that had no place decides again afterwards, without data of the old cluster; a member keeps its own", () => {
    writeFileSync(state("place"), "init\n");
    onMaster("restore_stop false; restore_start", `forget_place() { echo forgotten >>"$calls"; }`);
    expect(existsSync(state("place"))).toBe(false);
    expect(calls()).toContain("forgotten");
    const silence = `living_endpoint() { return 1; }; etcd_has_data() { return 1; }; master_init() { echo founded; }
wait_until() { fail "waiting for $2"; }`;
    expect(onMaster("master_place", silence)).toEqual({
      status: 1,
      words: expect.stringMatching(/^(?!.*founded).*waiting for another master's etcd/s),
    });
    hasData("old");
    onMaster("restore_stop true; restore_start");
    expect(existsSync(state("placed"))).toBe(true);
    expect(existsSync(state("restoring"))).toBe(false);
  });
});
