import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObservedState } from "../../../hypervisor/reality/observation";
import type { LabOutputs } from "../../../lab/outputs";
import { NoAnswer } from "../../../lab/shell";
import { type About, described } from "../../../scripts/backup/about";
import { snapshotOf } from "../../../scripts/backup/back-up";
import { passphraseOf, sealed, unsealed } from "../../../scripts/backup/vault";
import { lossOf, planRestore, restore } from "../../../scripts/restore/restore";
import { exampleLab } from "../../rendered/example-lab";

const plan = exampleLab();
const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
const lab = { plan, outputs: { machines: plan.machines } as unknown as LabOutputs };
const about: About = {
  stack: "dev",
  time: "2026-11-26T08:40:00Z",
  by: "kube-mast01",
  majority: true,
  kubernetes: plan.kubernetes.version,
  authority: "AA:BB",
  masters: [],
  snapshot: { hash: 1, revision: 4700, totalKey: 2, totalSize: 3 },
};

describe("a backup's file", () => {
  const content = Buffer.from("what only the passphrase opens");
  const file = sealed(content, about, "open sesame");

  test("says what it is, holds nothing else in clear, and is opened by the passphrase", () => {
    expect(file.toString("latin1")).toContain('"revision":4700');
    expect(file.toString("latin1")).not.toContain("passphrase opens");
    expect(unsealed(file, "open sesame")).toEqual({ about, content });
    expect(sealed(content, about, "open sesame").equals(file)).toBe(false);
  });

  test("is refused when the passphrase is another, or one byte of it", () => {
    const words = "the passphrase is another than the backup's, or the file is not whole";
    expect(() => unsealed(file, "open")).toThrow(words);
    expect(() => unsealed(file.subarray(0, -1), "open sesame")).toThrow(words);
    for (const at of [file.indexOf("4700"), file.indexOf("\n") + 3, file.length - 1]) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unsealed(changed, "open sesame")).toThrow(words);
    }
    expect(() => unsealed(Buffer.from("PK zip\n"), "open sesame")).toThrow("it is no backup of a lab");
  });

  test("has the stack's own passphrase, and none without one", () => {
    expect(passphraseOf({ PULUMI_CONFIG_PASSPHRASE: "a" })).toBe("a");
    expect(() => passphraseOf({})).toThrow("set PULUMI_CONFIG_PASSPHRASE");
  });
});

describe("a backup", () => {
  /** What each master's `kube-lab backup` gives: its revision, and whether it is one of a majority; undefined where it gives none. */
  const taken = (given: Record<string, { revision: number; majority: boolean } | undefined>) =>
    snapshotOf(lab, {
      run: async (machine) => {
        const own = given[machine];
        if (own === undefined) return { status: 1, stdout: "", stderr: "etcd gives no snapshot" };
        const { revision, majority } = own;
        const content = { ...about, by: machine, majority, snapshot: { ...about.snapshot, revision } };
        const folder = mkdtempSync(join(tmpdir(), "kube-lab-backup-"));
        writeFileSync(join(folder, "about.json"), JSON.stringify(content));
        const archive = execFileSync("tar", ["-cz", "-C", folder, "about.json"]);
        rmSync(folder, { recursive: true });
        return { status: 0, stdout: archive.toString("base64"), stderr: "" };
      },
    });

  test("is a majority's, whoever else gives one first; else that of the master that knows most, which it says", async () => {
    const lonely = { revision: 10, majority: false };
    const first = await taken({ "kube-mast01": lonely, "kube-mast02": { revision: 9, majority: true } });
    expect(first.about.by).toBe("kube-mast02");
    const most = await taken({ "kube-mast01": lonely, "kube-mast03": { revision: 11, majority: false } });
    expect(most.about.by).toBe("kube-mast03");
    expect(described(most.about)).toContain("which was without a majority");
    await expect(taken({})).rejects.toThrow(
      /no master gives a snapshot:\n {2}kube-mast01: etcd gives no snapshot/,
    );
  });
});

/** Masters of which each says what `kube-lab restore about` would, and what they were told. */
function shellOf(told: Record<string, object>) {
  const calls: string[] = [];
  return {
    calls,
    run: async (machine: string, command: string) => {
      calls.push(`${machine} ${command.replace(/^sudo kube-lab /, "").replace(/ [0-9a-f]{16} /, " ")}`);
      const stdout = command.endsWith("about") ? JSON.stringify(told[machine]) : "";
      return { status: 0, stdout, stderr: "" };
    },
  };
}
const member = { authority: "AA:BB", member: true, lived: true, masters, revision: 4711 };
const states = (...of: ObservedState[]) => new Map(masters.map((name, i) => [name, of[i] ?? "missing"]));
const namesOf = (machines: readonly { name: string }[]) => machines.map(({ name }) => name);

describe("a restore", () => {
  test("onto a living lab goes to all masters, and says what is lost", async () => {
    const shell = shellOf(Object.fromEntries(masters.map((name) => [name, member])));
    const restored = await planRestore(lab, states("running", "running", "running"), about, shell, undefined);
    expect(namesOf(restored.members)).toEqual(masters);
    expect(lossOf(about, restored)).toMatch(
      /^Everything that was written since 2026-11-26T08:40:00Z \(etcd's revision 4700\) is lost: 11 writes/,
    );
  });

  test("goes to the one that is left when two are lost for good; those recreated meanwhile wait", async () => {
    const shell = shellOf({
      "kube-mast01": { ...member, revision: null },
      "kube-mast02": { ...member, member: false, lived: false, revision: null },
    });
    const restored = await planRestore(lab, states("running", "running"), about, shell, undefined);
    expect(namesOf(restored.members)).toEqual(["kube-mast01"]);
    expect(namesOf(restored.waiting)).toEqual(["kube-mast02"]);
    expect(namesOf(restored.lost)).toEqual(["kube-mast03"]);
    expect(lossOf(about, restored)).toContain("is lost, how much can't be told");
    expect(lossOf(about, restored)).toContain("Gone, and recreated by the next npm run up: kube-mast03.");
  });

  test("counts nothing over another restore", async () => {
    const shell = shellOf(
      Object.fromEntries(masters.map((name) => [name, { ...member, revision: 1e9 + 4800 }])),
    );
    const restored = await planRestore(lab, states("running", "running", "running"), about, shell, undefined);
    expect(restored.writesLost).toBeUndefined();
  });

  test("is refused with every reason before anything is touched", async () => {
    const shell = shellOf({ "kube-mast01": { ...member, authority: "CC", member: false, lived: false } });
    const other = { ...about, stack: "prod", kubernetes: "1.35.0" };
    const refused = planRestore(lab, states("running", "stopped"), other, shell, undefined);
    await expect(refused).rejects.toThrow(
      /nothing was touched:\n {2}it is of stack prod, and this is dev\n {2}it is of Kubernetes 1\.35\.0.*\n {2}kube-mast01 has another authority.*\n {2}kube-mast02 is off and has the data of before.*\n {2}no master runs that was a member/,
    );
    expect(shell.calls).toEqual(["kube-mast01 restore about"]);
  });

  test("goes to all that lived where etcd's data is gone from every one", async () => {
    const shell = shellOf(Object.fromEntries(masters.map((name) => [name, { ...member, member: false }])));
    const restored = await planRestore(lab, states("running", "running", "running"), about, shell, undefined);
    expect(namesOf(restored.members)).toEqual(masters);
  });

  test("is refused while a master may be a member that the last whole update does not know", async () => {
    const outputs = { machines: plan.machines.filter(({ name }) => name !== "kube-mast03") };
    const fewer = { plan, outputs: outputs as unknown as LabOutputs };
    const shell = shellOf(Object.fromEntries(masters.map((name) => [name, member])));
    const refused = planRestore(fewer, states("running", "running"), about, shell, undefined);
    await expect(refused).rejects.toThrow("kube-mast03 may be a member too");
  });

  test("is refused while a master's files are there that is not registered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-restore-"));
    const machine = "kube-lab-dev-kube-mast03";
    mkdirSync(join(folder, machine));
    const shell = shellOf(Object.fromEntries(masters.map((name) => [name, member])));
    const planned = () => planRestore(lab, states("running", "running"), about, shell, folder);
    expect(namesOf((await planned()).lost)).toEqual(["kube-mast03"]);
    writeFileSync(join(folder, machine, `${machine}.vbox`), "");
    await expect(planned()).rejects.toThrow(
      /kube-mast03 is not registered and has the data of before.*registervm/,
    );
    rmSync(folder, { recursive: true });
  });

  test("starts none without a place before all members have converged, however late their answers", async () => {
    const shell = shellOf({});
    const [members, waiting] = ["kube-mast01", "kube-mast02"].map((name) =>
      plan.machines.filter((machine) => machine.name === name),
    ) as never[][];
    const [late, failed] = [new NoAnswer("no answer"), { status: 1, stdout: "", stderr: "still starting" }];
    const answers = [late, failed];
    const run = async (machine: string, command: string) => {
      const answer = await shell.run(machine, command);
      const first = command.endsWith("wait 20") ? answers.shift() : undefined;
      if (first instanceof Error) throw first;
      return first ?? answer;
    };
    await restore(
      Buffer.from("x"),
      { members: members ?? [], waiting: waiting ?? [], lost: [], bytes: 3 },
      { run },
    );
    expect(shell.calls.slice(-4)).toEqual([
      ...Array(3).fill("kube-mast01 wait 20"),
      "kube-mast02 restore start",
    ]);
  });

  test("leaves those without a place waiting where a member does not converge: they would begin a cluster", async () => {
    const shell = shellOf({});
    const [members, waiting] = ["kube-mast01", "kube-mast02"].map((name) =>
      plan.machines.filter((machine) => machine.name === name),
    ) as never[][];
    const run = async (machine: string, command: string) => {
      const answer = await shell.run(machine, command);
      return command.endsWith("wait 20") ? { ...answer, status: 1 } : answer;
    };
    const clock = jest.spyOn(Date, "now").mockReturnValueOnce(0).mockReturnValue(1e6);
    const plans = { members: members ?? [], waiting: waiting ?? [], lost: [], bytes: 3 };
    await expect(restore(Buffer.from("x"), plans, { run })).rejects.toMatchObject({
      message: expect.stringMatching(/^kube-mast01: .*timed out/),
      remedy: expect.stringMatching(/journalctl -u kube-lab.*repeat the command/),
    });
    clock.mockRestore();
    expect(shell.calls).not.toContain("kube-mast02 restore start");
  });

  test("prepares before anything stops, stops all before the first takes the data, starts those without a place last", async () => {
    const shell = shellOf({});
    const machineOf = (name: string) => plan.machines.filter((machine) => machine.name === name);
    const [members, waiting] = [machineOf("kube-mast01"), machineOf("kube-mast02")] as never[][];
    await restore(
      Buffer.from("x"),
      { members: members ?? [], waiting: waiting ?? [], lost: [], bytes: 3 },
      shell,
    );
    expect(shell.calls).toEqual([
      "kube-mast01 restore prepare 'kube-mast01=192.168.1.10' 3",
      "kube-mast02 restore stop false",
      "kube-mast01 restore stop true",
      "kube-mast01 restore swap",
      "kube-mast01 restore start",
      "kube-mast01 wait 20",
      "kube-mast02 restore start",
    ]);
  });
});
