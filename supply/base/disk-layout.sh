# shellcheck shell=bash
# Sourced with the name of a layout: makes a disk's partitions and file systems, and mounts them. What differs by layout is in
# layout/NAME/layout.sh:
#   grub_prefix               where the boot loader finds the rest of itself
#   partitions                lines for sfdisk
#   volumes DISK_MIB          a line for each file system, outer ones first: LABEL MOUNT_POINT OFFSET_MIB SIZE_MIB
#   prepare_volumes DISK      between partitions and file systems
#   settle_layout ROOT OWN    what the system itself must know of it; OWN is the layout's folder

layout_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/layout/$1
readonly layout_folder
readonly mib=$((1024 * 1024))
# A feature set that the grub and the e2fsprogs of every current Debian know, whatever this computer's defaults are.
readonly features=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum

# shellcheck source=layout/plain/layout.sh
. "$layout_folder/layout.sh"

size_mib() { echo $(($(stat --format %s "$1") / mib)); }

# make_partitions DISK
make_partitions() {
  { echo 'label: dos' && partitions; } | sfdisk --quiet "$1"
}

# make_file_systems DISK - tables are zero in a sparse file: a machine need not write them again at its first boot.
make_file_systems() {
  local file=$1 label offset size
  volumes "$(size_mib "$file")" | while read -r label _ offset size; do
    mkfs.ext4 -q -F -O "$features" -b 4096 -i 32768 -m 1 -L "$label" \
      -E "offset=$((offset * mib)),lazy_itable_init=0,lazy_journal_init=0" "$file" $((size * 256))
  done
}

# mount_file_systems DISK ROOT
mount_file_systems() {
  local file=$1 under=$2 point offset size
  volumes "$(size_mib "$file")" | while read -r _ point offset size; do
    mkdir -p "$under$point"
    mount -o "loop,offset=$((offset * mib)),sizelimit=$((size * mib)),noatime" "$file" "$under$point"
  done
}
