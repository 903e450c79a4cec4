# shellcheck shell=bash
# One master at a time changes the membership of etcd: a ConfigMap is the lock, whoever creates it holds it.

LOCK=kube-lab-join
LOCK_STALE=300

# with_join_lock COMMAND…
with_join_lock() {
  local result=0
  retry 1800 "asking for the turn to change the control plane" take_lock
  # released even when the command ends the pass
  trap 'release_lock' EXIT
  "$@" || result=$?
  release_lock
  trap - EXIT
  return $result
}

take_lock() {
  kubectl_lab create configmap "$LOCK" --namespace kube-system --from-literal="holder=$MACHINE" \
    --from-literal="since=$(date +%s)" >/dev/null 2>&1 && return 0
  drop_stale_lock
  return 1
}

# A holder that died: its lock is older than any join takes. Deleted only as it was seen.
drop_stale_lock() {
  local lock holder since version
  lock=$(kubectl_lab get configmap "$LOCK" --namespace kube-system --output json 2>/dev/null) || return 0
  holder=$(jq -r .data.holder <<<"$lock")
  since=$(jq -r .data.since <<<"$lock")
  version=$(jq -r .metadata.resourceVersion <<<"$lock")
  status_line "waiting for $holder to finish joining (lock $LOCK)"
  if [ "$holder" = "$MACHINE" ] || [ $(($(date +%s) - since)) -gt $LOCK_STALE ]; then
    jq -n --arg version "$version" '{kind: "DeleteOptions", apiVersion: "v1", preconditions: {resourceVersion: $version}}' |
      kubectl_lab delete --raw "/api/v1/namespaces/kube-system/configmaps/$LOCK" -f - >/dev/null 2>&1 || true
  fi
}

release_lock() {
  kubectl_lab delete configmap "$LOCK" --namespace kube-system --ignore-not-found --wait=false >/dev/null 2>&1 || true
}
