# shellcheck shell=bash
# The machine's own brick, and which machines hold one.

# On the data disk: which volume's brick it is, and that a new brick has not got all of its files yet.
BRICK_RECORD=$BRICK_MOUNT/brick-of
BRICK_FILLING=$BRICK_MOUNT/filling

# Bricks come in threes, so that each file is on three machines; a machine beyond the last three is a peer without brick.
brick_hosts() {
  local count
  count=$(($(wc -w <<<"$GLUSTERS") / GLUSTER_REPLICAS * GLUSTER_REPLICAS))
  names "$GLUSTERS" | head -n "$count"
}

bricks_of() {
  local host
  # shellcheck disable=SC2153
  for host in "$@"; do printf '%s:%s\n' "$host" "$BRICK"; done
}

# In the volume's order: every three are one set of copies.
volume_bricks() { volume_info 2>/dev/null | sed -n 's/^Brick[0-9]*: //p'; }

holds_brick() { volume_bricks | grep -qxF "$1:$BRICK"; }

planned_brick() { brick_hosts | grep -qxF "$1"; }

brick_as_planned() {
  if planned_brick "$MACHINE"; then holds_brick "$MACHINE"; else ! holds_brick "$MACHINE"; fi
}

missing_bricks() {
  local brick there
  there=$(volume_bricks)
  # shellcheck disable=SC2046
  for brick in $(bricks_of $(brick_hosts)); do
    grep -qxF "$brick" <<<"$there" || printf '%s ' "$brick"
  done
}

# Files without a pool that knows of them: nobody may ask this machine in and take its brick for a new one.
refuse_unknown_files() {
  if knows_peers || ! has_files; then return 0; fi
  fail "$BRICK has files, but this machine has lost its place in the pool, and no other machine knows it: nothing is touched. Copy the files elsewhere; 'mv $BRICK $BRICK.old' lets it start over"
}

keep_brick() {
  return_brick
  wait_until 120 "own brick of $GLUSTER_VOLUME (gluster volume status)" brick_online
  [ "$(cat "$BRICK_RECORD" 2>/dev/null)" = "$(volume_id)" ] || {
    volume_id >"$BRICK_RECORD"
    sync "$BRICK_RECORD"
  }
}

# A new disk's brick gets its files from the other copies. "reset-brick" notes at them, before it is there, that it has
# nothing: so the volume has something to heal from its first moment on, and the new brick is nobody's source.
return_brick() {
  if [ "$(cat "$BRICK_FILLING" 2>/dev/null)" = given ]; then return 0; fi
  if [ ! -e "$BRICK_FILLING" ]; then
    ! marked_brick || return 0
    if [ -e "$BRICK_RECORD" ] || [ -n "$(ls -A "$BRICK" 2>/dev/null)" ]; then fail "$(lost_mark)"; fi
  fi
  step "giving the volume its new brick"
  filling asked
  mkdir -p "$BRICK"
  retry 120 "resetting the brick of $MACHINE" reset_brick start
  retry 120 "starting the new brick of $MACHINE" reset_brick commit
  filling given
}

filling() {
  printf '%s\n' "$1" >"$BRICK_FILLING"
  sync "$BRICK_FILLING" "$BRICK_MOUNT"
}

reset_brick() {
  case $1 in
    start) gluster --mode=script volume reset-brick "$GLUSTER_VOLUME" "$MACHINE:$BRICK" start ;;
    commit) gluster --mode=script volume reset-brick "$GLUSTER_VOLUME" "$MACHINE:$BRICK" "$MACHINE:$BRICK" commit force ;;
  esac
}

lost_mark() {
  printf '%s' "this disk has been a brick of volume $GLUSTER_VOLUME, and $BRICK has lost the volume's mark or its files:" \
    " it is not taken for a new one. See what is there ('ls -la $BRICK'); if the other copies are whole" \
    " ('gluster volume heal $GLUSTER_VOLUME info'), 'rm -rf $BRICK $BRICK_RECORD' has it filled from them"
}

marked_brick() { getfattr --name trusted.glusterfs.volume-id "$BRICK" >/dev/null 2>&1; }

volume_id() { volume_info | sed -n 's/^Volume ID: //p'; }

brick_online() {
  timeout 10 gluster --mode=script volume status "$GLUSTER_VOLUME" "$MACHINE:$BRICK" detail | grep -qE '^Online *: Y'
}

# The brick was moved off: its folders go, or gluster would never take the place again. A file that is still there is kept.
retire_brick() {
  printf 'kube-lab: %s holds no brick: bricks come in sets of %s machines\n' "$MACHINE" "$GLUSTER_REPLICAS"
  if has_files; then
    mv "$BRICK" "$BRICK.left-$(date +%s)"
    printf 'kube-lab: files were left on the brick; they are kept in %s\n' "$BRICK.left-…" >&2
  elif marked_brick || [ -e "$BRICK_RECORD" ]; then
    rm -rf "$BRICK"
  fi
  rm -f "$BRICK_RECORD" "$BRICK_FILLING"
}

# Empty files with the sticky bit alone are gluster's own pointers to other bricks.
has_files() {
  [ -n "$(find "$BRICK" -path "$BRICK/.glusterfs" -prune -o ! -type d ! \( -type f -size 0 -perm 1000 \) -print -quit 2>/dev/null)" ]
}
