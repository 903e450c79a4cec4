# shellcheck shell=bash
# A worker: joins as soon as the API answers, in parallel with the others.

. "$LIBRARY/node.sh"
. "$LIBRARY/volume.sh"

KUBELET_CONFIG=/etc/kubernetes/kubelet.conf
PATCHES=/etc/kube-lab/patches
DRAIN_SECONDS=120

role_converge() {
  node_runtime
  node_patch "$PATCHES"
  if [ -e "$KUBELET_CONFIG" ] && [ -e "$KUBELET_CERTIFICATE" ]; then
    step "starting kubelet"
    systemctl start kubelet.service
  else
    worker_join
  fi
  wait_node_ready
  node_volume
}

worker_join() {
  wait_for_cluster
  step "joining the cluster"
  run_kubeadm join --config /etc/kube-lab/kubeadm-join.yaml ||
    fail "kubeadm join failed; the log above says why ('journalctl -u kubelet' for the kubelet)"
}

# kubeadm needs its configuration in the cluster, and the right to read it. One process asks until it is there; an answer that
# does not come may be one of a load balancer that has lost the address meanwhile.
wait_for_cluster() {
  step "waiting for the API at $VIRTUAL_IP:$API_PORT"
  curl --silent --fail --output /dev/null --cacert "$AUTHORITY" --header @/etc/kube-lab/token-header \
    --connect-timeout 2 --max-time 5 --retry 600 --retry-delay 1 --retry-max-time 600 --retry-all-errors \
    "https://$VIRTUAL_IP:$API_PORT/api/v1/namespaces/kube-system/configmaps/kubelet-config" ||
    fail "the API at $VIRTUAL_IP:$API_PORT did not admit this machine's token within 600 s; see the masters' and load balancers' status"
}

# With the kubelet's own rights: no more than its own pods and its own node.
role_leave() {
  [ -e "$KUBELET_CONFIG" ] || return 0
  drain
  systemctl stop kubelet.service
  forget_pods
  step "removing the node"
  if ! as_node "/api/v1/nodes/$MACHINE" --request DELETE --output /dev/null && as_node "/api/v1/nodes/$MACHINE" >/dev/null; then
    fail "node $MACHINE could not be removed; 'kubectl delete node $MACHINE' on a master does it"
  fi
}

# "kubectl drain" would ask for each pod until it is gone, which a kubelet may not once it is gone.
drain() {
  local pods end=$((SECONDS + DRAIN_SECONDS))
  step "moving pods to other workers"
  as_node "/api/v1/nodes/$MACHINE" --request PATCH --header "Content-Type: application/merge-patch+json" \
    --data '{"spec": {"unschedulable": true}}' --output /dev/null || return 0
  while pods=$(movable_pods) && [ -n "$pods" ]; do
    if [ $SECONDS -ge $end ]; then
      printf 'kube-lab: still here after %s s, going on without them:\n%s\n' "$DRAIN_SECONDS" "$pods"
      return 0
    fi
    evict <<<"$pods"
    pause 1
  done
}

# "namespace name deleted?" a line: all of this machine's pods but those of daemon sets and the finished ones
movable_pods() {
  as_node "/api/v1/pods?fieldSelector=spec.nodeName%3D$MACHINE" | jq -r '.items[]
    | select(.status.phase == "Succeeded" or .status.phase == "Failed" | not)
    | select(any(.metadata.ownerReferences[]?; .kind == "DaemonSet" or .kind == "Node") | not)
    | "\(.metadata.namespace) \(.metadata.name) \(.metadata.deletionTimestamp != null)"'
}

# Those that are not on their way yet; a disruption budget may say no for now.
evict() {
  local namespace name deleted
  while read -r namespace name deleted; do
    [ "$deleted" = false ] || continue
    printf 'kube-lab: evicting %s/%s\n' "$namespace" "$name"
    jq -n --arg namespace "$namespace" --arg name "$name" \
      '{apiVersion: "policy/v1", kind: "Eviction", metadata: {namespace: $namespace, name: $name}}' |
      as_node "/api/v1/namespaces/$namespace/pods/$name/eviction" --request POST --output /dev/null \
        --header "Content-Type: application/json" --data @- || true
  done
}

# {ready, version, pods, volume}
role_status() {
  as_node "/api/v1/nodes/$MACHINE" | jq --arg volume "$(volume_status)" '{volume: $volume,
    ready: (.status.conditions | any(.type == "Ready" and .status == "True")),
    version: .status.nodeInfo.kubeletVersion, runtime: .status.nodeInfo.containerRuntimeVersion, pods: .spec.podCIDR}'
}
