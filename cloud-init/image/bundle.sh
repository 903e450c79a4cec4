# shellcheck shell=bash
# What a machine takes out of a Kubernetes bundle, a folder with bin/, cni/, images/*.tar, manifests/ and manifest.json (see
# supply/kubernetes): prepare.sh for an image, upgrade.sh and import.sh for a machine that lives. They define say,
# fail, images_ctr, and settle, which writes to disk what a power cut must not take.

IMAGE_LIST=${ROOT:-}/usr/local/share/kube-lab/images.txt
# shellcheck disable=SC2034 # who sources this reads some of it
MANIFESTS=${ROOT:-}/usr/local/share/kube-lab/manifests
KUBERNETES_NOTE=${ROOT:-}/usr/local/share/kube-lab/kubernetes

# place_programs FOLDER FILE…: a program that runs is not written into, but replaced.
place_programs() {
  local folder=$1 file
  shift
  mkdir -p "$folder"
  for file in "$@"; do
    install -m 0755 "$file" "$folder/${file##*/}.new" || fail "$file could not be copied to $folder"
  done
  settle "$folder"
  for file in "$@"; do mv -f "$folder/${file##*/}.new" "$folder/${file##*/}"; done
}

# place_manifests BUNDLE
place_manifests() {
  mkdir -p "$MANIFESTS"
  find "$1/manifests" -maxdepth 1 -type f -exec install -m 0644 -t "$MANIFESTS" {} +
}

# import_images BUNDLE: those that the list does not have; an import that was cut short is not in it.
import_images() {
  local archive archives names name
  mkdir -p "${IMAGE_LIST%/*}"
  touch "$IMAGE_LIST"
  exec {IMAGES_LOCK}>"$IMAGE_LIST.lock"
  flock "$IMAGES_LOCK"
  mapfile -t archives < <(archives_of "$1")
  for archive in "${archives[@]}"; do
    names=$(archive_names "$archive") || fail "$archive is no archive of container images"
    [ -n "$(unlisted_images "$names")" ] || continue
    say "importing ${archive##*/}"
    # Unpacked layers are what containers use; their archives would only double the size.
    images_ctr images import --snapshotter overlayfs --discard-unpacked-layers "$archive" >/dev/null ||
      fail "$archive could not be imported; is the disk full? ('df -h /var/lib/containerd')"
    settle /var/lib/containerd
    for name in $names; do list_image "$name"; done
  done
  exec {IMAGES_LOCK}>&-
}

# archives_of BUNDLE: kube-proxy's image last, since a machine that has it has all that Kubernetes itself needs.
archives_of() {
  find "$1/images" -maxdepth 1 -name '*.tar' ! -name kube-proxy.tar | sort
  find "$1/images" -maxdepth 1 -name kube-proxy.tar
}

# archive_names ARCHIVE: one a line
archive_names() { tar --extract --to-stdout --file "$1" manifest.json | jq -r '.[].RepoTags[]'; }

# unlisted_images NAMES: those of them that are not in the list
unlisted_images() { tr -s ' \n' '\n' <<<"$1" | grep -vxF -f "$IMAGE_LIST" || true; }

# kubelet removes unused images when a disk fills; without a registry they would not come back.
list_image() {
  images_ctr images label "$1" io.cri-containerd.image=managed io.cri-containerd.pinned=pinned >/dev/null ||
    fail "the image $1 could not be pinned"
  { cat "$IMAGE_LIST" && printf '%s\n' "$1"; } | sort -u >"$IMAGE_LIST.new"
  settle "$IMAGE_LIST.new"
  mv "$IMAGE_LIST.new" "$IMAGE_LIST"
}

# note_kubernetes RELEASE: which release the machine is of
note_kubernetes() {
  printf '%s\n' "$1" >"$KUBERNETES_NOTE.new"
  settle "$KUBERNETES_NOTE.new"
  mv "$KUBERNETES_NOTE.new" "$KUBERNETES_NOTE"
}
