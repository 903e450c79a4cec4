# shellcheck shell=bash
# What is left to heal. A brick that is online is not yet a brick that is whole.

# heal_table SECONDS: a line for each brick, "HOST:PATH online|offline LEFT SPLIT-BRAIN", numbers "-" where it is offline.
heal_table() {
  timeout "$1" gluster --mode=script volume heal "$GLUSTER_VOLUME" info summary 2>/dev/null | awk '
    /^Brick / { brick = $2 }
    /^Status: / { status = $2 == "Connected" ? "online" : "offline" }
    /^Total Number of entries: / { left = $NF }
    /^Number of entries in split-brain: / { print brick, status, left, $NF }'
}

# "LEFT SPLIT-BRAIN" of all bricks that are online; fails where gluster does not tell.
heal_numbers() {
  local table
  table=$(heal_table "$1")
  [ -n "$table" ] || return 1
  awk '{ left += $3; split_brain += $4 } END { print left + 0, split_brain + 0 }' <<<"$table"
}

# Nothing is left on any brick, and every brick is there: the next machine may go.
gluster_whole() {
  wait_whole 300
  rm -f "$BRICK_FILLING"
}

# wait_whole SECONDS: the bound counts from the last time that less was left. The self-heal daemon looks now and then by
# itself, and what it heals leads it to more: it is asked each time.
wait_whole() {
  local limit=$1 told said="" least="" left end
  end=$((SECONDS + limit))
  until told=$(what_is_left); do
    left=${told%% *}
    if [[ $left =~ ^[0-9]+$ ]] && { [ -z "$least" ] || [ "$left" -lt "$least" ]; }; then
      least=$left
      end=$((SECONDS + limit))
    fi
    [ "$told" = "$said" ] || step "waiting for volume $GLUSTER_VOLUME to be whole: $told"
    said=$told
    [ $SECONDS -lt $end ] ||
      fail "volume $GLUSTER_VOLUME is not whole: $told, and not less for $limit s; 'gluster volume heal $GLUSTER_VOLUME info' on $MACHINE names them"
    timeout 30 gluster --mode=script volume heal "$GLUSTER_VOLUME" >/dev/null 2>&1 || true
    pause 2
  done
}

# Fails while something is left, and says what.
what_is_left() {
  local table offline numbers
  table=$(heal_table 120)
  [ -n "$table" ] || {
    echo "gluster does not say what is left to heal"
    return 1
  }
  numbers=$(awk '{ left += $3; split_brain += $4 } END { print left + 0, split_brain + 0 }' <<<"$table")
  offline=$(awk '$2 != "online" { sub(/:.*/, "", $1); print $1 }' <<<"$table" | paste -sd ' ')
  if [ "$numbers" = "0 0" ] && [ -z "$offline" ]; then return 0; fi
  printf '%s entries left to heal, %s of them in split brain%s\n' "${numbers% *}" "${numbers#* }" \
    "${offline:+, without the bricks of $offline}"
  return 1
}

# others_to_heal: what is left on the copies of this machine's brick and on itself; "unknown" unless all three are online.
others_to_heal() {
  local set
  set=$(own_set)
  heal_table 120 | awk -v "set=$set" '
    BEGIN { count = split(set, bricks, " "); for (i in bricks) mine[bricks[i]] = 1 }
    $1 in mine && $2 == "online" { online++; left += $3 }
    END { print online == count ? left + 0 : "unknown" }'
}

# The bricks that hold the same files as this machine's, itself among them.
own_set() {
  volume_bricks | awk -v "own=$MACHINE:$BRICK" -v "replicas=$GLUSTER_REPLICAS" '
    { line[NR] = $0; if ($0 == own) at = int((NR - 1) / replicas) * replicas }
    END { for (i = 1; i <= replicas; i++) printf "%s ", line[at + i] }'
}

# The machine may go for a while: the other two copies of what it holds are there, and nothing is left to heal between them.
role_step_aside() {
  volume_exists || return 0
  holds_brick "$MACHINE" || return 0
  wait_until 600 "the other copies of the brick to be there and whole (gluster volume heal $GLUSTER_VOLUME info)" may_go
}

may_go() {
  local left others
  others=$(others_online)
  [ "$others" = $((GLUSTER_REPLICAS - 1)) ] || {
    echo "only $others of the $((GLUSTER_REPLICAS - 1)) other copies are online"
    return 1
  }
  # Its own brick serves nobody: nothing goes with it.
  brick_online >/dev/null 2>&1 || return 0
  left=$(others_to_heal)
  [ "$left" = 0 ] || {
    echo "$left entries are left to heal"
    return 1
  }
}

others_online() {
  heal_table 120 | awk -v "set=$(own_set)" -v "own=$MACHINE:$BRICK" '
    BEGIN { split(set, bricks, " "); for (i in bricks) mine[bricks[i]] = 1 }
    $1 in mine && $1 != own && $2 == "online" { online++ }
    END { print online + 0 }'
}
