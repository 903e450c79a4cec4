# shellcheck shell=bash
# A master that is about to restart its control plane leaves the load balancers first: their checks are turned away, so that new
# requests go to the others, and they let go of what is under way when they have noticed. A restart of the machine ends it, too.

# Two checks a second apart, and a little more.
LEAVING_SECONDS=10

# Nothing where nobody else serves. Who does not notice in time finds out as before.
leave_balancers() {
  local end=$((SECONDS + LEAVING_SECONDS))
  another_serves || return 0
  step "leaving the load balancers"
  render leaving.nft /etc/kube-lab/leaving.nft 0644 "BALANCER_SUBNET=$BALANCER_SUBNET" "API_PORT=$API_PORT"
  nft --file /etc/kube-lab/leaving.nft || fail "nft refuses /etc/kube-lab/leaving.nft"
  while balancers_connected && [ $SECONDS -lt $end ]; do pause 0.2; done
}

return_to_balancers() {
  nft list table inet kube_lab_leaving >/dev/null 2>&1 || return 0
  nft delete table inet kube_lab_leaving
}

balancers_connected() {
  ss --no-header --tcp --numeric state established "sport = :$API_PORT and dst $BALANCER_SUBNET" | grep . >/dev/null
}

another_serves() {
  local master
  for master in $MASTERS; do
    [ "${master#*=}" != "$ADDRESS" ] || continue
    ! curl --silent --fail --max-time 2 --cacert "$AUTHORITY" --output /dev/null "https://${master#*=}:$API_PORT/readyz" || return 0
  done
  return 1
}
