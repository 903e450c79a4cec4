import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inspect } from "../../../hypervisor/driver/inspect";
import { ensureImage } from "../../../hypervisor/image/image";
import { absentDataDisk } from "../../../hypervisor/machine/data-disk";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine/machine";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import { GROUP, IMAGE, imageSpecification, OTHER_IMAGE, specification } from "./lab";
import type { Laboratory } from "./laboratory";
import { outcome, type Step } from "./step";
import { inView } from "./view";

/** Where the machine is or would be. */
function folderOf({ machineFolder }: Laboratory, { machine }: MachineSpecification): string {
  return join(machineFolder, GROUP, machine);
}

/** A machine that is gone, what an interrupted run or a person left in its place, and then our code asked for it. */
function leftover(
  role: string,
  leave: (laboratory: Laboratory, wanted: MachineSpecification) => Promise<unknown>,
  dataDiskGiB?: number,
) {
  return async (laboratory: Laboratory) => {
    const { vbox, log, calls, said } = laboratory;
    const wanted = { ...specification(laboratory, role), ...(dataDiskGiB && { dataDiskGiB }) };
    await absentMachine(vbox, wanted, log);
    mkdirSync(folderOf(laboratory, wanted), { recursive: true });
    await leave(laboratory, wanted);
    calls.length = 0;
    said.length = 0;
    return ensureMachine(vbox, wanted, log);
  };
}

/** A disk that somebody may have written to, without settings of its machine. */
function leaveDisk(folder: string): void {
  mkdirSync(join(folder, "Snapshots"), { recursive: true });
  writeFileSync(join(folder, `${folder.split("/").at(-1)}.vbox-tmp`), "<VirtualBox/>");
  writeFileSync(join(folder, "Snapshots", "{11111111-2222-4333-8444-555555555555}.vdi"), "half a disk");
}

/** One of 1 GiB that belongs to no machine, in its machine's folder. @returns its file */
async function makeDataDisk(laboratory: Laboratory, wanted: MachineSpecification): Promise<string> {
  const file = join(folderOf(laboratory, wanted), `${wanted.machine}-data.vdi`);
  await laboratory.vbox.call([
    "createmedium",
    "disk",
    "--filename",
    file,
    "--size",
    "1024",
    "--format",
    "VDI",
  ]);
  return file;
}

function clone({ machine, image }: MachineSpecification): string[] {
  const source = ["clonevm", image, "--snapshot", "base", "--options", "Link"];
  return [...source, "--name", machine, "--groups", GROUP, "--register"];
}

const isThere = { VMState: "poweroff", groups: GROUP, nic1: "intnet" };

/** What earlier, interrupted runs left is taken over or removed; what is somebody else's stays. */
export const leftovers: Step[] = [
  {
    name: "what a creation that came to no start has left",
    machine: "kube-lab-test-node01",
    act: leftover("node01", async (laboratory, wanted) => {
      writeFileSync(join(dirname(folderOf(laboratory, wanted)), `${wanted.machine}.creation`), "");
      leaveDisk(folderOf(laboratory, wanted));
    }),
    expect: ({ said, machines, files }) => {
      expect(said.join("\n")).toContain("removing what an earlier machine of this name left");
      expect(machines["kube-lab-test-node01"]).toMatchObject(isThere);
      expect(files.filter((file) => /\.vbox-tmp$|\.creation$/.test(file))).toEqual([]);
    },
  },
  {
    name: "disks of a machine that nobody knows",
    machine: "kube-lab-test-node01",
    act: async (laboratory) => {
      const wanted = specification(laboratory, "node01");
      const again = leftover("node01", async () => leaveDisk(folderOf(laboratory, wanted)));
      const refused = await outcome(again(laboratory));
      rmSync(folderOf(laboratory, wanted), { recursive: true });
      await ensureMachine(laboratory.vbox, wanted, laboratory.log);
      return refused;
    },
    expect: (view) =>
      expect(view.outcome).toMatchObject({ error: expect.stringContaining("holds disks of a machine") }),
  },
  {
    name: 'a machine after "Remove only"',
    machine: "kube-lab-test-glus01",
    act: async (laboratory) => {
      const { vbox, log } = laboratory;
      const wanted = { ...specification(laboratory, "glus01"), dataDiskGiB: 600 };
      const disk = (await inspect(vbox, wanted.machine))?.get("SATA-0-0") ?? "";
      await vbox.call(["unregistervm", wanted.machine]);
      await ensureMachine(vbox, wanted, log);
      // Or the machine would be inaccessible as soon as VirtualBox's service has ended and been started again.
      const settings = join(laboratory.machineFolder, "kube-lab", IMAGE, `${IMAGE}.vbox`);
      const isWritten = readFileSync(settings, "utf8").includes(basename(disk));
      return vbox.hypervisor === "embedded" || isWritten;
    },
    expect: ({ outcome, said, machines, calls }) => {
      expect(outcome).toBe(true);
      expect(said).toContain("its files are there: registering it again");
      expect(machines["kube-lab-test-glus01"]).toMatchObject({ ...isThere, cpus: "2" });
      expect(machines["kube-lab-test-glus01"]?.["SATA-0-0"]).toMatch(/glus01\/Snapshots\/.*\.vdi$/);
      expect(machines["kube-lab-test-glus01"]?.["SATA-1-0"]).toMatch(
        /disks\/kube-lab-test-glus01-data\.vdi$/,
      );
      expect(calls).toMatchObject({ registervm: 1 });
      expect(calls.clonevm).toBeUndefined();
    },
  },
  {
    name: "a machine recreated, which takes its data disk up again",
    machine: "kube-lab-test-glus01",
    act: leftover("glus01", async () => undefined, 600),
    expect: ({ said, machines, disks }) => {
      expect(said.filter((line) => line.startsWith("making its data disk"))).toEqual([]);
      expect(machines["kube-lab-test-glus01"]?.["SATA-1-0"]).toBe(
        inView("kube-lab", "test", "disks", "kube-lab-test-glus01-data.vdi"),
      );
      expect(disks).toContainEqual(expect.objectContaining({ Capacity: `${600 * 1024} MBytes` }));
    },
  },
  {
    name: "a data disk in its machine's folder, where it lay before it had a place of its own",
    machine: "kube-lab-test-glus03",
    act: leftover("glus03", async (laboratory, wanted) => {
      await absentDataDisk(laboratory.vbox, wanted, laboratory.log);
      await makeDataDisk(laboratory, wanted);
    }),
    expect: ({ machines, disks }) => {
      const place = inView("kube-lab", "test", "disks", "kube-lab-test-glus03-data.vdi");
      expect(machines["kube-lab-test-glus03"]?.["SATA-1-0"]).toBe(place);
      expect(disks.filter((disk) => disk.Location?.endsWith("glus03-data.vdi"))).toEqual([
        expect.objectContaining({ Location: place, Capacity: `${500 * 1024} MBytes` }),
      ]);
    },
  },
  {
    name: "a data disk that is known and whose file is gone",
    machine: "kube-lab-test-glus03",
    act: leftover("glus03", async (laboratory, wanted) => {
      const file = join(dirname(folderOf(laboratory, wanted)), "disks", `${wanted.machine}-data.vdi`);
      await laboratory.vbox.call(["showmediuminfo", "disk", file]);
      rmSync(file);
    }),
    expect: ({ outcome, machines, disks }) => {
      expect(outcome).not.toHaveProperty("error");
      expect(machines["kube-lab-test-glus03"]?.["SATA-1-0"]).toMatch(/glus03-data\.vdi$/);
      expect(disks.filter((disk) => disk.Location?.endsWith("glus03-data.vdi"))).toHaveLength(1);
    },
  },
  {
    name: "the data disk of a machine with a snapshot",
    machine: "kube-lab-test-glus03",
    act: async (laboratory) => {
      const { vbox, log } = laboratory;
      const wanted = specification(laboratory, "glus03");
      await vbox.call(["snapshot", wanted.machine, "take", "before"]);
      await absentMachine(vbox, wanted, log);
      return ensureMachine(vbox, wanted, log).then(() => "recreated");
    },
    expect: ({ outcome, machines, files }) => {
      expect(outcome).toBe("recreated");
      const place = inView("kube-lab", "test", "disks", "kube-lab-test-glus03-data.vdi");
      expect(machines["kube-lab-test-glus03"]?.["SATA-1-0"]).toBe(place);
      expect(files.filter((file) => /disks\/.*glus03/.test(file))).toHaveLength(1);
    },
  },
  {
    name: "a clone without its hardware",
    machine: "kube-lab-test-node02",
    act: leftover("node02", ({ vbox }, wanted) => vbox.call(clone(wanted))),
    expect: ({ machines, calls }) => {
      expect(machines["kube-lab-test-node02"]).toMatchObject({ ...isThere, cpus: "2", memory: "2048" });
      expect(calls.clonevm).toBeUndefined();
    },
  },
  {
    name: "a machine without its root disk",
    machine: "kube-lab-test-node03",
    act: leftover("node03", async ({ vbox }, wanted) => {
      await vbox.call(clone(wanted));
      const place = ["--storagectl", "SATA", "--port", "0", "--device", "0", "--medium", "none"];
      await vbox.call(["storageattach", wanted.machine, ...place]);
    }),
    expect: ({ said, machines, files }) => {
      expect(said.join("\n")).toContain("its root disk is gone: recreating it");
      expect(machines["kube-lab-test-node03"]).toMatchObject(isThere);
      expect(machines["kube-lab-test-node03"]?.["SATA-0-0"]).toMatch(/\.vdi$/);
      expect(files.filter((file) => /node03\/Snapshots\/.*vdi$/.test(file))).toHaveLength(1);
    },
  },
  {
    name: "a machine of another image",
    machine: "kube-lab-test-mast02",
    act: async (laboratory) => {
      const { vbox, host, log, calls } = laboratory;
      await ensureImage(vbox, { ...imageSpecification(laboratory), image: OTHER_IMAGE }, host, log);
      calls.length = 0;
      return ensureMachine(vbox, { ...specification(laboratory, "mast02"), image: OTHER_IMAGE }, log);
    },
    expect: ({ said, disks, calls }) => {
      expect(said).toContain(`its image is ${IMAGE}: recreating it`);
      expect(calls).toMatchObject({ unregistervm: 1, clonevm: 1 });
      const parent = inView("kube-lab", OTHER_IMAGE, "root.vdi");
      expect(disks.filter((disk) => disk["Parent UUID"] === parent)).toHaveLength(2);
    },
  },
  {
    name: "a file of somebody's own in the folder",
    machine: "kube-lab-test-mast03",
    act: leftover("mast03", async (laboratory, wanted) => {
      writeFileSync(join(folderOf(laboratory, wanted), "thesis.odt"), "");
    }),
    expect: ({ outcome, files, names }) => {
      expect(outcome).toMatchObject({ error: expect.stringContaining("thesis.odt") });
      expect(files).toContain("kube-lab/test/kube-lab-test-mast03/thesis.odt");
      expect(names).not.toContain("kube-lab-test-mast03");
    },
  },
  {
    name: "a machine of that name that is not the lab's",
    machine: "kube-lab-test-mast03",
    act: async (laboratory) => {
      const wanted = specification(laboratory, "mast03");
      rmSync(folderOf(laboratory, wanted), { recursive: true });
      await laboratory.vbox.call([
        "createvm",
        "--name",
        wanted.machine,
        "--ostype",
        "Debian_64",
        "--register",
      ]);
      return ensureMachine(laboratory.vbox, wanted, laboratory.log);
    },
    expect: ({ outcome, machines, calls }) => {
      expect(outcome).toMatchObject({ error: expect.stringContaining("not of this lab: its group is /.") });
      expect(machines["kube-lab-test-mast03"]).toMatchObject({ groups: "/" });
      expect(Object.keys(calls).sort()).toEqual(["createvm", "list", "showvminfo"]);
    },
  },
  {
    name: "an image that is gone",
    machine: "kube-lab-test-mast03",
    act: async (laboratory) => {
      const { vbox, log } = laboratory;
      await vbox.call(["unregistervm", "kube-lab-test-mast03", "--delete"]);
      return ensureMachine(vbox, { ...specification(laboratory, "mast03"), image: `${IMAGE}-gone` }, log);
    },
    expect: ({ outcome, names }) => {
      expect(outcome).toMatchObject({
        error: expect.stringContaining(`Could not find a registered machine named '${IMAGE}-gone'`),
        remedy: expect.stringContaining("The template"),
      });
      expect(names).not.toContain("kube-lab-test-mast03");
    },
  },
];
