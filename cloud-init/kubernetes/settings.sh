# shellcheck shell=bash
# A person's settings of Kubernetes' programs, which kubeadm's patches carry. New ones are tried: where a program does not come up
# with them, the earlier file is put back and the pass ends for good, until the next delivery. Before that nothing else is left undone.

# What a program was last seen to come up with, and what it did not.
SETTINGS=$STATE/settings
SETTINGS_REFUSED=$STATE/settings-refused
# The file that is changed at the moment, as it was, under its own name; the path is beside it.
EARLIER=$STATE/earlier
SETTLING_SECONDS=180

# settings_digest FOLDER: nothing where nothing is set
settings_digest() {
  local file files=()
  for file in "$1"/kube-*2+json.json "$1"/kubeletconfiguration2+merge.json; do
    [ ! -e "$file" ] || files+=("$file")
  done
  [ ${#files[@]} = 0 ] || cat "${files[@]}" | sha256sum | cut -c -12
}

settings_applied() { cat "$SETTINGS" 2>/dev/null || true; }

settings_differ() { [ "$(settings_digest "$1")" != "$(settings_applied)" ]; }

# note_settings FOLDER: kubeadm has read these patches.
note_settings() {
  settings_digest "$1" >"$SETTINGS.new"
  mv "$SETTINGS.new" "$SETTINGS"
  rm -f "$SETTINGS_REFUSED"
}

# Of the patches that a delivery has brought, once more only when it is delivered again.
refuse_settings_again() {
  [ ! -e "$SETTINGS_REFUSED" ] || fail_for_good "$(cat "$SETTINGS_REFUSED")"
}

# refuse_settings WHAT: what was tried, and where to look
refuse_settings() {
  printf '%s\n' "$1" >"$SETTINGS_REFUSED"
  fail_for_good "$1"
}

# keep_earlier FILE
keep_earlier() {
  mkdir -p "$EARLIER"
  cp --preserve=mode "$1" "$EARLIER/.new"
  printf '%s\n' "$1" >"$EARLIER/path"
  sync "$EARLIER/.new"
  mv "$EARLIER/.new" "$EARLIER/file"
}

forget_earlier() { rm -rf "$EARLIER"; }

# place_whole FILE TARGET: in one step; the kubelet reads no file with a dot
place_whole() {
  cp --preserve=mode "$1" "${2%/*}/.${2##*/}"
  mv "${2%/*}/.${2##*/}" "$2"
}

# A pass that was cut off has not seen whether the program comes up: it begins again with what did.
put_earlier_back() {
  local path
  if [ ! -e "$EARLIER/file" ]; then
    forget_earlier
    return 0
  fi
  path=$(cat "$EARLIER/path")
  step "putting back the earlier $path"
  place_whole "$EARLIER/file" "$path"
  [ "$path" != "$KUBELET_CONFIGURATION" ] || ! systemctl is-active --quiet kubelet.service || systemctl restart kubelet.service
  forget_earlier
}

# kubelet_settings KUBECONFIG: kubeadm writes the kubelet's configuration anew.
kubelet_settings() {
  local why restarts
  step "giving the kubelet its settings"
  keep_earlier "$KUBELET_CONFIGURATION"
  kubeadm_upgrade "$1" node phase kubelet-config
  if cmp -s "$EARLIER/file" "$KUBELET_CONFIGURATION"; then
    forget_earlier
    return 0
  fi
  if why=$(kubelet_refusal "$KUBELET_CONFIGURATION"); then
    put_earlier_back
    refuse_settings "$MACHINE: the kubelet refuses its settings (kubernetes.kubelet, kubernetes.featureGates): $why. It runs on with the earlier ones"
  fi
  systemctl restart kubelet.service
  restarts=$(kubelet_restarts)
  if kubelet_settles "$restarts"; then
    forget_earlier
    return 0
  fi
  why=$(kubelet_last_words)
  put_earlier_back
  # the node is to be ready again before anything else is said
  (wait_node_ready) || true
  refuse_settings "$MACHINE: the kubelet does not come up with its settings (kubernetes.kubelet, kubernetes.featureGates): $why. \
It runs again with the earlier ones; 'journalctl -u kubelet' on $MACHINE says more"
}

# kubelet_refusal FILE: why the kubelet does not take the configuration; false where it does. It reads and judges the whole of it, and
# then ends for flags that exclude each other, before it does anything.
kubelet_refusal() {
  local output
  output=$(timeout 30 kubelet --config "$1" --exit-on-lock-contention 2>&1) || true
  if grep -q 'strict decoding error' <<<"$output"; then
    grep -m 1 -oP 'strict decoding error: \K.*(?="$)' <<<"$output" | tr -d '\134' | cut -c -500
    return 0
  fi
  ! grep -q 'no lock file specified' <<<"$output" || return 1
  grep -m 1 -oP '(err=|^panic: )\K.*' <<<"$output" | tr -d '\134' | cut -c -500
}

kubelet_restarts() { systemctl show kubelet.service --property NRestarts --value; }

# kubelet_settles RESTARTS: its node is ready, before it has ended more than twice
kubelet_settles() {
  local end=$((SECONDS + SETTLING_SECONDS))
  status_line "waiting for the kubelet with its settings"
  until node_becomes_ready >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    [ "$(kubelet_restarts)" -lt $(($1 + 3)) ] || return 1
    pause 1
  done
}

kubelet_last_words() {
  journalctl --unit kubelet.service --since -3min --output cat --no-pager 2>/dev/null | grep -E '"command failed"|Failed to|^E' | last_error
}

# What the last of the lines on stdin says went wrong, for a message.
last_error() { tail -n 1 | sed 's/^.*err=//' | tr -d '\134' | cut -c -500; }
