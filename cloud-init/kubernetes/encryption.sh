# shellcheck shell=bash
# Secrets in etcd, encrypted or in clear. Every API server reads both. What it writes changes only when all others can read that, one
# master after the other; then what is there is written anew. Each step is noted on the node once it is seen, and what etcd really has
# says when all is done: cut off anywhere, the next pass, or the unit that a pass leaves behind, goes on from there.

ENCRYPTION=$ROOT/etc/kubernetes/encryption
PROVIDERS=$ENCRYPTION/providers.yaml
# "NAME BASE64" a line, the lab's own first. None is ever taken out: a backup that it has encrypted may come back.
ENCRYPTION_KEYS=$ENCRYPTION/keys
DELIVERED_KEY=$ROOT/etc/kube-lab/encryption-key
# Digest of the providers that the own API server was seen to come up with.
ENCRYPTION_LOADED=$STATE/encryption-loaded
# While it is there, somebody's secrets may be otherwise than they shall be.
ENCRYPTION_UNSETTLED=$STATE/encryption-unsettled
ENCRYPTION_UNIT=kube-lab-encryption.service
# On the node: {wants, writes, reads} of its API server.
ENCRYPTION_NOTE=kube-lab/encryption
# For other masters that are on their way to the same.
ENCRYPTION_SECONDS=180

take_encryption_key() {
  install -d -m 0700 "$ENCRYPTION"
  merge_keys <(delivered_key) "$ENCRYPTION_KEYS"
}

# place_encryption WRITES: before an API server starts; WRITES is for one that has never had providers.
place_encryption() {
  local writes=$1
  [ ! -s "$PROVIDERS" ] || writes=$(encryption_writes)
  write_providers "$writes" || fail "$PROVIDERS cannot be written ('df $ENCRYPTION' tells of room)"
}

delivered_key() {
  local key
  key=$(<"$DELIVERED_KEY")
  [ "$(base64 --decode <<<"$key" | wc -c)" = 32 ] || fail "$DELIVERED_KEY is no key of 32 bytes; 'npm run up' delivers it"
  printf 'k%s %s\n' "$(sha256sum <<<"$key" | cut -c -12)" "$key"
}

# merge_keys FILE…: those of an earlier file go first
merge_keys() {
  (umask 077 && { cat "$@" 2>/dev/null || true; } | awk 'NF == 2 && !seen[$1]++' >"$ENCRYPTION_KEYS.new")
  [ -s "$ENCRYPTION_KEYS.new" ] || fail "there is no key in $DELIVERED_KEY"
  sync "$ENCRYPTION_KEYS.new"
  mv "$ENCRYPTION_KEYS.new" "$ENCRYPTION_KEYS"
}

# write_providers WRITES: a key's name, or "identity" for in clear; the first provider writes, all read. JSON is YAML.
write_providers() {
  (umask 077 && jq --raw-input --null-input --arg writes "$1" '
    [inputs | split(" ") | {name: .[0], secret: .[1]}] | sort_by(.name != $writes) | [{secretbox: {keys: .}}, {identity: {}}] |
    {apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration",
      resources: [{resources: ["secrets"], providers: (if $writes == "identity" then reverse else . end)}]}' \
    <"$ENCRYPTION_KEYS" >"$PROVIDERS.new") || return 1
  if cmp -s "$PROVIDERS.new" "$PROVIDERS"; then
    rm "$PROVIDERS.new"
    return 0
  fi
  sync "$PROVIDERS.new" || return 1
  mv "$PROVIDERS.new" "$PROVIDERS"
}

encryption_writes() { jq -r '.resources[0].providers[0] | if .secretbox then .secretbox.keys[0].name else "identity" end' "$PROVIDERS"; }

# What is to be written: by the lab's own key, or in clear.
encryption_target() { if [ "$ENCRYPT_SECRETS" = true ]; then head -n 1 "$ENCRYPTION_KEYS" | cut -d ' ' -f 1; else echo identity; fi; }

note_loaded() { sha256sum <"$PROVIDERS" >"$ENCRYPTION_LOADED"; }
providers_loaded() { [ "$(sha256sum <"$PROVIDERS")" = "$(cat "$ENCRYPTION_LOADED" 2>/dev/null)" ]; }

# For a master that joins: as the others shall, where they can read it.
encryption_of_joining() {
  if all_masters reads kubectl_lab get --raw; then encryption_target; else echo identity; fi
}

# all_masters WHAT COMMAND…: whether all other masters, of the lab or still in the cluster, have noted that they read, write or want
# the same. One that has no note is of an earlier release. COMMAND gets a path of the API.
all_masters() {
  local what=$1
  shift
  "$@" "/api/v1/nodes?labelSelector=kube-lab%2Frole%3Dmaster" 2>/dev/null |
    jq --exit-status --arg what "$what" --arg note "$ENCRYPTION_NOTE" --arg own "$MACHINE" --arg masters "$MASTERS" \
      --arg target "$(encryption_target)" '
      ([.items[].metadata | {key: .name, value: (.annotations[$note] // "{}" | fromjson)}] | from_entries) as $notes |
      [$masters | split(" ")[] | select(. != "") | split("=")[0]] + ($notes | keys) | unique |
      all(. == $own or (($notes[.] // {})[$what] // [] | if type == "array" then index($target) != null else . == $target end))' >/dev/null
}

master_encryption() {
  local end=$((SECONDS + ENCRYPTION_SECONDS))
  touch "$ENCRYPTION_UNSETTLED"
  encryption_load
  until encryption_advance; do
    # Those that want something else are given it by the host after this one.
    if [ $SECONDS -ge $end ] || ! all_masters wants as_admin || ! all_masters reads as_admin; then
      systemctl start --no-block "$ENCRYPTION_UNIT"
      return 0
    fi
    status_line "waiting for the other masters to write secrets in the same way"
    pause 2
  done
}

# "kube-lab encrypt", of the unit: what waits for other masters.
encryption_go_on() {
  encryption_load
  until encryption_advance; do pause 5; done
  [ ! -e "$RUN/converged" ] || status_line "converged"
}

stop_encryption() { systemctl stop "$ENCRYPTION_UNIT" 2>/dev/null || true; }

encryption_load() {
  providers_loaded || with_join_lock load_providers
  note_encryption
}

load_providers() {
  leave_balancers
  step "restarting kube-apiserver for what it reads and writes secrets with"
  restart_container kube-apiserver || return 1
  wait_until 300 "own API server to be ready with $PROVIDERS (crictl ps -a; crictl logs)" api_ready
  note_loaded
  return_to_balancers
}

note_encryption() {
  local note
  note=$(jq -c --arg wants "$(encryption_target)" --arg writes "$(encryption_writes)" \
    '{wants: $wants, writes: $writes, reads: ["identity", .resources[0].providers[].secretbox.keys[]?.name]}' "$PROVIDERS") || return 1
  [ "$(as_admin "/api/v1/nodes/$MACHINE" | jq -r --arg name "$ENCRYPTION_NOTE" '.metadata.annotations[$name] // ""')" = "$note" ] ||
    kubectl_here annotate node "$MACHINE" "$ENCRYPTION_NOTE=$note" --overwrite >/dev/null
}

# encryption_advance: whether all is done; else as much of it as can be just now. Its status is looked at: nothing ends by set -e.
encryption_advance() {
  local target left
  target=$(encryption_target) || return 1
  if [ "$(encryption_writes)" != "$target" ]; then
    all_masters reads as_admin || return 1
    with_join_lock change_writes "$target" || return 1
  fi
  all_masters writes as_admin || return 1
  left=$(secrets_otherwise "$target") || return 1
  if [ "$left" != 0 ]; then
    with_join_lock rewrite_secrets "$left" || return 1
    left=$(secrets_otherwise "$target") || return 1
  fi
  [ "$left" = 0 ] || return 1
  rm -f "$ENCRYPTION_UNSETTLED"
}

# change_writes TARGET
change_writes() {
  write_providers "$1" || return 1
  load_providers || return 1
  note_encryption
}

# secrets_otherwise TARGET: how many of etcd's are not written so.
secrets_otherwise() {
  etcdctl_here --command-timeout 60s get --prefix /registry/secrets/ --write-out json |
    jq --arg form "$([ "$1" = identity ] && echo k8s:enc: || echo "k8s:enc:secretbox:v1:$1:")" --argjson clear "$([ "$1" = identity ] && echo true || echo false)" \
      '[.kvs[]? | select((.value // "" | .[0:96] | @base64d | startswith($form)) == $clear)] | length'
}

# rewrite_secrets COUNT: each as it is; an API server writes what is not stored by its first provider. What changes or goes meanwhile is
# written by whoever changes it.
rewrite_secrets() {
  step "writing $1 secrets anew"
  kubectl_here get secrets --all-namespaces --output json | kubectl_here replace --validate=false --filename - >/dev/null
}

# What lasts: a change under way is none.
encryption_faults() {
  [ -s "$PROVIDERS" ] || echo "$PROVIDERS is missing"
  [ -z "$(find "$ENCRYPTION_UNSETTLED" -mmin +3 2>/dev/null)" ] ||
    echo "secrets are not all written yet as kubernetes.encryptionAtRest says (journalctl -u $ENCRYPTION_UNIT)"
}
