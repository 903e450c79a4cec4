export interface Limits {
  cpus: number;
  memoryMiB: number;
}

/** One machine's control groups: limits, everything that runs in it, freezing, and removal. */
export interface MachineCgroups {
  readonly version: "v1" | "v2";
  /** Folders to remove later, for the state file: another process may have to do it. */
  readonly folders: readonly string[];
  create(limits: Limits): void;
  /** Runs `start`, a synchronous spawn, with this process inside, so that the child begins there. */
  inside<T>(start: () => T): T;
  setFrozen(frozen: boolean): void;
}
