# shellcheck shell=bash
# Questions to etcd: this machine's member, and those of the other masters.

ETCD_PORT=2379
ETCD_PEER_PORT=2380

etcd_has_data() { [ -d /var/lib/etcd/member ]; }

# etcdctl_at ADDRESS ARGUMENT…
etcdctl_at() {
  local address=$1
  shift
  etcdctl --endpoints "https://$address:$ETCD_PORT" --cacert "$CERTIFICATES/etcd/ca.crt" \
    --cert "$CERTIFICATES/etcd/healthcheck-client.crt" --key "$CERTIFICATES/etcd/healthcheck-client.key" \
    --dial-timeout 1s --command-timeout 3s "$@"
}

# shellcheck disable=SC2153
etcdctl_here() { etcdctl_at "$ADDRESS" "$@"; }

etcd_healthy() { etcdctl_here endpoint health; }

# The address of the first other master whose etcd answers.
living_endpoint() {
  local master address
  for master in $MASTERS; do
    address=${master#*=}
    if [ "$address" != "$ADDRESS" ] && port_open "$address" "$ETCD_PORT" &&
      etcdctl_at "$address" member list --consistency=s >/dev/null 2>&1; then
      printf '%s\n' "$address"
      return 0
    fi
  done
  return 1
}

# "id, status, name, peer URLs, client URLs, learner" a line; a member answers from its own memory, even without a majority.
living_members() {
  local address
  address=$(living_endpoint) && etcdctl_at "$address" member list --consistency=s
}

# member_id [ADDRESS]: the id of a machine's member, else of this one's, in the list on stdin.
member_id() { awk -F', ' -v url="https://${1:-$ADDRESS}:$ETCD_PEER_PORT" '$4 == url { print $1; found = 1 } END { exit !found }'; }

# [{name, healthy, learner}] for "kube-lab status"
etcd_status() {
  local line name url learner health
  etcdctl_here member list 2>/dev/null | while IFS= read -r line; do
    IFS=, read -r _ _ name _ url learner <<<"${line//, /,}"
    health=false
    if [ -n "$url" ] && etcdctl_at "$(sed -E 's,https://([^:]+):.*,\1,' <<<"$url")" endpoint health >/dev/null 2>&1; then health=true; fi
    jq -n -c --arg name "$name" --argjson healthy $health --argjson learner "$learner" \
      '{name: $name, healthy: $healthy, learner: $learner}'
  done | jq -s -c .
}
