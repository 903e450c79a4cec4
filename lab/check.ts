/** One thing that was looked at. */
export interface Check {
  /** `machine`, `node`, `etcd member`, `virtual IP`, `backend`, `Gluster peer`, `Gluster volume`, `storage`, `service`, `forward`, `certificate`. */
  kind: string;
  name: string;
  healthy: boolean;
  /** Nobody who could tell has answered: not healthy, and not known to be otherwise. */
  unknown?: true;
  detail: string;
}
