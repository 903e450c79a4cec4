import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { onLinux } from "../systems";
import { exampleLab } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab({ gluster: { count: 6 } });
const names = plan.machines.filter(({ role }) => role === "gluster").map(({ name }) => name);

let machine: WrittenMachine;
afterEach(() => machine.remove());

/** The machine with that number, in a lab of `count`, with its brick's files. */
function glusterMachine(index: number, count = 6): void {
  const lab = exampleLab({ gluster: { count } });
  const own = lab.machines.find(({ role, index: i }) => role === "gluster" && i === index);
  if (own === undefined) throw new Error(`no Gluster machine ${index}`);
  machine = writeMachine(lab, own);
  mkdirSync(machine.at("/srv/brick/lab"), { recursive: true });
}

function write(path: string, content = ""): void {
  mkdirSync(dirname(machine.at(path)), { recursive: true });
  writeFileSync(machine.at(path), content);
}

/** What `gluster volume info` says of a volume with bricks on those machines. */
function volumeOf(hosts: string[]): void {
  const bricks = hosts.map((host, i) => `Brick${i + 1}: ${host}:${machine.root}/srv/brick/lab\n`);
  write("/info", `Volume Name: lab\nVolume ID: 8cc637c4\nStatus: Started\n${bricks.join("")}`);
}

type Brick = { left?: number | "-"; splitBrain?: number };

/** What `gluster volume heal lab info summary` says, by machine. */
function healing(bricks: Record<string, Brick>): void {
  const blocks = Object.entries(bricks).map(([host, { left = 0, splitBrain = 0 }]) =>
    [
      `Brick ${host}:${machine.root}/srv/brick/lab`,
      `Status: ${left === "-" ? "Transport endpoint is not connected" : "Connected"}`,
      `Total Number of entries: ${left}`,
      `Number of entries in heal pending: ${left}`,
      `Number of entries in split-brain: ${left === "-" ? "-" : splitBrain}`,
      "Number of entries possibly healing: 0\n",
    ].join("\n"),
  );
  write("/heal", blocks.join("\n"));
}

/** The role's functions with a gluster that answers from files and notes what it is told; nobody waits. */
function called(call: string): { failed: string; calls: string[] } {
  machine.render(`
    fail() { printf '%s\\n' "$*" >"$KUBE_LAB_ROOT/failed"; exit 0; }
    pause() { :; }
    systemctl() { :; }
    timeout() { shift; "$@"; }
    wait_until() { local what=$2 said; shift 2; said=$("$@" 2>&1) || fail "$what: $said"; }
    retry() { shift 2; "$@"; }
    gluster() {
      local words="$*"
      words=\${words//"$KUBE_LAB_ROOT"/}
      case $words in
        *"heal lab info summary") cat "$KUBE_LAB_ROOT/heal" ;;
        *"volume info lab") cat "$KUBE_LAB_ROOT/info" ;;
        *" status") cat "$KUBE_LAB_ROOT/task" 2>/dev/null ;;
        *"status lab detail") cat "$KUBE_LAB_ROOT/sizes" ;;
        *detail) echo "Online : $(cat "$KUBE_LAB_ROOT/online" 2>/dev/null || echo Y)" ;;
        *"pool list") cat "$KUBE_LAB_ROOT/pool" 2>/dev/null || true ;;
        *) printf '%s\\n' "\${words#--mode=script volume }" >>"$KUBE_LAB_ROOT/calls" ;;
      esac
    }
    : >"$KUBE_LAB_ROOT/failed"; : >"$KUBE_LAB_ROOT/calls"
    ${call}`);
  return {
    failed: machine.read("/failed").trim(),
    calls: machine.read("/calls").split("\n").filter(Boolean),
  };
}

const whole = () => healing(Object.fromEntries(names.map((name) => [name, {}])));
const status = (state: string, files: number, failures: number) =>
  `<cliOutput><aggregate><files>${files}</files><failures>${failures}</failures><skipped>0</skipped><statusStr>${state}</statusStr></aggregate></cliOutput>`;

describe("a converged Gluster machine", () => {
  test.each<[string, Record<string, Brick>, string]>([
    ["entries are left to heal", { "glus-node02": { left: 7 } }, "7 entries left to heal"],
    ["a brick is not there", { "glus-node03": { left: "-" } }, "without the bricks of glus-node03"],
    [
      "copies contradict each other",
      { "glus-node01": { left: 1, splitBrain: 1 } },
      "1 of them in split brain",
    ],
  ])("is not one while %s", (_name, bricks, words) => {
    glusterMachine(1, 3);
    volumeOf(names.slice(0, 3));
    healing({ "glus-node01": {}, "glus-node02": {}, "glus-node03": {}, ...bricks });
    expect(
      called(
        'SECONDS=0; gluster_whole 2>&1 & sleep 2; kill $! 2>/dev/null; what_is_left >"$KUBE_LAB_ROOT/failed" || true',
      ),
    ).toMatchObject({
      failed: expect.stringContaining(words),
      calls: expect.arrayContaining(["heal lab"]),
    });
    expect(machine.read("/run/kube-lab/status")).toContain(words);
  });

  test("is one when nothing is left on any brick", () => {
    glusterMachine(1, 3);
    volumeOf(names.slice(0, 3));
    healing({ "glus-node01": {}, "glus-node02": {}, "glus-node03": {} });
    write("/srv/brick/filling", "given\n");
    expect(called("gluster_whole").failed).toBe("");
    expect(existsSync(machine.at("/srv/brick/filling"))).toBe(false);
  });
});

test("the volume's self-heal daemons look every minute for what clients leave that find a brick late", () => {
  glusterMachine(1, 3);
  volumeOf(names.slice(0, 3));
  const set = "set lab cluster.heal-timeout 60";
  expect(called("volume_options").calls).toContain(set);
  write("/info", `${machine.read("/info")}\ncluster.heal-timeout: 60\n`);
  expect(called("volume_options").calls).not.toContain(set);
});

describe("stepping aside", () => {
  beforeEach(() => {
    glusterMachine(5);
    volumeOf(names);
  });

  test("is for a machine whose copies are whole, whatever other sets do", () => {
    healing({ ...Object.fromEntries(names.map((name) => [name, {}])), "glus-node02": { left: 9 } });
    expect(called("role_step_aside").failed).toBe("");
  });

  test.each<[string, Record<string, Brick>, string]>([
    ["another copy is away", { "glus-node06": { left: "-" } }, "only 1 of the 2 other copies are online"],
    ["another copy is not whole", { "glus-node04": { left: 3 } }, "3 entries are left to heal"],
  ])("is refused while %s", (_name, bricks, words) => {
    healing({ ...Object.fromEntries(names.map((name) => [name, {}])), ...bricks });
    expect(called("role_step_aside").failed).toContain(words);
  });

  test("is for a machine whose own brick serves nobody", () => {
    healing({ ...Object.fromEntries(names.map((name) => [name, {}])), "glus-node05": { left: "-" } });
    write("/online", "N");
    expect(called("role_step_aside").failed).toBe("");
  });

  test("is for a machine without brick", () => {
    volumeOf(names.slice(0, 3));
    expect(called("role_step_aside").failed).toBe("");
  });
});

describe("leaving", () => {
  test("is refused to whoever holds the only copies, with the number to keep", () => {
    glusterMachine(3, 3);
    volumeOf(names.slice(0, 3));
    healing(Object.fromEntries(names.slice(0, 3).map((name) => [name, {}])));
    write("/srv/brick/lab/claims/a/file", "data");
    expect(called("role_leave").failed).toMatch(/holds a brick .* Keep gluster\.count at 3/);
  });

  test("is for a machine that is recreated: its disk stays, with the brick", () => {
    glusterMachine(3, 3);
    volumeOf(names.slice(0, 3));
    healing(Object.fromEntries(names.slice(0, 3).map((name) => [name, {}])));
    write("/srv/brick/lab/claims/a/file", "data");
    expect(called("RETURNING=true; role_leave")).toEqual({ failed: "", calls: [] });
  });

  test("is refused while the copies of an empty brick are not known to be empty", () => {
    glusterMachine(3, 3);
    volumeOf(names.slice(0, 3));
    healing({ "glus-node01": { left: 2 }, "glus-node02": {}, "glus-node03": {} });
    expect(called("role_leave").failed).toContain("holds a brick");
  });

  test("is for a volume that holds nothing but folders and gluster's own", () => {
    glusterMachine(3, 3);
    volumeOf(names.slice(0, 3));
    healing(Object.fromEntries(names.slice(0, 3).map((name) => [name, {}])));
    write("/srv/brick/lab/.glusterfs/health_check", "a time");
    mkdirSync(machine.at("/srv/brick/lab/claims"));
    expect(called("role_leave").failed).toBe("");
  });

  test("is for a machine whose brick was moved off, unless files are left on it", () => {
    glusterMachine(6);
    volumeOf(names.slice(0, 3));
    whole();
    expect(called("role_leave").failed).toBe("");
    write("/srv/brick/lab/forgotten", "data");
    expect(called("role_leave").failed).toContain("still has files");
  });
});

describe("fewer machines", () => {
  const size = (host: string, total: number, free: number) =>
    `<node><hostname>${host}</hostname><path>${machine.root}/srv/brick/lab</path><sizeTotal>${total}</sizeTotal><sizeFree>${free}</sizeFree></node>`;
  const sizes = (usedOfTheLast: number) =>
    `<cliOutput>${names.map((host, i) => size(host, 100, i < 3 ? 50 : 100 - usedOfTheLast)).join("")}</cliOutput>`;
  const last = () =>
    names
      .slice(3)
      .map((name) => `${name}:/srv/brick/lab`)
      .join(" ");

  test.each([3, 4, 5])("to %s: the last set's files are moved off, then its bricks go", (count) => {
    glusterMachine(1, count);
    volumeOf(names);
    whole();
    write("/sizes", sizes(20));
    const call = `remove_brick() { printf '%s\\n' "\${*//"$KUBE_LAB_ROOT"/}" >>"$KUBE_LAB_ROOT/calls"
        case $* in *start) printf '%s' '${status("completed", 12, 0)}' >"$KUBE_LAB_ROOT/task" ;; esac; }
      move_off $(surplus_bricks)`;
    expect(called(call)).toEqual({ failed: "", calls: [`${last()} start`, `${last()} commit`] });
  });

  test("is refused before anything is touched where what is there has no room", () => {
    glusterMachine(1, 3);
    volumeOf(names);
    whole();
    write("/sizes", sizes(49));
    const { failed, calls } = called("move_off $(surplus_bricks)");
    expect(failed).toMatch(
      /no room on the machines that stay: nothing was touched\. Keep gluster\.count at 6/,
    );
    expect(calls).toEqual([]);
  });

  test("a file that could not be moved keeps its brick", () => {
    glusterMachine(1, 3);
    volumeOf(names);
    whole();
    write("/task", status("completed", 12, 1));
    const { failed, calls } = called("move_off $(surplus_bricks)");
    expect(failed).toContain("1 files could not be moved off");
    expect(calls.filter((words) => words.endsWith("commit"))).toEqual([]);
  });

  test("a machine that holds a brick is not taken out of the pool", () => {
    glusterMachine(1, 3);
    volumeOf(names);
    write(
      "/pool",
      `UUID Hostname State\n${names.map((name) => `u ${name}.kube.local Connected`).join("\n")}\n`,
    );
    expect(called("detach_strangers").calls).toEqual([]);
    volumeOf(names.slice(0, 3));
    expect(called("detach_strangers").calls).toEqual(
      names.slice(3).map((name) => `--mode=script peer detach ${name}`),
    );
  });
});

describe("a brick", () => {
  beforeEach(() => {
    glusterMachine(2, 3);
    volumeOf(names.slice(0, 3));
  });
  const unmarked = "marked_brick() { return 1; };";

  test("of a new disk is filled by gluster's own way, and is known to be so until it is whole", () => {
    const note = `reset_brick() { printf '%s %s\\n' "$1" "$(cat "$BRICK_FILLING")" >>"$KUBE_LAB_ROOT/calls"; };`;
    expect(called(`${unmarked} ${note} return_brick`)).toEqual({
      failed: "",
      calls: ["start asked", "commit asked"],
    });
    expect(machine.read("/srv/brick/filling")).toBe("given\n");
    // Cut off before it was given: again. Given: it is waited for, and not begun again.
    write("/srv/brick/filling", "asked\n");
    expect(called(`${note} marked_brick() { :; }; return_brick`).calls).toHaveLength(2);
    expect(called(`${note} marked_brick() { :; }; return_brick`).calls).toEqual([]);
  });

  test.each([
    ["the disk has been a brick", "/srv/brick/brick-of"],
    ["there are files in it", "/srv/brick/lab/claims/a"],
  ])("that has lost its mark is not taken for a new one where %s", (_name, path) => {
    write(path, "8cc637c4\n");
    const { failed, calls } = called(`${unmarked} return_brick`);
    expect(failed).toContain("it is not taken for a new one");
    expect(calls).toEqual([]);
  });
});

describe("a machine that no pool knows", () => {
  test("does not let its brick be taken for a new one where it has files", () => {
    glusterMachine(1, 3);
    expect(called("refuse_unknown_files").failed).toBe("");
    write("/srv/brick/lab/claims/a/file", "data");
    expect(called("refuse_unknown_files").failed).toContain("nothing is touched");
    write("/var/lib/glusterd/peers/b", "uuid=b\n");
    expect(called("refuse_unknown_files").failed).toBe("");
  });
});

describe("a data disk", () => {
  beforeEach(() => glusterMachine(2, 3));
  const format = `mkfs.xfs() { printf 'mkfs\\n' >>"$KUBE_LAB_ROOT/calls"; }; format_disk "$KUBE_LAB_ROOT/disk"`;

  onLinux("is formatted when it is blank", () => {
    write("/disk", "\0".repeat(1 << 20));
    expect(called(format)).toEqual({ failed: "", calls: ["mkfs"] });
  });

  onLinux("is never formatted when anything is on it, though it has no file system that is known", () => {
    write("/disk", `${"\0".repeat(1 << 20)}x`);
    const { failed, calls } = called(format);
    expect(failed).toContain("refusing to overwrite");
    expect(calls).toEqual([]);
  });

  onLinux("is formatted again when formatting it was cut off", () => {
    write("/disk", "half of a file system");
    write("/var/lib/kube-lab/formatting");
    expect(called(format).calls).toEqual(["mkfs"]);
  });

  const bind = `mountpoint() { return 1; }; mount() { printf 'mount %s\\n' "\${*//"$KUBE_LAB_ROOT"/}" >>"$KUBE_LAB_ROOT/calls"; }; bind_identity`;

  onLinux("gets the identity of a machine that has it on its root disk, also when that was cut off", () => {
    write("/var/lib/glusterd/glusterd.info", "UUID=a\n");
    write("/srv/brick/glusterd.new/half", "");
    expect(called(bind)).toEqual({
      failed: "",
      calls: ["mount --bind /srv/brick/glusterd /var/lib/glusterd"],
    });
    expect(machine.read("/srv/brick/glusterd/glusterd.info")).toBe("UUID=a\n");
    expect(readdirSync(machine.at("/srv/brick"))).toEqual(["glusterd", "lab"]);
  });

  onLinux("brings its own identity to a machine recreated", () => {
    write("/var/lib/glusterd/groups/virt", "the package's");
    write("/srv/brick/glusterd/peers/b", "uuid=b\n");
    expect(called(bind).failed).toBe("");
    expect(readdirSync(machine.at("/srv/brick/glusterd"))).toEqual(["peers"]);
  });

  onLinux("of another machine is refused", () => {
    write("/var/lib/glusterd/glusterd.info", "UUID=a\noperating-version=110000\n");
    write("/var/lib/glusterd/peers/b", "uuid=b\n");
    expect(called("gluster_identity").failed).toContain("the data disk is of another machine");
    expect(machine.read("/var/lib/glusterd/glusterd.info")).toMatch(/^UUID=a$/m);
  });

  onLinux("that is new leaves its machine what a peer knows: the pool, by the names of the lab", () => {
    const own = /GLUSTER_UUID='(.*)'/.exec(machine.read("/etc/kube-lab/environment"))?.[1];
    write(
      "/pool",
      `UUID Hostname State\n${own} glus-node02 Disconnected\nc glus-node03.kube.local Connected\na localhost Connected\n`,
    );
    called("remember_peers glus-node01");
    expect(readdirSync(machine.at("/var/lib/glusterd/peers"))).toEqual(["a", "c"]);
    expect(machine.read("/var/lib/glusterd/peers/a")).toBe("uuid=a\nstate=3\nhostname1=glus-node01\n");
    expect(machine.read("/var/lib/glusterd/peers/c")).toBe("uuid=c\nstate=3\nhostname1=glus-node03\n");
  });
});
