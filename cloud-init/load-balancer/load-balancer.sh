# shellcheck shell=bash
# A load balancer: haproxy before the masters on every one of them, and the virtual address on one, moved by pacemaker.

# Each question to pacemaker is a process with many libraries.
# shellcheck disable=SC2034
POLL_SECONDS=1
CIB=/var/lib/pacemaker/cib/cib.xml

role_converge() {
  balancer_haproxy_configuration
  balancer_cluster
  balancer_resources
}

# haproxy is pacemaker's to start; a changed configuration is taken over without losing a connection.
balancer_haproxy_configuration() {
  step "configuring haproxy"
  unchanged
  render_haproxy
  haproxy -c -q -f /etc/haproxy/haproxy.cfg || fail "haproxy refuses its configuration; see 'haproxy -c -f /etc/haproxy/haproxy.cfg'"
  if [ "$CHANGED" = true ] && systemctl is-active --quiet haproxy.service; then
    systemctl reload haproxy.service
  fi
}

render_haproxy() {
  render haproxy.cfg /etc/haproxy/haproxy.cfg 0600 \
    "API_PORT=$API_PORT" \
    "STATISTICS_PORT=$STATISTICS_PORT" \
    "STATISTICS_PASSWORD=$(cat "$ETC/statistics-password")" \
    "SERVERS=$(haproxy_servers "$API_PORT")" \
    "DASHBOARD_PORT=$DASHBOARD_PORT" \
    "DASHBOARD_SERVERS=$(haproxy_servers "$DASHBOARD_PORT")" \
    "APPLICATIONS=$(haproxy_applications)"
}

# haproxy_servers PORT: a line for every master
haproxy_servers() {
  local master
  for master in $MASTERS; do
    printf '  server %s %s:%s\n' "${master%%=*}" "${master#*=}" "$1"
  done
}

# "http=80:30080 …": Traefik's pods are behind the same port of every node, but only where one is that node answers.
haproxy_applications() {
  local application ports node
  for application in ${APPLICATIONS:-}; do
    ports=${application#*=}
    printf 'listen %s\n  bind :%s\n  balance roundrobin\n' "${application%%=*}" "${ports%:*}"
    printf '  default-server check inter 1s downinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions\n'
    for node in $APPLICATION_NODES; do
      printf '  server %s %s:%s\n' "${node%%=*}" "${node#*=}" "${ports#*:}"
    done
    printf '\n'
  done
}

balancer_cluster() {
  step "starting the cluster of load balancers"
  wait_until 60 "own address $ADDRESS (netplan, 'networkctl status' tells)" has_own_address
  unchanged
  render_corosync
  base64 -d <"$ETC/corosync-key" | (umask 077 && cat >/etc/corosync/authkey.new)
  if ! cmp -s /etc/corosync/authkey.new /etc/corosync/authkey; then changed; fi
  mv /etc/corosync/authkey.new /etc/corosync/authkey
  seed_resources
  if systemctl is-active --quiet corosync.service; then balancer_members; fi
  systemctl start corosync.service
  systemctl is-active --quiet pacemaker.service ||
    wait_until 300 "the other load balancers to let this one in (they need the new list of members, by 'npm run up')" may_serve
  systemctl start pacemaker.service
}

has_own_address() { ip -brief address show | grep -qwF "$ADDRESS"; }

# Alone while somebody has the virtual address means not let in yet: pacemaker would take the address a second time.
may_serve() {
  [ "$(corosync-quorumtool -l | grep -cE '^ +[0-9]')" -gt 1 ] || ! ping -c 1 -W 1 "$VIRTUAL_IP" >/dev/null
}

# The list is read again by all members at once, and between different lists no token goes around: so the last of those
# that stay to have written it says so. A machine that lost its way is restarted.
balancer_members() {
  if ! systemctl is-active --quiet pacemaker.service; then
    [ "$CHANGED" = false ] || systemctl restart corosync.service
    return 0
  fi
  attrd_updater --name kube-lab-members --update "$(members_digest)"
  if { [ "$CHANGED" = true ] || ! same_members; } && all_written; then
    retire_members
    corosync-cfgtool -R || systemctl restart corosync.service pacemaker.service
    wait_until 60 "the load balancers that leave to be gone (crm_node --list)" forget_members
  fi
}

members_digest() { sha256sum </etc/corosync/corosync.conf | cut -c1-64; }

# What runs has the members of the file.
same_members() {
  [ "$(corosync-cmapctl nodelist. | awk '/nodeid/ { print $NF }' | sort)" = "$(awk '/nodeid:/ { print $2 }' /etc/corosync/corosync.conf | sort)" ]
}

all_written() {
  local digest written member
  digest=$(members_digest)
  written=$(attrd_updater --name kube-lab-members --query --all)
  for member in $(crm_node --partition); do
    if stays "$member"; then grep -qF "host=\"$member\" value=\"$digest\"" <<<"$written" || return 1; fi
  done
}

stays() { [[ " $LOAD_BALANCERS" == *" $1="* ]]; }

# Who does not stay gives up what it runs first; left alone it would take the virtual address.
retire_members() {
  local member
  for member in $(crm_node --partition); do
    stays "$member" && continue
    crm_attribute --node "$member" --name standby --update on
    wait_until 60 "$member to run nothing any more (crm_mon -1)" runs_nothing "$member"
  done
}

runs_nothing() {
  cluster_nodes | jq --exit-status --arg name "$1" 'any(.[]; .name == $name and .resources == 0)' >/dev/null
}

# As pacemaker knows them: [{name, online, resources}]
cluster_nodes() {
  crm_mon --output-as=xml --one-shot 2>/dev/null | python3 -c '
import json, sys, xml.etree.ElementTree as tree
print(json.dumps([{"name": node.get("name"), "online": node.get("online") == "true",
                   "resources": int(node.get("resources_running"))}
                  for node in tree.parse(sys.stdin).findall("nodes/node")]))'
}

# Pacemaker would show them as offline for good.
forget_members() {
  local member
  for member in $(crm_node --list | cut -d ' ' -f 2); do
    stays "$member" && continue
    [[ " $(crm_node --partition) " != *" $member "* ]] || return 1
    crm_node --force --remove "$member"
  done
}

render_corosync() {
  local count
  count=$(wc -w <<<"$LOAD_BALANCERS")
  render corosync.conf /etc/corosync/corosync.conf 0644 \
    "CLUSTER=kube-lab-$LAB_STACK" \
    "TWO_NODE=$([ "$count" = 2 ] && echo 1 || echo 0)" \
    "NODES=$(corosync_nodes)"
}

# The id is the last part of the address: it stays when others come and go.
corosync_nodes() {
  local node
  for node in $LOAD_BALANCERS; do
    printf '  node {\n    name: %s\n    nodeid: %s\n    ring0_addr: %s\n  }\n' "${node%%=*}" "${node##*.}" "${node#*=}"
  done
}

render_resources() {
  render cib.xml "$1" 0600 "VIRTUAL_IP=$VIRTUAL_IP" "VIRTUAL_IP_PREFIX=$PREFIX" "DIGEST=$(resources_digest)"
}

# A new balancer starts with the resources in place: no election is waited for, and both have the same.
seed_resources() {
  [ ! -e "$CIB" ] || return 0
  install -d -o hacluster -g haclient -m 0750 "${CIB%/*}"
  render_resources "$CIB"
  chown hacluster:haclient "$CIB"
}

# Whoever comes first applies; the others find nothing to do.
balancer_resources() {
  render_resources "$STATE/cib.xml"
  wait_until 120 "pacemaker to have a coordinator (crm_mon -1)" has_coordinator
  # Left by an earlier machine of this name when it went.
  crm_attribute --node "$MACHINE" --name standby --delete
  same_resources || retry 120 "applying the cluster's resources" apply_resources
  wait_until 180 "virtual address $VIRTUAL_IP on a load balancer (crm_mon -1)" ping -c 1 -W 1 "$VIRTUAL_IP"
  wait_until 60 "haproxy here (crm_mon -1; journalctl -u haproxy)" systemctl is-active --quiet haproxy.service
}

has_coordinator() { crmadmin --quiet --dc_lookup --timeout 3s; }

# The options come last: the digest among them says that the rest is in place. Pacemaker keeps some of its own there.
apply_resources() {
  local section
  for section in resources constraints rsc_defaults; do put_section --replace "$section" || return 1; done
  # An earlier lab has none, which cannot be replaced.
  put_section --modify alerts || return 1
  put_section --modify crm_config
}

put_section() {
  CIB_file=$STATE/cib.xml cibadmin --query --scope "$2" | cibadmin "$1" --allow-create --scope "$2" --xml-pipe
}

same_resources() {
  [ "$(crm_attribute --type crm_config --name kube-lab-digest --query --quiet 2>/dev/null)" = "$(resources_digest)" ]
}

# Of everything that makes the resources what they are.
resources_digest() { cat "$LIBRARY/cib.xml" - <<<"$VIRTUAL_IP/$PREFIX" | sha256sum | cut -c1-64; }

# The address goes to another balancer; then this one leaves the cluster's list.
role_leave() {
  if [ "$(wc -w <<<"$LOAD_BALANCERS")" -gt 1 ]; then
    crm_attribute --node "$MACHINE" --name standby --update on || true
  fi
  timeout 60 systemctl stop pacemaker.service corosync.service || true
}

role_services() { printf '%s\n' haproxy.service corosync.service pacemaker.service; }

# {virtualIp: bool, balancers: [{name, online}], backends: [{name, status, check}]}
role_status() {
  local holder nodes backends
  holder=$(ip -brief address show | grep -qwF "$VIRTUAL_IP" && echo true || echo false)
  nodes=$(cluster_nodes | jq --compact-output 'map({name, online})' || echo '[]')
  backends=$(echo "show stat" | socat -t 2 - UNIX-CONNECT:/run/haproxy/admin.sock 2>/dev/null |
    awk -F, '$1 == "masters" && $2 != "BACKEND" { sub(/^\* /, "", $37); print $2, $18, $37 }' || true)
  jq -n --argjson holder "$holder" --argjson nodes "${nodes:-[]}" --arg backends "$backends" \
    '{virtualIp: $holder, balancers: $nodes, backends: [$backends | split("\n")[] | select(. != "") | split(" ")
      | {name: .[0], status: .[1], check: .[2]}]}'
}
