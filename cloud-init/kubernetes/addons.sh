# shellcheck shell=bash
# What masters apply beyond kubeadm's own: the pod network, the lab's rights, the add-ons.

# The pod network is wanted as soon as nodes register: it does not wait for kubeadm's last steps. One process asks until then.
master_addons_early() {
  api_ready --retry 120 --retry-delay 1 --retry-max-time 120 --retry-all-errors || return 0
  apply_addons || true
}

master_addons() {
  if addons_applied; then
    mend_objects
  else
    retry 180 "applying the pod network and the lab's rights" apply_addons
  fi
}

# The last object of all carries their digest and the names of all others.
ADDONS_LIST=$ROOT/etc/kube-lab/addons.json

# addons_record KEY: empty where it is not there
addons_record() { jq -r --arg key "$1" '.data[$key] // empty' "$ADDONS_LIST"; }

addons_applied() { [ "$(addons_in_cluster | jq -r .data.digest)" = "$(addons_record digest)" ]; }

addons_in_cluster() { as_admin /api/v1/namespaces/kube-system/configmaps/kube-lab-addons 2>/dev/null || echo '{}'; }

apply_addons() { addons_applied || put_addons; }

put_addons() {
  local file
  remove_addons || return 1
  for file in $(addons_manifest) "$ROOT"/etc/kube-lab/addons-*.yaml "$ADDONS_LIST"; do
    kubectl_here apply --server-side --force-conflicts --validate=false -f "$file" || return 1
  done
}

# What was applied once and is in the file no more: an add-on can be switched off. "kind namespace name" a line.
remove_addons() {
  local wanted kind namespace name
  wanted=$(addons_record objects)
  [ -n "$wanted" ] || fail "$ADDONS_LIST lists nothing: nothing is removed for that"
  while read -r kind namespace name; do
    printf 'kube-lab: removing %s %s\n' "$kind" "$name"
    remove_object "$kind" "$name" --namespace "${namespace/#-/default}" || return 1
  done < <(addons_in_cluster | jq -r '.data.objects // empty' | grep -vxF "$wanted")
  remove_manifest
}

# The one in the image that was applied and is wanted no more; another image may not have it any longer.
remove_manifest() {
  local manifest
  manifest=$MANIFESTS/$(addons_in_cluster | jq -r '.data.manifest // empty')
  if [ "$manifest" = "$(addons_manifest)" ] || [ ! -f "$manifest" ]; then return 0; fi
  printf 'kube-lab: removing %s\n' "$manifest"
  kubectl_here delete --filename "$manifest" --ignore-not-found --wait=false
}

# A pass that was cut short may have removed the kind itself already.
remove_object() {
  local output
  output=$(kubectl_here delete "$@" --ignore-not-found --wait=false 2>&1) ||
    grep -F "the server doesn't have a resource type" <<<"$output" >/dev/null ||
    { printf '%s\n' "$output" && return 1; }
}

# The file of the image with what is too large to be delivered, if there is any.
addons_manifest() {
  local name
  name=$(addons_record manifest)
  [ -z "$name" ] || printf '%s\n' "$MANIFESTS/$name"
}
