import type { MachineRecord } from "./record";

/** What `showvminfo --machinereadable` says of a machine. */
export type Info = Map<string, string>;

/** A machine as it is before anything is done; `info` is empty for one just cloned. */
export interface Found {
  info: Info;
  record: MachineRecord | undefined;
}
