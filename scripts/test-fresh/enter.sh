#!/bin/sh
# First process of a fresh computer: mounts what a kernel gives to each, waits for the network, and becomes COMMAND. Runs in
# namespaces of its own for mounts, processes, network and names, with which all of it goes.
# Usage: enter.sh ROOT COMMAND… - a line on descriptor 3 asks for the network, a line of standard input says that it is there.
set -eu

root=$1
shift

# With what was lent to it.
mount --rbind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
# The kernel's settings are one for all: whoever raises them must see who else has.
mkdir -p run/kube-lab-embedded /run/kube-lab-embedded
mount --bind /run/kube-lab-embedded run/kube-lab-embedded
hostname fresh
ip link set lo up

echo ready >&3
exec 3>&-
read -r _
exec </dev/null

mkdir -p mnt/before
pivot_root . mnt/before
umount -l /mnt/before
rmdir /mnt/before
cd /root
exec "$@"
