import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { inspect } from "../../hypervisor/driver/inspect";
import { absentImage, ensureImage } from "../../hypervisor/image/image";
import { absentMachine, ensureMachine } from "../../hypervisor/machine/machine";
import { openSandbox, type Sandbox, sandboxObstacle } from "./sandbox";
import { IMAGE, imageSpecification, specification } from "./script/lab";
import { type Laboratory, openLaboratory } from "./script/laboratory";

const describeHere = sandboxObstacle() === undefined ? describe : describe.skip;

describeHere("a template in the real VirtualBox", () => {
  let sandbox: Sandbox;
  let laboratory: Laboratory;

  beforeAll(async () => {
    sandbox = await openSandbox((line) => process.stderr.write(`${line}\n`));
    const folder = join(sandbox.folder, "lab");
    laboratory = await openLaboratory("virtualbox", sandbox.vboxManage, process.env, folder);
  }, 900_000);
  afterEach(() => absentImage(laboratory.vbox, IMAGE, laboratory.log), 60_000);
  afterAll(() => sandbox.remove());

  const make = async (host = laboratory.host) => {
    await ensureImage(laboratory.vbox, imageSpecification(laboratory), host, laboratory.log);
    const info = await inspect(laboratory.vbox, IMAGE);
    return Object.fromEntries(info ?? []);
  };

  it("has what Linux wants and nothing that a person would look at", async () => {
    const info = await make();
    expect(info).toMatchObject({
      ...{ platformArchitecture: "x86", firmware: "BIOS", paravirtprovider: "kvm", ioapic: "on" },
      ...{ audio: "none", usb: "off", ehci: "off", xhci: "off", vrde: "off" },
      ...{ storagecontrollertype0: "IntelAhci", rtcuseutc: "on", boot1: "disk", boot2: "none" },
    });
    expect(readFileSync(info.CfgFile ?? "", "utf8")).toMatch(/type="AHCI"[^>]* useHostIOCache="true"/);
  }, 120_000);

  it("starts by EFI where the disk has no code for the BIOS, and leaves nothing of it", async () => {
    const disk = { ...laboratory, baseDisk: join(dirname(laboratory.baseDisk), "efi.img") };
    await writeFile(disk.baseDisk, Buffer.alloc(2 ** 20));
    await ensureImage(disk.vbox, imageSpecification(disk), disk.host, disk.log);
    const wanted = specification(disk, "mast01");
    await ensureMachine(disk.vbox, wanted, disk.log);
    expect((await inspect(disk.vbox, wanted.machine))?.get("firmware")).toBe("EFI");
    await absentMachine(disk.vbox, wanted, disk.log);
    expect(readdirSync(join(disk.machineFolder, "kube-lab", "test"))).toEqual([]);
  }, 120_000);

  it("is an ARM machine on an ARM computer", async () => {
    expect(await make({ ...laboratory.host, architecture: "arm64" })).toMatchObject({
      ...{ platformArchitecture: "ARM", firmware: "EFI", ostype: "Debian (ARM 64-bit)" },
      ...{ storagecontrollertype0: "IntelAhci", CurrentSnapshotName: "base" },
    });
  }, 120_000);

  it("has machines that are complete, whose start tells what to do about the missing driver", async () => {
    await make();
    const { machine, group } = specification(laboratory, "mast01");
    const environment = {
      ...{ PATH: process.env.PATH, KUBE_LAB_CACHE: sandbox.folder, VBOXMANAGE: sandbox.vboxManage },
      ...{ HYPERVISOR: "virtualbox", GROUP: group, MACHINE: machine, IMAGE, INCARNATION: "one" },
      HOST_KEY: "SHA256:one",
      ...{ CPUS: "2", MEMORY_MIB: "1024", ADAPTER_1: "internal kube-lab-test-mast 08:00:27:00:00:01" },
    };
    const program = join(sandbox.folder, "hypervisor.js");
    const entry = join(__dirname, "..", "..", "hypervisor", "main.ts");
    buildSync({ entryPoints: [entry], bundle: true, platform: "node", target: "node20", outfile: program });
    const run = (verb: string) =>
      spawnSync(process.execPath, [program, verb], { env: environment, encoding: "utf8" });

    const ensured = run("machine ensure");
    expect(ensured.stderr).toMatch(/startvm .* has terminated unexpectedly during startup/);
    expect(ensured.stderr).toMatch(/^What to do: Load VirtualBox's kernel driver: .*virtualbox-dkms/m);
    expect(ensured.status).toBe(1);
    expect(await inspect(laboratory.vbox, machine)).toEqual(
      expect.objectContaining(new Map([["VMState", "poweroff"]])),
    );
    expect(run("machine absent")).toMatchObject({ status: 0 });
    expect(await inspect(laboratory.vbox, machine)).toBeUndefined();
  }, 180_000);
});
