# shellcheck shell=bash
# How a master goes, for a while or for good, its own way or taken out by another: never without a majority of etcd's members.

# shellcheck disable=SC2153 # ADDRESS is the machine's own
role_step_aside() {
  local members why end=$((SECONDS + 300))
  [ -e "$STATE/placed" ] || return 0
  stop_encryption
  [ $# = 0 ] || MASTERS=$(masters_of "$@")
  master_strangers
  until members=$(agreed_members) && why=$(keeps_majority away "$ADDRESS" <<<"$members"); do
    [ $SECONDS -lt $end ] || fail "$MACHINE may not stop now: ${why:-no majority of etcd members answers}"
    status_line "waiting for the other etcd members: ${why:-no majority answers}"
    pause 2
  done
  leave_balancers
  make_way
}

# Pods, etcd member and node go while the other masters serve on; afterwards the machine could start over.
role_leave() {
  local members why
  if [ ! -e "$STATE/placed" ] && [ ! -e "$STATE/place" ]; then return 0; fi
  stop_encryption
  if members=$(agreed_members); then
    if member_id <<<"$members" >/dev/null; then
      why=$(keeps_majority leaves "$ADDRESS" <<<"$members") || fail "$MACHINE may not leave: $why"
    fi
    leave_pods
    with_join_lock leave_etcd
    step "removing the node"
    retry 60 "removing the node $MACHINE" kubectl_lab delete node "$MACHINE" --ignore-not-found --timeout=30s
  elif [ -e "$STATE/placed" ]; then
    fail "$MACHINE may not leave: no majority of etcd members answers, and nobody could take its member out; \
'kube-lab status' on the masters says more"
  fi
  forget_place
  rm -f "$STATE/placed" "$STATE/place" "$STATE/lived"
}

# Another member is asked: one that removes itself may stop before it has answered.
leave_etcd() {
  local members peer id why
  step "taking the member out of etcd"
  members=$(agreed_members) || fail "no majority of etcd members answers; 'etcdctl member list' shows the members"
  id=$(member_id <<<"$members") || return 0
  why=$(keeps_majority leaves "$ADDRESS" <<<"$members") || fail "$MACHINE may not leave: $why"
  peer=$(living_endpoint) || fail "no other etcd member answers; 'etcdctl member list' shows the members"
  leave_balancers
  etcdctl_at "$peer" member remove "$id" || fail "etcd does not let member $id go; 'etcdctl member list' shows the members"
  systemctl stop kubelet.service
  forget_pods
}

# role_forget NAME ADDRESS: another machine's member and node, which it can't take along any more.
role_forget() {
  with_join_lock forget_member "$1" "$2"
  kubectl_lab delete node "$1" --ignore-not-found --timeout=60s || fail "node $1 could not be removed"
}

forget_member() {
  local members id why
  members=$(agreed_members) || fail "no majority of etcd members answers; 'etcdctl member list' shows the members"
  id=$(member_id "$2" <<<"$members") || return 0
  why=$(keeps_majority leaves "$2" <<<"$members") || fail "$1 may not be taken out: $why"
  etcdctl_here member remove "$id" || fail "etcd does not let member $id of $1 go; 'etcdctl member list' shows the members"
}

# masters_of NAME…: of the masters that this machine was told of, those by name
masters_of() {
  local master
  for master in $MASTERS; do
    [[ " $* " != *" ${master%%=*} "* ]] || printf '%s ' "$master"
  done
}

# Members of machines that the lab has no more and that do not answer: those that leave in good order count on a majority.
master_strangers() {
  [ -n "$(etcd_strangers)" ] || return 0
  with_join_lock forget_strangers || printf 'kube-lab: going on with members that the lab has no more\n'
}

forget_strangers() {
  local name address
  while read -r name address; do
    step "taking out $name, which the lab has no more and which does not answer"
    (forget_member "$name" "$address") || return 1
  done < <(etcd_strangers)
}
