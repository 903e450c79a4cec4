# shellcheck shell=bash
# The data disk: it outlives its machine. The brick is on it, and all that makes the machine the peer that it is, so that
# whichever machine has the disk goes on with both. Nothing that has ever been written to is overwritten.

# What gluster knows of pool and volume; the package's folder is bound to the disk's.
GLUSTERD=$ROOT/var/lib/glusterd
GLUSTERD_ON_DISK=$BRICK_MOUNT/glusterd

gluster_disk() {
  mountpoint -q "$BRICK_MOUNT" || mount_brick
  # The disk may have grown; nothing happens when it has not.
  xfs_growfs -d "$BRICK_MOUNT" >/dev/null || fail "the file system at $BRICK_MOUNT cannot take all of its disk: 'xfs_growfs -d $BRICK_MOUNT' says why"
  mountpoint -q "$GLUSTERD" || bind_identity
}

# By script, at every boot: where disks are the host's, no udev names them.
mount_brick() {
  local disk
  disk=$(data_disk) || fail "no data disk found: 'lsblk' shows the disks; dataDiskGiB of $MACHINE must be more than 0"
  step "preparing the brick on $disk"
  mkdir -p "$BRICK_MOUNT"
  case $(blkid --output value --match-tag TYPE --probe "$disk" 2>/dev/null || true) in
    xfs) if [ -e "$STATE/formatting" ] && ! mounts "$disk"; then format_disk "$disk"; fi ;;
    "") format_disk "$disk" ;;
    *) fail "$disk has a file system of another kind: refusing to overwrite it; 'wipefs' it if it is not needed" ;;
  esac
  mount -t xfs -o noatime,inode64 "$disk" "$BRICK_MOUNT" ||
    fail "$disk cannot be mounted at $BRICK_MOUNT, and is left as it is: 'xfs_repair -n $disk' says what is wrong with it"
  rm -f "$STATE/formatting"
}

mounts() { mount -t xfs -o ro,norecovery "$1" "$BRICK_MOUNT" 2>/dev/null && umount "$BRICK_MOUNT"; }

# A note on the root disk tells a format that was cut off from a disk that has lost its first block.
format_disk() {
  [ -e "$STATE/formatting" ] || blank "$1" ||
    fail "$1 has no file system and is not empty: refusing to overwrite what is on it; if it is not needed, 'dd if=/dev/zero of=$1 bs=1M count=64'"
  touch "$STATE/formatting"
  sync "$STATE/formatting" "$STATE"
  mkfs.xfs -q -f -K -L brick -i size=512 -l size=64m "$1" || fail "mkfs.xfs on $1 failed"
  sync "$1"
}

# New disks read as zeros; no file system leaves the first 64 MiB so. Partitions and the like are blkid's to find.
blank() {
  ! blkid --probe "$1" >/dev/null 2>&1 && [ -z "$(head --bytes=64M "$1" | tr --delete '\0' | head --bytes=1 | base64)" ]
}

# The hypervisor may name it; otherwise the first whole disk that holds nothing of the system.
data_disk() {
  local disk
  if [ -n "${KUBE_LAB_DATA_DISK:-}" ]; then
    printf '%s\n' "$KUBE_LAB_DATA_DISK"
    return 0
  fi
  for disk in $(lsblk --nodeps --noheadings --paths --output NAME,TYPE | awk '$2 == "disk" { print $1 }'); do
    if ! lsblk --noheadings --output MOUNTPOINTS,TYPE "$disk" | grep -qE '/|part|SWAP'; then
      printf '%s\n' "$disk"
      return 0
    fi
  done
  return 1
}

# A machine that has its identity on the root disk moves it; bricks serve on meanwhile. What is on the disk counts: it comes
# there in one step, and is older than whatever a new machine's package has brought.
bind_identity() {
  if [ ! -d "$GLUSTERD_ON_DISK" ]; then
    step "moving the machine's place in the pool to its data disk"
    systemctl stop glusterd.service
    rm -rf "$GLUSTERD_ON_DISK.new"
    mkdir -p "$GLUSTERD"
    cp --archive "$GLUSTERD" "$GLUSTERD_ON_DISK.new"
    sync --file-system "$BRICK_MOUNT"
    mv "$GLUSTERD_ON_DISK.new" "$GLUSTERD_ON_DISK"
    sync --file-system "$BRICK_MOUNT"
  fi
  ! systemctl is-active --quiet glusterd.service || systemctl stop glusterd.service
  mkdir -p "$GLUSTERD"
  mount --bind "$GLUSTERD_ON_DISK" "$GLUSTERD" || fail "$GLUSTERD_ON_DISK cannot be bound to $GLUSTERD"
}

# The identity follows from the name: a rebuilt machine is the peer that it was.
gluster_identity() {
  local known
  known=$(sed -n 's/^UUID=//p' "$GLUSTERD/glusterd.info" 2>/dev/null || true)
  [ "$known" != "$GLUSTER_UUID" ] || return 0
  [ -z "$known" ] || ! knows_peers ||
    fail "the data disk is of another machine: its identity in $GLUSTERD/glusterd.info is $known, this machine's is $GLUSTER_UUID"
  systemctl stop glusterd.service
  printf 'UUID=%s\noperating-version=110000\n' "$GLUSTER_UUID" >"$GLUSTERD/glusterd.info"
  sync "$GLUSTERD/glusterd.info"
}

knows_peers() { [ -n "$(ls -A "$GLUSTERD/peers" 2>/dev/null)" ]; }
