#!/usr/bin/env bash
# Makes a disk that a PC boots from its BIOS out of a root file system's archive. Needs a mount namespace of its own: mounts
# and the loop devices go with it, however this ends.
# Usage: make-disk.sh ROOT_TAR DISK GIB LAYOUT
set -euo pipefail

readonly archive=${1:?usage: make-disk.sh ROOT_TAR DISK GIB LAYOUT} disk=$2 gib=$3
readonly root=/mnt
here=$(cd "$(dirname "$0")" && pwd)
readonly here
# shellcheck source=disk-layout.sh
. "$here/disk-layout.sh" "$4"

unpack() {
  mount_file_systems "$disk" "$root"
  tar --extract --file="$archive" --directory="$root" --xattrs --xattrs-include='*' --numeric-owner
}

# grub-install asks the kernel for partitions of a loop device, which not every kernel offers. The places of BIOS and
# boot loader are fixed here: the first sector and those behind it, of which the first MiB has enough.
install_boot_loader() {
  local modules=$root/usr/lib/grub/i386-pc
  mkdir -p "$root/boot/grub/i386-pc"
  install -m 0644 -t "$root/boot/grub/i386-pc" "$modules"/*.mod "$modules"/*.lst
  install -m 0644 "$layout_folder/grub.cfg" "$root/boot/grub/grub.cfg"
  chroot "$root" grub-mkimage --format=i386-pc --output=/boot/grub/i386-pc/core.img --prefix="$grub_prefix" \
    biosdisk part_msdos ext2
  dd if="$modules/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
  dd if="$root/boot/grub/i386-pc/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
}

rm -f "$disk"
truncate --size="${gib}G" "$disk"
make_partitions "$disk"
prepare_volumes "$disk"
make_file_systems "$disk"
unpack
settle_layout "$root" "$layout_folder"
install_boot_loader
umount --recursive "$root"
