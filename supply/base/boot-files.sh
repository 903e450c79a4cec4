#!/usr/bin/env bash
# Hook of mmdebstrap: lays the boot's settings into a root file system before its kernel is installed.
# Usage: boot-files.sh ROOT
set -euo pipefail

readonly root=${1:?usage: boot-files.sh ROOT}
source=$(cd "$(dirname "$0")" && pwd)/boot
readonly source

install -D -m 0644 "$source/initramfs.conf" "$root/etc/initramfs-tools/conf.d/kube-lab.conf"
install -D -m 0755 "$source/initramfs-hook" "$root/etc/initramfs-tools/hooks/kube-lab"
install -D -m 0644 "$source/default-grub.cfg" "$root/etc/default/grub.d/kube-lab.cfg"
install -D -m 0644 "$source/fstab" "$root/etc/fstab"
