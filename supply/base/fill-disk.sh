#!/usr/bin/env bash
# Runs cloud-init/image/prepare.sh inside a disk made by make-disk.sh. Needs namespaces of its own for mounts, processes and
# network: nothing of it is left on this computer, however it ends, and nothing reaches out.
# Usage: fill-disk.sh DISK IMAGE_FOLDER BUNDLE LAYOUT
set -euo pipefail

readonly disk=${1:?usage: fill-disk.sh DISK IMAGE_FOLDER BUNDLE LAYOUT} image=$2 bundle=$3
readonly root=/mnt
here=$(cd "$(dirname "$0")" && pwd)
readonly here
# shellcheck source=disk-layout.sh
. "$here/disk-layout.sh" "$4"
# What goes wrong and how far it is: one stream, which the caller shows.
exec 1>&2

mount_file_systems "$disk" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir "$root/run/image" "$root/run/bundle"
mount --bind "$image" "$root/run/image"
mount --bind "$bundle" "$root/run/bundle"

env --ignore-environment PATH="$PATH" TERM=dumb HOME=/root chroot "$root" /bin/bash /run/image/prepare.sh /run/bundle

umount --recursive "$root/dev" "$root/run" "$root/proc" "$root/sys"
umount "$root/tmp"
# Blocks of what was removed again are holes once more.
findmnt --submounts --noheadings --list --output TARGET "$root" | while read -r point; do fstrim "$point"; done
umount --recursive "$root"
