# shellcheck shell=bash
# Questions to etcd: this machine's member, and those of the other masters.

ETCD_PORT=2379
ETCD_PEER_PORT=2380
# What etcd says before it ends when its data is no member's any more: lost, broken, or of one that was taken out.
ETCD_LOST='has already been bootstrapped|log corrupted, truncated, or lost|permanently removed from the cluster|crc mismatch|failed to recover v3 backend'

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

# The same as a majority knows it: from the own member, else from another. Fails where there is no majority.
agreed_members() {
  etcdctl_here member list 2>/dev/null || others_members
}

others_members() {
  local address
  address=$(living_endpoint) && etcdctl_at "$address" member list 2>/dev/null
}

# member_id [ADDRESS]: the id of a machine's member, else of this one's, in the list on stdin.
member_id() { awk -F', ' -v url="https://${1:-$ADDRESS}:$ETCD_PEER_PORT" '$4 == url { print $1; found = 1 } END { exit !found }'; }

# keeps_majority HOW ADDRESS <MEMBERS: whether those of the other members that are healthy are a majority without this one,
# which "leaves", so that fewer are asked, or is only "away" for a while. Else it says why not. A member that is alone, or one of
# two, may be away, which costs time; the last may not leave, which would cost everything.
keeps_majority() {
  local how=$1 address=$2 voters=0 others=0 healthy=0 silent="" name url learner
  while IFS=, read -r _ _ name url _ learner; do
    [ "$learner" = true ] && continue
    voters=$((voters + 1))
    url=${url#https://} && url=${url%:*}
    [ "$url" != "$address" ] || continue
    others=$((others + 1))
    if etcdctl_at "$url" endpoint health >/dev/null 2>&1; then healthy=$((healthy + 1)); else silent+=" ${name:-$url}"; fi
  done < <(sed 's/, /,/g')
  if [ "$others" = "$voters" ]; then return 0; fi
  if [ "$how" = away ]; then
    if [ $((healthy * 2)) -gt $voters ] || { [ $others -le 1 ] && [ $healthy = $others ]; }; then return 0; fi
  elif [ $((healthy * 2)) -gt $others ]; then
    return 0
  elif [ $others = 0 ]; then
    printf 'its etcd member is the only one, with all that the cluster knows\n'
    return 1
  fi
  printf 'of the %s etcd members %s would serve on, which is no majority; not healthy:%s\n' \
    "$([ "$how" = away ] && echo $voters || echo $others)" $healthy "${silent:- none}"
  return 1
}

# "name address" a line: members that are none of the lab's masters and do not answer.
etcd_strangers() {
  local name url
  etcdctl_here member list 2>/dev/null | sed 's/, /,/g' | while IFS=, read -r _ _ name url _; do
    url=${url#https://} && url=${url%:*}
    [[ " $MASTERS " != *"=$url "* ]] || continue
    etcdctl_at "$url" endpoint health >/dev/null 2>&1 || printf '%s %s\n' "${name:-$url}" "$url"
  done
}

# Whether the own etcd ends again and again because its data is worth nothing any more.
etcd_lost() {
  local ended
  [ -z "$(crictl ps --quiet --state Running --name '^etcd$' 2>/dev/null)" ] || return 1
  ended=$(crictl ps --all --quiet --state Exited --last 1 --name '^etcd$' 2>/dev/null) || return 1
  [ -n "$ended" ] || return 1
  crictl logs --tail 200 "$ended" 2>&1 | grep -E "$ETCD_LOST" >/dev/null
}

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
