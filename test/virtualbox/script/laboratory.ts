import { mkdirSync, writeFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { defaultMachineFolder } from "../../../hypervisor/driver/folders";
import { VBoxManage } from "../../../hypervisor/driver/vboxmanage";
import { type Host, thisHost } from "../../../lib/host";
import { runProcess } from "../../../lib/process";
import type { Hypervisor } from "../../../plan/lab-plan";

/** Our hypervisor code over one VBoxManage, the real one or the stand-in; everything but the start of a machine is its own. */
export interface Laboratory {
  vbox: VBoxManage;
  host: Host;
  /** Folder that remembers where the lab is, as a project does. */
  project: string;
  /** The disk that the image is made from: as the user's own it is only read. */
  baseDisk: string;
  /** VirtualBox's default one. */
  machineFolder: string;
  /** Every call since the last look. */
  calls: string[][];
  /** What our code told the person since the last look. */
  said: string[];
  log: (line: string) => void;
}

const BASE_MIB = 64;

/**
 * @param program the executable
 * @param folder for the base disk and locks; the program sees it under the same path
 */
export async function openLaboratory(
  hypervisor: Hypervisor,
  program: string,
  environment: NodeJS.ProcessEnv,
  folder: string,
): Promise<Laboratory> {
  mkdirSync(folder, { recursive: true });
  const baseDisk = join(folder, "base.img");
  // A jump, as every BIOS boot sector begins with.
  writeFileSync(baseDisk, Buffer.from([0xeb, 0x63, 0x90]));
  await truncate(baseDisk, BASE_MIB * 2 ** 20);
  const calls: string[][] = [];
  const said: string[] = [];
  const log = (line: string) => void said.push(line);
  const vbox = new VBoxManage({
    path: program,
    hypervisor,
    platform: "linux",
    environment,
    lockFile: join(folder, "lock"),
    log,
    run: (file, args, options) => {
      calls.push([...args]);
      // Without the kernel's driver nothing starts; how that ends is tested by itself.
      if (args[0] === "startvm")
        return Promise.resolve({ status: 0, stdout: "", stderr: "", timedOut: false });
      return runProcess(file, args, options);
    },
  });
  const host = thisHost(environment);
  const machineFolder = await defaultMachineFolder(vbox);
  return { vbox, host, project: folder, baseDisk, machineFolder, calls, said, log };
}
