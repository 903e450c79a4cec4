# shellcheck shell=bash
# A master and the lab's release of Kubernetes: one after the other is brought to another one, under the lock of the control plane.

# On kubeadm's note when a master of the next release has joined before any other was upgraded; what kubeadm then notes has it no more.
AHEAD=kube-lab/ahead
SERVER_PODS="/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver"

master_upgrade() {
  kubernetes_differs || return 0
  with_join_lock upgrade_master
}

# The first one takes the lab to the release, which kubeadm then notes; the others follow the note.
upgrade_master() {
  wait_until 300 "a majority of healthy etcd members without this one" others_serve
  begin_upgrade
  leave_balancers
  step "upgrading the control plane to v$KUBERNETES_VERSION"
  if lab_upgraded; then
    kubeadm_upgrade "$ADMIN" node
  else
    refuse_release
    kubeadm_upgrade "$ADMIN" apply "v$KUBERNETES_VERSION" --yes
  fi
  wait_until 300 "own API server to be ready after its upgrade (crictl ps -a; crictl logs)" api_ready
  wait_until 120 "own etcd member to be healthy after its upgrade (etcdctl endpoint health)" etcd_healthy
  return_to_balancers
  # a lab of one node has nowhere else to put its pods
  [ "$(as_admin /api/v1/nodes | jq '.items | length')" = 1 ] || move_pods
  upgrade_kubelet
}

lab_upgraded() {
  local note
  note=$(lab_note) && [ "$(noted_release <<<"$note")" = "$KUBERNETES_VERSION" ] && ! is_ahead <<<"$note"
}

# Whether kubeadm's note, which comes on stdin, is of a master that joined ahead.
is_ahead() { jq --exit-status --arg name "$AHEAD" '.metadata.annotations // {} | has($name)' >/dev/null; }

# kubeadm upgrades its own add-ons with the last master that it upgrades. Where that one was recreated instead, it has joined, and
# whoever finds all API servers of the release brings the add-ons along.
master_follow() {
  addons_behind || return 0
  wait_until 120 "own API server's pod to be known with v$KUBERNETES_VERSION (kubectl get pods -n kube-system)" own_server_upgraded
  servers_upgraded || return 0
  with_join_lock follow_release
}

follow_release() {
  addons_behind || return 0
  step "upgrading kube-proxy and CoreDNS to v$KUBERNETES_VERSION"
  kubeadm_upgrade "$ADMIN" apply phase addon all "v$KUBERNETES_VERSION"
  # its note comes last: it ends this
  kubeadm_upgrade "$ADMIN" apply phase upload-config all "v$KUBERNETES_VERSION"
}

# kube-proxy is the last of kubeadm's add-ons.
addons_behind() {
  local image
  image=$(as_admin /apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy 2>/dev/null |
    jq --raw-output '.spec.template.spec.containers[0].image') || return 1
  [ "${image##*:}" = "v$KUBERNETES_VERSION" ] || return 0
  as_admin "$KUBEADM_NOTE" | is_ahead
}

# By the API servers' pods, as kubeadm judges: one that is away counts.
servers_upgraded() { as_admin "$SERVER_PODS" | are_upgraded; }
own_server_upgraded() { as_admin "$SERVER_PODS&fieldSelector=spec.nodeName%3D$MACHINE" | are_upgraded; }

are_upgraded() {
  jq --exit-status --arg tag ":v$KUBERNETES_VERSION" \
    '[.items[].spec.containers[] | select(.name == "kube-apiserver") | .image] | length > 0 and all(endswith($tag))' >/dev/null
}

lab_note() { kubectl_lab get --raw "$KUBEADM_NOTE"; }

# refuse_release: no way back, and no minor release left out
refuse_release() {
  local living wanted
  living=$(lab_note | noted_release) || fail "the lab's release cannot be asked for: no API server answers at $VIRTUAL_IP:$API_PORT"
  wanted=$KUBERNETES_VERSION
  if [ "$(printf '%s\n' "$living" "$wanted" | sort --version-sort | tail -n 1)" != "$wanted" ]; then
    fail "the lab has Kubernetes $living, and there is no way back to $wanted; set kubernetes.version to $living or later"
  fi
  [ $(($(minor_of "$wanted") - $(minor_of "$living"))) -le 1 ] ||
    fail "the lab has Kubernetes $living, and there is no way to $wanted but by each minor release between"
}

minor_of() { cut -d . -f 2 <<<"$1"; }

# Who joins has the wanted release alone on its disk, and the other masters may wait for it: it comes as the first one of that
# release, as if it had been upgraded.
join_ahead() {
  local note release
  note=$(lab_note) || fail "kubeadm's note of the lab's release cannot be read: no API server answers at $VIRTUAL_IP:$API_PORT"
  release=$(noted_release <<<"$note")
  [ "$release" != "$KUBERNETES_VERSION" ] || return 0
  refuse_release
  step "joining as the first master with v$KUBERNETES_VERSION"
  jq --arg name "$AHEAD" --arg old "kubernetesVersion: v$release" --arg new "kubernetesVersion: v$KUBERNETES_VERSION" \
    '.metadata.annotations[$name] = "" | .data.ClusterConfiguration |= sub($old; $new)' <<<"$note" |
    kubectl_lab replace --raw "$KUBEADM_NOTE" --filename - >/dev/null ||
    fail "kubeadm's note of the lab's release could not be written; the next pass tries again"
}

# kubeadm moves a manifest away before it moves the next release's there: cut off between, there is none, and nothing that would start.
restore_manifests() {
  local name kept folder=/etc/kubernetes/manifests
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    [ ! -s "$ROOT$folder/$name.yaml" ] || continue
    kept=$(find "$ROOT/etc/kubernetes/tmp" -path "*/kubeadm-backup-manifests-*/$name.yaml" -size +0 -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1) || true
    [ -n "$kept" ] || continue
    step "putting back the manifest of $name, which an upgrade that was cut off had moved away"
    place_whole "${kept#* }" "$ROOT$folder/$name.yaml"
  done
}
