# shellcheck shell=bash
# "kube-lab apply" and "kube-lab wait": files from the host, and the wait until the machine has become what they say.

# shellcheck source=verify.sh
. "$LIBRARY/verify.sh"

DIGEST=/etc/kube-lab/digest

# Writes the files given on stdin that differ, removes those of the last delivery that are no more, and lets the unit run again,
# also where nothing is new but something here is not as the last pass has left it.
apply_files() {
  local delivery
  delivery=$(mktemp --directory "$RUN/delivery.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$delivery'" EXIT
  base64 --decode | tar --extract --gzip --touch --directory "$delivery" ||
    fail "apply: stdin is not a gzipped tar in base64"
  [ -s "$delivery$DIGEST" ] || fail "apply: the delivery has no $DIGEST"
  list_delivery "$delivery" >"$STATE/files.new"
  note_delivery "$delivery"
  if cmp -s "$delivery$DIGEST" "$ROOT$DIGEST" && { on_its_way || nothing_broken; }; then
    mv "$STATE/files.new" "$STATE/files"
    ensure_running
    return 0
  fi
  wait_for_clock "$delivery"
  # stopped first: a pass with the old files must not say that all is well
  systemctl stop kube-lab.service
  status_line "applying changed files"
  keep_keys_by_hand
  write_delivery "$delivery"
  note_keys "$delivery"
  remove_undelivered
  rm -f "$RUN/converged" "$RUN/reason" "$RUN/refused" "$STATE/settings-refused"
  systemctl daemon-reload
  systemctl start kube-lab.service
}

# A certificate that begins in the future means a clock that is behind, as after the host has slept: who took it now would be
# refused by all. chrony puts the clock right first; nothing has been written yet.
wait_for_clock() {
  local beginning
  beginning=$(last_beginning "$1")
  wait_until 180 "the clock to reach $(date --utc --date "@$beginning" +%FT%TZ), when a new certificate begins ('chronyc sources' tells whose time it has)" \
    clock_reached "$beginning"
}

# In seconds since the epoch; 0 without certificates.
last_beginning() {
  local file start last=0
  while IFS= read -r file; do
    start=$(date --date "$(openssl x509 -noout -startdate -in "$file" | cut -d = -f 2)" +%s)
    [ "$start" -le "$last" ] || last=$start
  done < <(find "$1" -type f -name '*.crt')
  printf '%s\n' "$last"
}

clock_reached() { [ "$EPOCHSECONDS" -ge "$1" ]; }

# The digest comes last: a delivery cut short is written again.
list_delivery() {
  find "$1" -type f -printf '/%P\n' | grep -vxF "$DIGEST" | sort
  printf '%s\n' "$DIGEST"
}

# The files as they must be, in the form of sha256sum.
note_delivery() {
  (cd "$1" && umask 077 && sed 's,^/,,' "$STATE/files.new" | xargs --delimiter '\n' sha256sum) |
    sed "s,^\\([0-9a-f]* [ *]\\),\\1$ROOT/," >"$STATE/delivered.new"
  chmod 0600 "$STATE/delivered.new"
  mv "$STATE/delivered.new" "$STATE/delivered"
}

# A pass that is under way may be in the middle of a join: it goes on.
on_its_way() { [ ! -e "$RUN/converged" ] && systemctl is-active --quiet kube-lab.service; }

# A machine that cannot even be verified is broken.
nothing_broken() {
  local broken
  if broken=$(load_role 2>/dev/null && find_faults && printf '%s' "$FAULTS"); then
    if [ -z "$broken" ]; then return 0; fi
    printf 'kube-lab: %s\n' "$broken"
  fi
  return 1
}

write_delivery() {
  local path written=0
  while IFS= read -r path; do
    write_delivered "$1$path" "$ROOT$path" && written=$((written + 1))
  done <"$STATE/files.new"
  printf 'kube-lab: %s files changed\n' "$written"
}

# A key that a person has put among the lab's is moved to the file that is theirs, which sshd reads, too. Before the first note
# nobody can tell whose it is.
keep_keys_by_hand() {
  local file
  [ -e "$STATE/authorized_keys" ] || return 0
  for file in "$ROOT"/etc/ssh/authorized_keys.d/*; do
    [[ $file != *.local && -f $file ]] || continue
    touch "$file.local"
    { grep -vxF -f "$STATE/authorized_keys" "$file" || true; } | { grep -vxF -f "$file.local" || true; } >"$RUN/keys-by-hand"
    [ -s "$RUN/keys-by-hand" ] || continue
    cat "$RUN/keys-by-hand" >>"$file.local"
    printf 'kube-lab: keys put into %s by hand are in %s.local now\n' "${file#"$ROOT"}" "${file#"$ROOT"}"
  done
}

# write_delivered SOURCE PATH: in one step; true when the file was changed.
write_delivered() {
  if [ ! -L "$2" ] && cmp -s "$1" "$2"; then
    chmod --reference="$1" "$2"
    return 1
  fi
  note_expired "$2"
  mkdir -p "${2%/*}"
  cp --preserve=mode "$1" "$2.delivered"
  sync "$2.delivered"
  mv -f "$2.delivered" "$2"
}

# Masters whose certificates had run out take each other up again only when all have new ones.
note_expired() {
  [[ $1 = *.crt && -e $1 ]] || return 0
  openssl x509 -noout -checkend 0 -in "$1" >/dev/null 2>&1 || touch "$RUN/expired"
}

# Whether the machine can converge only when the host has been at the next ones: of all masters the last is waited for.
awaits_others() {
  local last=${MASTERS:-}
  last=${last##* }
  [ "${ROLE:-}" = master ] && [ -e "$RUN/expired" ] && [ ! -e "$RUN/converged" ] && [ "${last%%=*}" != "$MACHINE" ]
}

remove_undelivered() {
  local path
  if [ -r "$STATE/files" ]; then
    { grep -vxF -f "$STATE/files.new" "$STATE/files" || true; } | while IFS= read -r path; do
      printf 'kube-lab: removed %s\n' "$path"
      rm -f "$ROOT$path"
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
    if [ $elapsed -ge "$limit" ] || [ -e "$RUN/refused" ]; then give_up "$elapsed" "$text"; fi
    if [ "$text" != "$shown" ] || [ $elapsed -ge $next ]; then
      printf '%s: %s s, %s\n' "${MACHINE:-$HOSTNAME}" "$elapsed" "$text"
      shown=$text next=$((elapsed + 5))
    fi
    pause 0.5
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
