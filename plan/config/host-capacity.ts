/** What the host has; given, since plan/ looks at nothing itself. */
export interface HostCapacity {
  memoryMiB: number;
  /** Free space where the machines' disks go. */
  diskGiB: number;
  cpus: number;
}
