import type { GuestFile } from "../guest-files";
import { realFile } from "../real-file";

/** Brick, pool and volume. */
export function glusterFiles(): GuestFile[] {
  return [realFile("gluster/gluster.sh", "/usr/local/lib/kube-lab/gluster.sh")];
}
