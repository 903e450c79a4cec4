# shellcheck shell=bash
# A master: brings its part of the control plane up, alone, with the others at once, or by joining those that live.

. "$LIBRARY/node.sh"
. "$LIBRARY/volume.sh"
. "$LIBRARY/etcd.sh"
. "$LIBRARY/join-lock.sh"

ADMIN=/etc/kubernetes/super-admin.conf
INIT_PATCHES=/etc/kube-lab/patches-init
JOIN_PATCHES=/etc/kube-lab/patches-join
MANIFESTS=/usr/local/share/kube-lab/manifests

role_converge() {
  node_runtime
  node_patch "$INIT_PATCHES"
  node_patch "$JOIN_PATCHES"
  master_place
  wait_until 300 "own API server to be ready (crictl ps -a; crictl logs)" api_ready
  wait_until 120 "own etcd member to be healthy (etcdctl endpoint health)" etcd_healthy
  master_renew
  master_addons
  master_token
  wait_node_ready
  node_volume
}

# A place once taken is kept: etcd's data and the note say so. A pass that was cut short goes on with what it had decided.
master_place() {
  if [ -e "$STATE/placed" ] && etcd_has_data; then
    step "starting kubelet"
    systemctl start kubelet.service
    return 0
  fi
  [ -e "$STATE/place" ] || decide_place >"$STATE/place.new"
  [ ! -e "$STATE/place.new" ] || mv "$STATE/place.new" "$STATE/place"
  case $(cat "$STATE/place") in
    init) master_init ;;
    join) with_join_lock master_join ;;
    replace) with_join_lock master_replace ;;
    *) fail "$STATE/place: unknown place '$(cat "$STATE/place")'; remove the file to decide anew" ;;
  esac
  certificate_digest >"$STATE/certificates"
  touch "$STATE/placed"
}

# What the other masters' etcd knows tells what this machine is:
# nobody answers: a new lab, all initialise; not listed: added later; listed without node: slow at the first start;
# listed with node: it was here before and lost its disk.
decide_place() {
  local members
  step "asking the other masters" >&2
  if ! members=$(living_members); then
    echo init
  elif ! member_id <<<"$members" >/dev/null; then
    echo join
  elif node_known; then
    echo replace
  else
    echo init
  fi
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
  step "initialising the control plane with $(names "$MASTERS" | paste -sd' ')"
  own_kubelet_certificate
  master_addons_early &
  run_kubeadm init --config /etc/kube-lab/kubeadm-init.yaml ||
    fail "kubeadm init failed; the log above says why ('journalctl -u kubelet', 'crictl ps -a' and 'crictl logs' say more)"
  wait $! || true
}

# Where kubeadm would make the kubelet's first certificate, start it, and then start it again with a file that can be renewed,
# that file is there from the beginning: the kubelet renews it by itself later.
own_kubelet_certificate() {
  local folder=${KUBELET_CERTIFICATE%/*} pair
  if [ -e "$KUBELET_CERTIFICATE" ]; then return 0; fi
  mkdir -p "$folder"
  pair=$folder/kubelet-client-first.pem
  (
    umask 077
    openssl ecparam -name prime256v1 -genkey -noout -out "$pair.key"
    openssl req -new -key "$pair.key" -subj "/O=system:nodes/CN=system:node:$MACHINE" |
      openssl x509 -req -CA "$CERTIFICATES/ca.crt" -CAkey "$CERTIFICATES/ca.key" -days 365 -out "$pair.crt" \
        -extfile <(printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n')
    cat "$pair.crt" "$pair.key" >"$pair"
    rm "$pair.crt" "$pair.key"
  ) 2>/dev/null || fail "no kubelet certificate could be made with $CERTIFICATES/ca.key"
  ln -sf "$pair" "$KUBELET_CERTIFICATE"
  install -m 0600 /etc/kube-lab/kubelet.conf /etc/kubernetes/kubelet.conf
}

master_join() {
  step "joining the control plane"
  run_kubeadm join --config /etc/kube-lab/kubeadm-join.yaml ||
    fail "kubeadm join failed; the log above says why ('journalctl -u kubelet', 'crictl ps -a' and 'crictl logs' say more)"
}

# The member and node of the machine that this one replaces go first.
master_replace() {
  local members id
  step "removing what is left of the earlier $MACHINE"
  if members=$(living_members) && id=$(member_id <<<"$members"); then
    etcdctl_at "$(living_endpoint)" member remove "$id" || fail "etcd does not let the stale member $id of $MACHINE go"
  fi
  kubectl_lab delete node "$MACHINE" --ignore-not-found --timeout=60s || fail "the stale node $MACHINE could not be removed"
  echo join >"$STATE/place"
  master_join
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

# The pod network is wanted as soon as nodes register: it does not wait for kubeadm's last steps. One process asks until then.
master_addons_early() {
  api_ready --retry 120 --retry-delay 1 --retry-max-time 120 --retry-all-errors || return 0
  apply_addons || true
}

master_addons() {
  addons_applied || retry 180 "applying the pod network and the lab's rights" apply_addons
}

# The last object of all carries its digest and the names of all others.
addons_digest() { awk '$1 == "digest:" { print $2 }' /etc/kube-lab/addons-*.yaml | tail -n 1; }

addons_applied() { [ "$(addons_in_cluster | jq -r .data.digest)" = "$(addons_digest)" ]; }

addons_in_cluster() { as_admin /api/v1/namespaces/kube-system/configmaps/kube-lab-addons 2>/dev/null || echo '{}'; }

apply_addons() {
  local file
  if addons_applied; then return 0; fi
  remove_addons || return 1
  for file in $(addons_manifest) /etc/kube-lab/addons-*.yaml; do
    kubectl_here apply --server-side --force-conflicts --validate=false -f "$file" || return 1
  done
}

# What was applied once and is in the file no more: an add-on can be switched off. "kind namespace name" a line.
remove_addons() {
  local kind namespace name
  while read -r kind namespace name; do
    printf 'kube-lab: removing %s %s\n' "$kind" "$name"
    remove_object "$kind" "$name" --namespace "${namespace/#-/default}" || return 1
  done < <(addons_in_cluster | jq -r '.data.objects // empty' | grep -vxF -f <(addons_listed))
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
addons_manifest() { awk -v folder="$MANIFESTS" '/^  manifest: / { print folder "/" $2 }' /etc/kube-lab/addons-*.yaml; }

addons_listed() { awk '/^  objects:/ { listed = 1; next } /^  digest:/ { listed = 0 } listed { sub(/^ +/, ""); print }' /etc/kube-lab/addons-*.yaml; }

# Machines that join later come with the token of the lab: it must be there then, whatever happened to it.
master_token() {
  local id
  id=$(sed -E 's/.* ([a-z0-9]{6})\..*/\1/' /etc/kube-lab/token-header)
  as_admin "/api/v1/namespaces/kube-system/secrets/bootstrap-token-$id" >/dev/null 2>&1 ||
    retry 60 "renewing the join token" run_kubeadm init phase bootstrap-token --config /etc/kube-lab/kubeadm-init.yaml \
      --kubeconfig "$ADMIN"
}

certificate_digest() {
  cat "$CERTIFICATES"/*.crt "$CERTIFICATES"/etcd/*.crt /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf |
    sha256sum
}

# Renewed certificates: the control plane's programs start again, on one master at a time.
master_renew() {
  [ "$(certificate_digest)" != "$(cat "$STATE/certificates" 2>/dev/null)" ] || return 0
  with_join_lock restart_control_plane
  certificate_digest >"$STATE/certificates"
}

restart_control_plane() {
  local name
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    step "restarting $name for its renewed certificates"
    restart_container "$name"
    wait_until 300 "own API server to be ready after the restart of $name (crictl ps -a)" api_ready
  done
}

# The kubelet starts it again.
restart_container() {
  local id
  id=$(crictl ps --quiet --state Running --name "^$1\$") || return 0
  [ -z "$id" ] || crictl stop "$id" >/dev/null
  wait_until 180 "$1 to run again (crictl ps -a)" container_restarted "$1" "$id"
}

container_restarted() {
  local now
  now=$(crictl ps --quiet --state Running --name "^$1\$")
  [ -n "$now" ] && [ "$now" != "$2" ]
}

# Pods, etcd member and node go while the other masters serve on; afterwards the machine could start anew.
role_leave() {
  if [ ! -e "$STATE/placed" ]; then return 0; fi
  if [ "$(etcdctl_here member list | wc -l)" -gt 1 ]; then
    step "moving pods to other machines"
    kubectl_lab drain "$MACHINE" --ignore-daemonsets --delete-emptydir-data --force --timeout=120s ||
      printf 'kube-lab: not every pod could be evicted in time; going on\n'
    with_join_lock leave_etcd
    step "removing the node"
    retry 60 "removing the node $MACHINE" kubectl_lab delete node "$MACHINE" --ignore-not-found --timeout=30s
  fi
  rm -rf /var/lib/etcd/member /etc/kubernetes/manifests/*.yaml /etc/kubernetes/kubelet.conf /var/lib/kubelet/pki \
    "$STATE/placed" "$STATE/place"
}

# Another member is asked: one that removes itself may stop before it has answered.
leave_etcd() {
  local peer id
  step "taking the member out of etcd"
  peer=$(living_endpoint) || fail "no other etcd member answers; 'etcdctl member list' shows the members"
  id=$(etcdctl_at "$peer" member list | member_id) || return 0
  etcdctl_at "$peer" member remove "$id" || fail "etcd does not let member $id go; 'etcdctl member list' shows the members"
  systemctl stop kubelet.service
  forget_pods
}

# role_forget NAME ADDRESS: another master's or worker's member and node, which it can't take along any more.
role_forget() {
  local id
  if id=$(etcdctl_here member list | member_id "$2"); then
    etcdctl_here member remove "$id" || fail "etcd does not let member $id of $1 go; 'etcdctl member list' shows the members"
  fi
  kubectl_lab delete node "$1" --ignore-not-found --timeout=60s || fail "node $1 could not be removed"
}

# {api, etcd: [{name, healthy}], nodes: [{name, ready, role, version, address}], certificates: [{file, expires}], volume}
role_status() {
  jq -n --argjson api "$(api_ready && echo true || echo false)" --argjson etcd "$(etcd_status)" \
    --argjson nodes "$(nodes_status)" --argjson certificates "$(certificates_status)" --arg volume "$(volume_status)" \
    '{api: $api, etcd: $etcd, nodes: $nodes, certificates: $certificates, volume: $volume}'
}

nodes_status() {
  as_admin /api/v1/nodes 2>/dev/null | jq -c '[.items[] | {name: .metadata.name,
    ready: (.status.conditions | any(.type == "Ready" and .status == "True")),
    role: (.metadata.labels["kube-lab/role"] // ""), version: .status.nodeInfo.kubeletVersion,
    schedulable: (.spec.unschedulable | not),
    address: (.status.addresses[] | select(.type == "InternalIP") | .address)}]' || echo '[]'
}

certificates_status() {
  local file
  for file in "$CERTIFICATES"/*.crt "$CERTIFICATES"/etcd/*.crt; do
    printf '%s %s\n' "${file#"$CERTIFICATES"/}" "$(date -u -d "$(openssl x509 -noout -enddate -in "$file" | cut -d= -f2)" +%FT%TZ)"
  done | jq -R -s -c '[split("\n")[] | select(. != "") | split(" ") | {file: .[0], expires: .[1]}]'
}
