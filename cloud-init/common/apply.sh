# shellcheck shell=bash
# "kube-lab apply" and "kube-lab wait": files from the host, and the wait until the machine has become what they say.

# Writes the files given on stdin that differ, removes those of the last delivery that are no more, and lets the unit run again.
apply_files() {
  local delivery delivered
  delivery=$(mktemp "$RUN/delivery.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -f '$delivery'" EXIT
  cat >"$delivery"
  jq -e 'type == "array" and length > 0 and all(.[]; has("path") and has("mode") and has("content"))' \
    "$delivery" >/dev/null || fail "apply: stdin is not a JSON list of {path, mode, content}"
  delivered=$(jq -r --arg path /etc/kube-lab/digest '.[] | select(.path == $path) | .content' "$delivery")
  if [ -n "$delivered" ] && [ "$delivered" = "$(cat "$ETC/digest" 2>/dev/null)" ]; then
    ensure_running
    return 0
  fi
  # stopped first: a pass with the old files must not say that all is well
  systemctl stop kube-lab.service
  status_line "applying changed files"
  write_delivery "$delivery"
  rm -f "$RUN/converged" "$RUN/reason"
  systemctl daemon-reload
  systemctl start kube-lab.service
}

# The digest is the last file of a delivery: one cut short is written again.
write_delivery() {
  local path mode content written=0
  while IFS= read -r -d '' path && IFS= read -r -d '' mode && IFS= read -r -d '' content; do
    write_delivered "$path" "$mode" "$content" && written=$((written + 1))
  done < <(jq -j '.[] | .path, "\u0000", .mode, "\u0000", (.content | @base64), "\u0000"' "$1")
  remove_undelivered "$1"
  printf 'kube-lab: %s files changed\n' "$written"
}

# true: the file was changed.
write_delivered() {
  local path=$1 mode=$2 new
  mkdir -p "${path%/*}"
  new=$(umask 077 && mktemp "$path.XXXXXX")
  base64 -d <<<"$3" >"$new"
  if [ ! -L "$path" ] && cmp -s "$new" "$path"; then
    rm -f "$new"
    chmod "$mode" "$path"
    return 1
  fi
  chmod "$mode" "$new"
  mv -f "$new" "$path"
}

remove_undelivered() {
  local path
  jq -r '.[].path' "$1" | sort >"$STATE/files.new"
  if [ -r "$STATE/files" ]; then
    comm -23 "$STATE/files" "$STATE/files.new" | while IFS= read -r path; do
      printf 'kube-lab: removed %s\n' "$path"
      rm -f "$path"
    done
  fi
  mv "$STATE/files.new" "$STATE/files"
}

ensure_running() {
  systemctl is-active --quiet kube-lab.service || systemctl start --no-block kube-lab.service
}

# wait_converged SECONDS: a line at each change and every five seconds; on failure the reason and the end of the log.
wait_converged() {
  local limit=$1 start=$SECONDS shown="" next=0 text elapsed
  until [ -e "$RUN/converged" ]; do
    elapsed=$((SECONDS - start))
    text="starting"
    if [ -r "$RUN/status" ]; then read -r _ text <"$RUN/status" || true; fi
    [ $elapsed -lt "$limit" ] || give_up "$limit" "$text"
    if [ "$text" != "$shown" ] || [ $elapsed -ge $next ]; then
      printf '%s: %s s, %s\n' "${MACHINE:-$HOSTNAME}" "$elapsed" "$text"
      shown=$text next=$((elapsed + 5))
    fi
    sleep 0.5
  done
  printf '%s: converged after %s s\n' "${MACHINE:-$HOSTNAME}" "$((SECONDS - start))"
}

give_up() {
  {
    printf '%s: not converged after %s s, still: %s\n' "${MACHINE:-$HOSTNAME}" "$1" "$2"
    [ ! -r "$RUN/reason" ] || printf 'last failure: %s\n' "$(cat "$RUN/reason")"
    printf 'end of the log (all of it: journalctl -u kube-lab):\n'
    journalctl --unit kube-lab.service --lines 25 --no-pager --output cat || true
  } >&2
  exit 1
}
