# shellcheck shell=bash
# Whether NetworkPolicies hold on this node: kube-network-policies has its table in the packet filter, and takes what that queues.

POLICY_TABLE=kube-network-policies
POLICY_QUEUE=98
# how long it may take to begin, and after a start anew on a busy computer
POLICY_SECONDS=30
POLICY_RESTART_SECONDS=150

policies_wanted() { [[ $IMAGES = */kube-network-policies:* ]]; }

policies_loaded() { nft --terse list table inet "$POLICY_TABLE" >/dev/null 2>&1; }

policies_hold() {
  policies_loaded && awk -v queue="$POLICY_QUEUE" '$1 == queue { found = 1 } END { exit !found }' /proc/net/netfilter/nfnetlink_queue
}

policy_containers() { crictl ps --quiet --name "^$POLICY_TABLE\$"; }

node_policies() {
  if policies_wanted; then
    enforce_policies
  elif policies_loaded; then
    # what is queued and nobody takes is dropped
    wait_until 180 "$POLICY_TABLE to end here, which a master removes ('crictl ps' tells)" policies_ended
    step "removing the NetworkPolicies from the packet filter"
    nft delete table inet "$POLICY_TABLE"
  fi
}

policies_ended() {
  local running
  running=$(policy_containers) && [ -z "$running" ]
}

# It goes on running where it could not begin: a new start is another attempt. Without it pods go on as if there were no policies.
enforce_policies() {
  local running
  if policies_hold_within "$POLICY_SECONDS"; then return 0; fi
  running=$(policy_containers) && [ -n "$running" ] || return 0
  step "starting $POLICY_TABLE again"
  xargs crictl --timeout 60s stop <<<"$running" >/dev/null || true
  policies_hold_within "$POLICY_RESTART_SECONDS" || printf 'kube-lab: %s\n' "$(verify_policies)"
}

# policies_hold_within SECONDS
policies_hold_within() {
  local end=$((SECONDS + $1))
  until policies_hold; do
    status_line "waiting for NetworkPolicies to hold"
    [ $SECONDS -lt $end ] || return 1
    pause "$POLL_SECONDS"
  done
}

verify_policies() {
  if policies_wanted; then
    policies_hold || echo "NetworkPolicies do not hold ('crictl ps -a' and 'crictl logs' of $POLICY_TABLE tell)"
  elif policies_loaded; then
    echo "the packet filter has NetworkPolicies, which are switched off"
  fi
}
