import type { VBoxManage } from "../driver/vboxmanage";
import { DATA_PORT, ROOT_PORT } from "./hardware";

/**
 * Makes VirtualBox hand a guest's flushes on to the host's disk, which it ignores by default: with the host's cache, what etcd and
 * XFS have on disk after a flush would be in the host's memory only, and a power cut of the host would take it from all machines.
 * Possible while the machine runs; VirtualBox reads it when the machine is started. A port without a disk must not have the key:
 * its device would have a node without a driver, and the machine would not start.
 * Source: VirtualBox's manual, "Responding to guest IDE/SATA flush requests".
 * @param before the ports that have it already
 * @param wanted the ports with a disk
 */
export async function honourFlushes(
  vbox: VBoxManage,
  machine: string,
  before: readonly number[],
  wanted: readonly number[],
): Promise<void> {
  const set = (port: number, ...value: string[]) =>
    vbox.call(["setextradata", machine, flushKey(port), ...value]);
  for (const port of wanted.filter((each) => !before.includes(each))) await set(port, "0");
  for (const port of before.filter((each) => !wanted.includes(each))) await set(port);
}

/** The key of a controller's port in the extra data. */
export function flushKey(port: number): string {
  return `VBoxInternal/Devices/ahci/0/LUN#[${port}]/Config/IgnoreFlush`;
}

/** The ports of a machine's disks. */
export function diskPorts({ dataDiskGiB }: { dataDiskGiB?: number }): number[] {
  return dataDiskGiB === undefined ? [ROOT_PORT] : [ROOT_PORT, DATA_PORT];
}
