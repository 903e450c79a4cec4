import { pathsOf } from "../../lib/host";
import { RemedyError } from "../../lib/remedy-error";
import type { MachineReference } from "../specification/lab";
import { parseColons } from "./output";
import type { VBoxManage } from "./vboxmanage";

/** Where a lab's things are on this computer's disk; full paths. */
export interface LabFolders {
  /** `<default machine folder>/kube-lab/dev`: VirtualBox puts a machine below its group. */
  lab: string;
  /** Folder of one machine. */
  machine: (name: string) => string;
  /** Seed ISOs of machines that have not converged yet; only for the owner's eyes. */
  seeds: string;
  seed: (name: string) => string;
  /** Data disks, apart from the machines that use them: a machine recreated takes its own up again. */
  disks: string;
  dataDisk: (name: string) => string;
  /** Where a data disk was before it lay apart; that of a machine which still lives with it there is right. */
  formerDataDisk: (name: string) => string;
  /** There from before a machine is cloned until it is started for the first time: nothing has been written to its root disk. */
  creation: (name: string) => string;
}

/** Asks VirtualBox for its default machine folder, which a person may have moved to a larger disk. */
export async function labFolders(vbox: VBoxManage, group: string): Promise<LabFolders> {
  return foldersBelow(await defaultMachineFolder(vbox), group, vbox.platform);
}

export async function defaultMachineFolder(vbox: VBoxManage): Promise<string> {
  const folder = parseColons(await vbox.call(["list", "systemproperties"])).get("Default machine folder");
  if (!folder)
    throw new RemedyError(
      "VBoxManage list systemproperties names no default machine folder.",
      "Set one: `VBoxManage setproperty machinefolder default`.",
    );
  return folder;
}

export function foldersBelow(machineFolder: string, group: string, platform: NodeJS.Platform): LabFolders {
  const paths = pathsOf(platform);
  const lab = paths.join(machineFolder, ...group.split("/"));
  const seeds = paths.join(lab, "seeds");
  const disks = paths.join(lab, "disks");
  const machine = (name: string) => paths.join(lab, name);
  return {
    lab,
    machine,
    seeds,
    seed: (name) => paths.join(seeds, `${name}.iso`),
    disks,
    dataDisk: (name) => paths.join(disks, `${name}-data.vdi`),
    formerDataDisk: (name) => paths.join(machine(name), `${name}-data.vdi`),
    creation: (name) => paths.join(lab, `${name}.creation`),
  };
}

/**
 * Folders of the lab that a machine belongs to: read off the machine where it is in its usual place, which saves a call.
 * @param info of `showvminfo`, when the machine is there
 */
export async function foldersOf(
  vbox: VBoxManage,
  { group, machine }: MachineReference,
  info: Map<string, string> | undefined,
): Promise<LabFolders> {
  const paths = pathsOf(vbox.platform);
  const settings = info?.get("CfgFile") ?? "";
  const usual = paths.join(...group.split("/"), machine, `${machine}.vbox`);
  if (!settings.endsWith(paths.sep + usual)) return labFolders(vbox, group);
  return foldersBelow(settings.slice(0, -usual.length), group, vbox.platform);
}
