# shellcheck shell=bash
# The trusted pool: who is in it, how a machine that has lost its identity comes back, who has to go.

gluster_daemon() {
  step "starting glusterd"
  systemctl start glusterd.service
  wait_until 60 "glusterd to answer (journalctl -u glusterd)" gluster_answers
}

gluster_answers() { timeout 5 gluster --mode=script pool list; }

# A machine whose disk is new: a peer has its identity in the list, but it knows nobody. It is told of its peers by their list;
# from them glusterd has the volume. Asking a peer in again would leave both with half a handshake.
gluster_return() {
  local peer
  ! knows_peers || return 0
  peer=$(peer_that_knows_me) || return 0
  # A new machine that was asked in just now has met that peer before the peer knew its identity.
  ! knows_peers || return 0
  step "coming back into the pool by $peer"
  systemctl stop glusterd.service
  remember_peers "$peer"
  gluster_daemon
  volume_comes || return 0
  # It has its own brick from others' words: only what it reads at its start it takes for its own.
  systemctl restart glusterd.service
  wait_until 60 "glusterd to answer (journalctl -u glusterd)" gluster_answers
}

# remember_peers PEER: as PEER lists them, itself among them. 3: a peer in the cluster, see glusterd-sm.h.
remember_peers() {
  local uuid host
  mkdir -p "$GLUSTERD/peers"
  while read -r uuid host _; do
    if [ "$uuid" = UUID ] || [ "$uuid" = "$GLUSTER_UUID" ]; then continue; fi
    [ "$host" != localhost ] || host=$1
    printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$uuid" "${host%".$DOMAIN"}" >"$GLUSTERD/peers/$uuid"
  done < <(list_of "$1")
  sync --file-system "$GLUSTERD"
}

list_of() { timeout 5 gluster --mode=script --remote-host="$1" pool list; }

# Without one there is no volume yet: the first machine makes it.
volume_comes() {
  local end=$((SECONDS + 30))
  until volume_exists; do
    [ $SECONDS -lt $end ] || return 1
    pause 1
  done
}

peer_that_knows_me() {
  local peer
  for peer in $(names "$GLUSTERS"); do
    if [ "$peer" = "$MACHINE" ] || ! port_open "$peer" 24007; then continue; fi
    if list_of "$peer" 2>/dev/null | grep -q "^$GLUSTER_UUID"; then
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
  wait_until 120 "all peers to be connected (gluster peer status)" pool_complete
}

# A machine that is not of the lab any more leaves the pool, once it holds no brick. It can't do so itself: gluster takes
# orders from the pool's own machines only, and lets none take itself out.
detach_strangers() {
  local peer
  for peer in $(peers); do
    if names "$GLUSTERS" | grep -qxF "$peer" || holds_brick "$peer"; then continue; fi
    step "taking $peer out of the pool"
    gluster --mode=script peer detach "$peer" || gluster --mode=script peer detach "$peer" force ||
      printf 'kube-lab: %s stays in the pool\n' "$peer" >&2
  done
}

probe() { port_open "$1" 24007 && timeout 30 gluster --mode=script peer probe "$1"; }

in_pool() { peers | grep -qxF "$1"; }

# Names of the others. A peer that came back is known by its full name.
peers() {
  gluster --mode=script pool list | awk 'NR > 1 && $2 != "localhost" { print $2 }' | sed "s/\\.${DOMAIN//./\\.}\$//"
}

# "localhost" is the machine itself
pool_complete() {
  local list connected
  list=$(timeout 5 gluster --mode=script pool list) || return 1
  connected=$(grep -c 'Connected' <<<"$list")
  [ "$connected" -ge "$(wc -w <<<"$GLUSTERS")" ]
}
