import type { GuestFile } from "../guest-file";
import { realFile } from "../real-file";

/** Disk, pool, volume, and what is left to heal. */
export function glusterFiles(): GuestFile[] {
  return [
    ...[
      "gluster.sh",
      "gluster-disk.sh",
      "gluster-pool.sh",
      "gluster-brick.sh",
      "gluster-shrink.sh",
      "gluster-heal.sh",
    ].map((name) => realFile(`gluster/${name}`, `/usr/local/lib/kube-lab/${name}`)),
    realFile("gluster/glusterd.conf", "/etc/systemd/system/glusterd.service.d/kube-lab.conf"),
  ];
}
