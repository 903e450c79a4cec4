# shellcheck shell=bash
# etcd's data out of the lab and into it again: "kube-lab backup" and the steps of "kube-lab restore". The host takes each step on
# all masters before the next one: old data and restored data must never meet.

BACKUPS=$STATE/backup
BACKUP_LOCK=$RUN/backup.lock
# Two files of etcd's log, each laid out whole, and as much for what is written meanwhile. Source: SegmentSizeBytes of etcd's wal.
SPARE_BYTES=$((4 * 64 * 1024 * 1024))
# What a restore has prepared beside the data of before.
PREPARED=$STATE/etcd-restored
# While it is there, this master's etcd waits for the end of a restore.
RESTORING=$STATE/restoring
MEMBER=$ROOT/var/lib/etcd/member
# What the last restore has taken the place of; on the same file system, so that moving is one step.
REPLACED=$STATE/etcd-replaced
# The machine has converged since: the next restore replaces data of its own.
RESTORED=$STATE/restored

# A gzipped tar in base64 on standard output: snapshot.db, about.json with what it is of, and the keys by which secrets in it are encrypted.
master_backup() {
  local folder majority=false
  lock_backups
  mkdir -p "$STATE"
  rm -rf "$BACKUPS".*
  folder=$(mktemp --directory "$BACKUPS.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$folder'" EXIT
  # Asked before: what a majority has agreed on until now is then in the snapshot; without one the member may have missed writes.
  ! etcdctl_here endpoint health >/dev/null 2>&1 || majority=true
  etcdctl_here --command-timeout 120s snapshot save "$folder/snapshot.db" >/dev/null 2>"$folder/words" ||
    fail "etcd gives no snapshot: $(tail -n 1 "$folder/words")"
  about_backup "$folder" $majority >"$folder/about.json"
  (umask 077 && cat "$ENCRYPTION_KEYS" >"$folder/encryption-keys" 2>/dev/null) || true
  tar --create --gzip --directory "$folder" about.json snapshot.db encryption-keys | base64 --wrap 0
}

# One step at a time, also where the host's connection broke and it asks again.
lock_backups() {
  exec 8>"$BACKUP_LOCK"
  flock --nonblock 8 || fail "another backup or restore is at work here: wait for its end and repeat"
}

# Copies of every secret that a step which was cut off has left.
forget_copies() {
  (flock --nonblock 8 && rm -rf "$BACKUPS".*) 8>"$BACKUP_LOCK" || true
}

# about_backup FOLDER MAJORITY: etcdutl reads the whole file and its sum.
about_backup() {
  local status
  status=$(etcdutl snapshot status --write-out json "$1/snapshot.db") || fail "the snapshot cannot be read again: etcdutl snapshot status says why"
  jq -n --argjson snapshot "$status" --arg stack "$LAB_STACK" --arg kubernetes "$KUBERNETES_VERSION" --arg masters "$MASTERS" \
    --arg authority "$(authority_fingerprint)" --arg by "$MACHINE" --arg time "$(date -u +%FT%TZ)" --argjson majority "$2" \
    '{stack: $stack, time: $time, by: $by, majority: $majority, kubernetes: $kubernetes, authority: $authority, snapshot: $snapshot,
      masters: [$masters | split(" ")[] | split("=") | {name: .[0], address: .[1]}]}'
}

# Data signed by another authority is of no use here.
authority_fingerprint() { openssl x509 -in "$CERTIFICATES/etcd/ca.crt" -noout -fingerprint -sha256 | cut -d= -f2; }

master_restore() {
  case ${1:-} in
    about) restore_about ;;
    prepare | stop | swap | start)
      lock_backups
      "restore_$1" "${@:2}"
      ;;
    *) fail "usage: kube-lab restore about|prepare MEMBERS TOKEN BYTES|stop MEMBER|swap|start" ;;
  esac
}

# {authority, member, lived, masters, revision}: whether it has a place in the cluster, or had one, the masters that it or its etcd
# knows, and where that is, null where it does not answer.
restore_about() {
  local revision listed member=false lived=false
  revision=$(etcdctl_here endpoint status --write-out json 2>/dev/null | jq '.[0].Status.header.revision') || true
  # From its own memory, also without a majority; who has not started yet has no name, and no data.
  listed=$(etcdctl_here member list --consistency=s --write-out json 2>/dev/null | jq '[.members[].name // "" | select(. != "")]') || true
  if [ -e "$STATE/placed" ] && [ -d "$MEMBER" ]; then member=true; fi
  case $(cat "$RESTORING" 2>/dev/null) in
    true) member=true ;;
    false) member=false ;;
  esac
  if [ -e "$STATE/placed" ] || [ -e "$STATE/lived" ]; then lived=true; fi
  jq -n --arg authority "$(authority_fingerprint)" --argjson member $member --argjson lived $lived --arg masters "$MASTERS" \
    --argjson revision "${revision:-null}" --argjson listed "${listed:-[]}" \
    '{authority: $authority, member: $member, lived: $lived, revision: $revision,
      masters: ([$masters | split(" ")[] | split("=")[0]] + $listed | unique)}'
}

# restore_prepare MEMBERS TOKEN BYTES: makes of the snapshot on standard input what this member's data is to be, beside that of before:
# what fails here has touched nothing. MEMBERS: "kube-mast01=192.168.1.10 …", all that the new cluster begins with. Watchers have to
# look again: etcd's count of writes goes on far above what they have seen. BYTES: the snapshot's size.
restore_prepare() {
  rm -rf "$PREPARED" "$BACKUPS".*
  room_for "$3"
  trap 'rm -rf "$PREPARED" "$BACKUPS".*' EXIT
  (umask 077 && mkdir -p "$BACKUPS.in" && base64 --decode | tar --extract --gzip --directory "$BACKUPS.in") ||
    fail "the backup does not arrive whole, or there is no room for it: 'df $STATE' tells"
  etcdutl snapshot restore "$BACKUPS.in/snapshot.db" --name "$MACHINE" --data-dir "$PREPARED" \
    --initial-cluster "$(peer_urls "$1")" --initial-advertise-peer-urls "https://$ADDRESS:$ETCD_PEER_PORT" \
    --initial-cluster-token "$2" --bump-revision 1000000000 --mark-compacted >/dev/null 2>"$STATE/restore.log" ||
    fail "etcdutl cannot restore the snapshot: $(tail -n 1 "$STATE/restore.log")"
  # none in a backup of an earlier release
  if [ -e "$BACKUPS.in/encryption-keys" ]; then cp --preserve=mode "$BACKUPS.in/encryption-keys" "$PREPARED/"; fi
  trap - EXIT
  rm -rf "$BACKUPS.in"
  sync
}

# For the snapshot and what is made of it; the etcd that serves meanwhile would end on a full disk.
room_for() {
  local needed=$((2 * $1 + SPARE_BYTES)) free
  free=$(df --output=avail --block-size=1 "$STATE" | tail -n 1)
  [ "$free" -ge "$needed" ] ||
    fail "$STATE has room for $((free >> 20)) MiB, and this needs $(((needed >> 20) + 1)) MiB: 'du -xh / | sort -h' tells what takes it"
}

peer_urls() {
  local pair urls=""
  for pair in $1; do urls+="${urls:+,}${pair%%=*}=https://${pair#*=}:$ETCD_PEER_PORT"; done
  printf '%s' "$urls"
}

# restore_stop MEMBER: nothing of the control plane writes any more, also not after a power cut; nor does a master that has no place
# yet take one meanwhile, in a cluster of its own. MEMBER says whether it takes the data.
restore_stop() {
  if [ -e "$RESTORED" ]; then rm -rf "$REPLACED" "$RESTORED"; fi
  printf '%s\n' "$1" >"$RESTORING.new"
  sync "$RESTORING.new"
  mv "$RESTORING.new" "$RESTORING"
  sync "$STATE"
  stop_encryption
  systemctl stop kube-lab.service kubelet.service
  rm -f "$RUN/converged"
  # Its passes say what is waited for, and start containerd, also where this step ends before its time.
  trap 'systemctl start --no-block kube-lab.service' EXIT
  stop_containers kube-scheduler kube-controller-manager kube-apiserver etcd
  trap - EXIT
  systemctl start --no-block kube-lab.service
}

stop_containers() {
  local name id ids
  for name in "$@"; do
    ids=$(running_containers "$name")
    for id in $ids; do crictl stop --timeout 20 "$id" >/dev/null || fail "$name does not stop: 'crictl ps' shows it"; done
    ids=$(running_containers "$name")
    [ -z "$ids" ] || fail "$name does not stop: 'crictl ps' shows it"
  done
}

# Who does not answer has stopped nothing.
running_containers() { crictl ps --quiet --name "^$1\$" || fail "containerd does not tell what runs: 'systemctl status containerd'"; }

# What is prepared takes the place of this member's data, which is kept beside it.
restore_swap() {
  [ -e "$RESTORING" ] || fail "nothing was stopped for a restore: npm run restore does that first"
  [ -d "$PREPARED/member" ] || fail "nothing is prepared: npm run restore does that first"
  [ -d "${MEMBER%/*}" ] || install -d -m 0700 "${MEMBER%/*}"
  [ ! -d "$MEMBER" ] || keep_old_data
  # The restored secrets are readable before there is an API server that reads them; its pass writes them by the lab's own key.
  if [ -s "$PREPARED/encryption-keys" ]; then
    install -d -m 0700 "$ENCRYPTION"
    merge_keys "$ENCRYPTION_KEYS" "$PREPARED/encryption-keys"
    [ ! -s "$PROVIDERS" ] || write_providers "$(encryption_writes)"
  fi
  mv "$PREPARED/member" "$MEMBER"
  touch "$STATE/placed"
  rm -rf "$PREPARED"
  sync
}

# The first one only, as long as no restore came to its end: what a repeated one finds is a restored member.
keep_old_data() {
  if [ -d "$REPLACED" ]; then rm -rf "$MEMBER"; else mv "$MEMBER" "$REPLACED"; fi
}

# restore_start: from here on the machine is as after a boot; who had no place takes a new one, without what it had of the old cluster.
# There is a cluster to join, also where it does not answer at once: this machine begins none, as little as one that lived in it.
restore_start() {
  if [ "$(cat "$RESTORING" 2>/dev/null)" = false ]; then
    forget_place
    rm -f "$STATE/place" "$STATE/placed"
    touch "$STATE/lived"
  fi
  rm -f "$RESTORING" "$RUN/reason"
  systemctl start --no-block kube-lab.service
}

# Before anything of the control plane starts.
refuse_while_restoring() {
  [ ! -e "$RESTORING" ] || fail "a restore was begun and has not come to its end: run 'npm run restore' again"
}

# The machine serves again: the data of before a restore is of before from here on.
note_restored() {
  forget_copies
  [ ! -d "$REPLACED" ] || touch "$RESTORED"
}
