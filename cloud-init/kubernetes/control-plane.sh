# shellcheck shell=bash
# A master and a person's settings of the control plane: one master after the other, under the lock of the control plane, away from the
# load balancers, and each program alone.

MANIFEST_FOLDER=/etc/kubernetes/manifests
# Of a program that ends so often its next attempts will not go better.
MOST_CRASHES=2

master_settings() {
  settings_differ "$INIT_PATCHES" || return 0
  refuse_settings_again
  with_join_lock change_settings
  note_settings "$INIT_PATCHES"
  remove_api_server_files
}

# What an API server reads lies apart from what is delivered: an earlier manifest, which may come back, needs the earlier files.
API_SERVER_DELIVERED=$ROOT/etc/kube-lab/api-server
API_SERVER_FILES=$ROOT/etc/kubernetes/api-server

place_api_server_files() {
  [ -d "$API_SERVER_DELIVERED" ] || return 0
  mkdir -p "$API_SERVER_FILES"
  find "$API_SERVER_DELIVERED" -type f -exec install -m 0600 -t "$API_SERVER_FILES" {} +
}

remove_api_server_files() {
  local file
  for file in "$API_SERVER_FILES"/*; do
    [ -e "$API_SERVER_DELIVERED/${file##*/}" ] || rm -f "$file"
  done
}

change_settings() {
  local name folder=$RUN/manifests
  write_manifests "$folder"
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    cmp -s "$folder/$name.yaml" "$MANIFEST_FOLDER/$name.yaml" || change_manifest "$name" "$folder/$name.yaml"
  done
  rm -rf "$folder"
  return_to_balancers
  kubelet_settings "$ADMIN"
}

# write_manifests FOLDER: as kubeadm makes them for this master, beside those that are in force
write_manifests() {
  rm -rf "$1"
  mkdir -p "$1"
  KUBEADM_INIT_DRYRUN_DIR=$1 run_kubeadm init phase control-plane all --dry-run --config /etc/kube-lab/kubeadm-init.yaml >"$1/log" ||
    fail "kubeadm cannot write the control plane's manifests: $(tail -n 1 "$1/log")"
}

# change_manifest NAME FILE
change_manifest() {
  local name=$1 manifest=$MANIFEST_FOLDER/$1.yaml before why
  leave_balancers
  step "starting $name with its settings"
  before=$(containers_of "$name" | jq -c 'map(.id)')
  keep_earlier "$manifest"
  place_whole "$2" "$manifest"
  if program_comes_up "$name" "$before"; then
    forget_earlier
    [ "$name" != kube-apiserver ] || note_loaded
    return 0
  fi
  why=$(last_words "$name")
  before=$(containers_of "$name" | jq -c 'map(.id)')
  put_earlier_back
  program_comes_up "$name" "$before" || printf 'kube-lab: %s is not back yet with its earlier settings\n' "$name"
  refuse_settings "$MACHINE: $name does not come up with its settings (kubernetes.${KEYS_OF[$name]}, kubernetes.featureGates): \
$why. It runs again with the earlier ones, and the other masters were not touched; 'crictl ps -a' and 'journalctl -u kubelet' on $MACHINE say more"
}

declare -gA KEYS_OF=([kube-apiserver]="apiServer, kubernetes.encryptionAtRest, kubernetes.audit, kubernetes.podSecurity, kubernetes.oidc" [kube-controller-manager]=controllerManager [kube-scheduler]=scheduler)

# [{id, state}] of all containers of a program
containers_of() {
  { crictl ps --all --output json --name "^$1\$" 2>/dev/null || echo '{}'; } | jq -c '[.containers[]? | {id, state}]'
}

# program_comes_up NAME BEFORE: a container that was not among those of before runs and is well
program_comes_up() {
  local new end=$((SECONDS + SETTLING_SECONDS))
  status_line "waiting for $1 with its settings"
  while [ $SECONDS -lt $end ]; do
    new=$(containers_of "$1" | jq -c --argjson before "$2" '[.[] | select(.id | IN($before[]) | not) | .state]')
    if jq --exit-status 'any(. == "CONTAINER_RUNNING")' <<<"$new" >/dev/null && program_well "$1"; then return 0; fi
    jq --exit-status --argjson most $MOST_CRASHES 'map(select(. == "CONTAINER_EXITED")) | length < $most' <<<"$new" >/dev/null || return 1
    pause 1
  done
  return 1
}

program_well() {
  case $1 in
    kube-apiserver) api_ready ;;
    kube-controller-manager) answers_well 10257 ;;
    kube-scheduler) answers_well 10259 ;;
  esac
}

answers_well() { curl --silent --fail --insecure --output /dev/null --max-time 3 "https://127.0.0.1:$1/healthz"; }

# last_words NAME: of its latest container that has ended
last_words() {
  local id
  id=$(crictl ps --all --quiet --state Exited --name "^$1\$" | head -n 1)
  [ -n "$id" ] || { echo "it does not answer" && return 0; }
  crictl logs --tail 200 "$id" 2>&1 | grep -E 'err=|Error|error|panic|fatal' | last_error
}
