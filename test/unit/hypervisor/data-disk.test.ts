import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { absentDataDisk, ensureDataDisk } from "../../../hypervisor/machine/data-disk";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine/machine";
import { absentNetwork } from "../../../hypervisor/network/network";
import { rememberLab } from "../../../hypervisor/reality/living-lab";
import type { DataDiskSpecification, MachineSpecification } from "../../../hypervisor/specification/machine";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const GLUSTER: MachineSpecification & DataDiskSpecification = {
  ...GATEWAY,
  machine: "kube-lab-dev-glus-node01",
  adapters: [{ kind: "internal", network: "kube-lab-dev-glus", mac: "08:00:27:00:00:09" }],
  forwards: [],
  dataDiskGiB: 5,
};
const OTHER_IMAGE = "kube-lab-image-ffffffffffff";

let simulated: SimulatedVBoxManage;
let remove: () => void;
let lab: string;
let disk: string;
let former: string;

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  lab = path.join(place.folder, "kube-lab", "dev");
  disk = path.join(lab, "disks", `${GLUSTER.machine}-data.vdi`);
  former = path.join(lab, GLUSTER.machine, `${GLUSTER.machine}-data.vdi`);
  for (const image of [IMAGE, OTHER_IMAGE]) {
    await call("createvm", "--name", image, "--groups", "/kube-lab", "--register");
    await call("snapshot", image, "take", "base");
  }
});
afterEach(() => remove());

const log = () => undefined;
const call = (...words: string[]) => simulated.run("", words, { timeoutSeconds: 1 });
const ensure = (wanted: MachineSpecification = GLUSTER) => ensureMachine(simulated.open(), wanted, log);
const absent = () => absentMachine(simulated.open(), GLUSTER, log);
const ensureDisk = (wanted = GLUSTER) => ensureDataDisk(simulated.open(), wanted, log);
const attached = () => simulated.machine(GLUSTER.machine).values.get("SATA-1-0");

/** What somebody keeps on it. */
function write(file: string): void {
  writeFileSync(file, "bricks");
}

/** A machine as it was made before data disks lay apart. */
async function madeBefore(): Promise<void> {
  await ensure();
  const machine = simulated.machine(GLUSTER.machine);
  rmSync(path.dirname(disk), { recursive: true });
  simulated.disks.delete(disk);
  writeFileSync(former, "bricks");
  simulated.disks.set(former, "base");
  simulated.capacities.set(former, 5 * 1024);
  machine.values.set("SATA-1-0", former);
}

it("is made before its machine, which takes it, and once", async () => {
  await ensureDisk();
  write(disk);
  await ensureDisk();
  await ensure();
  expect(attached()).toBe(disk);
  expect(simulated.verbs().filter((verb) => verb === "createmedium")).toHaveLength(1);
});

it.each<[string, () => Promise<unknown>]>([
  ["another image", () => ensure({ ...GLUSTER, image: OTHER_IMAGE })],
  [
    "a root disk that is gone",
    () => {
      simulated.machine(GLUSTER.machine).values.delete("SATA-0-0");
      return ensure();
    },
  ],
  ["a replacement", () => absent().then(() => ensure())],
])("is taken up again with what is on it by a machine that is recreated for %s", async (_why, renew) => {
  await ensure();
  const { uuid } = simulated.machine(GLUSTER.machine);
  write(disk);
  await renew();
  expect(simulated.machine(GLUSTER.machine).uuid).not.toBe(uuid);
  expect(attached()).toBe(disk);
  expect(readFileSync(disk, "utf8")).toBe("bricks");
});

it.each(["storageattach", "closemedium", "unregistervm", "clonevm"])(
  "is not lost when the replacement of its machine is cut off at %s",
  async (at) => {
    await ensure();
    write(disk);
    let cut = false;
    simulated.interrupt = ([verb]) => {
      if (cut || verb !== at) return undefined;
      cut = true;
      return { status: 1, stderr: "VBoxManage: error: no (VERR_NO_MEMORY)\n" };
    };
    await ensure({ ...GLUSTER, image: OTHER_IMAGE }).catch(() => undefined);
    await ensure({ ...GLUSTER, image: OTHER_IMAGE });
    expect(cut).toBe(true);
    expect(attached()).toBe(disk);
    expect(readFileSync(disk, "utf8")).toBe("bricks");
  },
);

describe("in its machine's folder, where it was before it lay apart,", () => {
  beforeEach(madeBefore);

  it("is left where it is while the machine lives", async () => {
    simulated.calls.length = 0;
    await ensureDisk();
    await ensure();
    expect(simulated.verbs()).toEqual([]);
    expect(attached()).toBe(former);
  });

  it("is moved out before the machine is removed, and taken up again", async () => {
    await absent();
    expect(readFileSync(disk, "utf8")).toBe("bricks");
    expect(existsSync(former)).toBe(false);
    await ensureDisk();
    await ensure();
    expect(attached()).toBe(disk);
    expect(readFileSync(disk, "utf8")).toBe("bricks");
  });

  it.each(["closemedium", "unregistervm"])("is not lost when that is cut off at %s", async (at) => {
    simulated.interrupt = ([verb]) =>
      verb === at ? { status: 1, stderr: "VBoxManage: error: no (E_FAIL)\n" } : undefined;
    await expect(absent()).rejects.toThrow(/E_FAIL/);
    simulated.interrupt = () => undefined;
    await absent();
    await ensure();
    expect(readFileSync(disk, "utf8")).toBe("bricks");
  });

  it("goes with the whole lab, though no state knows of it", async () => {
    const place = { hypervisor: "virtualbox", folder: lab } as const;
    rememberLab(simulated.folder, "dev", place, { incarnation: "1 missing", madeWith: {} });
    await absent();
    await absentNetwork(simulated.open(), GLUSTER, simulated.folder, log);
    expect(existsSync(lab)).toBe(false);
  });
});

it("is copied out of its snapshots, all of which go with the machine", async () => {
  await ensure();
  const difference = path.join(lab, GLUSTER.machine, "Snapshots", "{1}.vdi");
  writeFileSync(difference, "bricks");
  const machine = simulated.machine(GLUSTER.machine);
  machine.values.set("SATA-1-0", difference).set("SATA-0-0", path.join(lab, "gone.vdi"));
  machine.snapshot = "before";
  machine.state = "poweroff";
  simulated.calls.length = 0;
  await absent();
  const copy = simulated.calls.find(([verb]) => verb === "clonemedium")?.slice(1, 3);
  expect(copy).toEqual(["disk", difference]);
  expect(readdirSync(path.join(lab, "disks"))).toEqual([path.basename(disk)]);
  const order = simulated.verbs();
  expect(order.indexOf("clonemedium")).toBeLessThan(order.indexOf("unregistervm"));
});

it("refuses to shrink before anything is touched", async () => {
  await ensure();
  simulated.calls.length = 0;
  await expect(ensureDisk({ ...GLUSTER, dataDiskGiB: 4 })).rejects.toThrow(
    /has 5 GiB and cannot shrink to 4 GiB/,
  );
  expect(simulated.verbs()).toEqual([]);
});

it("is deleted by its own verb alone, and not while its machine has it", async () => {
  await ensure();
  await expect(absentDataDisk(simulated.open(), GLUSTER, log)).rejects.toThrow(/uses it/);
  const { dataDiskGiB: _, ...without } = GLUSTER;
  await ensure(without);
  expect(existsSync(disk)).toBe(true);
  await absent();
  expect(existsSync(disk)).toBe(true);
  await absentDataDisk(simulated.open(), GLUSTER, log);
  await absentDataDisk(simulated.open(), GLUSTER, log);
  expect(existsSync(path.dirname(disk))).toBe(false);
});

it("that is known and whose file is gone is made again", async () => {
  await ensureDisk();
  rmSync(disk);
  mkdirSync(path.dirname(disk), { recursive: true });
  await ensure();
  expect(attached()).toBe(disk);
});
