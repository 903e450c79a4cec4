#!/usr/bin/env bash
# Makes the archive of a Debian root file system. Needs a mount namespace of its own: mmdebstrap's mounts go with it.
# Usage: make-root.sh ARCHIVE TEMPORARY SUITE PACKAGES [SOURCE…]
#   TEMPORARY  empty folder on a real file system, removed by the caller
#   PACKAGES   names with commas between
#   SOURCE     a line of sources.list; none: Debian's usual address
set -euo pipefail

readonly archive=${1:?usage: make-root.sh ARCHIVE TEMPORARY SUITE PACKAGES [SOURCE…]} temporary=$2 suite=$3 packages=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
readonly here
options=()

# mmdebstrap does not read this computer's apt settings, but without its proxy nothing may come through.
pass_proxies() {
  local line
  while IFS= read -r line; do
    options+=("--aptopt=$line")
  done < <(apt-config dump --no-empty --format '%F "%v";%n' | grep -E '^Acquire::https?::Proxy' || true)
}

# apt's own user must reach it, which below a home folder it cannot. What else is in /tmp is out of sight from then on,
# maybe this project or the archive's folder too.
exec 3>"$archive"
cp -r "$here/boot-files.sh" "$here/boot" "$temporary"
chmod 1777 "$temporary"
mount --bind "$temporary" /tmp
cd /tmp
export TMPDIR=/tmp
pass_proxies
# Deliberately no option that loosens the check of signatures.
mmdebstrap --mode=root --variant=minbase --format=tar --include="$packages" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --essential-hook=/tmp/boot-files.sh \
  "${options[@]}" "$suite" - "$@" | zstd --quiet --threads=0 -3 >&3
