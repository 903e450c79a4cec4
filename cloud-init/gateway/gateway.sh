# shellcheck shell=bash
# The gateway: routes between the lab's subnets and out of NAT, filters, and is DNS, DHCP and time for all.

role_converge() {
  gateway_addresses
  gateway_filter
  gateway_names
}

# Rules and routes are by address: wait until the machine has its own.
gateway_addresses() {
  local address
  for address in $GATEWAY_ADDRESSES; do
    wait_until 60 "own address $address (netplan, 'networkctl status' tells)" has_address "$address"
  done
}

has_address() { ip -brief address show | grep -qwF "$1"; }

gateway_filter() {
  step "loading the packet filter"
  render_filter
  load_table /etc/nftables.conf kube_lab
}

gateway_names() {
  step "starting name and address service"
  unchanged
  render_names
  dnsmasq --test --conf-file=/etc/dnsmasq.conf 2>&1 || fail "dnsmasq refuses /etc/dnsmasq.conf"
  if hosts_changed && [ "$CHANGED" = false ] && systemctl is-active --quiet dnsmasq.service; then
    systemctl reload dnsmasq.service
  else
    start_service dnsmasq.service
  fi
  wait_until 30 "dnsmasq to answer for $API_NAME" resolves "$API_NAME" "$VIRTUAL_IP"
}

# dnsmasq reads /etc/hosts at its start and when it is told to: nobody's question is lost for a new name.
hosts_changed() {
  local digest
  digest=$(sha256sum </etc/hosts)
  [ "$digest" != "$(cat "$RUN/hosts" 2>/dev/null)" ] || return 1
  printf '%s\n' "$digest" >"$RUN/hosts"
}

# The name is asked of dnsmasq itself: /etc/hosts would answer without it.
resolves() { dig +short +time=1 +tries=1 @127.0.0.1 "$1" A | grep -xF "$2" >/dev/null; }

render_filter() {
  render nftables.conf /etc/nftables.conf 0644 \
    "LAB_SUBNETS=$(comma_list "$LAB_SUBNETS")" \
    "KUBERNETES_SUBNETS=$(comma_list "$KUBERNETES_SUBNETS")" \
    "MASTER_SUBNET=$MASTER_SUBNET" \
    "BALANCER_SUBNET=$BALANCER_SUBNET" \
    "GLUSTER_SUBNET=$GLUSTER_SUBNET" \
    "SERVICE_POOL=${SERVICE_POOL:-127.0.0.2}" \
    "VIRTUAL_IP=$VIRTUAL_IP" \
    "API_PORT=$API_PORT" \
    "DASHBOARD_PORT=${DASHBOARD_PORT:-0}" \
    "APPLICATION_PORTS=$(comma_list "${APPLICATION_PORTS:-0}")" \
    "APPLICATION_NODE_PORTS=$(comma_list "${APPLICATION_NODE_PORTS:-0}")" \
    "OWNER_SUBNET=${OWNER_SUBNET:-127.0.0.2}" \
    "NAT_ADDRESS=$NAT_ADDRESS" \
    "FORWARDED_PORTS=$(forwarded_ports)" \
    "LAN_FORWARDED_PORTS=$(comma_list "${LAN_FORWARDED_PORTS:-0}")" \
    "FORWARDS=$(forward_rules)"
}

comma_list() {
  local list=${1// /, }
  printf '%s' "$list"
}

# "6443=192.168.4.20:6443 …" as nft's set of ports
forwarded_ports() {
  local forward ports=""
  for forward in $FORWARDS; do ports+="${ports:+, }${forward%%=*}"; done
  printf '%s' "${ports:-0}"
}

# … and as map elements "6443 : 192.168.4.20 . 6443"
forward_rules() {
  local forward target rules=""
  for forward in $FORWARDS; do
    target=${forward#*=}
    rules+="${rules:+, }${forward%%=*} : ${target%:*} . ${target##*:}"
  done
  printf '%s' "${rules:-0 : 127.0.0.1 . 0}"
}

render_names() {
  local upstream="" server
  for server in $UPSTREAM_RESOLVERS; do upstream+="${upstream:+$'\n'}server=$server"; done
  render dnsmasq.conf /etc/dnsmasq.conf 0644 \
    "DOMAIN=$DOMAIN" \
    "API_NAME=$API_NAME" \
    "VIRTUAL_IP=$VIRTUAL_IP" \
    "APPLICATION_NAMES=${APPLICATIONS_DOMAIN:+address=/$APPLICATIONS_DOMAIN/$VIRTUAL_IP}" \
    "LISTEN=$(listen_lines)" \
    "RANGES=$(range_lines)" \
    "UPSTREAM=${upstream:-# no upstream: names outside of the lab are refused at once}"
}

listen_lines() {
  local address
  for address in 127.0.0.1 $GATEWAY_ADDRESSES; do printf 'listen-address=%s\n' "$address"; done
}

# DHCP_RANGES: "mast,192.168.1.130,192.168.1.253,255.255.255.0,192.168.1.254 …"
range_lines() {
  local range name from to mask router
  for range in $DHCP_RANGES; do
    IFS=, read -r name from to mask router <<<"$range"
    printf 'dhcp-range=set:%s,%s,%s,%s,1h\n' "$name" "$from" "$to" "$mask"
    printf 'dhcp-option=tag:%s,option:router,%s\n' "$name" "$router"
    printf 'dhcp-option=tag:%s,option:dns-server,%s\n' "$name" "$router"
    printf 'dhcp-option=tag:%s,option:ntp-server,%s\n' "$name" "$router"
  done
}

# Nothing to hand over: the lab has one gateway.
role_leave() { :; }

role_services() { echo dnsmasq.service; }

role_verify() { verify_table kube_lab; }

role_probe() { probe "name service" "no answer for $API_NAME" resolves "$API_NAME" "$VIRTUAL_IP"; }

# {names, leases: [{address, name, mac}], filter, time}
role_status() {
  jq -n --argjson dnsmasq "$(is_active dnsmasq)" --argjson chrony "$(time_is_kept)" \
    --argjson filter "$(nft list table inet kube_lab >/dev/null 2>&1 && echo true || echo false)" \
    --arg leases "$(cat /var/lib/misc/dnsmasq.leases 2>/dev/null || true)" \
    '{names: $dnsmasq, time: $chrony, filter: $filter,
      leases: [$leases | split("\n")[] | select(. != "") | split(" ") | {address: .[2], name: .[3], mac: .[1]}]}'
}

time_is_kept() { if [ "${KUBE_LAB_CLOCK:-guest}" = host ]; then echo true; else is_active chrony; fi; }

is_active() { systemctl is-active --quiet "$1" && echo true || echo false; }
