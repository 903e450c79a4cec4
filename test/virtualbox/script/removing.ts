import { readFileSync } from "node:fs";
import { absentImage } from "../../../hypervisor/image/image";
import { absentDataDisk } from "../../../hypervisor/machine/data-disk";
import { absentMachine } from "../../../hypervisor/machine/machine";
import { absentSeed, ensureSeed } from "../../../hypervisor/machine/seed";
import { absentNetwork, ensureNetwork } from "../../../hypervisor/network/network";
import { GROUP, IMAGE, OTHER_IMAGE, specification, specifications } from "./lab";
import type { Laboratory } from "./laboratory";
import type { Step } from "./step";
import type { View } from "./view";

/** Everything goes, twice, and the base disk stays as it is. */
export const removing: Step[] = [
  {
    name: "an image in use",
    machine: IMAGE,
    act: ({ vbox, log }) => absentImage(vbox, IMAGE, log),
    expect: ({ outcome, names }) => {
      expect(outcome).toMatchObject({ error: expect.stringMatching(/^\d+ disks of machines are linked to/) });
      expect(names).toContain(IMAGE);
    },
  },
  {
    name: "a machine with its seed",
    machine: "kube-lab-test-gate01",
    act: async (laboratory) => {
      const { vbox, host, log } = laboratory;
      const wanted = specification(laboratory, "gate01");
      const seed = { userData: "#cloud-config\n", metaData: "a: b\n", networkConfig: "version: 2\n" };
      const iso = await ensureSeed(vbox, wanted, seed, host);
      const place = ["--storagectl", "SATA", "--port", "2", "--device", "0", "--type", "dvddrive"];
      await vbox.call(["storageattach", wanted.machine, ...place, "--medium", iso]);
      await absentMachine(vbox, wanted, log);
      await absentSeed(vbox, wanted);
    },
    expect: ({ names, files }) => {
      expect(names).not.toContain("kube-lab-test-gate01");
      expect(files.filter((file) => /gate01/.test(file))).toEqual([]);
    },
  },
  {
    name: "all machines at once",
    act: machines,
    expect: (view) => {
      expectNoMachines(view);
      expect(view.files.filter((file) => file.endsWith("-data.vdi"))).toHaveLength(3);
    },
  },
  {
    name: "a data disk",
    act: (laboratory) => absentDataDisk(laboratory.vbox, specification(laboratory, "glus01"), laboratory.log),
    expect: ({ files }) =>
      expect(files.filter((file) => file.endsWith("-data.vdi")).map((file) => file.slice(-15))).toEqual([
        "glus02-data.vdi",
        "glus03-data.vdi",
      ]),
  },
  {
    name: "all machines again",
    act: machines,
    expect: (view) => {
      expectNoMachines(view);
      expect(view.calls).toEqual({ showvminfo: 12, list: 12 });
    },
  },
  {
    name: "network and images",
    act: rest,
    expect: ({ outcome, names, disks, files }) => {
      expect(outcome).toBe("base disk unchanged");
      expect({ names, disks, files }).toEqual({ names: [], disks: [], files: [] });
    },
  },
  {
    name: "network and images again",
    act: rest,
    expect: ({ outcome }) => expect(outcome).toBe("base disk unchanged"),
  },
];

function machines(laboratory: Laboratory): Promise<unknown> {
  const { vbox, log } = laboratory;
  return Promise.all(specifications(laboratory).map((wanted) => absentMachine(vbox, wanted, log))).then(
    () => "gone",
  );
}

function expectNoMachines({ outcome, names, disks }: View): void {
  expect(outcome).toBe("gone");
  expect(names).toEqual([IMAGE, OTHER_IMAGE]);
  expect(disks).toHaveLength(4);
}

async function rest({ vbox, baseDisk, project, log }: Laboratory): Promise<string> {
  const network = { hypervisor: vbox.hypervisor, group: GROUP, incarnation: "1 missing", madeWith: {} };
  await ensureNetwork(vbox, network, project, log);
  await absentNetwork(vbox, network, project, log);
  for (const image of [IMAGE, OTHER_IMAGE]) await absentImage(vbox, image, log);
  const base = readFileSync(baseDisk);
  return base[0] === 0xeb && base.length === 64 * 2 ** 20 ? "base disk unchanged" : "base disk changed";
}
