#!/bin/sh
# Gives /var what a disk has beyond the volumes on it: partition, group, volume and file system grow. At every boot, since a disk
# can be made larger at any time; changes nothing otherwise.
set -eu

partition=$(pvs --noheadings --options pv_name --select vg_name=lab | tr -d ' ')
number=$(cat "/sys/class/block/${partition#/dev/}/partition")
disk=/dev/$(lsblk --nodeps --noheadings --output PKNAME "$partition")
# It ends with 1 where there is nothing to grow.
growpart "$disk" "$number" || [ $? -eq 1 ]
pvresize --quiet "$partition"
[ "$(vgs --noheadings --options vg_free_count lab | tr -d ' ')" -eq 0 ] ||
  lvextend --quiet --resizefs --extents +100%FREE lab/var
