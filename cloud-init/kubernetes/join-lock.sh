# shellcheck shell=bash
# One machine at a time changes the control plane: a Lease is the lock. Who creates it holds it, renews it while working, and
# deletes it, and no other's.

LOCK=kube-lab-join
LOCK_LEASES=/apis/coordination.k8s.io/v1/namespaces/kube-system/leases
LOCK_RENEWAL_SECONDS=10
# Not renewed for so long while the API answered: its holder is gone.
LOCK_STALE_SECONDS=120

# with_join_lock COMMAND…: a step of it that fails ends the pass, as everywhere, unless the caller looks at the status.
with_join_lock() {
  local result before
  exec {LOCK_FILE}>"$RUN/join-lock"
  LOCK_SEEN=""
  retry 1800 "asking for the turn to change the control plane" take_lock
  renew_lock "$LOCK_UID" $$ {LOCK_FILE}>&- &
  LOCK_RENEWER=$!
  # released even when the command ends the pass; what the caller wants to be done then is so, too
  before=$(trap -p EXIT)
  # shellcheck disable=SC2064 # as it is now
  trap "release_lock; $(trapped "$before")" EXIT
  "$@"
  result=$?
  release_lock
  eval "${before:-trap - EXIT}"
  return $result
}

# trapped WORDS: the command in what "trap -p" prints
trapped() {
  [ -n "$1" ] || return 0
  eval "set $1"
  printf '%s\n' "$3"
}

# On one machine a file is the lock: with it in hand, a Lease in this machine's name is of a pass that is no more.
take_lock() {
  if ! flock --nonblock "$LOCK_FILE"; then
    status_line "waiting for what else this machine does with the control plane"
    return 1
  fi
  LOCK_UID=$(create_lock) && return 0
  drop_dead_lock
  return 1
}

create_lock() {
  jq -n --arg name "$LOCK" --arg holder "$MACHINE" --arg now "$(lock_time)" --argjson seconds $LOCK_STALE_SECONDS \
    '{apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: {name: $name, namespace: "kube-system"},
      spec: {holderIdentity: $holder, leaseDurationSeconds: $seconds, acquireTime: $now, renewTime: $now}}' |
    kubectl_lab create --raw "$LOCK_LEASES" --filename - 2>/dev/null | jq --exit-status --raw-output .metadata.uid
}

lock_time() { date -u +%FT%T.%6NZ; }

# Deleted only as it was seen. How long it was not renewed is counted by this machine's clock, and only while the API answers:
# where it is silent, nobody can renew.
drop_dead_lock() {
  local lock holder version
  if ! lock=$(kubectl_lab get lease "$LOCK" --namespace kube-system --output json 2>/dev/null); then
    LOCK_SEEN=""
    return 0
  fi
  holder=$(jq -r .spec.holderIdentity <<<"$lock")
  version=$(jq -r .metadata.resourceVersion <<<"$lock")
  if [ "$version" != "$LOCK_SEEN" ]; then LOCK_SEEN=$version LOCK_SEEN_AT=$SECONDS; fi
  status_line "waiting for $holder, whose turn it is to change the control plane"
  if [ "$holder" = "$MACHINE" ] || [ $((SECONDS - LOCK_SEEN_AT)) -ge $LOCK_STALE_SECONDS ]; then
    printf 'kube-lab: taking over from %s, which is gone\n' "$holder"
    delete_lock "$(jq -c '{resourceVersion: .metadata.resourceVersion, uid: .metadata.uid}' <<<"$lock")" || true
  fi
}

# renew_lock UID PROCESS: as long as the process lives. The API refuses a patch that names another object's uid.
renew_lock() {
  trap - EXIT
  local answer
  while pause $LOCK_RENEWAL_SECONDS && kill -0 "$2" 2>/dev/null; do
    answer=$(kubectl_lab patch lease "$LOCK" --namespace kube-system --type merge --patch \
      "{\"metadata\": {\"uid\": \"$1\"}, \"spec\": {\"renewTime\": \"$(lock_time)\"}}" 2>&1) ||
      printf 'kube-lab: the turn could not be renewed: %s\n' "$answer"
  done
}

# Whatever ended it: the load balancers' own checks say when the API server is ready.
release_lock() {
  local end=$((SECONDS + 15))
  return_to_balancers || true
  kill "$LOCK_RENEWER" 2>/dev/null || true
  wait "$LOCK_RENEWER" 2>/dev/null || true
  until delete_lock "{\"uid\": \"$LOCK_UID\"}" || [ $SECONDS -ge $end ]; do pause 1; done
  exec {LOCK_FILE}>&-
}

# delete_lock PRECONDITIONS: true also when such a lock is no more.
delete_lock() {
  local answer
  answer=$(jq -n --argjson preconditions "$1" '{kind: "DeleteOptions", apiVersion: "v1", preconditions: $preconditions}' |
    kubectl_lab delete --raw "$LOCK_LEASES/$LOCK" --filename - 2>&1) ||
    grep -E 'NotFound|not found|Conflict|Precondition' <<<"$answer" >/dev/null
}
