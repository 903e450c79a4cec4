import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { absentImage, ensureImage } from "../../../hypervisor/image/image";
import { IMAGE, imageSpecification } from "./lab";
import type { Laboratory } from "./laboratory";
import type { Step } from "./step";
import type { View } from "./view";

/** An image that must boot once, which here comes to nothing: the machine is off at once, and has written nothing. */
export const preparing: Step[] = [
  { name: "an image whose preparation comes to nothing", act: prepare, expect: expectUnprepared },
  {
    name: "its preparation from the start",
    act: prepare,
    expect: (view) => {
      expectUnprepared(view);
      expect(view.said).toContain("starting over: its preparation was interrupted");
    },
  },
  {
    name: "the unprepared image removed",
    act: ({ vbox, log }) => absentImage(vbox, IMAGE, log),
    expect: ({ names, disks, dvds, files }) =>
      expect({ names, disks, dvds, files }).toEqual({ names: [], disks: [], dvds: [], files: [] }),
  },
];

function prepare(laboratory: Laboratory): Promise<void> {
  const { vbox, host, log, baseDisk } = laboratory;
  const bundle = join(dirname(baseDisk), "bundle");
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, "kubeadm"), "");
  return ensureImage(vbox, { ...imageSpecification(laboratory), bundle }, host, log);
}

function expectUnprepared({ outcome, machines, dvds, files, calls }: View): void {
  expect(outcome).toMatchObject({
    error: expect.stringContaining("switched itself off without being prepared"),
  });
  expect(machines[IMAGE]).toMatchObject({
    ...{ cpus: "1", memory: "1024", nic1: "none", "SATA-2-0": "none", "SATA-3-0": "none" },
  });
  expect(machines[IMAGE]).not.toHaveProperty("CurrentSnapshotName");
  expect(dvds).toEqual([]);
  expect(files.filter((file) => file.endsWith(".iso"))).toEqual([]);
  expect(calls.startvm).toBe(1);
}
