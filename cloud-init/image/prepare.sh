#!/usr/bin/env bash
# Prepares a Debian system as the image of all lab machines: packages, Kubernetes' programs and container images in, nothing
# that starts by itself, no identity. Runs as root in a chroot (supply/base) or in a booted cloud image; repeatable.
# Usage: prepare.sh BUNDLE - folder with bin/, cni/, images/*.tar and manifests/, see supply/kubernetes.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

readonly bundle=${1:?usage: prepare.sh BUNDLE}
here=$(cd "$(dirname "$0")" && pwd)
readonly here
readonly socket_folder=/run/kube-lab-containerd
readonly timers=(apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim man-db)
containerd_pid=

say() { printf 'prepare: %s (%s s)\n' "$1" "$SECONDS"; }

fail() {
  printf 'prepare: %s\n' "$1" >&2
  exit 1
}

# shellcheck source=bundle.sh
. "$here/bundle.sh"

booted() { [ -d /run/systemd/system ]; }

# write_file PATH MODE - content from standard input.
write_file() {
  mkdir -p "$(dirname "$1")"
  cat >"$1"
  chmod "$2" "$1"
}

check_arguments() {
  [ "$(id -u)" -eq 0 ] || fail "must run as root"
  local folder
  for folder in bin cni images manifests; do
    [ -d "$bundle/$folder" ] || fail "$bundle has no $folder/: give the folder of a Kubernetes bundle"
  done
}

missing_packages() {
  local name
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$here/packages.txt" | while IFS= read -r name; do
    dpkg-query --show --showformat '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
  done
}

# A package's daemon must not start here: its machine may have another role.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  printf '#!/bin/sh\nexit 101\n' | write_file /usr/sbin/policy-rc.d 0755
  apt-get --quiet=2 update
  apt-get --quiet=2 --yes --no-install-recommends -o Dpkg::Options::=--force-confold install "${missing[@]}"
  rm -f /usr/sbin/policy-rc.d
}

install_programs() {
  say "installing Kubernetes' programs"
  place_programs /usr/local/bin "$bundle"/bin/*
  place_programs /opt/cni/bin "$bundle"/cni/*
  install -d -m 0700 /var/lib/etcd
  rm -rf "$MANIFESTS"
  place_manifests "$bundle"
}

# Without its Kubernetes part containerd needs neither cgroups nor a network; the store is the same one.
start_containerd() {
  ! booted || systemctl stop containerd.service
  rm -rf "$socket_folder"
  mkdir -p "$socket_folder"
  write_file "$socket_folder/config.toml" 0600 <<END
version = 2
root = "/var/lib/containerd"
state = "$socket_folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$socket_folder/socket"
END
  containerd --config "$socket_folder/config.toml" --log-level warn >"$socket_folder/log" 2>&1 &
  containerd_pid=$!
  trap stop_containerd EXIT
  local deadline=$((SECONDS + 60))
  until images_ctr version >/dev/null 2>&1; do
    if ! kill -0 "$containerd_pid" 2>/dev/null || ((SECONDS > deadline)); then
      cat "$socket_folder/log" >&2
      fail "containerd does not answer on $socket_folder/socket; its log is above"
    fi
    sleep 0.1
  done
}

# Its databases are complete only after a clean end.
stop_containerd() {
  [ -n "$containerd_pid" ] || return 0
  kill "$containerd_pid" 2>/dev/null || true
  wait "$containerd_pid" || true
  containerd_pid=
  rm -rf "$socket_folder"
}

# An image that was cut off is made again.
settle() { :; }

images_ctr() { ctr --address "$socket_folder/socket" --namespace k8s.io "$@"; }

install_images() {
  start_containerd
  rm -f "$IMAGE_LIST"
  import_images "$bundle"
  note_kubernetes "$(jq -r .version "$bundle/manifest.json")"
  stop_containerd
}

# Packages enable their services; here only services.preset says what starts, now and at any later preset.
settle_services() {
  say "disabling services"
  install -D -m 0644 "$here/services.preset" /etc/systemd/system-preset/00-kube-lab.preset
  systemctl --quiet preset-all 2>/dev/null
  systemctl --quiet mask "${timers[@]/%/.timer}" systemd-networkd-wait-online.service swap.target 2>/dev/null
  systemctl --quiet set-default multi-user.target
  # It would open further doors for SSH, and complains at every boot where there are none.
  mkdir -p /etc/systemd/system-generators
  ln -sfn /dev/null /etc/systemd/system-generators/systemd-ssh-generator
}

# Every call of gluster, and each start of glusterd thirty times, asks geo-replication's Python program for its version. A lab
# has no second site.
settle_gluster() {
  local program
  program=$(dpkg-query --listfiles glusterfs-common | grep '/gsyncd$')
  dpkg-divert --quiet --local --rename --divert "$program.geo-replication" --add "$program"
}

# The distribution's lists of modules do not count any more, and cloud-init reads them sixteen times in a boot.
settle_cloud_init() {
  [ -f "$here/cloud.cfg" ] || return 0
  install -D -m 0644 "$here/cloud.cfg" /etc/cloud/cloud.cfg.d/90-kube-lab.cfg
  awk '/^cloud_[a-z]+_modules:/ { skip = 1; next } skip && /^[ \t-]/ { next } { skip = 0; print }' \
    /etc/cloud/cloud.cfg >/etc/cloud/cloud.cfg.new
  mv /etc/cloud/cloud.cfg.new /etc/cloud/cloud.cfg
}

settle_system() {
  say "settling journal, cloud-init, locale"
  write_file /etc/systemd/journald.conf.d/kube-lab.conf 0644 <<'END'
# Twelve machines share one disk: the journal is small and in memory; kube-lab keeps its own log.
[Journal]
Storage=volatile
RuntimeMaxUse=24M
ForwardToSyslog=no
END
  echo 'LANG=C.UTF-8' | write_file /etc/default/locale 0644
  ln -sfn /usr/share/zoneinfo/UTC /etc/localtime
  settle_cloud_init
}

remove_ballast() {
  say "removing caches and documentation"
  apt-get clean
  rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
  rm -rf /usr/share/man/* /usr/share/info/* /usr/share/lintian/* /usr/share/groff/*
  find /usr/share/doc -type f ! -name copyright -delete
  find /usr/share/doc -type l -delete
  find /usr/share/doc -type d -empty -delete
  find /usr/share/locale -mindepth 1 -maxdepth 1 -type d ! -name 'en*' -exec rm -rf {} +
}

# Clones must differ: keys, machine ID and all that services derive from them are made at a clone's first boot.
remove_identity() {
  say "removing identity and logs"
  cloud-init clean --machine-id --logs
  rm -rf /var/lib/cloud/* /etc/netplan/*.yaml /etc/systemd/network/*cloud-init*
  # Empty, not "uninitialized": that would be systemd's first boot, with questions and presets.
  : >/etc/machine-id
  rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*_key* /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
  rm -rf /var/lib/dhcp/* /var/lib/systemd/timers/* /var/lib/chrony/* /var/lib/glusterd/glusterd.info
  rm -f /root/.bash_history /etc/hostname /etc/corosync/authkey /etc/pacemaker/authkey
  find /var/log -type f -delete
  echo localhost >/etc/hostname
  printf '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n' >/etc/hosts
}

# Caches of /etc and /var are as new as /usr: no clone makes them anew at its first boot (ConditionNeedsUpdate).
mark_updated() {
  /usr/lib/systemd/systemd-update-done
}

check_arguments
install_packages
install_programs
install_images
settle_services
settle_gluster
settle_system
remove_ballast
remove_identity
mark_updated
sync
say "done"
