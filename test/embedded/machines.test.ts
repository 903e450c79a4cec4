import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { removeEverything } from "../../embedded/prune";
import { freePort, Guest, makeKey, until } from "./guest";
import { buildProgram, type Program, standInObstacle } from "./program";
import { createTemplate } from "./template";

const blocked = standInObstacle();
const describeHere = blocked === undefined ? describe : describe.skip;

describeHere("machines of the stand-in", () => {
  let program: Program;
  let one: Guest;
  let two: Guest;
  const hostNetwork = () => execFileSync("ip", ["-brief", "link"]).toString();
  const before = { network: "", inotify: "", shared: false };
  const inotify = () => readFileSync("/proc/sys/fs/inotify/max_user_watches", "utf8");
  const isShared = () => existsSync("/run/kube-lab-embedded/sysctls.json");

  beforeAll(async () => {
    before.network = blocked === undefined ? hostNetwork() : "";
    before.inotify = inotify();
    before.shared = isShared();
    program = buildProgram();
    makeKey(program);
    await createTemplate(program);
    one = new Guest(program, { name: "one", number: 11, sshPort: await freePort() });
    two = new Guest(program, { name: "two", number: 12, sshPort: await freePort() });
    await Promise.all([one.create(), two.create()]);
    const data = join(program.folder, "data.vdi");
    await program.must("createmedium", "disk", "--filename", data, "--size", "2048");
    await program.must(
      "storageattach",
      "one",
      "--storagectl",
      "SATA",
      "--port",
      "1",
      "--type",
      "hdd",
      "--medium",
      data,
    );
    await Promise.all([one.start(), two.start()]);
  }, 600_000);

  afterAll(() => program?.remove(), 120_000);

  test("boot with their seed, and answer over the forward", async () => {
    await Promise.all([one.untilUp(), two.untilUp()]);
    expect(await one.mustSsh("hostname")).toBe("one");
    expect(await one.mustSsh("cloud-init status --wait || true")).toContain("status: done");
    expect(await one.mustSsh("cloud-id")).toBe("nocloud");
    expect((await program.must("list", "runningvms")).match(/^"(one|two)" \{/gm)?.length).toBe(2);
  }, 240_000);

  test("reach each other on the internal network, and nothing else", async () => {
    await one.mustSsh("ping -c 2 -W 5 192.168.77.12");
    expect(await one.mustSsh("ip -brief link show enp0s8")).toContain("08:00:27:00:02:0b");
    expect((await one.ssh("ping -c 1 -W 1 8.8.8.8")).status).not.toBe(0);
    expect(await one.mustSsh("ip route show default")).toBe("");
    expect(hostNetwork()).toBe(before.network);
  }, 60_000);

  test("keep the seed from other users, and lose it with the DVD", async () => {
    const folder = "/var/lib/cloud/seed/nocloud";
    expect(await one.mustSsh(`stat -c %a ${folder} ${folder}/user-data`)).toBe("700\n600");
    await one.drive("emptydrive");
    expect(await one.mustSsh(`ls ${folder}`)).toBe("");
  }, 60_000);

  test("get a disc into the drive while they run, both the same, and have it after a reboot", async () => {
    const disc = join(program.folder, "disc");
    mkdirSync(join(disc, "images"), { recursive: true });
    writeFileSync(join(disc, "images", "a-rather-long-name-of-an-archive.tar"), "content");
    const iso = join(program.folder, "disc.iso");
    execFileSync("genisoimage", ["-quiet", "-volid", "DISC", "-joliet", "-rock", "-o", iso, disc]);
    const read = "mount -o ro /dev/sr0 /mnt && cat /mnt/images/*; umount /mnt";
    await Promise.all([one, two].map((guest) => guest.drive(iso)));
    expect(await Promise.all([one, two].map((guest) => guest.mustSsh(read)))).toEqual(["content", "content"]);
    expect(await one.mustSsh("blkid --output value --match-tag LABEL /dev/sr0")).toBe("DISC");
    expect((await one.ssh("mount -o rw /dev/sr0 /mnt && touch /mnt/x")).status).not.toBe(0);
    await one.ssh("umount /mnt");
    await two.reboot();
    expect(await two.mustSsh(read)).toBe("content");
    expect((await program.run("closemedium", "dvd", iso)).stderr).toContain("attached to 2 virtual machines");
    await Promise.all([one, two].map((guest) => guest.drive("emptydrive")));
    expect((await one.ssh("test -e /dev/sr0")).status).toBe(1);
    await program.must("closemedium", "dvd", iso);
    expect(execFileSync("losetup", ["--list"]).toString()).not.toContain(join(program.folder, "discs"));
    expect(readdirSync(join(program.folder, "discs"))).toEqual([]);
  }, 240_000);

  test("open no disk of the host, whose node any of them can make", async () => {
    // Linux, include/linux/kdev_t.h: the major number of the disk that this computer runs from.
    const host = (statSync("/").dev >> 8) & 0xfff;
    await one.mustSsh(`mknod /root/host b ${host} 0`);
    const read = await one.ssh("head -c 1 /root/host | wc -c");
    await one.mustSsh("rm /root/host");
    // With cgroup v2 only a program in the kernel could keep it from them: README says that a container is no barrier.
    if (existsSync("/sys/fs/cgroup/devices")) expect(read.stdout.trim()).toBe("0");
  }, 60_000);

  test("have their data disk as /dev/sdb", async () => {
    expect(await one.mustSsh("blockdev --getsize64 /dev/sdb")).toBe(`${2048 * 2 ** 20}`);
    await one.mustSsh("mkfs.ext4 -q /dev/sdb && mount /dev/sdb /mnt && echo kept > /mnt/file && umount /mnt");
  }, 60_000);

  test("keep within their memory and processors", async () => {
    const groups = execFileSync("find", [
      "/sys/fs/cgroup",
      "-name",
      "memory.limit_in_bytes",
      "-path",
      `*${await one.info("UUID")}/memory*`,
    ]);
    if (groups.length > 0)
      expect(readFileSync(groups.toString().trim(), "utf8").trim()).toBe(`${600 * 2 ** 20}`);
    // 700 MiB into memory: the kernel kills the writer, not the machine.
    const hungry = "systemd-run --quiet --pipe --wait head -c 700M /dev/zero | tail -c 1 | wc -c";
    expect((await one.ssh(`${hungry}; head -c 700M /dev/zero | tail | wc -c`)).stdout.trim()).not.toBe(
      "734003200",
    );
    expect(await one.state()).toBe("running");
  }, 120_000);

  test("reboot by themselves", async () => {
    await one.reboot();
    expect(await one.state()).toBe("running");
    // The DVD was taken out while it ran.
    expect((await one.ssh("test -e /var/lib/cloud/seed/nocloud/user-data")).status).toBe(1);
    expect(await one.mustSsh("mount /dev/sdb /mnt && cat /mnt/file && umount /mnt")).toBe("kept");
  }, 240_000);

  test("stop for a while and go on", async () => {
    await program.must("controlvm", "two", "pause");
    expect(await two.state()).toBe("paused");
    expect((await two.ssh("true")).status).toBe(255);
    await program.must("controlvm", "two", "resume");
    expect(await two.mustSsh("hostname")).toBe("two");
  }, 60_000);

  test("carry much through a forward, with an end of each direction", async () => {
    const zeros = (await one.ssh("head -c 8M /dev/zero")).stdout;
    expect(zeros.length).toBe(8 * 2 ** 20);
    await Promise.all(Array.from({ length: 8 }, () => one.mustSsh("true")));
    const port = await freePort();
    await program.must("controlvm", "one", "natpf1", `echo,tcp,127.0.0.1,${port},,7777`);
    await one.mustSsh(
      "systemd-run --quiet --unit echo socat -t 5 TCP-LISTEN:7777,fork,reuseaddr SYSTEM:'sort; echo end'",
    );
    await until(
      "the answer comes after the end of the question",
      async () => (await ask(port, "b\na\n")) === "a\nb\nend\n",
    );
    await program.must("controlvm", "one", "natpf1", "delete", "echo");
    expect(await ask(port, "x")).toBe("refused");
    const holder = createServer().listen(port, "127.0.0.1");
    const warned = await program.run("controlvm", "one", "natpf1", `echo,tcp,127.0.0.1,${port},,7777`);
    expect(warned).toMatchObject({ status: 0, stderr: expect.stringContaining("EADDRINUSE") });
    holder.close();
    await until("the port is taken once it is free", async () => (await ask(port, "c\n")) === "c\nend\n");
  }, 120_000);

  test("shut down at the power button", async () => {
    await program.must("controlvm", "two", "acpipowerbutton");
    await two.untilState("poweroff");
    expect((await program.run("controlvm", "two", "poweroff")).stderr).toContain("is not currently running");
    await two.start();
    expect((await program.run("startvm", "two")).stderr).toContain("VBOX_E_INVALID_OBJECT_STATE");
    expect((await program.run("modifyvm", "two", "--cpus", "2")).stderr).toContain(
      "is already locked for a session",
    );
    await two.untilUp();
  }, 240_000);

  test("lose power at once, with all that they had on the host", async () => {
    const uuid = await two.info("UUID");
    await program.must("controlvm", "two", "poweroff");
    expect(await two.state()).toBe("poweroff");
    expect((await one.ssh("ping -c 1 -W 1 192.168.77.12")).status).toBe(1);
    expect(groupsOf(uuid ?? "")).toEqual([]);
    expect(namespaces().filter((name) => name.includes((uuid ?? "").slice(0, 8)))).toEqual([]);
  }, 60_000);

  test("are aborted when their supervisor is killed, and start again", async () => {
    const uuid = (await one.info("UUID")) ?? "";
    const state = JSON.parse(readFileSync(join(program.folder, "run", uuid, "state.json"), "utf8"));
    process.kill(state.supervisor.pid, "SIGKILL");
    await one.untilState("aborted");
    await until("its container has died with it", async () => !existsSync(`/proc/${state.leader}/root/etc`));
    await one.start();
    await one.untilUp();
  }, 240_000);

  test("go without a trace", async () => {
    await program.must("controlvm", "one", "poweroff");
    await program.must("unregistervm", "one", "--delete");
    await program.must("unregistervm", "two", "--delete");
    expect(namespaces().filter((name) => name.includes(identity()))).toEqual([]);
    expect(groupsOf(`kubelab-${identity()}`)).toEqual([]);
    // Another lab of this computer may need the raised values.
    if (!before.shared && !isShared()) expect(inotify()).toBe(before.inotify);
    expect(existsSync(join(program.folder, "data.vdi"))).toBe(false);
    expect(readdirSync(join(program.folder, "store")).length).toBe(2);
    await removeEverything(program.folder);
    expect(existsSync(program.folder)).toBe(false);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(program.folder);
    expect(execFileSync("losetup", ["--all"]).toString()).not.toContain(program.folder);
    expect(hostNetwork()).toBe(before.network);
  }, 120_000);

  function identity(): string {
    return readFileSync(join(program.folder, "identity"), "utf8").trim();
  }
});

function groupsOf(name: string): string[] {
  return execFileSync("find", ["/sys/fs/cgroup", "-name", name]).toString().split("\n").filter(Boolean);
}

function namespaces(): string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns") : [];
}

/** Sends, ends its side, and gives what comes until the other ends. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.end(text));
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ECONNREFUSED" ? "refused" : `${error.code}`),
    );
    socket.on("close", () => resolve(heard));
  });
}
