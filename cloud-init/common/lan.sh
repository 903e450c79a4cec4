# shellcheck shell=bash
# The adapter of a machine that is on the LAN itself: closed before anything of the role listens.

lan_converge() {
  wait_until 60 "the LAN's adapter $LAN_MAC ('ip link' tells)" lan_interface
  lan_render
  nft --file /etc/kube-lab/lan.nft || fail "nft refuses /etc/kube-lab/lan.nft; see 'nft -c -f /etc/kube-lab/lan.nft'"
}

lan_render() {
  render lan.nft /etc/kube-lab/lan.nft 0644 "INTERFACE=$(lan_interface)" "TRUSTED=${LAN_TRUSTED:-127.0.0.2}"
}

# Its name differs by hypervisor.
lan_interface() {
  local file
  file=$(grep --line-regexp --files-with-matches --ignore-case "$LAN_MAC" /sys/class/net/*/address) || return 1
  basename "$(dirname "${file%%$'\n'*}")"
}
