# shellcheck shell=bash
# The plain layout: one partition with everything.

# shellcheck disable=SC2034
readonly grub_prefix='(hd0,msdos1)/boot/grub'

partitions() { echo 'start=1MiB, type=83, bootable'; }

volumes() { echo "root / 1 $(($1 - 1))"; }

prepare_volumes() { :; }

settle_layout() { :; }
