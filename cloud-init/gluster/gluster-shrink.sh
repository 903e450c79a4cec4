# shellcheck shell=bash
# Fewer machines: the files of a set that loses one move to the sets that stay, before anything goes.

# Bricks of machines that hold none by the lab's list. Sets go whole.
surplus_bricks() {
  local brick host
  for brick in $(volume_bricks); do
    host=${brick%%:*}
    planned_brick "$host" || printf '%s ' "$brick"
  done
}

# move_off BRICK…: done when not one file was left behind; the machines keep their disks until they leave.
move_off() {
  local left
  [ $(($# % GLUSTER_REPLICAS)) = 0 ] || fail "bricks leave in sets of $GLUSTER_REPLICAS, and these are none: $*; order the lab's Gluster machines as 'gluster volume info' does"
  wait_whole 600
  wait_until 3600 "files to be spread over the bricks (gluster volume rebalance $GLUSTER_VOLUME status)" nothing_spreads
  if [ -z "$(removal statusStr "$@")" ]; then
    room_without "$@" || fail "$(no_room "$@")"
    retry 60 "beginning to move files off $*" remove_brick "$@" start
  fi
  wait_removal "$@"
  left=$(($(removal failures "$@") + $(removal skipped "$@")))
  [ "$left" = 0 ] || {
    remove_brick "$@" stop || true
    fail "$left files could not be moved off $*, which stay in the volume: /var/log/glusterfs/$GLUSTER_VOLUME-rebalance.log tells which; 'npm run up' tries again"
  }
  retry 60 "taking $* out of the volume" remove_brick "$@" commit
}

remove_brick() { gluster --mode=script volume remove-brick "$GLUSTER_VOLUME" "$@"; }

# removal FIELD BRICK…
removal() {
  local field=$1
  shift
  task_field "$field" remove-brick "$GLUSTER_VOLUME" "$@" status
}

# The bound counts from the last file that was moved.
wait_removal() {
  local status moved last="" end=$((SECONDS + 900))
  while [ $SECONDS -lt $end ]; do
    status=$(removal statusStr "$@")
    moved=$(removal files "$@")
    case $status in
      completed) return 0 ;;
      "in progress" | "") step "moving files off the bricks that leave: ${moved:-0} moved" ;;
      *)
        remove_brick "$@" stop || true
        fail "moving files off $* ended with '$status': /var/log/glusterfs/$GLUSTER_VOLUME-rebalance.log tells why; 'npm run up' tries again"
        ;;
    esac
    if [ "$moved" != "$last" ]; then
      last=$moved
      end=$((SECONDS + 900))
    fi
    pause 2
  done
  fail "moving files off $*: none moved for 900 s, after ${last:-0}; 'gluster volume remove-brick $GLUSTER_VOLUME $* status' tells more"
}

nothing_spreads() { [ "$(task_field statusStr rebalance "$GLUSTER_VOLUME" status)" != "in progress" ]; }

# room_without BRICK…: what is on the sets that leave has room on those that stay.
room_without() {
  timeout 30 gluster --mode=script --xml volume status "$GLUSTER_VOLUME" detail | python3 -c '
import sys, xml.etree.ElementTree as tree
leaving, replicas = set(sys.argv[2:]), int(sys.argv[1])
nodes = [node for node in tree.parse(sys.stdin).iter("node") if node.findtext("sizeTotal")]
sets = [nodes[i:i + replicas] for i in range(0, len(nodes), replicas)]
used = free = 0
for copies in sets:
    if copies[0].findtext("hostname") + ":" + copies[0].findtext("path") in leaving:
        used += max(int(n.findtext("sizeTotal")) - int(n.findtext("sizeFree")) for n in copies)
    else:
        free += min(int(n.findtext("sizeFree")) for n in copies)
sys.exit(0 if used < free * 0.95 else 1)' "$GLUSTER_REPLICAS" "$@"
}

no_room() {
  printf '%s' "what is on $* has no room on the machines that stay: nothing was touched." \
    " Keep gluster.count at $(volume_bricks | wc -l), or make gluster.brickGiB larger first"
}

# The first machine has moved the brick off before and taken this one out. Whoever still holds one holds the only copies of
# something, or one of three: neither goes.
role_leave() {
  # The disk stays under its name, with brick and identity, and stepping aside has seen the other copies whole.
  if [ "${RETURNING:-false}" = true ]; then
    sync --file-system "$BRICK_MOUNT"
    return 0
  fi
  gluster_answers >/dev/null 2>&1 || systemctl start glusterd.service
  wait_until 60 "glusterd to answer (journalctl -u glusterd)" gluster_answers
  if ! volume_exists || ! holds_brick "$MACHINE"; then
    # shellcheck disable=SC2153
    ! has_files || fail "$BRICK still has files, which the volume does not know: the machine and its disk stay; look at them first"
    return 0
  fi
  # A volume that holds nothing may go with its machines.
  if has_files || [ "$(others_to_heal)" != 0 ]; then
    fail "$MACHINE holds a brick of volume $GLUSTER_VOLUME, with files of which the copies would go too: nothing was touched. Keep gluster.count at $(wc -w <<<"$GLUSTERS") (bricks leave in sets of $GLUSTER_REPLICAS, while another set stays), or empty the volume first"
  fi
}
