import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "../../../hypervisor/driver/inspect";
import { absentDataDisk } from "../../../hypervisor/machine/data-disk";
import { actualHardware, wantedHardware } from "../../../hypervisor/machine/hardware";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine/machine";
import { machineFolder, readRecord, removeRecord, writeRecord } from "../../../hypervisor/machine/record";
import { listSnapshots, restoreSnapshot, takeSnapshot } from "../../../hypervisor/machine/snapshots";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import { RemedyError } from "../../../lib/remedy-error";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const GLUSTER: MachineSpecification = {
  ...GATEWAY,
  machine: "kube-lab-dev-glus-node01",
  adapters: [{ kind: "internal", network: "kube-lab-dev-glus", mac: "08:00:27:00:00:09" }],
  forwards: [],
  dataDiskGiB: 5,
};

let simulated: SimulatedVBoxManage;
let remove: () => void;
let lines: string[];

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  lines = [];
  await simulated.makeTemplate(IMAGE);
  simulated.calls.length = 0;
});
afterEach(() => remove());

const ensure = (wanted: MachineSpecification, platform?: NodeJS.Platform) =>
  ensureMachine(simulated.open(platform), wanted, (line) => lines.push(line));
const absent = (wanted: MachineSpecification) =>
  absentMachine(simulated.open(), wanted, (line) => lines.push(line));

async function hardwareOf(wanted: MachineSpecification) {
  const info = await inspect(simulated.open(), wanted.machine);
  return info && actualHardware(info);
}

describe("a machine that is not there", () => {
  it("is a linked clone with all its hardware, running, in few calls", async () => {
    const result = await ensure(GATEWAY);
    const { uuid } = simulated.machine(GATEWAY.machine);
    expect(result).toEqual({ uuid, state: "running", started: expect.stringMatching(/^2\S+Z$/) });
    expect(await hardwareOf(GATEWAY)).toEqual(wantedHardware(GATEWAY));
    expect(simulated.machine(GATEWAY.machine).values.get("groups")).toBe("/kube-lab/dev");
    expect(simulated.verbs()).toEqual(["clonevm", "modifyvm", "setextradata", "startvm"]);
    expect(simulated.calls.find(([verb]) => verb === "clonevm")).toEqual(
      expect.arrayContaining([
        IMAGE,
        "--snapshot",
        "base",
        "--options",
        "Link",
        "--groups",
        "/kube-lab/dev",
        "--register",
      ]),
    );
    expect(lines).toEqual([`cloning ${IMAGE}`, "starting"]);
  });

  it("stays off where it is not to be started, until a person does, and is as any other then", async () => {
    const waiting: MachineSpecification = { ...GATEWAY, autoStart: false };
    expect(await ensure(waiting)).toMatchObject({ state: "made", started: "" });
    expect(await ensure({ ...waiting, cpus: 3 })).toMatchObject({ state: "made", started: "" });
    expect(simulated.verbs()).not.toContain("startvm");
    expect(await hardwareOf({ ...waiting, cpus: 3 })).toEqual(wantedHardware({ ...GATEWAY, cpus: 3 }));
    await simulated.open().call(["startvm", GATEWAY.machine, "--type", "headless"]);
    simulated.calls.length = 0;
    const { state, started } = await ensure({ ...GATEWAY, cpus: 3 });
    expect({ state, started }).toEqual({ state: "running", started: expect.stringMatching(/^2\S+Z$/) });
    expect(simulated.verbs()).not.toContain("startvm");
  });

  it("gets its seed and its data disk before it starts", async () => {
    const seeds = path.join(simulated.folder, "kube-lab", "dev", "seeds");
    mkdirSync(seeds, { recursive: true });
    const seed = path.join(seeds, `${GLUSTER.machine}.iso`);
    writeFileSync(seed, "");
    await ensure(GLUSTER);
    expect(simulated.verbs()).toEqual([
      ...["clonevm", "modifyvm", "createmedium", "storageattach", "storageattach"],
      ...["setextradata", "setextradata", "startvm"],
    ]);
    const { values } = simulated.machine(GLUSTER.machine);
    const disk = path.join(simulated.folder, "kube-lab", "dev", "disks", `${GLUSTER.machine}-data.vdi`);
    expect([values.get("SATA-1-0"), values.get("SATA-2-0")]).toEqual([disk, seed]);
    expect(simulated.capacities.get(disk)).toBe(5 * 1024);
  });

  it.each(["modifyvm", "createmedium", "storageattach", "startvm"])(
    "goes on where an interrupted creation stopped: %s",
    async (at) => {
      simulated.interrupt = ([verb]) =>
        verb === at ? { status: 1, stderr: "VBoxManage: error: no (VERR_NO_MEMORY)\n" } : undefined;
      await expect(ensure(GLUSTER)).rejects.toThrow(/VERR_NO_MEMORY/);
      simulated.interrupt = () => undefined;
      simulated.calls.length = 0;
      await ensure(GLUSTER);
      expect(simulated.verbs().filter((verb) => verb === "clonevm")).toEqual([]);
      expect(await hardwareOf(GLUSTER)).toEqual(wantedHardware(GLUSTER));
    },
  );

  it("says what to do when the image is missing", async () => {
    const wanted = { ...GATEWAY, image: "kube-lab-image-000000000000" };
    const error: unknown = await ensure(wanted).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemedyError);
    expect((error as RemedyError).remedy).toContain("template kube-lab-image-000000000000");
  });

  it("replaces what an earlier machine of its name left on disk", async () => {
    const folder = path.join(simulated.folder, "kube-lab", "dev", GATEWAY.machine);
    mkdirSync(path.join(folder, "Logs"), { recursive: true });
    writeFileSync(
      path.join(folder, `${GATEWAY.machine}.vbox`),
      '<Machine uuid="{99999999-2222-3333-4444-555555555555}"/>',
    );
    await ensure(GATEWAY);
    expect(simulated.machine(GATEWAY.machine).state).toBe("running");
  });

  it("never removes files that are not the lab's", async () => {
    const folder = path.join(simulated.folder, "kube-lab", "dev", GATEWAY.machine);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "thesis.odt"), "");
    await expect(ensure(GATEWAY)).rejects.toThrow(/thesis\.odt/);
    expect(existsSync(path.join(folder, "thesis.odt"))).toBe(true);
  });
});

describe("a machine that is there", () => {
  beforeEach(async () => {
    await ensure(GATEWAY);
    simulated.calls.length = 0;
    lines.length = 0;
  });

  it("is left alone when nothing changes", async () => {
    await ensure(GATEWAY);
    expect(simulated.verbs()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("tells when it was last started, not when it was last looked at", async () => {
    const machine = simulated.machine(GATEWAY.machine);
    const info = (await inspect(simulated.open(), GATEWAY.machine)) ?? new Map<string, string>();
    const record = await readRecord(info);
    if (!record) throw new Error("there is no record");
    await writeRecord(machineFolder(info), { ...record, started: "2026-01-01T00:00:00Z" });
    expect((await ensure(GATEWAY)).started).toBe("2026-01-01T00:00:00Z");
    machine.state = "poweroff";
    expect((await ensure(GATEWAY)).started).not.toBe("2026-01-01T00:00:00Z");
  });

  it("is stopped cleanly, changed and started for processors and memory", async () => {
    await ensure({ ...GATEWAY, cpus: 2, memoryMiB: 1024 });
    expect(simulated.verbs()).toEqual(["controlvm", "modifyvm", "startvm"]);
    expect(simulated.calls.some((call) => call[2] === "poweroff")).toBe(false);
    expect(lines).toEqual(["changing cpus, memory", "stopping it cleanly", "starting"]);
    expect(await hardwareOf(GATEWAY)).toMatchObject({ cpus: "2", memory: "1024" });
  });

  it("gets other forwards while it runs", async () => {
    const forwards = [
      { ...GATEWAY.forwards[0], name: "ssh", hostPort: 2223 },
    ] as MachineSpecification["forwards"];
    await ensure({ ...GATEWAY, forwards });
    expect(simulated.verbs()).toEqual(["controlvm", "controlvm"]);
    expect(simulated.machine(GATEWAY.machine).forwards).toEqual(["ssh,tcp,127.0.0.1,2223,10.0.2.15,22"]);
  });

  it("loses an adapter that it should not have", async () => {
    await ensure({ ...GATEWAY, adapters: GATEWAY.adapters.slice(0, 1) });
    expect(await hardwareOf(GATEWAY)).not.toHaveProperty("adapter 2");
  });

  it("is started when it is off, resumed when it is paused, set right when changed by hand", async () => {
    const machine = simulated.machine(GATEWAY.machine);
    machine.state = "aborted";
    await ensure(GATEWAY);
    expect(simulated.verbs()).toEqual(["startvm"]);
    machine.state = "paused";
    await ensure(GATEWAY);
    expect(machine.state).toBe("running");
    machine.values.set("cpus", "4");
    await ensure(GATEWAY);
    expect(machine.values.get("cpus")).toBe("1");
  });

  it("keeps those forwards that stay while another comes and goes", async () => {
    const added = { ...GATEWAY.forwards[0], name: "port8088", hostPort: 8088, guestPort: 8088 };
    const forwards = [...GATEWAY.forwards, added] as MachineSpecification["forwards"];
    const rules = () => simulated.calls.filter(([, , option]) => option?.startsWith("natpf"));
    const call = ["controlvm", GATEWAY.machine, "natpf1"];
    simulated.calls.length = 0;
    await ensure({ ...GATEWAY, forwards });
    expect(rules()).toEqual([[...call, "port8088,tcp,127.0.0.1,8088,10.0.2.15,8088"]]);
    await ensure(GATEWAY);
    expect(rules().slice(1)).toEqual([[...call, "delete", "port8088"]]);
    expect(simulated.machine(GATEWAY.machine).state).toBe("running");
  });

  it("gets its forwards back when its NAT was taken away by hand", async () => {
    simulated.machine(GATEWAY.machine).values.set("nic1", "none");
    await ensure(GATEWAY);
    expect(await hardwareOf(GATEWAY)).toEqual(wantedHardware(GATEWAY));
  });

  it("is recreated from another image", async () => {
    await simulated.run("", ["createvm", "--name", "kube-lab-image-2", "--groups", "/kube-lab"], {
      timeoutSeconds: 1,
    });
    await simulated.run("", ["snapshot", "kube-lab-image-2", "take", "base"], { timeoutSeconds: 1 });
    const before = simulated.machine(GATEWAY.machine).uuid;
    await ensure({ ...GATEWAY, image: "kube-lab-image-2" });
    expect(simulated.machine(GATEWAY.machine).uuid).not.toBe(before);
  });

  it("starts without the seed that is gone from disk", async () => {
    const machine = simulated.machine(GATEWAY.machine);
    machine.state = "poweroff";
    machine.values.set("SATA-2-0", "/gone.iso");
    await ensure(GATEWAY);
    expect(machine.values.get("SATA-2-0")).toBe("emptydrive");
  });

  it("is not touched when it is something else's", async () => {
    const machine = simulated.machine(GATEWAY.machine);
    machine.values.set("groups", "/work");
    machine.values.set("CfgFile", "/vms/work/x.vbox");
    await expect(ensure({ ...GATEWAY, cpus: 2 })).rejects.toThrow(/not of this lab/);
    await expect(absent(GATEWAY)).rejects.toThrow(/not of this lab/);
    expect(simulated.verbs()).toEqual([]);
  });
});

describe("flushes of its guest", () => {
  const flushes = () => Object.fromEntries(simulated.machine(GLUSTER.machine).extra);
  const key = (port: number) => `VBoxInternal/Devices/ahci/0/LUN#[${port}]/Config/IgnoreFlush`;

  it("are handed on for each disk, and for no port without one", async () => {
    await ensure(GLUSTER);
    expect(flushes()).toEqual({ [key(0)]: "0", [key(1)]: "0" });
    const { dataDiskGiB: _, ...without } = GLUSTER;
    await ensure(without);
    expect(flushes()).toEqual({ [key(0)]: "0" });
  });

  it("are so for a machine of before at its next ensure, without stopping it", async () => {
    await ensure(GLUSTER);
    simulated.machine(GLUSTER.machine).extra.clear();
    const info = (await inspect(simulated.open(), GLUSTER.machine)) ?? new Map<string, string>();
    const record = await readRecord(info);
    if (!record) throw new Error("there is no record");
    const { flushedPorts: _, ...before } = record;
    await writeRecord(machineFolder(info), before);
    simulated.calls.length = 0;
    await ensure(GLUSTER);
    expect(simulated.verbs()).toEqual(["setextradata", "setextradata"]);
    expect(flushes()).toEqual({ [key(0)]: "0", [key(1)]: "0" });
  });
});

describe("a machine whose snapshot of before an update is restored", () => {
  const record = async () => readRecord((await inspect(simulated.open(), GLUSTER.machine)) ?? new Map());
  const restored = async (changed: boolean) => {
    await ensure({ ...GLUSTER, releases: "Kubernetes 1.36.3" });
    const before = await record();
    const now = new Date("2026-11-21T04:33:10.5Z");
    const machine = { name: "glus-node01", hypervisorName: GLUSTER.machine };
    await takeSnapshot(simulated.open(), [machine], "a", now);
    const snapshot = (await listSnapshots(simulated.open(), [machine]))[0];
    if (snapshot === undefined) throw new Error("there is no snapshot");
    await restoreSnapshot(simulated.open(), [machine], snapshot, () => changed, now);
    return { before, after: await record() };
  };

  it("stays the clone that it is, and is due: what it runs is not known any more", async () => {
    const { before, after } = await restored(true);
    const { releases: _, ...known } = before ?? {};
    expect(after).toEqual({
      ...known,
      incarnation: "2026-11-21T04:33:10Z restored",
      started: "2026-11-21T04:33:10Z",
    });
  });

  it("is as it was where no update came between", async () => {
    const { before, after } = await restored(false);
    expect(after).toEqual(before);
  });
});

describe("a machine of another lab of the same name", () => {
  const folder = () => path.join(simulated.folder, "kube-lab", "dev", GATEWAY.machine);
  const madeFrom = async (project: string) => {
    await ensure(GATEWAY);
    const record = await readRecord((await inspect(simulated.open(), GATEWAY.machine)) ?? new Map());
    if (record === undefined) throw new Error("ensure left no record");
    await writeRecord(folder(), { ...record, project });
    simulated.calls.length = 0;
  };
  const other = { ...GATEWAY, hostKey: "SHA256:other", cpus: 2 };
  const error = async () => ensure(other).catch((thrown: RemedyError) => thrown);

  it("is left as it is, and told where it was made", async () => {
    await madeFrom(simulated.folder);
    expect(await error()).toMatchObject({
      message: expect.stringContaining(`made from ${simulated.folder}`),
      remedy: expect.stringMatching(/`npm run down` in .*another stack name/),
    });
    expect(simulated.verbs()).toEqual([]);
    expect(simulated.machine(GATEWAY.machine).state).toBe("running");
  });

  it("is for npm run down when nobody has its keys", async () => {
    await madeFrom("/gone");
    expect(await error()).toMatchObject({ remedy: expect.stringMatching(/`npm run down` removes/) });
    expect(simulated.verbs()).toEqual([]);
  });

  it("is no other where the project was moved", async () => {
    await madeFrom("/gone");
    await ensure(GATEWAY);
    expect(simulated.verbs()).toEqual([]);
  });
});

describe("a data disk", () => {
  it("grows in place and never shrinks", async () => {
    await ensure(GLUSTER);
    await ensure({ ...GLUSTER, dataDiskGiB: 8 });
    const disk = simulated.machine(GLUSTER.machine).values.get("SATA-1-0") ?? "";
    expect(simulated.capacities.get(disk)).toBe(8 * 1024);
    await expect(ensure({ ...GLUSTER, dataDiskGiB: 4 })).rejects.toThrow(
      /has 8 GiB and cannot shrink to 4 GiB/,
    );
    expect(simulated.machine(GLUSTER.machine).state).toBe("running");
  });

  it("of an unfinished machine is looked at, and the machine not stopped for it", async () => {
    await ensure(GLUSTER);
    await removeRecord(path.join(simulated.folder, "kube-lab", "dev", GLUSTER.machine));
    simulated.calls.length = 0;
    await ensure(GLUSTER);
    // VirtualBox is told of its flushes again, which needs no stop.
    expect(simulated.verbs()).toEqual(["setextradata", "setextradata"]);
  });
});

describe("removing", () => {
  it("leaves nothing, and is content with nothing", async () => {
    await ensure(GLUSTER);
    await absent(GLUSTER);
    expect(simulated.machines.has(GLUSTER.machine)).toBe(false);
    expect(existsSync(path.join(simulated.folder, "kube-lab", "dev", GLUSTER.machine))).toBe(false);
    await absentDataDisk(simulated.open(), GLUSTER, () => undefined);
    expect(readdirSync(path.join(simulated.folder, "kube-lab", "dev"))).toEqual([]);
    simulated.calls.length = 0;
    await absent(GLUSTER);
    expect(simulated.verbs()).toEqual([]);
  });

  it("never uses --delete-all", async () => {
    await ensure(GATEWAY);
    await absent(GATEWAY);
    expect(simulated.calls.flat()).not.toContain("--delete-all");
    expect(simulated.calls.flat()).toContain("--delete");
  });
});
