# shellcheck shell=bash
# What a pod on this node would need, tried from the node itself: names, the way to the other nodes' pods, a runtime, the volume.

KUBELET_CONFIGURATION=/var/lib/kubelet/config.yaml
VOLUME_PROBES=$VOLUME_MOUNT/.kube-lab

node_services() {
  printf '%s\n' containerd.service kubelet.service
  [ -z "$VOLUME_SERVERS" ] || echo kube-lab-volume.service
}

node_verify() {
  verify_table kube_lab_gluster
  verify_policies
  [ "$(node_code)" != 404 ] || echo "the cluster does not know the node $MACHINE"
}

node_probes() {
  local name
  name=kubernetes.default.svc.$(kubelet_setting clusterDomain)
  probe "cluster DNS" "no answer for $name" names_address "$(kubelet_setting clusterDNS)" "$name"
  probe "gateway's DNS" "no answer for $MACHINE.$DOMAIN" names_address "${RESOLVERS%% *}" "$MACHINE.$DOMAIN"
  probe "new pods" "containerd has no network or is not ready ('crictl info' tells)" runtime_ready
  pod_network_probe
  [ -z "$VOLUME_SERVERS" ] || probe "claims" "the Gluster volume takes no file ('journalctl -u kube-lab-volume' tells)" volume_takes_files
}

# kubelet_setting NAME: its value, or the first of its list
kubelet_setting() {
  awk -v key="$1:" '$1 == key && NF > 1 { print $2; exit } $1 == key { getline; print $2; exit }' "$KUBELET_CONFIGURATION" 2>/dev/null
}

# names_address SERVER NAME: the server itself is asked, and has an address for the name.
names_address() { dig +short +time=1 +tries=2 "@$1" "$2" A | grep -E '^[0-9.]+$'; }

# flannel's file has come, too: without it no pod gets an address.
runtime_ready() {
  timeout 5 crictl info | jq --exit-status '[.status.conditions[] | select(.type == "RuntimeReady" or .type == "NetworkReady")]
    | length == 2 and all(.status)'
}

# The next node in a ring of all: flannel's end there answers through the tunnel that its pods have.
pod_network_probe() {
  local next
  next=$(next_subnet)
  [ -z "$next" ] || probe "pod network" "no answer from the pods' subnet $next" ping -c 1 -W 2 "${next%/*}"
}

# Every other node's subnet is a route through flannel's tunnel.
next_subnet() {
  local own
  own=$(sed -n 's,^FLANNEL_SUBNET=\(.*\)\.[0-9]*/,\1.0/,p' /run/flannel/subnet.env 2>/dev/null)
  { ip -4 route show dev flannel.1 2>/dev/null | awk '/ via / { print $1 }' && echo "$own"; } | sort -V |
    awk -v own="$own" '{ all[NR] = $1 } $1 == own { at = NR } END { if (NR > 1) print all[at % NR + 1] }'
}

# A claim is a folder of it.
volume_takes_files() {
  local file=$VOLUME_PROBES/$MACHINE now
  volume_listed || return 1
  printf -v now '%(%s)T' -1
  # shellcheck disable=SC2016
  timeout 10 sh -c 'mkdir -p "${1%/*}" && echo "$2" >"$1" && [ "$(cat "$1")" = "$2" ]' - "$file" "$now"
}
