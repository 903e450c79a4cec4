# shellcheck shell=bash
# Other releases than the image's: programs and container images are on a volume in the DVD drive, and kubeadm takes the machine
# to its release of Kubernetes. What is done already is not done again, so that a pass which was cut short goes on.

# shellcheck source=../image/bundle.sh
. "$LIBRARY/bundle.sh"

DRIVE=/dev/sr0
VOLUME=$RUN/bundle
VOLUME_SECONDS=120
# Where kubeadm notes what the lab is, its release too.
# shellcheck disable=SC2034 # the roles read it
KUBEADM_NOTE=/api/v1/namespaces/kube-system/configmaps/kubeadm-config

say() { step "$1"; }
images_ctr() { ctr --namespace k8s.io "$@"; }
settle() { sync --file-system "$1"; }

installed_kubernetes() {
  grep -m 1 . "$KUBERNETES_NOTE" 2>/dev/null || kubelet --version | sed 's/^Kubernetes v//'
}

# What runs here, the later of node and API server: an upgrade that was cut off may be between the two.
role_release() {
  { installed_kubernetes && manifest_release; } 2>/dev/null | sort --version-sort | tail -n 1
}

manifest_release() {
  [ ! -r "$ROOT/etc/kubernetes/manifests/kube-apiserver.yaml" ] ||
    sed -n 's/^ *image: .*kube-apiserver:v//p' "$ROOT/etc/kubernetes/manifests/kube-apiserver.yaml"
}

kubernetes_differs() { [ "$(installed_kubernetes)" != "$KUBERNETES_VERSION" ]; }

# What is wanted and not here yet, before anything needs it: an add-on's images, or those of another release. A machine that has not
# joined yet simply is of that release.
node_bundle() {
  # a pass that failed has left it, and another one may have come into the drive
  unmount_volume
  if [ -n "$(missing_images)" ] && volume_there; then
    place_manifests "$VOLUME"
    import_images "$VOLUME"
    [ -z "$(vital_images)" ] || fail "the volume in $DRIVE has no $(vital_images | paste -sd' '); 'npm run up' puts the right one in"
    # it may bring another pause image
    node_runtime
  fi
  [ -z "$(missing_images)" ] || printf 'kube-lab: not in the bundle: %s; pods that need it wait for a registry\n' "$(missing_images | paste -sd' ')"
  if [ ! -e "$KUBELET_FLAGS" ] && kubernetes_differs; then
    begin_upgrade
    place_bundle_programs
    note_kubernetes "$KUBERNETES_VERSION"
  fi
  unmount_volume
}

missing_images() {
  touch "$IMAGE_LIST"
  unlisted_images "$IMAGES"
}

# Missing ones without which there is no node; of an add-on's the bundle may have none where only registries are reached.
vital_images() { missing_images | grep -E '/(kube-[a-z-]+|flannel):' || true; }

# It is waited for where the machine cannot do without.
volume_there() {
  if [ -n "$(vital_images)" ]; then mount_volume; else volume_mounted 2>/dev/null; fi
}

mount_volume() {
  wait_until "$VOLUME_SECONDS" "the volume with v$KUBERNETES_VERSION in the drive $DRIVE ('npm run up' puts it there)" volume_mounted
}

# Another volume than the one that was mounted may be in the drive now.
volume_mounted() {
  ! volume_fits || return 0
  unmount_volume
  mkdir -p "$VOLUME"
  mount -o ro "$DRIVE" "$VOLUME" && volume_fits
}

volume_fits() { [ "$(jq -r .version "$VOLUME/manifest.json" 2>/dev/null)" = "$KUBERNETES_VERSION" ]; }

unmount_volume() {
  ! mountpoint --quiet "$VOLUME" || umount "$VOLUME" || umount --lazy "$VOLUME"
}

# What the machine is of is written down before a program tells otherwise: a pass that is cut short begins here again.
begin_upgrade() {
  mount_volume
  note_kubernetes "$(installed_kubernetes)"
  place_programs /usr/local/bin "$VOLUME/bin/kubeadm"
}

place_bundle_programs() {
  place_programs /opt/cni/bin "$VOLUME"/cni/*
  place_programs /usr/local/bin "$VOLUME"/bin/*
}

# The control plane is there: the kubelet and all other programs follow. What runs in pods goes on meanwhile.
upgrade_kubelet() {
  step "upgrading the kubelet to v$KUBERNETES_VERSION"
  place_bundle_programs
  systemctl restart kubelet.service
  wait_until 300 "own kubelet to say v$KUBERNETES_VERSION (journalctl -u kubelet)" kubelet_upgraded
  # kubeadm's copies of what there was before, of all that etcd had among it
  rm -rf "$ROOT/etc/kubernetes/tmp"
  note_kubernetes "$KUBERNETES_VERSION"
  unmount_volume
}

kubelet_upgraded() {
  [ "$(as_node "/api/v1/nodes/$MACHINE" | jq -r .status.nodeInfo.kubeletVersion)" = "v$KUBERNETES_VERSION" ]
}

# kubeadm_upgrade KUBECONFIG COMMAND…: without what it would check of this computer
kubeadm_upgrade() {
  local kubeconfig=$1 skip=(--skip-phases=preflight)
  shift
  [ "${2:-}" != phase ] || skip=()
  run_kubeadm upgrade "$@" --kubeconfig "$kubeconfig" --config /etc/kube-lab/kubeadm-upgrade.yaml "${skip[@]}" ||
    fail "kubeadm upgrade $1 failed; the log above says why ('journalctl -u kubelet', 'crictl ps -a' and 'crictl logs' say more)"
}

# The release in kubeadm's note, which comes on stdin.
noted_release() { jq -r .data.ClusterConfiguration | sed -n 's/^kubernetesVersion: v//p'; }
