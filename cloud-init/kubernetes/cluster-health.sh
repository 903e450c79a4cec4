# shellcheck shell=bash
# The cluster as a whole, as the first master sees it whose API server answers: its objects and workloads, and each node's pods.

# What cluster_objects has printed; empty where another master speaks for the cluster, or nobody can.
CLUSTER=""

role_look() {
  CLUSTER=""
  if speaks_for_cluster; then CLUSTER=$(cluster_objects 2>/dev/null || true); fi
}

# The others would say the same.
speaks_for_cluster() {
  local master
  for master in $MASTERS; do
    if [ "${master%%=*}" = "$MACHINE" ]; then return 0; fi
    if port_open "${master#*=}" "$API_PORT"; then return 1; fi
  done
  return 1
}

# {faults: ["DaemonSet kube-flannel/kube-flannel-ds is gone"], unsettled: ["kube-node03"], workloads: [{name, ready, wanted}]}
cluster_objects() {
  python3 "$LIBRARY/objects.py" "$ADDRESS:$API_PORT" "$AUTHORITY" "$CERTIFICATES/apiserver-kubelet-client" \
    "$ROOT/etc/kube-lab/nodes.json" "$ROOT"/etc/kube-lab/addons-*.yaml "$ADDONS_LIST"
}

object_faults() { jq -r '.faults[]' <<<"$CLUSTER"; }

cluster_status() { jq -s '.[0].workloads' <<<"$CLUSTER"; }

# One pod with an address of its own on each node, where no NetworkPolicy may keep others out; a node that has none, the ring of all
# nodes tells of.
cluster_probes() {
  local node pod at name policed
  [ -n "$CLUSTER" ] || return 0
  for name in kube-scheduler kube-controller-manager; do
    probe "new pods" "$name has said nothing for 30 s ('crictl ps -a' on the masters tells)" leads "$name"
  done
  policed=$(as_admin /apis/networking.k8s.io/v1/networkpolicies 2>/dev/null | jq -c '[.items[].metadata.namespace]') || true
  while read -r node pod at; do
    probe "pods reached" "no answer from $pod on $node" ping -c 1 -W 2 "$at" &
  done < <(as_admin "/api/v1/pods?fieldSelector=status.phase%3DRunning" 2>/dev/null | jq -r \
    --argjson policed "${policed:-[]}" '[.items[]
    | select(.metadata.deletionTimestamp == null and (.spec.hostNetwork | not) and .status.podIP)
    | select(.metadata.namespace | IN($policed[]) | not)
    | {node: .spec.nodeName, pod: "\(.metadata.namespace)/\(.metadata.name)", address: .status.podIP}]
    | unique_by(.node)[] | "\(.node) \(.pod) \(.address)"')
  wait
}

# leads NAME: one of its copies has renewed its lease.
leads() {
  as_admin "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/$1" |
    jq --exit-status --argjson now "$EPOCHSECONDS" '(.spec.renewTime | sub("\\.[0-9]+Z$"; "Z") | fromdate) > $now - 30'
}

# What was deleted or edited comes back as it was delivered.
mend_objects() {
  local faults
  role_look
  [ -n "$CLUSTER" ] || return 0
  faults=$(object_faults)
  [ -n "$faults" ] || return 0
  printf 'kube-lab: %s\n' "$faults"
  retry 180 "putting the pod network, the lab's rights and the add-ons back in place" put_addons
  mend_addon coredns 'coredns|kube-dns'
  mend_addon kube-proxy kube-proxy
}

# mend_addon NAME OBJECTS: one of kubeadm's own, when one of its objects is among the faults.
mend_addon() {
  grep -E "/($2) is gone" <<<"$faults" >/dev/null || return 0
  retry 60 "putting $1 back in place" run_kubeadm init phase addon "$1" --config /etc/kube-lab/kubeadm-init.yaml --kubeconfig "$ADMIN"
}
