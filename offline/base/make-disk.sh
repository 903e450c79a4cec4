#!/usr/bin/env bash
# Makes a disk that a PC boots from its BIOS out of a root file system's archive. Needs a mount namespace of its own: mounts
# and the loop device go with it, however this ends.
# Usage: make-disk.sh ROOT_TAR DISK GIB
set -euo pipefail

readonly archive=${1:?usage: make-disk.sh ROOT_TAR DISK GIB} disk=$2 gib=$3
source=$(cd "$(dirname "$0")" && pwd)/boot
readonly source
# The usual first MiB before the partition has room for the boot loader.
readonly offset=$((1024 * 1024))
# A feature set that the grub and the e2fsprogs of every current Debian know, whatever this computer's defaults are.
readonly features=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum
readonly root=/mnt

partition() {
  rm -f "$disk"
  truncate --size="${gib}G" "$disk"
  printf 'label: dos\nstart=2048, type=83, bootable\n' | sfdisk --quiet "$disk"
}

# Tables are zero in a sparse file: a machine need not write them again at its first boot (lazy_itable_init).
format() {
  local blocks=$(((gib * 1024 * 1024 * 1024 - offset) / 4096))
  mkfs.ext4 -q -F -O "$features" -b 4096 -i 32768 -m 1 -L root \
    -E "offset=$offset,lazy_itable_init=0,lazy_journal_init=0" "$disk" "$blocks"
}

unpack() {
  mount -o "loop,offset=$offset,noatime" "$disk" "$root"
  tar --extract --file="$archive" --directory="$root" --xattrs --xattrs-include='*' --numeric-owner
}

# grub-install asks the kernel for partitions of a loop device, which not every kernel offers. The places of BIOS and
# boot loader are fixed here: the first sector and those behind it.
install_boot_loader() {
  local modules=$root/usr/lib/grub/i386-pc
  mkdir -p "$root/boot/grub/i386-pc"
  install -m 0644 -t "$root/boot/grub/i386-pc" "$modules"/*.mod "$modules"/*.lst
  install -m 0644 "$source/grub.cfg" "$root/boot/grub/grub.cfg"
  chroot "$root" grub-mkimage --format=i386-pc --output=/boot/grub/i386-pc/core.img --prefix='(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2
  dd if="$modules/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
  dd if="$root/boot/grub/i386-pc/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
}

partition
format
unpack
install_boot_loader
umount "$root"
