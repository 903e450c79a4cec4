# shellcheck shell=bash
# What masters and workers have in common: containerd, kubelet, and the kubelet's patch for this kind of machine.

# shellcheck disable=SC2034 # the roles read it
CERTIFICATES=/etc/kubernetes/pki
AUTHORITY=/etc/kube-lab/kubernetes-ca.crt

. "$LIBRARY/upgrade.sh"

node_runtime() {
  step "starting containerd"
  unchanged
  # The template is for root alone where logins of registries are in it.
  render containerd.toml /etc/containerd/config.toml "0$(stat --format %a "$LIBRARY/containerd.toml")" \
    "SANDBOX_IMAGE=$(sandbox_image)" \
    "SYSTEMD_CGROUP=$([ "$(cgroup_driver)" = systemd ] && echo true || echo false)" \
    "RESTRICT_OOM_SCORE_ADJ=${KUBE_LAB_RESTRICT_OOM_SCORE_ADJ:-false}"
  start_runtime
  systemctl start kube-lab-pods.service
  wait_until 60 "own address $ADDRESS (netplan, 'networkctl status' tells)" has_own_address
}

# Containers outlive it. A pass that was cut off before the restart has noted nothing.
start_runtime() {
  local digest
  digest=$(cat "$ROOT/etc/containerd/config.toml" "$ETC/proxy.env" 2>/dev/null | sha256sum || true)
  # Of a machine that has noted nothing yet the proxy is new.
  [ "$digest" = "$(cat "$STATE/containerd" 2>/dev/null || sha256sum <"$ROOT/etc/containerd/config.toml")" ] || changed
  start_service containerd.service
  printf '%s\n' "$digest" >"$STATE/containerd"
}

has_own_address() { ip -brief address show | grep -qwF "$ADDRESS"; }

cgroup_driver() { printf '%s' "${KUBE_LAB_CGROUP_DRIVER:-systemd}"; }

# The list of images says which pause image there is, the latest of several; kubeadm knows which it wants.
sandbox_image() {
  if [ -r "$IMAGE_LIST" ] && grep '/pause:' "$IMAGE_LIST" | sort --version-sort | tail -n 1 | grep .; then return 0; fi
  kubeadm config images list --kubernetes-version "v$KUBERNETES_VERSION" 2>/dev/null | grep -m1 '/pause:'
}

# node_patch FOLDER: what differs on this machine from the cluster-wide kubelet configuration.
node_patch() {
  local patch
  patch=$(jq -n --arg driver "$(cgroup_driver)" --argjson fail "${KUBE_LAB_FAIL_CGROUP_V1:-true}" \
    '{cgroupDriver: $driver} + if $fail then {} else {failCgroupV1: false} end')
  if [ "${KUBE_LAB_KERNEL:-guest}" != guest ]; then
    # the host's swap and the fill of its disk are not this machine's
    patch=$(jq '. + {failSwapOn: false, evictionHard: {"memory.available": "50Mi", "nodefs.available": "1%",
      "imagefs.available": "1%", "nodefs.inodesFree": "1%"}}' <<<"$patch")
  fi
  write_file "$1/kubeletconfiguration1+merge.json" 0644 "$patch"
}

# kubeadm's output without the token
run_kubeadm() {
  kubeadm "$@" 2>&1 | sed -u -E 's/[a-z0-9]{6}\.[a-z0-9]{16}/(token)/g'
}

# as_node PATH [OPTION…]: asks the API as this machine's kubelet.
as_node() {
  local path=$1
  shift
  curl --silent --show-error --fail --max-time 5 --cacert "$AUTHORITY" --cert "$KUBELET_CERTIFICATE" \
    --key "$KUBELET_CERTIFICATE" "$@" "https://$(node_server)$path"
}

# A master asks its own API server, a worker the virtual address.
node_server() {
  if [ "$ROLE" = master ]; then printf '%s:%s' "$ADDRESS" "$API_PORT"; else printf '%s:%s' "$VIRTUAL_IP" "$API_PORT"; fi
}

# A node that comes back gets another subnet: nothing of the old one may stay.
forget_pods() {
  crictl pods --quiet | xargs --no-run-if-empty crictl stopp >/dev/null 2>&1 || true
  rm -f /etc/cni/net.d/10-flannel.conflist /run/flannel/subnet.env
  ! ip link show cni0 >/dev/null 2>&1 || ip link delete cni0
}

# As HTTP says it; 000 without an answer.
node_code() { as_node "/api/v1/nodes/$MACHINE" --output /dev/null --write-out '%{http_code}' 2>/dev/null || true; }

# A kubelet makes its node once, when it starts; somebody has deleted it, or a restored backup does not know it.
register_node() {
  local end=$((SECONDS + 30))
  while [ "$(node_code)" = 404 ]; do
    if [ $SECONDS -ge $end ]; then
      step "registering the node again"
      forget_pods
      systemctl restart kubelet.service
      return 0
    fi
    pause 2
  done
}

# One process that watches costs less than many that ask; now and then a new one, should its connection be dead.
wait_node_ready() {
  register_node
  retry 300 "waiting for own node to be Ready (kubectl describe node $MACHINE; journalctl -u kubelet)" node_becomes_ready
}

node_becomes_ready() {
  timeout 20 kubectl --kubeconfig /etc/kubernetes/kubelet.conf --server "https://$(node_server)" \
    wait --for=condition=Ready --timeout=15s "node/$MACHINE" && node_reported
}

# What the kubelet reported before the machine was started again does not count.
node_reported() {
  local start
  start=$(date -d "$(systemctl show kubelet.service --property ActiveEnterTimestamp --value)" +%s)
  as_node "/api/v1/nodes/$MACHINE" | jq --exit-status --argjson start "$start" 'any(.status.conditions[];
    .type == "Ready" and .status == "True" and (.lastHeartbeatTime | fromdate) >= $start)' >/dev/null
}
