# shellcheck shell=bash disable=SC2154
# The layout with logical volumes: /boot apart, and a volume group `lab` of one volume for each part of the system. The last
# volume, /var, has what the disk has beyond the others.

# shellcheck disable=SC2034
readonly grub_prefix='(hd0,msdos1)/grub'
readonly group=lab
# The group's partition begins behind /boot, its first extent one MiB after that.
readonly group_mib=513 first_extent_mib=514 extent_mib=4

partitions() {
  echo "start=1MiB, size=512MiB, type=83, bootable"
  echo "start=${group_mib}MiB, type=8e"
}

volumes() {
  local at=$first_extent_mib name size
  while read -r name size; do
    echo "$name /${name#root} $at $size"
    at=$((at + size))
  done <<END
root 2048
home 2048
opt 1024
tmp 1024
usr 10240
END
  echo "var /var $at $((($1 - at) / extent_mib * extent_mib))"
  echo "boot /boot 1 512"
}

# Each volume gets the very extents that volumes() says: so its file system can be made and mounted by its place in the disk, and
# neither this kernel nor this computer's own LVM need know of the group.
prepare_volumes() {
  local file=$1 device held name at size
  device=$(losetup --find --show --offset $((group_mib * mib)) "$file")
  # Locked: udev leaves it alone. Detached: it goes with this shell, however that ends.
  exec {held}<"$device"
  flock "$held"
  losetup --detach "$device"
  without_kernel "$device" pvcreate --dataalignment "$((first_extent_mib - group_mib))m" "$device"
  without_kernel "$device" vgcreate --physicalextentsize "${extent_mib}m" "$group" "$device"
  volumes "$(size_mib "$file")" | while read -r name _ at size; do
    [ "$name" != boot ] || continue
    at=$(((at - first_extent_mib) / extent_mib))
    size=$((size / extent_mib))
    without_kernel "$device" lvcreate --activate n --zero n --wipesignatures n --name "$name" --extents "$size" \
      "$group" "$device:$at-$((at + size - 1))" </dev/null
  done
  exec {held}<&-
}

# without_kernel DEVICE COMMAND…: lvm that sees nothing but the device, and activates nothing.
without_kernel() {
  local device=$1 command=$2
  shift 2
  LVM_SUPPRESS_FD_WARNINGS=1 lvm "$command" --quiet --driverloaded n --config "
    devices { filter = [ \"a|^$device\$|\", \"r|.*|\" ] use_devicesfile = 0 }
    backup { backup = 0 archive = 0 }" "$@"
}

# The boot loader reads no logical volume here: the links to the newest kernel are in /boot, too.
settle_layout() {
  local under=$1 own=$2 release
  install -m 0644 "$own/fstab" "$under/etc/fstab"
  install -m 0644 "$own/kernel-img.conf" "$under/etc/kernel-img.conf"
  rm -f "$under"/vmlinuz* "$under"/initrd.img*
  release=$(basename "$under"/lib/modules/*)
  chroot "$under" linux-update-symlinks install "$release" "/boot/vmlinuz-$release"
  install -m 0755 "$own/grow.sh" "$under/usr/local/sbin/kube-lab-grow"
  install -m 0644 "$own/kube-lab-grow.service" "$under/usr/lib/systemd/system/kube-lab-grow.service"
  # Static: the presets of the image, which disable what they do not name, leave it alone.
  mkdir -p "$under/usr/lib/systemd/system/multi-user.target.wants"
  ln -s ../kube-lab-grow.service "$under/usr/lib/systemd/system/multi-user.target.wants/"
}
