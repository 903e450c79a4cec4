# shellcheck shell=bash
# The adapter of a machine that is on the LAN itself: closed before anything of the role listens.

lan_converge() {
  wait_until 60 "the LAN's adapter $LAN_MAC ('ip link' tells)" lan_interface
  lan_render
  load_table /etc/kube-lab/lan.nft kube_lab_lan
}

lan_render() {
  render lan.nft /etc/kube-lab/lan.nft 0644 "INTERFACE=$(lan_interface)" "TRUSTED=${LAN_TRUSTED:-127.0.0.2}"
}

lan_interface() { adapter_name "$LAN_MAC"; }
