# shellcheck shell=bash
# The Gluster volume on a node, where the storage class's volumes are folders: a service keeps it mounted. Nothing waits for it:
# Gluster may be later, slower or away.

VOLUME_MOUNT=/srv/volume

# Before any pod runs. Gluster's machines have no other door for nodes than for what runs on them.
node_guard() {
  render gluster.nft /etc/kube-lab/gluster.nft 0644 "GLUSTER_SUBNET=$GLUSTER_SUBNET"
  load_table /etc/kube-lab/gluster.nft kube_lab_gluster
}

node_volume() {
  if [ -z "$VOLUME_SERVERS" ]; then
    systemctl stop kube-lab-volume.service
    return 0
  fi
  # Without the volume nobody may write into the folder below it: a kubelet would make a volume's folder there.
  volume_listed || {
    mkdir -p "$VOLUME_MOUNT"
    chattr +i "$VOLUME_MOUNT"
  }
  step "mounting the Gluster volume"
  systemctl start --no-block kube-lab-volume.service
}

volume_listed() { grep -q " $VOLUME_MOUNT fuse.glusterfs " /proc/mounts; }

# "mounted", "not mounted" or "none"; a client that has died leaves a mount that does not answer.
volume_status() {
  if [ -z "$VOLUME_SERVERS" ]; then
    echo none
  elif volume_listed && timeout 5 stat "$VOLUME_MOUNT" >/dev/null 2>&1; then
    echo mounted
  else
    echo "not mounted"
  fi
}
