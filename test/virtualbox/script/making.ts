import { inspect } from "../../../hypervisor/driver/inspect";
import { ensureImage } from "../../../hypervisor/image/image";
import { flushKey } from "../../../hypervisor/machine/flush";
import {
  attachedMedium,
  BUNDLE_PORT,
  DATA_PORT,
  ROOT_PORT,
  SEED_PORT,
} from "../../../hypervisor/machine/hardware";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import { ensureSeed, sealSeed } from "../../../hypervisor/machine/seed";
import { ensureNetwork } from "../../../hypervisor/network/network";
import { GROUP, IMAGE, imageSpecification, specifications } from "./lab";
import type { Laboratory } from "./laboratory";
import type { Step } from "./step";
import { inView, type View } from "./view";

const SEED = { userData: "#cloud-config\n", metaData: "instance-id: one\n", networkConfig: "version: 2\n" };
const CHANGING = [
  "clonevm",
  "createvm",
  "modifyvm",
  "storagectl",
  "storageattach",
  "createmedium",
  "unregistervm",
];

/** An image, and twelve machines out of it at once. */
export const making: Step[] = [
  { name: "an image", machine: IMAGE, act: image, expect: expectImage },
  {
    name: "the image again",
    machine: IMAGE,
    act: image,
    expect: ({ calls }) => expect(calls).toEqual({ showvminfo: 1, getextradata: 1 }),
  },
  {
    name: "a network and seeds",
    machine: IMAGE,
    act: async (laboratory) => {
      await ensureNetwork(
        laboratory.vbox,
        { hypervisor: laboratory.vbox.hypervisor, group: GROUP, incarnation: "1 missing", madeWith: {} },
        laboratory.project,
        laboratory.log,
      );
      for (const wanted of specifications(laboratory))
        await ensureSeed(laboratory.vbox, wanted, SEED, laboratory.host);
    },
    expect: ({ files }) => expect(files.filter((file) => file.endsWith(".iso"))).toHaveLength(12),
  },
  { name: "twelve machines at once", act: machines, expect: expectMachines },
  {
    name: "the twelve again",
    machine: "kube-lab-test-gate01",
    act: machines,
    expect: ({ calls }) => {
      expect(Object.keys(calls).filter((verb) => CHANGING.includes(verb))).toEqual([]);
      expect(calls.showvminfo).toBe(12);
    },
  },
  {
    name: "their guests' flushes",
    machine: IMAGE,
    act: async (laboratory) => {
      const names = [IMAGE, ...specifications(laboratory).map(({ machine }) => machine)];
      const looked = await Promise.all(names.map((name) => unflushed(laboratory, name)));
      return looked.flat();
    },
    expect: ({ outcome }) => expect(outcome).toEqual([]),
  },
  {
    name: "their seeds sealed",
    machine: "kube-lab-test-mast01",
    act: async (laboratory) => {
      for (const wanted of specifications(laboratory))
        await sealSeed(laboratory.vbox, wanted, laboratory.log);
    },
    expect: ({ machines, files }) => {
      expect(files.filter((file) => file.endsWith(".iso"))).toEqual([]);
      expect(machines["kube-lab-test-mast01"]?.["SATA-2-0"]).toBe("emptydrive");
    },
  },
];

/** Disks of a machine whose flushes VirtualBox would ignore, and ports without a disk that it would not start with. */
async function unflushed({ vbox }: Laboratory, machine: string): Promise<string[]> {
  const info = (await inspect(vbox, machine)) ?? new Map<string, string>();
  const extra = await vbox.call(["getextradata", machine, "enumerate"]);
  return [ROOT_PORT, DATA_PORT, SEED_PORT, BUNDLE_PORT].flatMap((port) => {
    const isDisk = attachedMedium(info, port)?.endsWith(".vdi") ?? false;
    const isSet = extra.includes(`Key: ${flushKey(port)}, Value: 0`);
    return isDisk === isSet ? [] : [`${machine} port ${port}: disk ${isDisk}, set ${isSet}`];
  });
}

function image(laboratory: Laboratory): Promise<void> {
  const { vbox, host, log } = laboratory;
  return ensureImage(vbox, imageSpecification(laboratory), host, log);
}

function machines(laboratory: Laboratory): Promise<unknown> {
  const { vbox, log } = laboratory;
  return Promise.all(specifications(laboratory).map((wanted) => ensureMachine(vbox, wanted, log)));
}

function expectImage({ outcome, machines, disks }: View): void {
  expect(outcome).toBe("done");
  expect(machines[IMAGE]).toMatchObject({
    groups: "/kube-lab",
    CurrentSnapshotName: "base",
    storagecontrollertype0: "IntelAhci",
    nic1: "none",
  });
  expect(disks).toContainEqual(
    expect.objectContaining({
      Location: inView("kube-lab", IMAGE, "root.vdi"),
      "Parent UUID": "base",
      Capacity: "8192 MBytes",
    }),
  );
}

function expectMachines({ outcome, names, machines, disks, calls }: View): void {
  expect(outcome).toHaveLength(12);
  expect(names).toHaveLength(13);
  expect(machines["kube-lab-test-gate01"]).toMatchObject({
    groups: GROUP,
    cpus: "1",
    memory: "512",
    nic1: "nat",
    nictype1: "virtio",
    macaddress1: "080027000001",
    nic5: "intnet",
    intnet5: "kube-lab-test-dmz",
    "Forwarding(0)": "api,tcp,127.0.0.1,18080,10.0.2.15,6443",
    "Forwarding(2)": "statistics,tcp,127.0.0.1,32700,10.0.2.15,32700",
    description: expect.stringContaining(GROUP),
  });
  expect(machines["kube-lab-test-glus03"]?.["SATA-1-0"]).toMatch(/kube-lab-test-glus03-data\.vdi$/);
  expect(machines["kube-lab-test-node03"]?.["SATA-2-0"]).toMatch(/seeds\/kube-lab-test-node03\.iso$/);
  const clones = disks.filter((disk) => disk["Parent UUID"] === inView("kube-lab", IMAGE, "root.vdi"));
  // The template goes on with a difference of its own.
  expect(clones).toHaveLength(13);
  // A look, the machine folder, clone, hardware, seed, start; a data disk is made and attached; flushes of each disk.
  expect(calls).toEqual({
    ...{ showvminfo: 12, list: 12, clonevm: 12, modifyvm: 12, startvm: 12 },
    ...{ createmedium: 3, storageattach: 12 + 3, setextradata: 12 + 3 },
  });
}
