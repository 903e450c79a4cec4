# shellcheck shell=bash
# Labels and taints that the configuration gives to single workers. A node may not taint itself, nor give itself every label: masters do.

master_nodes() {
  settle_nodes || retry 120 "giving nodes the labels and taints of the configuration" settle_nodes
}

# For the host, which says itself what it waits for; what the machine is at, another says.
settle_joined_nodes() {
  local end=$((SECONDS + 120))
  until settle_nodes; do
    if [ $SECONDS -ge $end ]; then
      printf 'kube-lab: nodes have not got the labels and taints of the configuration within 120 s; the lines above say why\n' >&2
      return 1
    fi
    pause 1
  done
}

# What was changed since it was read is refused, and read again.
settle_nodes() {
  local nodes node name
  nodes=$(nodes_otherwise) || return 1
  while read -r node; do
    [ -n "$node" ] || continue
    name=$(jq -r .name <<<"$node")
    printf 'kube-lab: giving %s the labels and taints of the configuration\n' "$name"
    kubectl_here patch node "$name" --type merge --patch "$(jq --compact-output .patch <<<"$node")" || return 1
  done <<<"$nodes"
}

# A line each, by nodes.jq.
nodes_otherwise() {
  as_admin /api/v1/nodes |
    jq --compact-output --slurpfile wanted "$ROOT/etc/kube-lab/nodes.json" --from-file "$LIBRARY/nodes.jq"
}

# Of what cluster-health.sh has seen.
node_faults() {
  jq -r '.unsettled[] | "node \(.) has other labels or taints than the configuration gives it"' <<<"$CLUSTER"
}
