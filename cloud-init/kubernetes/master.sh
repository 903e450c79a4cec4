# shellcheck shell=bash
# A master: brings its part of the control plane up, alone, with the others at once, or by joining those that live.

. "$LIBRARY/node.sh"
. "$LIBRARY/kubelet.sh"
. "$LIBRARY/drain.sh"
. "$LIBRARY/volume.sh"
. "$LIBRARY/network-policy.sh"
. "$LIBRARY/health.sh"
. "$LIBRARY/cluster-health.sh"
. "$LIBRARY/etcd.sh"
. "$LIBRARY/join-lock.sh"
. "$LIBRARY/certificates.sh"
. "$LIBRARY/members.sh"
. "$LIBRARY/addons.sh"
. "$LIBRARY/backup.sh"
. "$LIBRARY/release.sh"
. "$LIBRARY/balancers.sh"
. "$LIBRARY/settings.sh"
. "$LIBRARY/control-plane.sh"
. "$LIBRARY/encryption.sh"
. "$LIBRARY/kube-proxy.sh"
. "$LIBRARY/nodes.sh"

ADMIN=/etc/kubernetes/super-admin.conf
INIT_PATCHES=/etc/kube-lab/patches-init
JOIN_PATCHES=/etc/kube-lab/patches-join

role_converge() {
  # a pass that was killed may have left it away
  return_to_balancers
  node_guard
  stop_encryption
  put_earlier_back
  node_runtime
  node_bundle
  node_patch "$INIT_PATCHES"
  node_patch "$JOIN_PATCHES"
  place_api_server_files
  take_encryption_key
  [ ! -e "$STATE/placed" ] || place_encryption identity
  master_place
  wait_until 300 "own API server to be ready (crictl ps -a; crictl logs)" api_ready
  wait_until 120 "own etcd member to be healthy (etcdctl endpoint health)" etcd_healthy
  master_renew
  master_upgrade
  master_follow
  master_signing
  master_addons
  master_tokens
  wait_node_ready
  master_taint
  master_nodes
  node_policies
  uncordon
  master_strangers
  node_volume
  note_restored
  master_settings
  master_encryption
  master_proxy
}

# A place once taken is kept as long as etcd's data is there and good. A pass that was cut short goes on with what it had decided,
# if there is data of it: what the living etcd says comes before any note.
master_place() {
  refuse_while_restoring
  if [ -e "$STATE/placed" ]; then touch "$STATE/lived"; fi
  if [ -e "$STATE/placed" ] && etcd_has_data; then
    master_start
    return 0
  fi
  etcd_has_data || rm -f "$STATE/placed" "$STATE/place"
  [ -e "$STATE/place" ] || decide_place
  master_take_place
}

note_place() {
  printf '%s\n' "$1" >"$STATE/place.new"
  mv "$STATE/place.new" "$STATE/place"
  rm -f "$STATE/placed"
}

master_take_place() {
  case $(cat "$STATE/place") in
    init) master_init ;;
    join) with_join_lock master_join ;;
    replace) with_join_lock master_replace ;;
    *) fail "$STATE/place: unknown place '$(cat "$STATE/place")'; remove the file to decide again" ;;
  esac
  certificate_digest >"$STATE/certificates"
  note_settings "$INIT_PATCHES"
  note_loaded
  touch "$STATE/placed" "$STATE/lived"
}

master_start() {
  kubelet_certificate
  restore_manifests
  step "starting kubelet"
  systemctl start kubelet.service
  control_plane_revive
  wait_until 300 "own API server to be ready (crictl ps -a; crictl logs)" api_ready_or_etcd_lost
  if api_ready; then return 0; fi
  others_members >/dev/null ||
    fail "etcd cannot use its data any more ('crictl ps -a' and 'crictl logs' say why), and no majority of other members has it; \
docs/troubleshooting.md says how to go on"
  step "etcd's data here is worth nothing any more; the other members have it: joining them again"
  note_place replace
  master_take_place
}

# Looks at containers now and then only: that costs more than to ask the API server.
api_ready_or_etcd_lost() { api_ready || { [ $((SECONDS % 10)) = 0 ] && etcd_lost; }; }

# What the other masters' etcd knows tells what this machine is:
# nobody answers: a new lab, all initialise; not listed: added later; listed without node: slow at the first start;
# listed with node: it was here before and lost its disk or its data.
decide_place() {
  local members
  step "asking the other masters"
  [ ! -e "$STATE/lived" ] || wait_for_other_members
  if ! members=$(living_members); then
    note_place init
  elif ! member_id <<<"$members" >/dev/null; then
    note_place join
  elif node_known; then
    note_place replace
  else
    note_place init
  fi
}

# A machine that was a member once must not begin an empty cluster in the place of the one that it has forgotten.
wait_for_other_members() {
  [ "$(wc -w <<<"$MASTERS")" -gt 1 ] ||
    fail "etcd's data is gone from /var/lib/etcd, and there is no other master that has it. A backup belongs there: \
npm run restore -- FILE; to begin with an empty cluster: rm $STATE/lived"
  wait_until 300 "another master's etcd, which has the data that is gone here (port $ETCD_PORT)" living_endpoint
}

# Without an answer nothing can be decided: a cluster that lists this machine must not be initialised twice.
node_known() {
  local code end=$((SECONDS + 300))
  until code=$(node_answer) && [[ $code = 200 || $code = 404 ]]; do
    [ $SECONDS -lt $end ] || fail "etcd lists $MACHINE but no API server answers at $VIRTUAL_IP:$API_PORT (last: $code); \
has etcd lost its majority? See 'kube-lab status' on the other masters"
    status_line "waiting for the API at $VIRTUAL_IP:$API_PORT to tell whether $MACHINE is known"
    pause 1
  done
  [ "$code" = 200 ]
}

node_answer() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 --cacert "$AUTHORITY" \
    --cert "$CERTIFICATES/apiserver-kubelet-client.crt" --key "$CERTIFICATES/apiserver-kubelet-client.key" \
    "https://$VIRTUAL_IP:$API_PORT/api/v1/nodes/$MACHINE"
}

master_init() {
  kubelet_certificate
  # nobody is there who could not read it
  place_encryption "$(encryption_target)"
  step "initialising the control plane with $(names "$MASTERS" | paste -sd' ')"
  master_addons_early &
  run_kubeadm init --config /etc/kube-lab/kubeadm-init.yaml || master_not_placed init
  wait $! || true
}

master_join() {
  kubelet_certificate
  join_ahead
  place_encryption "$(encryption_of_joining)"
  step "joining the control plane"
  run_kubeadm join --config /etc/kube-lab/kubeadm-join.yaml || master_not_placed join
}

# Where etcd was what kept it, the next pass begins with other members' data.
master_not_placed() {
  if etcd_lost && others_members >/dev/null; then note_place replace; fi
  fail "kubeadm $1 failed; the log above says why ('journalctl -u kubelet', 'crictl ps -a' and 'crictl logs' say more)"
}

# The member and node of the machine that this one replaces go first, and with them what is left of it on this disk.
master_replace() {
  local members id
  step "removing what is left of the earlier $MACHINE"
  members=$(others_members) || fail "no majority of other etcd members answers; 'kube-lab status' on the other masters says more"
  if id=$(member_id <<<"$members"); then
    etcdctl_at "$(living_endpoint)" member remove "$id" || fail "etcd does not let the stale member $id of $MACHINE go"
  fi
  forget_place
  kubectl_lab delete node "$MACHINE" --ignore-not-found --timeout=60s || fail "the stale node $MACHINE could not be removed"
  note_place join
  master_join
}

# Of the control plane that was here, when others have all that it knew.
forget_place() {
  systemctl stop kubelet.service
  forget_pods
  rm -rf /var/lib/etcd/member /etc/kubernetes/manifests/*.yaml
  rm -f "$PROVIDERS" "$ENCRYPTION_LOADED"
  forget_kubelet
}

# kubectl through the virtual address: another master may have to answer.
kubectl_lab() { kubectl --kubeconfig "$ADMIN" --server "https://$VIRTUAL_IP:$API_PORT" "$@"; }
kubectl_here() { kubectl --kubeconfig "$ADMIN" --server "https://$ADDRESS:$API_PORT" "$@"; }

# as_admin PATH: asks the machine's own API server.
as_admin() {
  curl --silent --show-error --fail --max-time 5 --cacert "$AUTHORITY" \
    --cert "$CERTIFICATES/apiserver-kubelet-client.crt" --key "$CERTIFICATES/apiserver-kubelet-client.key" \
    "https://$ADDRESS:$API_PORT$1"
}

# api_ready [OPTION…]: curl's
api_ready() {
  curl --silent --fail --output /dev/null --max-time 3 --cacert "$AUTHORITY" "$@" "https://$ADDRESS:$API_PORT/readyz"
}

# No machine joins by a token: one that an earlier release of the lab has left admits whoever has it as any node.
master_tokens() {
  local name
  while read -r name; do
    step "removing the join token that nobody needs"
    kubectl_here delete secret "$name" --namespace kube-system --ignore-not-found
  done < <(as_admin "/api/v1/namespaces/kube-system/secrets?fieldSelector=type%3Dbootstrap.kubernetes.io/token" |
    jq -r '.items[] | select(.data.description // "" | @base64d | . == "machines of the lab") | .metadata.name')
}

# Masters take pods of any kind where there is no worker, and only there.
master_taint() {
  local key=node-role.kubernetes.io/control-plane has
  has=$(as_node "/api/v1/nodes/$MACHINE" | jq --arg key "$key" 'any(.spec.taints[]?; .key == $key)') || return 0
  [ "$has" != "$TAINTED" ] || return 0
  if [ "$TAINTED" = true ]; then
    kubectl_here taint node "$MACHINE" "$key=:NoSchedule" --overwrite
  else
    kubectl_here taint node "$MACHINE" "$key-"
  fi
}

role_services() { node_services; }

role_settings() { settings_applied; }

role_verify() {
  node_verify
  encryption_faults
  [ -z "$CLUSTER" ] || { object_faults && node_faults; }
}

role_probe() {
  node_probes
  cluster_probes
}

# {api, etcd: [{name, healthy}], nodes: [{name, ready, role, version, address}], certificates: [{file, expires}],
# kubeletCertificate: when it ends, volume, workloads: [{name, ready, wanted}] of the first master that lives}
role_status() {
  jq -n --argjson api "$(api_ready && echo true || echo false)" --argjson etcd "$(etcd_status)" \
    --argjson nodes "$(nodes_status)" --argjson certificates "$(certificates_status)" --arg volume "$(volume_status)" \
    --arg kubelet "$(certificate_end "$KUBELET_CERTIFICATE")" --argjson workloads "$(cluster_status)" \
    '{api: $api, etcd: $etcd, nodes: $nodes, certificates: $certificates, kubeletCertificate: $kubelet, volume: $volume,
      workloads: $workloads}'
}

nodes_status() {
  as_admin /api/v1/nodes 2>/dev/null | jq -c '[.items[] | {name: .metadata.name,
    ready: (.status.conditions | any(.type == "Ready" and .status == "True")),
    role: (.metadata.labels["kube-lab/role"] // ""), version: .status.nodeInfo.kubeletVersion,
    schedulable: (.spec.unschedulable | not),
    address: (.status.addresses[] | select(.type == "InternalIP") | .address)}]' || echo '[]'
}
