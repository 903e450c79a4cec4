import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machinesOf } from "../../plan/lab-plan";
import { exampleCredentials } from "./example-credentials";
import { exampleLab } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

const [on, off] = [true, false].map((encryptionAtRest) => exampleLab({ kubernetes: { encryptionAtRest } }));
if (on === undefined || off === undefined) throw new Error("no labs");
const names = machinesOf(on, "master").map(({ name }) => name);

/** What all masters share: nodes with their notes, secrets by how they are written, and what each API server was started with. */
let cluster: string;
let masters: Map<string, WrittenMachine>;

/**
 * An API server reads what it was started with, and writes a secret whenever it starts. Each time it is looked whether all that run
 * can read all that is there. `killAt`: the process ends before or after the so-many-th start.
 */
const stubs = (killAt: string) => `
  cluster=${cluster}; killAt=${killAt}; starts=0
  systemctl() { echo "systemctl $*"; }; sync() { :; }; pause() { :; }; wait_until() { :; }; step() { echo "$*"; }
  leave_balancers() { :; }; return_to_balancers() { :; }; with_join_lock() { "$@"; }; ENCRYPTION_SECONDS=0
  as_admin() {
    local file entry all=""
    for file in "$cluster"/node-*; do
      [[ $1 = *labelSelector* || \${file##*/node-} = "$MACHINE" ]] || continue
      printf -v entry '{"metadata": {"name": "%s", "annotations": {%s}}}' "\${file##*/node-}" "$(<"$file")"
      all+="\${all:+,}$entry"
    done
    if [[ $1 = *labelSelector* ]]; then printf '{"items": [%s]}' "$all"; else printf '%s' "$all"; fi
  }
  kubectl_lab() { as_admin "$3"; }
  kubectl_here() {
    local note
    case $1 in
      annotate) note=\${4#*=} && printf '"kube-lab/encryption": "%s"' "\${note//\\"/\\\\\\"}" >"$cluster/node-$MACHINE" ;;
      replace) for file in "$cluster"/secret-*; do written >"$file"; done; readable ;;
    esac
  }
  written() {
    local server && server=$(<"$cluster/server-$MACHINE") && server=\${server//[[:space:]]/}
    if [[ $server =~ \\"providers\\":\\[\\{\\"secretbox\\":\\{\\"keys\\":\\[\\{\\"name\\":\\"([^\\"]*) ]]; then
      echo "k8s:enc:secretbox:v1:\${BASH_REMATCH[1]}:"
    else echo k8s; fi
  }
  etcdctl_here() {
    local file entry all=""
    for file in "$cluster"/secret-*; do
      printf -v entry '{"value": "%s"}' "$(base64 --wrap 0 "$file")"
      all+="\${all:+,}$entry"
    done
    printf '{"kvs": [%s]}' "$all"
  }
  readable() {
    local server secret name
    for server in "$cluster"/server-*; do for secret in "$cluster"/secret-*; do
      name=$(<"$secret") && name=\${name#k8s} && name=\${name#:enc:secretbox:v1:} && name=\${name%:}
      [[ -z $name || $(<"$server") = *"\\"$name\\""* ]] || echo "\${server##*/} cannot read \${secret##*/}" >>"$cluster/broken"
    done; done
  }
  restart_container() {
    starts=$((starts + 1))
    [ "$killAt" != "before $starts" ] || exit 137
    cp "$PROVIDERS" "$cluster/server-$MACHINE"; written >"$cluster/secret-$MACHINE"; readable
    [ "$killAt" != "after $starts" ] || exit 137
  }
  pass() {
    take_encryption_key; place_encryption identity
    if [[ $(<"$cluster/server-$MACHINE") != *secretbox* ]]; then restart_container; note_loaded; fi
    master_encryption
  }`;

const run = (name: string, commands: string, killAt = "") =>
  masters.get(name)?.run(commands, stubs(`"${killAt}"`)) ?? { status: null, words: "no such master" };
/** As an `up` delivers it to one master after the other; where one ends early, so does the update. */
const up = (killAt?: { master: string; moment: string }) => {
  for (const name of names) {
    const { status } = run(name, "pass", killAt?.master === name ? killAt.moment : "");
    if (status !== 0) return;
  }
};
/** What the unit does on each. */
const goOn = () => {
  for (const name of [...names, ...names])
    if (unsettled().includes(name)) run(name, "encryption_load; encryption_advance || true");
};
const shared = (part: string) =>
  readdirSync(cluster)
    .filter((file) => file.startsWith(part))
    .map((file) => readFileSync(join(cluster, file), "utf8").trim());
const broken = () => shared("broken");
const unsettled = () =>
  names.filter((name) => existsSync(masters.get(name)?.at("/var/lib/kube-lab/encryption-unsettled") ?? ""));

const configure = (plan: typeof on) => {
  for (const machine of machinesOf(plan, "master")) {
    const [wanted, master] = [writeMachine(plan, machine), masters.get(machine.name)];
    writeFileSync(master?.at("/etc/kube-lab/environment") ?? "", wanted.read("/etc/kube-lab/environment"));
    wanted.remove();
  }
};

beforeEach(() => {
  cluster = mkdtempSync(join(tmpdir(), "kube-lab-cluster-"));
  masters = new Map(machinesOf(on, "master").map((machine) => [machine.name, writeMachine(on, machine)]));
  for (const name of names) {
    for (const file of [`node-${name}`, `server-${name}`]) writeFileSync(join(cluster, file), "");
    writeFileSync(join(cluster, `secret-${name}`), "k8s");
    mkdirSync(masters.get(name)?.at("/var/lib/kube-lab") ?? "", { recursive: true });
  }
});
afterEach(() => {
  for (const master of masters.values()) master.remove();
  rmSync(cluster, { recursive: true });
});

const encrypted = expect.stringMatching(/^k8s:enc:secretbox:v1:k[0-9a-f]{12}:$/);

describe("secrets of a lab that lives", () => {
  test("are encrypted once all can read that, are in clear again when switched off, and encrypted again", () => {
    up();
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => encrypted));
    configure(off);
    up();
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => "k8s"));
    configure(on);
    up();
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => encrypted));
    expect([broken(), unsettled()]).toEqual([[], []]);
  });

  test("are encrypted by nobody while one master cannot read it, also one that the lab has no more", () => {
    writeFileSync(join(cluster, "node-kube-mast09"), "");
    writeFileSync(join(cluster, "server-kube-mast09"), "");
    up();
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => "k8s"));
    expect(unsettled()).toEqual(names);
    rmSync(join(cluster, "node-kube-mast09"));
    rmSync(join(cluster, "server-kube-mast09"));
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => encrypted));
    expect([broken(), unsettled()]).toEqual([[], []]);
  });

  test.each([
    ["before 1", names[0]],
    ["after 1", names[1]],
    ["before 2", names[2]],
    ["after 2", names[2]],
  ])("stay readable where the update is cut off %s starts, of %s, and go on", (moment, master = "") => {
    up({ master, moment });
    goOn();
    up();
    goOn();
    expect(shared("secret-")).toEqual(names.map(() => encrypted));
    expect([broken(), unsettled()]).toEqual([[], []]);
  });
});

test("a master that joins writes as the others do where all read it, else in clear", () => {
  const joins =
    'rm -f "$PROVIDERS"; take_encryption_key; place_encryption "$(encryption_of_joining)"; encryption_writes';
  expect(run("kube-mast03", joins)).toEqual({ status: 0, words: "identity\n" });
  up();
  goOn();
  expect(run("kube-mast03", joins)).toEqual({
    status: 0,
    words: expect.stringMatching(/^k[0-9a-f]{12}\n$/),
  });
});

test("another key of the lab's is taken up beside the one of before, and what that has encrypted is written anew", () => {
  up();
  goOn();
  const [before] = shared("secret-");
  for (const master of masters.values())
    writeFileSync(
      master.at("/etc/kube-lab/encryption-key"),
      `${Buffer.from("another-key-of-32-letters-for-it").toString("base64")}\n`,
    );
  up();
  goOn();
  const after = shared("secret-");
  expect(after).toEqual(names.map(() => encrypted));
  expect(after).not.toContain(before);
  expect([broken(), unsettled()]).toEqual([[], []]);
});

test("a key that is none ends the pass before anything is changed", () => {
  writeFileSync(masters.get("kube-mast01")?.at("/etc/kube-lab/encryption-key") ?? "", "c2hvcnQ=\n");
  const { status, words } = run("kube-mast01", "pass");
  expect(status).not.toBe(0);
  expect(words).toContain("is no key of 32 bytes");
  expect(shared("server-")).toEqual(names.map(() => ""));
});

test("the key is the masters' alone, in a file for root", () => {
  const key = exampleCredentials(on, machinesOf(on, "master")[0] as never).encryptionKey ?? "";
  for (const machine of on.machines) {
    const written = writeMachine(on, machine);
    const holders = written.files.filter(({ content }) => content.includes(key));
    expect(holders.map(({ path, mode }) => [path, mode])).toEqual(
      machine.role === "master" ? [["/etc/kube-lab/encryption-key", "0600"]] : [],
    );
    written.remove();
  }
});
