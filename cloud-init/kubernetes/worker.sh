# shellcheck shell=bash
# A worker: joins as soon as the API answers, in parallel with the others, by the certificate that it has from the beginning.

. "$LIBRARY/node.sh"
. "$LIBRARY/kubelet.sh"
. "$LIBRARY/drain.sh"
. "$LIBRARY/volume.sh"
. "$LIBRARY/network-policy.sh"
. "$LIBRARY/health.sh"
. "$LIBRARY/settings.sh"

PATCHES=/etc/kube-lab/patches
# What the kubelet serves with, and is a client with at first.
PAIR=/var/lib/kubelet/pki/kubelet

role_converge() {
  node_guard
  put_earlier_back
  node_runtime
  node_bundle
  node_patch "$PATCHES"
  kubelet_certificate
  if [ -e "$KUBELET_FLAGS" ]; then
    step "starting kubelet"
    systemctl start kubelet.service
  else
    worker_join
  fi
  worker_upgrade
  wait_node_ready
  node_policies
  uncordon
  node_volume
  worker_settings
}

# shellcheck disable=SC2034 # kubelet.sh says it
FIRST_CERTIFICATE="the one that it was given has run out as well; 'npm run up' renews it ($PAIR.crt)"

first_certificate() { certificate_lives "$PAIR.crt" && cat "$PAIR.crt" "$PAIR.key"; }

worker_join() {
  wait_for_cluster
  step "joining the cluster"
  run_kubeadm join --config /etc/kube-lab/kubeadm-join.yaml ||
    fail "kubeadm join failed; the log above says why ('journalctl -u kubelet' for the kubelet)"
  note_settings "$PATCHES"
}

# The host changes one worker after the other.
worker_settings() {
  settings_differ "$PATCHES" || return 0
  refuse_settings_again
  kubelet_settings "$KUBELET_CONFIG"
  note_settings "$PATCHES"
}

# kubeadm needs its configuration in the cluster, and the right to read it. One process asks until it is there; an answer that
# does not come may be one of a load balancer that has lost the address meanwhile.
wait_for_cluster() {
  step "waiting for the API at $VIRTUAL_IP:$API_PORT"
  as_node /api/v1/namespaces/kube-system/configmaps/kubelet-config --output /dev/null --no-show-error \
    --connect-timeout 2 --retry 600 --retry-delay 1 --retry-max-time 600 --retry-all-errors ||
    fail "the API at $VIRTUAL_IP:$API_PORT did not admit this machine within 600 s; see the masters' and load balancers' status"
  wait_for_masters
}

# After the masters: a kubelet may not be ahead of the API servers.
worker_upgrade() {
  kubernetes_differs || return 0
  wait_for_masters
  begin_upgrade
  move_pods
  step "upgrading the node to v$KUBERNETES_VERSION"
  kubeadm_upgrade "$KUBELET_CONFIG" node
  upgrade_kubelet
}

wait_for_masters() {
  wait_until 1800 "the masters to have v$KUBERNETES_VERSION" masters_upgraded
}

# What kubeadm has noted, and each API server that serves.
masters_upgraded() {
  local server servers release
  release=$(as_node "$KUBEADM_NOTE" | noted_release) || return 1
  [ "$release" = "$KUBERNETES_VERSION" ] || { printf 'the lab has v%s\n' "$release" && return 1; }
  servers=$(api_servers) || return 1
  [ -n "$servers" ] || { printf 'nobody says which API servers there are\n' && return 1; }
  for server in $servers; do
    release=$(curl --silent --show-error --fail --max-time 5 --cacert "$AUTHORITY" "https://$server:$API_PORT/version" | jq -r .gitVersion)
    [ "$release" = "v$KUBERNETES_VERSION" ] || { printf '%s has %s\n' "$server" "${release:-no answer}" && return 1; }
  done
}

# Addresses of the API servers that are there, by their own leases.
api_servers() {
  as_node "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes" |
    jq -r '.items[].endpoints[].addresses[]'
}

role_step_aside() {
  [ -e "$KUBELET_FLAGS" ] || return 0
  make_way
}

role_leave() {
  [ -e "$KUBELET_FLAGS" ] || return 0
  leave_pods
  systemctl stop kubelet.service
  forget_pods
  step "removing the node"
  if ! as_node "/api/v1/nodes/$MACHINE" --request DELETE --output /dev/null && as_node "/api/v1/nodes/$MACHINE" >/dev/null; then
    fail "node $MACHINE could not be removed; 'kubectl delete node $MACHINE' on a master does it"
  fi
}

role_services() { node_services; }

role_settings() { settings_applied; }

role_verify() { node_verify; }

role_probe() { node_probes; }

# {ready, version, pods, volume, kubeletCertificate: when it ends}
role_status() {
  as_node "/api/v1/nodes/$MACHINE" | jq --arg volume "$(volume_status)" --arg kubelet "$(certificate_end "$KUBELET_CERTIFICATE")" \
    '{volume: $volume, kubeletCertificate: $kubelet, ready: (.status.conditions | any(.type == "Ready" and .status == "True")),
    version: .status.nodeInfo.kubeletVersion, runtime: .status.nodeInfo.containerRuntimeVersion, pods: .spec.podCIDR}'
}
