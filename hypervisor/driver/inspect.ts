import { parseMachineReadable } from "./output";
import type { VBoxManage } from "./vboxmanage";

/** `showvminfo` of a machine, key → value; undefined when there is none of that name. */
export async function inspect(vbox: VBoxManage, machine: string): Promise<Map<string, string> | undefined> {
  const output = await vbox.callIfThere(["showvminfo", machine, "--machinereadable"]);
  return output === undefined ? undefined : parseMachineReadable(output);
}

/**
 * Whether a machine is a lab's: it is in the lab's group, or its settings file lies where a machine of the group does. The
 * latter holds for a clone whose making was interrupted: `clonevm --groups` places it there but leaves it its template's group.
 */
export function belongsTo(info: Map<string, string>, group: string, machine: string): boolean {
  const settings = (info.get("CfgFile") ?? "").replaceAll("\\", "/");
  return groupsOf(info).includes(group) || settings.endsWith(`${group}/${machine}/${machine}.vbox`);
}

/** The machine's groups; `/` where it is in none. */
export function groupsOf(info: Map<string, string>): string[] {
  return (info.get("groups") || "/").split(",");
}
