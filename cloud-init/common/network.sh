# shellcheck shell=bash
# The machine's own addresses. The seed's reach it at its first boot alone; what the lab's list says later is made so here, one
# adapter at a time: an adapter that is as it should be is not touched, since others' addresses and routes are on it, too.

NETWORKD=/etc/systemd/network

network_converge() {
  local adapter
  for adapter in $ADAPTERS; do network_adapter "${adapter%%=*}" "${adapter#*=}"; done
}

# network_adapter MAC ADDRESS/PREFIX[,GATEWAY]|dhcp
network_adapter() {
  local name
  ! adapter_wanted "$1" "$2" || return 0
  name=$(adapter_name "$1") || {
    # The hypervisor's to bring: a machine that waited for it could not be told anything else.
    printf 'kube-lab: there is no adapter %s\n' "$1" >&2
    return 0
  }
  # At boot networkd may not have come to it yet.
  wait_until 30 "networkd to have looked at $name ('networkctl status $name' tells)" adapter_settled "$name"
  ! adapter_wanted "$1" "$2" || return 0
  step "configuring the adapter $name: $2"
  unchanged
  render_adapter "$1" "$2"
  if [ "$CHANGED" = true ]; then networkctl reload; else networkctl reconfigure "$name"; fi
  [ "$2" = dhcp ] || wait_until 30 "address ${2%%,*} on $name ('networkctl status $name' tells)" adapter_wanted "$1" "$2"
}

# Before cloud-init's and netplan's files, of which the first that fits counts.
render_adapter() {
  local address=${2%%,*} gateway=""
  [ "$address" = "$2" ] || gateway=${2#*,}
  if [ "$address" = dhcp ]; then
    render dhcp.network "$NETWORKD/05-kube-lab-${1//:/}.network" 0644 "MAC=$1"
  else
    render static.network "$NETWORKD/05-kube-lab-${1//:/}.network" 0644 "MAC=$1" "ADDRESS=$address" "GATEWAY=${gateway:+Gateway=$gateway}"
  fi
}

# It has its address; by DHCP, a lease or at least the order to ask for one: a LAN's server may be slow or missing.
adapter_wanted() {
  local name
  name=$(adapter_name "$1") || return 1
  case $2 in
    dhcp) grep -qsx "DHCP=ipv4" "$ROOT$NETWORKD/05-kube-lab-${1//:/}.network" || ip -4 address show dev "$name" | grep -q ' dynamic ' ;;
    *) ip -4 address show dev "$name" | grep -qF " inet ${2%%,*} " && has_way_out "$name" "${2#*,}" ;;
  esac
}

has_way_out() { [[ $2 == */* ]] || ip -4 route show default dev "$1" | grep -qF " via $2 "; }

adapter_settled() {
  case $(networkctl --json=short status "$1" 2>/dev/null | jq -r .AdministrativeState) in
    configured | unmanaged | failed | linger) ;;
    *) return 1 ;;
  esac
}

# Its name differs by hypervisor.
adapter_name() {
  local file
  file=$(grep --line-regexp --files-with-matches --ignore-case "$1" /sys/class/net/*/address) || return 1
  basename "$(dirname "${file%%$'\n'*}")"
}
