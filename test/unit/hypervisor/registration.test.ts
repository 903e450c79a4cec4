import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine/machine";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import { RemedyError } from "../../../lib/remedy-error";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const GLUSTER: MachineSpecification = { ...GATEWAY, dataDiskGiB: 5 };

let simulated: SimulatedVBoxManage;
let remove: () => void;
let folder: string;
let settings: string;
let uuid: string;

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  folder = path.join(place.folder, "kube-lab", "dev", GLUSTER.machine);
  settings = path.join(folder, `${GLUSTER.machine}.vbox`);
  await simulated.makeTemplate(IMAGE);
  await ensure();
  ({ uuid } = simulated.machine(GLUSTER.machine));
  simulated.machine(GLUSTER.machine).state = "poweroff";
});
afterEach(() => remove());

const call = (...words: string[]) => simulated.run("", words, { timeoutSeconds: 1 });
const ensure = () => ensureMachine(simulated.open(), GLUSTER, () => undefined);

describe('a machine after "Remove only"', () => {
  beforeEach(async () => {
    await call("unregistervm", GLUSTER.machine);
    simulated.calls.length = 0;
  });

  it("is registered again with its disks, and started", async () => {
    await ensure();
    const machine = simulated.machine(GLUSTER.machine);
    expect([machine.uuid, machine.state]).toEqual([uuid, "running"]);
    expect(simulated.verbs()).toEqual(["registervm", "setextradata", "startvm"]);
    // Without a setting of the template the clone's own disk would be forgotten with VirtualBox's service.
    expect(simulated.calls.find(([verb]) => verb === "setextradata")?.[1]).toBe(IMAGE);
  });

  it("is registered again for a template that VirtualBox has forgotten, too", async () => {
    await call("unregistervm", IMAGE);
    simulated.calls.length = 0;
    await ensure();
    expect(simulated.calls.filter(([verb]) => verb === "registervm").map(([, file]) => file)).toEqual([
      expect.stringMatching(new RegExp(`${IMAGE}\\.vbox$`)),
      settings,
    ]);
  });

  it("is refused with words when its settings are broken, and keeps its disks", async () => {
    writeFileSync(settings, "<broken");
    const before = readdirSync(folder, { recursive: true });
    const error: unknown = await ensure().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemedyError);
    expect((error as RemedyError).remedy).toContain(`${settings}-prev`);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
    expect(simulated.verbs()).toEqual(["registervm"]);
  });

  it("is removed for good where that is asked for", async () => {
    await absentMachine(simulated.open(), GLUSTER, () => undefined);
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(path.join(path.dirname(folder), "disks", `${GLUSTER.machine}-data.vdi`))).toBe(true);
  });
});

describe("files of a machine without settings", () => {
  const leave = () => {
    mkdirSync(path.join(folder, "Snapshots"), { recursive: true });
    writeFileSync(path.join(folder, "Snapshots", "{1}.vdi"), "written");
  };
  beforeEach(async () => {
    await call("unregistervm", GLUSTER.machine, "--delete");
    await absentMachine(simulated.open(), GLUSTER, () => undefined);
  });

  it("are refused when they hold a disk", async () => {
    leave();
    await expect(ensure()).rejects.toThrow(/holds disks of a machine that VirtualBox does not know/);
    expect(existsSync(path.join(folder, "Snapshots", "{1}.vdi"))).toBe(true);
  });

  it("are removed when their making was cut off before a first start", async () => {
    simulated.interrupt = ([verb]) =>
      verb === "clonevm" ? { status: 1, stderr: "VBoxManage: error: no (E_FAIL)\n" } : undefined;
    await expect(ensure()).rejects.toThrow(/E_FAIL/);
    simulated.interrupt = () => undefined;
    leave();
    await ensure();
    expect(simulated.machine(GLUSTER.machine).state).toBe("running");
    leave();
    await call("controlvm", GLUSTER.machine, "poweroff");
    await call("unregistervm", GLUSTER.machine, "--delete");
    await expect(ensure()).rejects.toThrow(/holds disks/);
  });
});
