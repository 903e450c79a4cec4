# shellcheck shell=bash
# "kube-lab verify": what is not as the last pass has left it, a line each. Only looks, and costs little: previews ask it.

VERIFY_PORT=7070

# verify [--answer|--all]: the first line is since when that is so, as an epoch, and the release of Kubernetes where there is one,
# after a tab, and which settings of it (settings.sh), after another. A machine that is on its way has no faults: there is nothing to compare with. "--answer" is for the gateway alone,
# "--all" asks all machines, and each line begins with a name.
verify() {
  case ${1:-} in
    --answer) ! from_gateway || verify_here ;;
    --all) verify_all ;;
    *) verify_here ;;
  esac
}

verify_here() {
  local since release settings
  find_faults
  since=$(cat "$RUN/converged" 2>/dev/null || cut -d ' ' -f 1 "$RUN/status" 2>/dev/null || echo 0)
  release=$(role_release)
  settings=$(role_settings)
  printf '%s\n' "$since${release:+$'\t'$release${settings:+$'\t'$settings}}"
  [ -z "$FAULTS" ] || printf '%s\n' "$FAULTS"
}

# systemd says who asks. What is answered is no secret, but costs processor time.
from_gateway() { [[ " $RESOLVERS " == *" ${REMOTE_ADDR:-nobody} "* ]]; }

# All at once; who does not answer says nothing.
verify_all() {
  local address name
  verify_here | named "$MACHINE" &
  while read -r address name; do
    { exec 3<>"/dev/tcp/$address/$VERIFY_PORT" && named "$name" <&3; } 2>/dev/null &
  done < <(other_machines)
  wait
}

# "address name" of every machine of the lab but this one
other_machines() {
  awk -v own="$MACHINE" -v domain="$DOMAIN" '$2 == $3 "." domain && $3 != own && !seen[$3]++ { print $1, $3 }' "$ROOT/etc/hosts"
}

# Of one machine in one piece, so that answers do not mix.
named() {
  local line text=""
  while IFS= read -r line; do text+=$1$'\t'$line$'\n'; done
  printf '%s' "$text"
}

# Leaves the faults in FAULTS. What is over in a moment is none: a service that is restarted, an answer that came late.
find_faults() {
  role_look
  FAULTS=$(faults)
  [ -n "$FAULTS" ] || return 0
  pause 0.5
  role_look
  FAULTS=$(comm -12 <(sort <<<"$FAULTS") <(faults | sort))
}

faults() {
  if [ ! -e "$RUN/converged" ]; then
    stopped_on_its_way
    return 0
  fi
  verify_services
  verify_files "$STATE/delivered"
  verify_files "$STATE/rendered"
  [ -z "${LAN_MAC:-}" ] || verify_table kube_lab_lan
  . "$LIBRARY/own.sh"
  own_faults
  role_verify || true
}

# A pass under way is no fault; one that nobody makes, or that fails again and again, is.
stopped_on_its_way() {
  case $(systemctl is-active kube-lab.service) in
    active | activating | reloading | failed) [ ! -s "$RUN/reason" ] || echo "has not converged: $(head -n 1 "$RUN/reason")" ;;
    *) echo "kube-lab.service is stopped" ;;
  esac
}

verify_services() {
  local units states index
  mapfile -t units < <(services)
  mapfile -t states < <(systemctl is-active "${units[@]}" || true)
  for index in "${!units[@]}"; do
    case ${states[$index]:-unknown} in
      active | reloading | activating | deactivating) ;;
      failed) echo "${units[$index]} has failed" ;;
      *) echo "${units[$index]} is stopped" ;;
    esac
  done
  starts_at_boot kube-lab.service || echo "kube-lab.service does not start at boot"
}

starts_at_boot() { [ -e "$ROOT/etc/systemd/system/multi-user.target.wants/$1" ]; }

# verify_files LIST: a file that sha256sum has written.
verify_files() {
  [ -s "$1" ] || return 0
  { sha256sum --check --quiet "$1" 2>/dev/null || true; } |
    sed -e 's/: FAILED open or read$/ is missing/' -e 's/: FAILED$/ was edited/'
}

# verify_table NAME: the kernel's table of the packet filter against what was loaded.
verify_table() {
  local digest
  if ! digest=$(table_digest "$1"); then
    echo "the packet filter's table $1 is not loaded"
  elif [ "$digest" != "$(cat "$RUN/table-$1" 2>/dev/null)" ]; then
    echo "the packet filter's table $1 was changed"
  fi
}

# probe KIND WHAT COMMAND…: "ok" or "bad", the kind, and in bad times what is wrong; between tabs.
probe() {
  local kind=$1 what=$2
  shift 2
  if "$@" >/dev/null 2>&1; then printf 'ok\t%s\t\n' "$kind"; else printf 'bad\t%s\t%s\n' "$kind" "$what"; fi
}
