import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureImage } from "../../../hypervisor/image";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine";
import type { MachineSpecification } from "../../../hypervisor/specification";
import { GROUP, IMAGE, imageSpecification, OTHER_IMAGE, specification } from "./lab";
import type { Laboratory } from "./laboratory";
import type { Step } from "./step";
import { inView } from "./view";

/** Where the machine is or would be. */
function folderOf({ machineFolder }: Laboratory, { machine }: MachineSpecification): string {
  return join(machineFolder, GROUP, machine);
}

/** A machine that is gone, what an interrupted run or a person left in its place, and then our code asked for it. */
function leftover(
  role: string,
  leave: (laboratory: Laboratory, wanted: MachineSpecification) => Promise<unknown>,
) {
  return async (laboratory: Laboratory) => {
    const { vbox, log, calls, said } = laboratory;
    const wanted = specification(laboratory, role);
    await absentMachine(vbox, wanted, log);
    mkdirSync(folderOf(laboratory, wanted), { recursive: true });
    await leave(laboratory, wanted);
    calls.length = 0;
    said.length = 0;
    return ensureMachine(vbox, wanted, log);
  };
}

/** One of 1 GiB that belongs to no machine. @returns its file */
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
    name: "a folder with files of a machine that nobody knows",
    machine: "kube-lab-test-node01",
    act: leftover("node01", async (laboratory, wanted) => {
      const folder = folderOf(laboratory, wanted);
      mkdirSync(join(folder, "Snapshots"));
      writeFileSync(join(folder, `${wanted.machine}.vbox-tmp`), "<VirtualBox/>");
      writeFileSync(join(folder, "Snapshots", "{11111111-2222-4333-8444-555555555555}.vdi"), "half a disk");
    }),
    expect: ({ said, machines, files }) => {
      expect(said.join("\n")).toContain("removing what an earlier machine of this name left");
      expect(machines["kube-lab-test-node01"]).toMatchObject(isThere);
      expect(files.filter((file) => file.endsWith(".vbox-tmp"))).toEqual([]);
    },
  },
  {
    name: "a data disk that was made and never attached",
    machine: "kube-lab-test-glus01",
    act: leftover("glus01", makeDataDisk),
    expect: ({ machines, disks }) => {
      expect(machines["kube-lab-test-glus01"]?.["SATA-1-0"]).toMatch(/glus01-data\.vdi$/);
      expect(disks.filter((disk) => disk.Location?.endsWith("glus01-data.vdi"))).toEqual([
        expect.objectContaining({ Capacity: `${500 * 1024} MBytes` }),
      ]);
    },
  },
  {
    name: "a data disk that is known and whose file is gone",
    machine: "kube-lab-test-glus03",
    act: leftover("glus03", async (laboratory, wanted) => {
      rmSync(await makeDataDisk(laboratory, wanted));
    }),
    expect: ({ machines, disks }) => {
      expect(machines["kube-lab-test-glus03"]?.["SATA-1-0"]).toMatch(/glus03-data\.vdi$/);
      expect(disks.filter((disk) => disk.Location?.endsWith("glus03-data.vdi"))).toHaveLength(1);
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
      expect(said.join("\n")).toContain("its root disk is gone: making it anew");
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
      expect(said).toContain(`its image is ${IMAGE}: making it anew`);
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
