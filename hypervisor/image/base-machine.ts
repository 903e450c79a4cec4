import { RemedyError } from "../../lib/remedy-error";
import { inspect } from "../driver/inspect";
import { parseMachineList } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import { isStopped } from "../machine/power";

/**
 * The disk that an existing machine boots from, to make a template of.
 * @throws RemedyError when there is no such machine, it is not off, or it has no disk
 */
export async function diskOfMachine(vbox: VBoxManage, machine: string): Promise<string> {
  const info = await inspect(vbox, machine);
  if (!info) {
    const known = [...parseMachineList(await vbox.call(["list", "vms"])).keys()];
    throw new RemedyError(
      `kube-lab:image.base names the machine ${JSON.stringify(machine)}, and there is none.`,
      `Name one of ${known.map((name) => JSON.stringify(name)).join(", ") || "(none: VirtualBox knows no machine)"}.`,
    );
  }
  const state = info.get("VMState") ?? "";
  if (!isStopped(state) || state === "saved")
    throw new RemedyError(
      `The machine ${JSON.stringify(machine)}, kube-lab:image.base, is not off but ${state}.`,
      "Shut it down from inside, so that its disk is whole.",
    );
  const disk = bootDisk(info);
  if (disk !== undefined) return disk;
  throw new RemedyError(
    `The machine ${JSON.stringify(machine)}, kube-lab:image.base, has no hard disk.`,
    "Name a machine with Debian 13 or Ubuntu 24.04 and cloud-init on its first disk.",
  );
}

/** The first medium on any controller, in their order, that is no image of a disc: `"SATA-0-0"="/vms/a/a.vdi"`. */
function bootDisk(info: Map<string, string>): string | undefined {
  const controllers = [...info]
    .filter(([key]) => key.startsWith("storagecontrollername"))
    .map(([, name]) => name);
  const media = controllers.flatMap((name) =>
    [...info].filter(([key]) => key.startsWith(`${name}-`) && /^\d+-\d+$/.test(key.slice(name.length + 1))),
  );
  return media
    .map(([, medium]) => medium)
    .find((medium) => !["none", "emptydrive"].includes(medium) && !/\.(?:iso|viso|dmg)$/i.test(medium));
}
