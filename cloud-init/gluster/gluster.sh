# shellcheck shell=bash
# A Gluster machine: a disk with an XFS brick and the machine's identity, a place in the trusted pool, and its part in the one
# volume. Converged means that the volume is whole: nothing is left to heal on any brick, so that the next machine may go.

# Each question to gluster is a process with many libraries.
# shellcheck disable=SC2034
POLL_SECONDS=1
BRICK_MOUNT=$ROOT/srv/brick
BRICK=$BRICK_MOUNT/$GLUSTER_VOLUME
# How long writes hang when a machine loses power, seconds; the default of 42 is for networks that stumble.
PING_TIMEOUT=10
# How often the self-heal daemon looks for what is left, seconds: clients that find a brick later than others leave something when
# it is whole already, and the default of 600 would have it wait.
HEAL_TIMEOUT=60

# shellcheck source=gluster-disk.sh
. "$LIBRARY/gluster-disk.sh"
# shellcheck source=gluster-pool.sh
. "$LIBRARY/gluster-pool.sh"
# shellcheck source=gluster-brick.sh
. "$LIBRARY/gluster-brick.sh"
# shellcheck source=gluster-shrink.sh
. "$LIBRARY/gluster-shrink.sh"
# shellcheck source=gluster-heal.sh
. "$LIBRARY/gluster-heal.sh"

role_converge() {
  gluster_disk
  gluster_identity
  gluster_return
  refuse_unknown_files
  gluster_daemon
  gluster_pool
  gluster_volume
  gluster_whole
}

gluster_volume() {
  [ "$INDEX" != 1 ] || lead_volume
  wait_until 300 "volume $GLUSTER_VOLUME to be started (gluster volume info)" volume_started
  wait_until 900 "the first machine to give or take the brick of $MACHINE (gluster volume info)" brick_as_planned
  if holds_brick "$MACHINE"; then keep_brick; else retire_brick; fi
}

# The first machine makes the volume what the lab's list of machines says.
lead_volume() {
  local missing surplus
  volume_exists || retry 300 "creating volume $GLUSTER_VOLUME" make_volume
  volume_options
  volume_started || retry 300 "starting volume $GLUSTER_VOLUME" gluster --mode=script volume start "$GLUSTER_VOLUME"
  missing=$(missing_bricks)
  # shellcheck disable=SC2086
  [ -z "$missing" ] || retry 300 "adding bricks to $GLUSTER_VOLUME" add_bricks $missing
  spread_files
  surplus=$(surplus_bricks)
  # shellcheck disable=SC2086
  [ -z "$surplus" ] || move_off $surplus
  detach_strangers
}

# Where a machine fails in the middle the others have the volume, and that one gets it when it is back.
make_volume() {
  # By force: an attempt that failed has marked bricks already. What has files refuses by itself, see refuse_unknown_files.
  # shellcheck disable=SC2046
  gluster --mode=script volume create "$GLUSTER_VOLUME" replica "$GLUSTER_REPLICAS" transport tcp \
    $(bricks_of $(brick_hosts)) force || volume_exists
}

add_bricks() { gluster --mode=script volume add-brick "$GLUSTER_VOLUME" "$@" force; }

volume_options() {
  volume_option network.ping-timeout "$PING_TIMEOUT"
  volume_option cluster.heal-timeout "$HEAL_TIMEOUT"
  volume_option auth.allow "$GLUSTER_CLIENTS"
}

volume_option() {
  ! volume_info | grep -qxF "$1: $2" || return 0
  retry 60 "setting $1 of $GLUSTER_VOLUME" gluster --mode=script volume set "$GLUSTER_VOLUME" "$1" "$2"
}

# New sets of bricks get their share of the files; a cut-off start is made good at the next pass.
spread_files() {
  [ "$(volume_bricks | wc -l)" -gt "$GLUSTER_REPLICAS" ] || return 0
  case $(task_field statusStr rebalance "$GLUSTER_VOLUME" status) in
    "" | "not started") gluster --mode=script volume rebalance "$GLUSTER_VOLUME" start || true ;;
  esac
}

# task_field NAME COMMAND…: of all machines together, as gluster's XML tells it; empty where there is no such task.
task_field() {
  local name=$1
  shift
  timeout 30 gluster --mode=script --xml volume "$@" 2>/dev/null | python3 -c '
import sys, xml.etree.ElementTree as tree
try:
    print(tree.parse(sys.stdin).findtext(".//aggregate/" + sys.argv[1]) or "")
except tree.ParseError:
    pass' "$name" || true
}

volume_info() { timeout 10 gluster --mode=script volume info "$GLUSTER_VOLUME"; }

volume_exists() { volume_info >/dev/null 2>&1; }

volume_started() { volume_info | grep -qx 'Status: Started'; }

role_services() { echo glusterd.service; }

# {brick: bool, holdsBrick: bool, peers: [{name, connected}], volume, started: bool, bricksOnline, bricks, healPending, splitBrain}
# The last two are null where gluster does not tell.
role_status() {
  local pool status heal
  pool=$(timeout 5 gluster --mode=script pool list 2>/dev/null |
    awk -v "domain=.$DOMAIN" 'NR > 1 { at = index($2, domain); print (at ? substr($2, 1, at - 1) : $2), $3 }')
  status=$(timeout 10 gluster --mode=script volume status "$GLUSTER_VOLUME" detail 2>/dev/null | grep -E '^Online' || true)
  heal=$(heal_numbers 8 || true)
  jq -n --argjson brick "$(mountpoint -q "$BRICK_MOUNT" && echo true || echo false)" --arg pool "$pool" --arg online "$status" \
    --arg volume "$GLUSTER_VOLUME" --argjson started "$(volume_started 2>/dev/null && echo true || echo false)" \
    --argjson holds "$(holds_brick "$MACHINE" 2>/dev/null && echo true || echo false)" --arg heal "$heal" \
    '{brick: $brick, holdsBrick: $holds, volume: $volume, started: $started,
      peers: [$pool | split("\n")[] | select(. != "") | split(" ") | {name: .[0], connected: (.[1] == "Connected")}],
      bricks: [$online | split("\n")[] | select(. != "")] | length,
      bricksOnline: [$online | split("\n")[] | select(test(": *Y"))] | length,
      healPending: ($heal | split(" ")[0] // null | if . then tonumber else . end),
      splitBrain: ($heal | split(" ")[1] // null | if . then tonumber else . end)}'
}
