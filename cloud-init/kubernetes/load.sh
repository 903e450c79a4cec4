# shellcheck shell=bash
# Takes a person's own images into a machine that lives, and says which it has. The host sends this by SSH with a verb and its words: a
# machine of an earlier version of these scripts has none of it.
set -euo pipefail

# ARCHIVE NAME TARGET, one image a line: the archive's SHA-256, the image's whole name, and the digest that it stands for here.
NOTE=${ROOT:-}/var/lib/kube-lab/own-images
LABS_IMAGES=${ROOT:-}/usr/local/share/kube-lab/images.txt
STORE=${ROOT:-}/var/lib/containerd
# Of names that an import makes for a moment, since an archive may have none that the kubelet would look for.
BY_DIGEST=kube-lab.invalid/import

fail() {
  printf '%s: failed: %s\n' "$HOSTNAME" "$1" >&2
  exit 1
}

images() { ctr --namespace k8s.io images "$@"; }

target_of() { images ls "name==$1" | awk -v name="$1" '$1 == name { print $3 }'; }

# What the host must know before it sends anything.
survey() {
  local archive name target
  printf 'free %s\n' "$(df --output=avail --block-size=1 "$STORE" | tail -n 1)"
  [ ! -e "$LABS_IMAGES" ] || sed 's/^/lab /' "$LABS_IMAGES"
  [ -e "$NOTE" ] || return 0
  while read -r archive name target; do
    if [ "$(target_of "$name")" = "$target" ]; then echo "has $archive $name"; else echo "lost $archive $name"; fi
  done <"$NOTE"
}

# note [LINE] <NAMES: the note without these names, and with the lines. A power cut leaves the old or the new one.
note() {
  touch "$NOTE"
  { awk 'NR == FNR { gone[$1]; next } !($2 in gone)' - "$NOTE" && printf '%s' "${1+$1$'\n'}"; } >"$NOTE.new"
  sync --file-system "$NOTE.new"
  mv "$NOTE.new" "$NOTE"
}

# One at a time: `load` and `up` may both be at work.
lock() {
  mkdir -p "${NOTE%/*}"
  exec {LOCK}>"$NOTE.lock"
  flock "$LOCK"
}

# take ARCHIVE NAME[=DIGEST]… <the archive: an import that is cut off leaves names as they were.
take() {
  local archive=$1 entry name target
  shift
  lock
  # Unpacked layers are what containers use; their archives would only double the size.
  images import --base-name "$BY_DIGEST" --digests --snapshotter overlayfs --discard-unpacked-layers - >/dev/null ||
    fail "the archive could not be imported; is the disk full? ('df -h $STORE')"
  for entry in "$@"; do
    name=${entry%%=*}
    [ "$entry" = "$name" ] || images tag --force "$BY_DIGEST@${entry#*=}" "$name" >/dev/null
    # The kubelet removes unused images when a disk fills; no registry would give these back.
    images label "$name" io.cri-containerd.image=managed io.cri-containerd.pinned=pinned >/dev/null ||
      fail "the archive has brought no image $name"
    target=$(target_of "$name")
    sync --file-system "$STORE"
    note "$archive $name $target" <<<"$name"
  done
  images ls --quiet | { grep "^$BY_DIGEST@" || true; } | while read -r name; do images rm "$name" >/dev/null; done
}

# drop_nameless TARGET: containerd's own entry for the kubelet outlives the last name, and would keep the image.
drop_nameless() {
  local entries entry
  entries=$(images ls | awk -v target="$1" '$3 == target { print $1 }')
  ! grep -qv '^sha256:' <<<"$entries" || return 0
  for entry in $entries; do images rm "$entry" >/dev/null; done
}

# forget NAME…: containers that run of them go on.
forget() {
  local name target
  lock
  for name in "$@"; do
    target=$(target_of "$name")
    [ -z "$target" ] || images rm "$name" >/dev/null
    drop_nameless "$target"
  done
  printf '%s\n' "$@" | note
}

"$@"
