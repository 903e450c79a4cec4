# shellcheck shell=bash
# Takes the images of other releases into a machine that lives, out of the volume in its drive, before any machine runs what needs
# them. The host sends this by SSH after bundle.sh: a machine of an earlier version of these scripts has neither.
set -euo pipefail

DRIVE=/dev/sr0
DRIVE_SECONDS=60

say() { printf '%s: %s\n' "$HOSTNAME" "$1"; }

fail() {
  printf '%s: failed: %s\n' "$HOSTNAME" "$1" >&2
  exit 1
}

images_ctr() { ctr --namespace k8s.io "$@"; }
settle() { sync --file-system "$1"; }

# A drive may take a moment to know its new medium.
mount_drive() {
  local end=$((SECONDS + DRIVE_SECONDS))
  until mount -o ro "$DRIVE" "$1" 2>/dev/null && [ -e "$1/manifest.json" ]; do
    ! mountpoint --quiet "$1" || umount "$1"
    [ $SECONDS -lt $end ] || fail "the volume with programs and images is not in the drive $DRIVE after $DRIVE_SECONDS s"
    sleep 1
  done
}

volume=$(mktemp --directory)
trap '! mountpoint --quiet "$volume" || umount --lazy "$volume"; rmdir "$volume"' EXIT
mount_drive "$volume"
place_manifests "$volume"
import_images "$volume"
say "the images are there"
