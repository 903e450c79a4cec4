# shellcheck shell=bash
# What a person's own configuration, cloudInit, adds to the machine after the lab's set-up of it: packages, files, commands. What
# fails here, status and preview say; the machine's work for the lab does not wait for it. Contents, commands and what they print
# may be secret: only keys, paths and names are said.

OWN=$ETC/own.json
OWN_STATE=$STATE/own
OWN_LOG=/var/log/kube-lab
OWN_COMMAND_SECONDS=${OWN_COMMAND_SECONDS:-300}
OWN_ARCHIVE_SECONDS=60
OWN_INSTALL_SECONDS=300

own_converge() {
  [ -e "$OWN" ] || [ -d "$OWN_STATE" ] || return 0
  (umask 077 && mkdir -p "$OWN_STATE/commands" "$ROOT$OWN_LOG")
  : >"$OWN_STATE/errors"
  : >"$OWN_STATE/warnings"
  touch "$OWN_STATE/files"
  own_packages || own_error "cloudInit: packages could not be looked at"
  own_write_files || own_error "cloudInit: files could not be looked at"
  own_remove_files || own_error "cloudInit: files that are no more could not be removed"
  own_commands || own_error "cloudInit: commands could not be looked at"
  [ -e "$OWN" ] || own_forget
}

# Nothing is left of it but what a person has changed.
own_forget() {
  rm -rf "$OWN_STATE/commands" "$OWN_STATE/errors" "$OWN_STATE/warnings" "$OWN_STATE/files"
  rmdir "$OWN_STATE" 2>/dev/null || true
}

own_error() {
  printf '%s\n' "$*" >>"$OWN_STATE/errors"
  printf 'kube-lab: %s\n' "$*"
}

own_warning() {
  printf '%s\n' "$*" >>"$OWN_STATE/warnings"
  printf 'kube-lab: %s\n' "$*"
}

# own_query FILTER [ARGUMENT…]: of what was delivered; nothing where nothing was.
own_query() {
  [ ! -e "$OWN" ] || jq --raw-output "$@" "$OWN"
}

# For verify: what is not as it was wished, and files that are not as they were written.
own_faults() {
  cat "$OWN_STATE/errors" "$OWN_STATE/warnings" 2>/dev/null || true
  verify_files "$OWN_STATE/files"
}

# For the end of apply: what failed, for a person; an error where it is more than a package that could not be had.
own_report() {
  [ ! -s "$OWN_STATE/warnings" ] || sed "s/^/$MACHINE: /" "$OWN_STATE/warnings"
  [ -s "$OWN_STATE/errors" ] || return 0
  sed "s/^/$MACHINE: /" "$OWN_STATE/errors" >&2
  printf '%s: it has its place in the lab all the same; the next up tries this again\n' "$MACHINE" >&2
  return 1
}

own_packages() {
  local package missing=()
  while IFS= read -r package; do
    own_installed "$package" || missing+=("$package")
  done < <(own_query '.packages[]')
  [ ${#missing[@]} -gt 0 ] || return 0
  step "installing ${missing[*]}"
  if ! own_apt "$OWN_ARCHIVE_SECONDS" update -o APT::Update::Error-Mode=any; then
    own_warning "cloudInit: not installed: ${missing[*]}: the archive of packages was not reached within $OWN_ARCHIVE_SECONDS s, see $OWN_LOG/packages.log"
  elif ! own_apt "$OWN_INSTALL_SECONDS" install --yes --no-install-recommends "${missing[@]}"; then
    own_warning "cloudInit: not installed: ${missing[*]}: see $OWN_LOG/packages.log"
  fi
}

own_installed() { [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# own_apt SECONDS WORDS…: one try, without questions.
own_apt() {
  local limit=$1
  shift
  DEBIAN_FRONTEND=noninteractive timeout --kill-after 10 "$limit" apt-get --quiet -o Acquire::Retries=0 \
    -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 -o DPkg::Lock::Timeout=30 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" \
    </dev/null >"$ROOT$OWN_LOG/packages.log" 2>&1
}

own_write_files() {
  local key path permissions owner
  while IFS=$'\t' read -r key path permissions owner; do
    own_write_file "$path" "$permissions" "$owner" 2>"$OWN_STATE/reason" ||
      own_error "$key: $path could not be written: $(tail -n 1 "$OWN_STATE/reason" | tr -d "'")"
  done < <(own_query '.files[] | [.key, .path, .permissions, .owner] | @tsv')
  rm -f "$OWN_STATE/reason"
}

# own_write_file PATH PERMISSIONS OWNER: in one step, and noted before: what is noted is the lab's to remove.
own_write_file() {
  local target=$ROOT$1 new
  [ ! -d "$target" ] || { echo "a folder is there" >&2 && return 1; }
  mkdir -p "${target%/*}" || return 1
  new=$(mktemp "${target%/*}/.kube-lab.XXXXXX") || return 1
  # shellcheck disable=SC2016 # jq's
  if own_query --arg path "$1" '.files[] | select(.path == $path) | .content' | base64 --decode >"$new" &&
    chown "$3" "$new" && chmod "$2" "$new" && own_keep_before "$1" && own_note "$1" "$new"; then
    own_same "$new" "$target" || { step "writing $1" && sync "$new" && mv -f "$new" "$target"; } || return 1
    rm -f "$new"
    return 0
  fi
  rm -f "$new"
  return 1
}

own_same() {
  [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2" && [ "$(stat --format '%a %U:%G' "$1")" = "$(stat --format '%a %U:%G' "$2")" ]
}

# What somebody else had there comes back when the file goes.
own_keep_before() {
  local target=$ROOT$1 kept=$OWN_STATE/before$1
  own_noted "$1" >/dev/null && return 0
  [ -e "$target" ] || [ -L "$target" ] || return 0
  (umask 077 && mkdir -p "${kept%/*}") && cp --archive --no-target-directory "$target" "$kept"
}

# own_noted PATH: the digest of what the lab has written there.
own_noted() {
  local digest path
  while read -r digest path; do
    [ "$path" != "$ROOT$1" ] || { printf '%s\n' "$digest" && return 0; }
  done <"$OWN_STATE/files"
  return 1
}

# own_note PATH [FILE]: the file's digest is that of what the lab has there; without one, it has nothing there any more.
own_note() {
  local digest
  digest=$([ -z "${2:-}" ] || sha256sum <"$2") || return 1
  {
    awk -v path="$ROOT$1" '$2 != path' "$OWN_STATE/files"
    [ -z "$digest" ] || printf '%s  %s\n' "${digest%% *}" "$ROOT$1"
  } >"$OWN_STATE/files.new"
  sync "$OWN_STATE/files.new" && mv "$OWN_STATE/files.new" "$OWN_STATE/files"
}

# A file that is wished no more goes, if it is as the lab has written it.
own_remove_files() {
  local digest path own target
  own_query '.files[].path' >"$OWN_STATE/wanted"
  while read -r digest target <&3; do
    path=${target#"$ROOT"}
    ! grep -qxF "$path" "$OWN_STATE/wanted" || continue
    own=$(sha256sum <"$target" 2>/dev/null) || own=""
    if [ -z "$own" ]; then
      step "$path is gone already"
    elif [ "${own%% *}" != "$digest" ]; then
      printf 'kube-lab: %s stays: it was edited on this machine\n' "$path"
    else
      own_take_away "$path" || return 1
    fi
    own_note "$path" || return 1
  done 3< <(cat "$OWN_STATE/files")
  rm -f "$OWN_STATE/wanted"
}

own_take_away() {
  local target=$ROOT$1 kept=$OWN_STATE/before$1
  if [ -e "$kept" ] || [ -L "$kept" ]; then
    step "bringing back $1 as it was before"
    cp --archive --no-target-directory --remove-destination "$kept" "$target" && rm -f "$kept"
  else
    step "removing $1"
    rm -f "$target"
  fi
}

# Each that was not done yet, in order: who comes later may build on who comes before.
own_commands() {
  local count index key digest wished=() failed=false
  count=$(own_query '.commands | length') || return 1
  for ((index = 0; index < ${count:-0}; index++)); do
    key=$(own_query ".commands[$index].key") || return 1
    digest=$(own_digest "$index") || return 1
    wished+=("$digest")
    [ -e "$OWN_STATE/commands/$digest" ] || $failed || own_command "$index" "$key" "$digest" || failed=true
  done
  own_forget_commands "${wished[@]}"
}

# The same text for the second time is another command.
own_digest() {
  # shellcheck disable=SC2016 # jq's
  own_query --argjson index "$1" '.commands[:$index + 1] | map(.command) | .[-1] as $own | [$own, (map(select(. == $own)) | length)] | tojson' |
    sha256sum | cut -d ' ' -f 1
}

own_command() {
  local script=$OWN_STATE/command log status=0 key=$2
  log=${key//[\[\]]/.}
  log=$OWN_LOG/${log%.}.log
  (umask 077 && own_query ".commands[$1].command" >"$script" && : >"$ROOT$log") || return 1
  step "running $key"
  (cd / && umask 022 && own_proxy && timeout --kill-after 10 "$OWN_COMMAND_SECONDS" bash -euo pipefail "$script") </dev/null >"$ROOT$log" 2>&1 || status=$?
  rm -f "$script"
  case $status in
    0) touch "$OWN_STATE/commands/$3" ;;
    124 | 137) own_error "$key was not done within $OWN_COMMAND_SECONDS s, those after it wait, what it printed: $log" ;;
    *) own_error "$key ended with status $status, those after it wait, what it printed: $log" ;;
  esac
  return "$status"
}

# Whose commands may fetch something.
own_proxy() {
  [ -r "$ETC/proxy.env" ] || return 0
  set -a
  # shellcheck disable=SC1091
  . "$ETC/proxy.env"
  set +a
}

# What is taken out of the configuration and comes back later runs again.
own_forget_commands() {
  local file
  for file in "$OWN_STATE"/commands/*; do
    [[ " $* " == *" ${file##*/} "* ]] || rm -f "$file"
  done
}
