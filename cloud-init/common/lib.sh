# shellcheck shell=bash
# What every script of a lab machine uses: environment, log, status line, bounded waits, files written only when they differ.

# Prefix of every file that is written, so that configuration can be rendered and checked elsewhere than on a machine.
ROOT=${KUBE_LAB_ROOT:-}
ETC=$ROOT/etc/kube-lab
RUN=$ROOT/run/kube-lab
STATE=$ROOT/var/lib/kube-lab
LIBRARY=${LIBRARY:-/usr/local/lib/kube-lab}

# Between two looks at what is waited for; a role whose questions cost more asks less often.
POLL_SECONDS=0.5

umask 022
# The lab's scripts ask its own machines alone; a session has the configuration's proxy.
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
mkdir -p "$RUN" "$STATE"
[ ! -r "$ETC/environment" ] || . "$ETC/environment"
# A hypervisor whose machines share something with their host says so here (KUBE_LAB_…); each variable has a default.
[ ! -r "$RUN/host.env" ] || . "$RUN/host.env"

# One line to the log, and to the status line that "kube-lab wait" shows.
step() {
  status_line "$*"
  printf 'kube-lab: %s\n' "$*"
}

# "<epoch> <text>": what is going on, and since when; unchanged text keeps its time.
status_line() {
  local since text=""
  if [ -r "$RUN/status" ]; then read -r since text <"$RUN/status" || true; fi
  [ "$text" != "$*" ] || return 0
  printf -v since '%(%s)T' -1
  printf '%s %s\n' "$since" "$*" >"$RUN/status.new"
  mv "$RUN/status.new" "$RUN/status"
}

# Ends the pass; the unit starts the next one. The last reason stays readable.
fail() {
  printf '%s\n' "$*" >"$RUN/reason"
  printf 'kube-lab: failed: %s\n' "$*" >&2
  exit 1
}

# Ends the pass, and no other begins before the next delivery or boot: trying again would change nothing. "kube-lab wait" ends with it.
fail_for_good() {
  printf '%s\n' "$*" >"$RUN/reason"
  touch "$RUN/refused"
  printf 'kube-lab: failed: %s\n' "$*" >&2
  exit "$FAILED_FOR_GOOD"
}

# As kube-lab.service has it.
FAILED_FOR_GOOD=78

# pause SECONDS: a sleep that starts no process; twelve machines wait on the same processors.
exec {SILENCE}<> <(:)
pause() { read -rt "$1" -u "$SILENCE" || true; }

# pause_after MICROSECONDS: as long as what began then took, but POLL_SECONDS at least: polling would take what it waits for.
pause_after() {
  local took=$((${EPOCHREALTIME//[!0-9]/} - $1)) seconds=$POLL_SECONDS
  [ "$took" -lt 1000000 ] || printf -v seconds '%d.%06d' $((took / 1000000)) $((took % 1000000))
  pause "$seconds"
}

# wait_until SECONDS WHAT COMMAND…: polls COMMAND; on its end says what was waited for and the command's last words. In a COMMAND whose
# status is looked at, here and in retry, set -e is off: a function says `|| return 1` where the rest of it must not follow.
wait_until() {
  local limit=$1 what=$2 output="" end begun
  shift 2
  if "$@" >/dev/null 2>&1; then return 0; fi
  step "waiting for $what"
  end=$((SECONDS + limit))
  until
    begun=${EPOCHREALTIME//[!0-9]/}
    output=$("$@" 2>&1)
  do
    [ $SECONDS -lt $end ] || fail "$what: not there after $limit s; last answer: ${output:-none} (checked by: $1)"
    pause_after "$begun"
  done
}

# retry SECONDS WHAT COMMAND…: like wait_until for a command that does something and may be said no at first.
retry() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  step "$what"
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "$what: no success within $limit s (command: $1)"
    pause 1
  done
}

# write_file TARGET MODE CONTENT: replaces the file in one step when it differs; then CHANGED is true.
write_file() {
  local target=$ROOT$1 mode=$2 content=$3
  # What lies elsewhere, its program may change.
  [[ $1 != /etc/* ]] || RENDERED+=("$target")
  if [ -f "$target" ] && [ ! -L "$target" ] && [ "$(cat "$target" && printf .)" = "$content"$'\n.' ]; then
    return 0
  fi
  mkdir -p "${target%/*}"
  (umask 077 && printf '%s\n' "$content" >"$target.new")
  chmod "$mode" "$target.new"
  mv -f "$target.new" "$target"
  changed
}

# Forgets earlier changes: what follows is another service's configuration.
unchanged() { CHANGED=false; }
changed() { CHANGED=true; }

# render TEMPLATE TARGET MODE KEY=VALUE…: a file of the role's folder with each @KEY@ replaced.
render() {
  local template=$1 target=$2 mode=$3 content pair
  shift 3
  content=$(<"$LIBRARY/$template")
  for pair in "$@"; do content=${content//"@${pair%%=*}@"/"${pair#*=}"}; done
  case $content in
    *@[A-Z]*@*) fail "$template: a placeholder is left without value" ;;
  esac
  write_file "$target" "$mode" "$content"
}

# true: write_file has changed something since "unchanged"
CHANGED=false
# all that this pass has rendered
RENDERED=()

# load_table FILE NAME: the packet filter's table of a file; what the kernel makes of it is noted.
load_table() {
  nft --file "$1" || fail "nft refuses $1; see 'nft -c -f $1'"
  table_digest "$2" >"$RUN/table-$2"
}

# Without counters.
table_digest() {
  local rules
  rules=$(nft --stateless list table inet "$1" 2>/dev/null) && sha256sum <<<"$rules"
}

# start_service NAME…: starts what does not run; restarts when CHANGED.
start_service() {
  local verb=start
  [ "$CHANGED" = false ] || verb=restart
  systemctl "$verb" "$@"
}

# port_open ADDRESS PORT: somebody listens there.
# shellcheck disable=SC2016
port_open() { timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; }

# names LIST: the names of "name=address …"
names() {
  local pair
  for pair in $1; do printf '%s\n' "${pair%%=*}"; done
}

# note_keys FOLDER: the lab's own keys there, so that a person's are told from them. The next delivery notes them anew.
note_keys() {
  find "$1/etc/ssh/authorized_keys.d" -type f ! -name "*.local" -exec cat {} + >"$STATE/authorized_keys.new"
  mv "$STATE/authorized_keys.new" "$STATE/authorized_keys"
}

# role_step_aside: gives away what the machine serves, and fails with the reason where it can't be missed just now.
role_step_aside() { :; }

# role_forget NAME ADDRESS: takes out a lost machine of the same kind.
role_forget() { fail "a machine of role $ROLE can't take another one out"; }

# A role may have services that it needs, something else to verify, something to try of what it does for others.
role_services() { :; }
role_verify() { :; }
role_release() { :; }
role_settings() { :; }
role_probe() { :; }
# Asks once what several of them are made of.
role_look() { :; }

# What must run, whatever the role, and what it adds.
services() {
  printf '%s\n' kube-lab.service
  [ "${KUBE_LAB_CLOCK:-guest}" != guest ] || echo chrony.service
  role_services
}

# The role's file defines role_converge, role_leave and role_status; role_step_aside and role_forget where it has to say more.
load_role() {
  [ -n "${ROLE:-}" ] || fail "$ETC/environment: ROLE is missing; the seed or 'kube-lab apply' writes this file"
  # shellcheck disable=SC1090
  . "$LIBRARY/$ROLE.sh"
}
