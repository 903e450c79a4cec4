#!/usr/bin/env bash
# Runs once in a plain cloud image, started by cloud-init: prepares it with the bundle volume and switches off.
# Usage: prepare-boot.sh LABEL PREPARE - the volume's label, the preparation script.
# The host reads the serial console: the last line there tells whether it went well.
set -euo pipefail

readonly label=$1 prepare=$2
# What a PC's first serial port is called, and an ARM machine's, which may have idle ttyS beside it.
console=/dev/ttyS0
[[ ! -c /dev/ttyAMA0 ]] || console=/dev/ttyAMA0
readonly console
readonly mount_point=/run/kube-lab-bundle

say() {
  printf 'kube-lab: %s\r\n' "$1" >"$console"
}

# Whatever happens the machine goes off: the host waits for that.
finish() {
  local status=$?
  umount "$mount_point" 2>/dev/null || true
  if ((status == 0)); then
    say "image prepared"
  else
    say "preparation failed with status $status"
  fi
  sync
  systemctl poweroff
}

trap finish EXIT
say "mounting the volume $label"
mkdir -p "$mount_point"
mount -o ro "/dev/disk/by-label/$label" "$mount_point"
# shellcheck disable=SC1091
[ ! -r "${prepare%/*}/proxy.sh" ] || . "${prepare%/*}/proxy.sh"
say "running $prepare"
"$prepare" "$mount_point" > >(tee "$console") 2>&1
