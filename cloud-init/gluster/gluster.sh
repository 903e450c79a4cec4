# shellcheck shell=bash
# A Gluster machine: an XFS brick on its data disk, a place in the trusted pool, and its part in the one volume.

# Each question to gluster is a process with many libraries.
# shellcheck disable=SC2034
POLL_SECONDS=1
BRICK_MOUNT=/srv/brick
BRICK=$BRICK_MOUNT/$GLUSTER_VOLUME
# How long writes hang when a machine loses power, seconds; the default of 42 is for networks that stumble.
PING_TIMEOUT=10

role_converge() {
  gluster_brick
  gluster_daemon
  gluster_return
  gluster_pool
  gluster_volume
}

gluster_brick() {
  mountpoint -q "$BRICK_MOUNT" || mount_brick
  # The disk may have grown; nothing happens when it has not.
  xfs_growfs -d "$BRICK_MOUNT" >/dev/null || fail "the file system at $BRICK_MOUNT cannot take all of its disk: 'xfs_growfs -d $BRICK_MOUNT' says why"
}

# By script, at every boot: where disks are the host's, no udev names them.
mount_brick() {
  local disk
  disk=$(data_disk) || fail "no data disk found: 'lsblk' shows the disks; dataDiskGiB of $MACHINE must be more than 0"
  step "preparing the brick on $disk"
  case $(blkid --output value --match-tag TYPE --probe "$disk" 2>/dev/null || true) in
    xfs) ;;
    "") mkfs.xfs -q -K -L brick -i size=512 -l size=64m "$disk" || fail "mkfs.xfs on $disk failed" ;;
    *) fail "$disk has a file system of another kind: refusing to overwrite it; 'wipefs' it if it is not needed" ;;
  esac
  mkdir -p "$BRICK_MOUNT"
  mount -t xfs -o noatime,inode64 "$disk" "$BRICK_MOUNT" || fail "$disk cannot be mounted at $BRICK_MOUNT"
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

# The identity follows from the name: a rebuilt machine is the peer that it was.
gluster_daemon() {
  if ! grep -qs "^UUID=$GLUSTER_UUID$" /var/lib/glusterd/glusterd.info; then
    systemctl stop glusterd.service
    mkdir -p /var/lib/glusterd
    printf 'UUID=%s\noperating-version=110000\n' "$GLUSTER_UUID" >/var/lib/glusterd/glusterd.info
  fi
  step "starting glusterd"
  systemctl start glusterd.service
  wait_until 60 "glusterd to answer (journalctl -u glusterd)" gluster_answers
}

gluster_answers() { timeout 5 gluster --mode=script pool list; }

# A rebuilt machine: a peer has its identity in the list, but it knows nobody. Asked, the peer tells it of the pool and the
# volume, which glusterd takes over at its next start.
gluster_return() {
  local peer
  knows_nobody || return 0
  peer=$(peer_that_knows_me) || return 0
  # A new machine that was asked in just now has met that peer before the peer knew its identity.
  knows_nobody || return 0
  retry 120 "coming back into the pool by $peer" probe "$peer"
  systemctl restart glusterd.service
  wait_until 60 "glusterd to answer (journalctl -u glusterd)" gluster_answers
  wait_until 60 "volume $GLUSTER_VOLUME from $peer (gluster volume info)" volume_started
}

knows_nobody() { [ "$(gluster --mode=script pool list | wc -l)" -le 2 ]; }

peer_that_knows_me() {
  local peer
  for peer in $(names "$GLUSTERS"); do
    if [ "$peer" = "$MACHINE" ] || ! port_open "$peer" 24007; then continue; fi
    if timeout 5 gluster --mode=script --remote-host="$peer" pool list 2>/dev/null | grep -q "^$GLUSTER_UUID"; then
      printf '%s\n' "$peer"
      return 0
    fi
  done
  return 1
}

# The first machine asks the others in; a peer that is not up yet is asked again.
gluster_pool() {
  local peer
  if [ "$INDEX" != 1 ]; then
    wait_until 600 "the pool's other machines to take $MACHINE in" pool_complete
    return 0
  fi
  for peer in $(names "$GLUSTERS"); do
    [ "$peer" != "$MACHINE" ] || continue
    in_pool "$peer" || retry 600 "asking $peer into the pool" probe "$peer"
  done
  detach_strangers
  wait_until 120 "all peers to be connected (gluster peer status)" pool_complete
}

# A machine that is not of the lab any more leaves the pool, unless it holds a brick: then gluster keeps it. It can't do so
# itself: gluster takes orders from the pool's own machines only, and lets none take itself out.
detach_strangers() {
  local peer
  for peer in $(gluster --mode=script pool list | awk 'NR > 1 && $2 != "localhost" { print $2 }'); do
    if names "$GLUSTERS" | grep -qxF "$peer"; then continue; fi
    step "taking $peer out of the pool"
    gluster --mode=script peer detach "$peer" || gluster --mode=script peer detach "$peer" force ||
      printf 'kube-lab: %s stays in the pool\n' "$peer" >&2
  done
}

probe() { port_open "$1" 24007 && timeout 30 gluster --mode=script peer probe "$1"; }

in_pool() { gluster --mode=script pool list | awk '{ print $2 }' | grep -qxF "$1"; }

# "localhost" is the machine itself
pool_complete() {
  local list connected
  list=$(timeout 5 gluster --mode=script pool list) || return 1
  connected=$(grep -c 'Connected' <<<"$list")
  [ "$connected" -ge "$(wc -w <<<"$GLUSTERS")" ]
}

# Bricks come in threes, so that each file is on three machines; a machine beyond the last three is a peer without brick.
brick_hosts() {
  local count
  count=$(($(wc -w <<<"$GLUSTERS") / GLUSTER_REPLICAS * GLUSTER_REPLICAS))
  names "$GLUSTERS" | head -n "$count"
}

bricks() {
  local host
  for host in "$@"; do printf '%s:%s\n' "$host" "$BRICK"; done
}

gluster_volume() {
  mkdir -p "$BRICK"
  [ "$INDEX" != 1 ] || create_volume
  wait_until 300 "volume $GLUSTER_VOLUME to be started (gluster volume info)" volume_started
  return_brick
  ! brick_hosts | grep -qxF "$MACHINE" || wait_until 120 "own brick of $GLUSTER_VOLUME (gluster volume status)" brick_online
}

create_volume() {
  local missing
  volume_exists || retry 300 "creating volume $GLUSTER_VOLUME" make_volume
  missing=$(missing_bricks)
  if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    retry 300 "adding bricks to $GLUSTER_VOLUME" gluster --mode=script volume add-brick "$GLUSTER_VOLUME" $missing force
    gluster --mode=script volume rebalance "$GLUSTER_VOLUME" start || true
  fi
  volume_quick_to_notice || retry 60 "setting the ping timeout of $GLUSTER_VOLUME" \
    gluster --mode=script volume set "$GLUSTER_VOLUME" network.ping-timeout "$PING_TIMEOUT"
  volume_started || retry 300 "starting volume $GLUSTER_VOLUME" gluster --mode=script volume start "$GLUSTER_VOLUME"
}

volume_quick_to_notice() {
  gluster --mode=script volume info "$GLUSTER_VOLUME" | grep -qx "network.ping-timeout: $PING_TIMEOUT"
}

volume_exists() { gluster --mode=script volume info "$GLUSTER_VOLUME" >/dev/null 2>&1; }

# Where a machine fails in the middle the others have the volume, and that one gets it when it is back.
make_volume() {
  # shellcheck disable=SC2046
  gluster --mode=script volume create "$GLUSTER_VOLUME" replica "$GLUSTER_REPLICAS" transport tcp \
    $(bricks $(brick_hosts)) force || volume_exists
}

missing_bricks() {
  local info brick
  info=$(gluster --mode=script volume info "$GLUSTER_VOLUME")
  # shellcheck disable=SC2046
  for brick in $(bricks $(brick_hosts)); do
    grep -qF ": $brick" <<<"$info" || printf '%s ' "$brick"
  done
}

# An empty brick of a volume that exists gets the volume's mark, and its files from the other copies.
return_brick() {
  local id
  if ! brick_hosts | grep -qxF "$MACHINE" || marked_brick; then return 0; fi
  step "giving the volume its new brick"
  id=$(gluster --mode=script volume info "$GLUSTER_VOLUME" | sed -n 's/^Volume ID: //p')
  mkdir -p "$BRICK/.glusterfs/indices"
  setfattr --name trusted.glusterfs.volume-id --value "0x${id//-/}" "$BRICK"
  retry 60 "starting the new brick" gluster --mode=script volume start "$GLUSTER_VOLUME" force
  wait_until 60 "own brick of $GLUSTER_VOLUME (gluster volume status)" brick_online
  # Without it the self-heal daemon copies what is asked for, later.
  gluster --mode=script volume heal "$GLUSTER_VOLUME" full || true
}

marked_brick() { getfattr --name trusted.glusterfs.volume-id "$BRICK" >/dev/null 2>&1; }

volume_started() { timeout 10 gluster --mode=script volume info "$GLUSTER_VOLUME" | grep -qx 'Status: Started'; }

brick_online() {
  timeout 10 gluster --mode=script volume status "$GLUSTER_VOLUME" "$MACHINE:$BRICK" detail | grep -qE '^Online *: Y'
}

# The pool's first machine has taken this one out before, unless its brick is part of the volume: that is said.
role_leave() {
  knows_nobody || printf 'kube-lab: %s stays listed in the pool: it holds a brick\n' "$MACHINE" >&2
}

# {brick: bool, peers: [{name, connected}], volume, started: bool, bricksOnline, bricks}
role_status() {
  local pool status
  pool=$(timeout 5 gluster --mode=script pool list 2>/dev/null | awk 'NR > 1 { print $2, $3 }')
  status=$(timeout 10 gluster --mode=script volume status "$GLUSTER_VOLUME" detail 2>/dev/null | grep -E '^Online' || true)
  jq -n --argjson brick "$(mountpoint -q "$BRICK_MOUNT" && echo true || echo false)" --arg pool "$pool" --arg online "$status" \
    --arg volume "$GLUSTER_VOLUME" --argjson started "$(volume_started 2>/dev/null && echo true || echo false)" \
    '{brick: $brick, volume: $volume, started: $started,
      peers: [$pool | split("\n")[] | select(. != "") | split(" ") | {name: .[0], connected: (.[1] == "Connected")}],
      bricks: [$online | split("\n")[] | select(. != "")] | length,
      bricksOnline: [$online | split("\n")[] | select(test(": *Y"))] | length}'
}
