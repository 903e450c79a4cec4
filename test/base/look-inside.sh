#!/usr/bin/env bash
# Looks into a base disk without changing it, and prints what it finds as `key value` lines. Run as root in a mount and a process
# namespace of its own (unshare --mount --pid --fork): all mounts go with it.
# Usage: look-inside.sh DISK
set -euo pipefail

readonly disk=${1:?usage: look-inside.sh DISK}
readonly lower=/mnt upper=/media root=/srv

# What the programs in the disk write goes to memory.
mount_disk() {
  mount -o "ro,noload,loop,offset=$((1024 * 1024))" "$disk" "$lower"
  mount -t tmpfs tmpfs "$upper"
  mkdir "$upper/upper" "$upper/work"
  mount -t overlay -o "lowerdir=$lower,upperdir=$upper/upper,workdir=$upper/work" overlay "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
}

inside() { env --ignore-environment PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 chroot "$root" "$@"; }

count() { find "$@" 2>/dev/null | wc -l; }

identity() {
  echo "host-keys $(count "$lower/etc/ssh" -name 'ssh_host_*')"
  echo "machine-id-bytes $(stat -c %s "$lower/etc/machine-id")"
  echo "cloud-init-instances $(count "$lower/var/lib/cloud" -mindepth 1)"
  echo "logs $(count "$lower/var/log" -type f)"
  echo "apt-lists $(count "$lower/var/lib/apt/lists" -type f)"
  echo "archives $(count "$lower/var/cache/apt/archives" -name '*.deb')"
  echo "passwords $(cut -d: -f2 "$lower/etc/shadow" | grep -c '^\$' || true)"
  echo "dbus-machine-id $(count "$lower/var/lib/dbus/machine-id" -type f)"
}

services() {
  echo "default-target $(inside systemctl get-default)"
  local unit
  inside systemctl list-unit-files --state=enabled --no-legend --no-pager | while read -r unit _; do echo "enabled $unit"; done
  inside systemctl list-unit-files --state=masked --no-legend --no-pager | while read -r unit _; do echo "masked $unit"; done
}

programs() {
  echo "kubeadm $(inside kubeadm version -o short)"
  echo "kubelet $(inside kubelet --version)"
  local name
  for name in "$lower"/opt/cni/bin/*; do echo "cni $(basename "$name")"; done
  echo "cloud-init-schema $(inside cloud-init schema --config-file /etc/cloud/cloud.cfg.d/90-kube-lab.cfg >/dev/null 2>&1 && echo yes || echo no)"
}

images() {
  local folder=/run/look
  mkdir "$root$folder"
  printf 'version = 2\nroot = "/var/lib/containerd"\nstate = "%s/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "%s/socket"\n' \
    "$folder" "$folder" >"$root$folder/config.toml"
  inside containerd --config "$folder/config.toml" >"$root$folder/log" 2>&1 &
  local deadline=$((SECONDS + 60))
  until inside ctr -a "$folder/socket" version >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { cat "$root$folder/log" >&2; exit 1; }
    sleep 0.2
  done
  inside ctr -a "$folder/socket" -n k8s.io images list | awk 'NR > 1 { print "image", $1, $NF }'
  inside ctr -a "$folder/socket" -n k8s.io snapshots list | awk 'NR > 1 { print "snapshot", $1 }'
  kill %%
  while IFS= read -r name; do echo "listed $name"; done <"$lower/usr/local/share/kube-lab/images.txt"
}

mount_disk
identity
services
programs
images
