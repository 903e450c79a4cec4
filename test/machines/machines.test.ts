import { release } from "node:os";
import { parseMachineList, parseMachineReadable } from "../../hypervisor/driver/output";
import { cutPower } from "../../hypervisor/machine/lab-power";
import { wishRenewal } from "../../hypervisor/machine/renewal";
import { eventually, LabUnderTest } from "../lab/lab-under-test";
import { obstacle } from "../obstacle";
import { openRealMachines, type RealMachines, realMachinesPrograms } from "./real-machines";
import { say, stepsOf } from "./steps";

const blocked = obstacle("a lab of real machines", { programs: realMachinesPrograms, architecture: "x64" });
const describeHere = blocked === undefined ? describe : describe.skip;

/** Without hardware virtualisation a boot takes minutes, and a machine that joins a cluster ten. */
jest.setTimeout(60 * 60_000);

const NODES_READY_MS = 900_000;
/** Where emulation is busy, one handshake takes longer than a shell waits. */
const ANSWER_MS = 300_000;

/** As small as it can be while it has a machine of each role that a virtual machine can be different in. */
const small = {
  hypervisor: "virtualbox",
  loadBalancers: { count: 1 },
  masters: { count: 1 },
  workers: { count: 1, cpus: 1, memoryMiB: 1024 },
  gluster: { count: 0 },
};
const oneWorkerMore = { workers: { ...small.workers, count: 2 } };
const withGluster = { gluster: { count: 3, cpus: 1, memoryMiB: 512, brickGiB: 5 } };

describeHere("a lab of real machines", () => {
  let real: RealMachines;
  let lab: LabUnderTest;
  let isGone = false;
  const step = stepsOf();

  beforeAll(async () => {
    real = await openRealMachines(process.cwd(), say);
    process.env.VBOXMANAGE = real.vboxManage;
    say(`machines run by ${real.accelerator}`);
    lab = await LabUnderTest.create("machines-test", small);
    // An earlier run that was killed leaves a state of machines that went with it.
    if (!(await lab.stack.isEmpty())) {
      await lab.down();
      lab = await LabUnderTest.create("machines-test", small);
    }
  });
  afterAll(async () => {
    // The next run starts from nothing, however this one ends.
    if (!isGone) await lab?.down().catch((error: Error) => say(error.message));
    await real?.remove();
  });

  const nodesAreReady = (...names: string[]) =>
    eventually(`${names.join(", ")} to be ready`, NODES_READY_MS, async () => {
      const { items } = await lab.kubectl.json<NodeList>(["get", "nodes"]);
      const ready = items.filter(({ status }) =>
        status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
      );
      expect(ready.map(({ metadata }) => metadata.name).sort()).toEqual(names);
      return true;
    });

  /** What a command prints on a machine, by SSH through the gateway. */
  const on = (machine: string, command: string) =>
    eventually(`${machine} to answer "${command}"`, ANSWER_MS, () => lab.on(machine, command));

  /** An update waits for a machine as long as a real one needs; what it gives up waiting for, the next one goes on with. */
  const up = async (attempts = real.accelerator === "kvm" ? 1 : 3): Promise<string> => {
    try {
      return await lab.up();
    } catch (error) {
      if (attempts === 1) throw error;
      say(`once more, after: ${(error as Error).message.slice(-600)}`);
      return up(attempts - 1);
    }
  };

  const machines = async () => parseMachineList(await lab.vboxManage("list", "runningvms"));

  const diskOf = async (machine: string) =>
    parseMachineReadable(await lab.vboxManage("showvminfo", machine, "--machinereadable")).get("SATA-1-0");

  step("comes up, by kernels of its own", async () => {
    await up();
    await nodesAreReady("kube-mast01", "kube-node01");
    await lab.kubectl.run(["create", "configmap", "kept", "--namespace=default", "--from-literal=word=kept"]);
    const kernels = await Promise.all(lab.outputs.machines.map(({ name }) => on(name, "uname -r")));
    expect(kernels.map((kernel) => kernel.trim())).not.toContain(release());
  });

  step("is as it was told to be, says preview", async () => {
    const text = await lab.stack.text(["preview", "--expect-no-changes"]);
    expect(text).not.toMatch(/^\s*[-+~]/m);
  });

  step("comes up again after a power cut of all machines", async () => {
    const { vbox, outputs } = await lab.existing();
    const boots = () => Promise.all(outputs.machines.map(({ name }) => on(name, bootId)));
    const before = await boots();
    await lab.close();
    await cutPower(vbox, outputs.machines);
    expect([...(await machines()).keys()]).toEqual([]);
    await up();
    await nodesAreReady("kube-mast01", "kube-node01");
    const after = await boots();
    expect(after.filter((boot) => before.includes(boot))).toEqual([]);
    const word = ["get", "configmap", "kept", "--namespace=default", "--output=jsonpath={.data.word}"];
    expect(await lab.kubectl.run(word)).toBe("kept");
  });

  step("grows by a worker, and lets the others run", async () => {
    const before = await machines();
    await lab.configure(oneWorkerMore);
    await up();
    await nodesAreReady("kube-mast01", "kube-node01", "kube-node02");
    const after = await machines();
    expect(after.size).toBe(before.size + 1);
    expect([...after]).toEqual(expect.arrayContaining([...before]));
  });

  step("grows by three Gluster machines, whose volume a worker mounts", async () => {
    await lab.configure(withGluster);
    await up();
    await on("kube-node01", "findmnt --types fuse.glusterfs /srv/volume");
  });

  step("gives a recreated machine its data disk again", async () => {
    const name = "glus-node01";
    const { vbox, outputs } = await lab.existing();
    const machine = outputs.machines.find((each) => each.name === name)?.hypervisorName ?? "";
    const [uuid, disk] = [(await machines()).get(machine), await diskOf(machine)];
    const files =
      "for i in 1 2 3; do sudo dd if=/dev/urandom of=/srv/volume/kept-$i bs=1M count=4 conv=fsync status=none; done";
    const sums = "sudo md5sum /srv/volume/kept-*";
    await on("kube-node01", files);
    const before = await on("kube-node01", sums);
    const brick = await on(name, brickId);
    await wishRenewal(vbox, [machine], new Date().toISOString().replace(/\.\d+Z$/, "Z"));
    await up();
    expect((await machines()).get(machine)).not.toBe(uuid);
    expect(await diskOf(machine)).toBe(disk);
    expect(await on(name, brickId)).toBe(brick);
    expect(await on("kube-node01", sums)).toBe(before);
    await eventually("nothing left to heal", NODES_READY_MS, async () => {
      const summary = await lab.on(name, "sudo gluster volume heal lab info summary");
      const pending = [...summary.matchAll(/^Total Number of entries: (.*)$/gm)].map(([, count]) => count);
      expect(pending).toEqual(["0", "0", "0"]);
      return true;
    });
  });

  step("goes without a trace", async () => {
    await lab.down();
    isGone = true;
    const left = [...parseMachineList(await lab.vboxManage("list", "vms")).keys()];
    expect(left.filter((machine) => machine.includes("machines-test"))).toEqual([]);
    expect([...(await machines()).keys()]).toEqual([]);
  });
});

/** Another at each start of a machine. */
const bootId = "cat /proc/sys/kernel/random/boot_id";
/** The file system on the data disk: one that was made again has another. */
const brickId = "findmnt --noheadings --output UUID /srv/brick";

interface NodeList {
  items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
}
