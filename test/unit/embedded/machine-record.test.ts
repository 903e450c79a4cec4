import { nspawnArguments } from "../../../embedded/machine/container";
import {
  formatForwardRule,
  randomMac,
  readForwardRule,
  type StoredMachine,
} from "../../../embedded/machine/record";
import { listenAddress } from "../../../embedded/network/forwards";
import { bridgeName } from "../../../embedded/network/switch";
import { snapshotLines } from "../../../embedded/verbs/snapshot-list";

test("forward rules read and print as VirtualBox's", () => {
  const text = "api,tcp,127.0.0.1,18080,10.0.2.15,6443";
  const rule = readForwardRule(text);
  expect(rule).toEqual({
    name: "api",
    protocol: "tcp",
    hostAddress: "127.0.0.1",
    hostPort: 18080,
    guestAddress: "10.0.2.15",
    guestPort: 6443,
  });
  expect(rule && formatForwardRule(rule)).toBe(text);
  expect(readForwardRule(",tcp,,2222,,22")?.name).toBe("tcp_2222_22");
});

test.each(["garbage", "a,sctp,,1,,2", "a,tcp,,0,,2", "a,tcp,,65536,,2", "a,tcp,,1,,x", "a,tcp,,1,,2,3"])(
  "%s is no rule",
  (text) => {
    expect(readForwardRule(text)).toBeUndefined();
  },
);

test("forwards listen on the loopback, whatever a rule says", () => {
  const rule = (address: string) => ({ ...readForwardRule("a,tcp,,1,,2"), hostAddress: address });
  const listening = (address: string) => listenAddress(rule(address) as Parameters<typeof listenAddress>[0]);
  expect(["", "0.0.0.0", "192.168.1.1", "127.0.0.2"].map(listening)).toEqual([
    "127.0.0.1",
    "127.0.0.1",
    "127.0.0.1",
    "127.0.0.2",
  ]);
});

test("bridges' names fit an interface's and tell networks apart", () => {
  const names = ["kube-lab-dev-mast", "kube-lab-dev-node", "x".repeat(200)].map(bridgeName);
  for (const name of names) expect(name).toMatch(/^br-[0-9a-f]{12}$/);
  expect(new Set(names).size).toBe(3);
});

test("made-up MACs are VirtualBox's", () => {
  for (let count = 0; count < 100; count += 1) expect(randomMac()).toMatch(/^080027[0-9A-F]{6}$/);
});

test("snapshots' keys follow the tree", () => {
  const snapshot = (uuid: string, parent?: string) => ({ uuid, name: uuid, description: "", parent });
  const machine = {
    snapshots: [snapshot("a"), snapshot("b", "a"), snapshot("c", "a"), snapshot("d", "c")],
    currentSnapshot: "d",
  } as unknown as StoredMachine;
  expect(snapshotLines(machine).filter((line) => line.includes("Name"))).toEqual([
    'SnapshotName="a"',
    'SnapshotName-1="b"',
    'SnapshotName-2="c"',
    'SnapshotName-2-1="d"',
    'CurrentSnapshotName="d"',
    'CurrentSnapshotNode="SnapshotName-2-1"',
  ]);
});

describe("a container", () => {
  const plan = {
    ...{ name: "kubelab-1-2", hostname: "one", root: "/store/1/root", networkNamespace: "kubelab-1-2" },
    ...{ units: "/run/u", hostEnvironment: "/run/h", emptyFile: "/run/e", console: 1 },
    dataDisks: [{ device: "/dev/loop7", guestDevice: "/dev/sdb" }],
  };

  test("has its data disk, and its seed only while one is attached", () => {
    const without = nspawnArguments({ ...plan, cgroup: "v2" });
    expect(without).toContain("--bind=/dev/loop7:/dev/sdb");
    expect(without.join(" ")).not.toContain("nocloud");
    const withSeed = nspawnArguments({ ...plan, cgroup: "v2", seed: "/run/s" });
    expect(withSeed).toContain("--bind-ro=/run/s:/var/lib/cloud/seed/nocloud");
  });

  test("has its own changes over the /usr it reads from another disk", () => {
    const overlays = (more: object) =>
      nspawnArguments({ ...plan, cgroup: "v2", ...more }).filter((argument) => argument.includes("overlay"));
    expect(overlays({ usr: { base: "/store/0/root/usr", changes: "/store/1/usr/changes" } })).toEqual([
      "--overlay=/store/0/root/usr:/store/1/usr/changes:/usr",
    ]);
    expect(overlays({})).toEqual([]);
  });

  test("may not set the clock, load modules or open files by handles, and tells systemd of cgroup v1 only there", () => {
    const dropped = nspawnArguments({ ...plan, cgroup: "v1" }).find((one) =>
      one.startsWith("--drop-capability="),
    );
    for (const name of ["CAP_SYS_TIME", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_DAC_READ_SEARCH"])
      expect(dropped).toMatch(new RegExp(`[=,]${name}(,|$)`));
    expect(nspawnArguments({ ...plan, cgroup: "v1" }).at(-1)).toBe("SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1");
    expect(nspawnArguments({ ...plan, cgroup: "v2" }).at(-1)).toBe("--boot");
  });
});
