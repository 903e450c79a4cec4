import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, Guest, makeKey } from "./guest";
import { buildProgram, type Program, standInObstacle } from "./program";
import { createTemplate } from "./template";

// A boot of two machines on a busy computer.
jest.setTimeout(60_000);

const blocked = standInObstacle();
const describeHere = blocked === undefined ? describe : describe.skip;

/** Changes, additions and deletions below /usr, of all that a file can have. */
const CHANGE = `
cp /usr/bin/true /usr/local/bin/mine && chgrp daemon /usr/local/bin/mine && chmod 4750 /usr/local/bin/mine
ln /usr/local/bin/mine /usr/local/bin/also
python3 -c 'import os; os.setxattr("/usr/local/bin/mine", "user.kept", b"yes")'
rm /usr/bin/yes
chmod 700 /usr/bin/nproc
rm -r /usr/share/common-licenses && mkdir /usr/share/common-licenses && echo new > /usr/share/common-licenses/only`;

const LOOK = `
stat -c '%n %h %a %U %G' /usr/local/bin/mine /usr/local/bin/also /usr/bin/nproc 2>&1
stat -c '%n %h %a %U %G' /usr/bin/yes 2>&1
python3 -c 'import os; print(os.getxattr("/usr/local/bin/mine", "user.kept").decode())' 2>&1 | tail -1
ls /usr/share/common-licenses | head -1`;

const CHANGED = [
  "/usr/local/bin/mine 2 4750 root daemon",
  "/usr/local/bin/also 2 4750 root daemon",
  "/usr/bin/nproc 1 700 root root",
  "stat: cannot statx '/usr/bin/yes': No such file or directory",
  "yes",
  "only",
].join("\n");

describeHere("linked clones of one template", () => {
  let program: Program;
  let one: Guest;
  let two: Guest;
  let sshPort: number;
  let base: string;

  const systemd = (disk: string) => join(program.folder, "store", disk, "root/usr/lib/systemd/systemd");
  /** Bytes of a program that the page cache holds. */
  const cached = (disk: string) =>
    Number(execFileSync("fincore", ["--bytes", "--noheadings", "--output", "RES", systemd(disk)]));
  const diskOf = async (guest: Guest) => (await guest.info("SATA-ImageUUID-0-0")) ?? "";
  const attach = (machine: string, medium: string) => [
    ...["storageattach", machine, "--storagectl", "SATA", "--port", "0", "--type", "hdd"],
    ...["--medium", medium],
  ];

  beforeAll(async () => {
    program = buildProgram();
    makeKey(program);
    await createTemplate(program);
    sshPort = await freePort();
    one = new Guest(program, { name: "one", number: 11, sshPort });
    two = new Guest(program, { name: "two", number: 12, sshPort: await freePort() });
    await Promise.all([one.create(), two.create()]);
    await Promise.all([one.start(), two.start()]);
    await Promise.all([one.untilUp(), two.untilUp()]);
    const medium = await program.must("showmediuminfo", await diskOf(one));
    base = /^Parent UUID: +(\S+)$/m.exec(medium)?.[1] ?? "";
  }, 600_000);

  afterAll(() => program?.remove(), 120_000);

  test("have their programs in the page cache once", async () => {
    expect(cached(base)).toBeGreaterThan(0);
    expect([cached(await diskOf(one)), cached(await diskOf(two))]).toEqual([0, 0]);
  });

  test("do not take the shared /usr for an upgraded one", async () => {
    const own = join(program.folder, "store", base, "root/usr");
    const ofBase = execFileSync("stat", ["-c", "%.Y %a %U", own]);
    expect(await one.mustSsh("stat -c '%.Y %a %U' /usr")).toBe(ofBase.toString().trim());
  });

  test("keep their changes below /usr to themselves", async () => {
    const before = await two.mustSsh(LOOK);
    await one.mustSsh(CHANGE);
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
    expect(await two.mustSsh(LOOK)).toBe(before);
    expect(before).toContain("/usr/bin/yes 1 755 root root");
    expect(existsSync(join(program.folder, "store", base, "root/usr/bin/yes"))).toBe(true);
  }, 60_000);

  test("have them after a reboot and a crash", async () => {
    await one.reboot();
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
    const run = join(program.folder, "run", (await one.info("UUID")) ?? "", "state.json");
    process.kill(JSON.parse(readFileSync(run, "utf8")).supervisor.pid, "SIGKILL");
    await one.untilState("aborted");
    await one.start();
    await one.untilUp();
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
    // base, changes, and one work folder: the crash's has gone.
    expect(readdirSync(join(program.folder, "store", await diskOf(one), "usr"))).toHaveLength(3);
  }, 240_000);

  test("have them again after a snapshot is restored", async () => {
    await program.must("controlvm", "one", "poweroff");
    await program.must("snapshot", "one", "take", "changed");
    await one.start();
    await one.untilUp();
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
    await one.mustSsh("rm -r /usr/local/bin /usr/share/common-licenses; cp /usr/bin/true /usr/bin/yes");
    await program.must("controlvm", "one", "poweroff");
    await program.must("snapshot", "one", "restore", "changed");
    await one.start();
    await one.untilUp();
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
    expect([cached(await diskOf(one)), cached(await diskOf(two))]).toEqual([0, 0]);
  }, 240_000);

  test("keep the disk that they read, as it is", async () => {
    await program.must("controlvm", "two", "poweroff");
    await program.must("unregistervm", "two", "--delete");
    const own = /^"SATA-ImageUUID-0-0"="(.+)"$/m.exec(
      await program.must("showvminfo", "image", "--machinereadable"),
    );
    await program.must(...attach("image", base));
    expect((await program.run("startvm", "image", "--type", "headless")).stderr).toContain(
      `linked clones read from the hard disk ${base}`,
    );
    await program.must(...attach("image", "none"));
    // Now the clone is its only child.
    await program.must("closemedium", "disk", own?.[1] ?? "", "--delete");
    for (const [call, reason] of [
      [["snapshot", "image", "delete", "base"], "is read by a linked clone"],
      [["unregistervm", "image", "--delete"], "has 1 child media"],
    ] as const)
      expect(await program.run(...call)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(reason),
      });
    expect(await one.mustSsh(LOOK)).toBe(CHANGED);
  }, 120_000);

  test("leave whole copies behind", async () => {
    await program.must("clonevm", "one", "--name", "whole", "--register");
    await program.must("controlvm", "one", "poweroff");
    await program.must("unregistervm", "one", "--delete");
    await program.must("unregistervm", "image", "--delete");
    const whole = new Guest(program, { name: "whole", number: 11, sshPort });
    await program.must(
      ...["modifyvm", "whole", "--macaddress1", whole.mac(1), "--macaddress2", whole.mac(2)],
    );
    expect(existsSync(join(program.folder, "store", base))).toBe(false);
    await whole.start();
    await whole.untilUp();
    expect(await whole.mustSsh(LOOK)).toBe(CHANGED);
    expect(await whole.mustSsh("findmnt --noheadings --output FSTYPE --target /usr")).toBe("btrfs");
    expect(cached(await diskOf(whole))).toBeGreaterThan(0);
  }, 240_000);
});
