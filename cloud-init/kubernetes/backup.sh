# shellcheck shell=bash
# etcd's data out of the lab and into it again: "kube-lab backup" and the three steps of "kube-lab restore". The host takes each
# step on all masters before the next one: old data and restored data must never meet.

BACKUPS=$STATE/backup
# While it is there, this master's etcd waits for the end of a restore.
RESTORING=$STATE/restoring
MEMBER=$ROOT/var/lib/etcd/member
# What the last restore has taken the place of; on the same file system, so that moving is one step.
REPLACED=$STATE/etcd-replaced

# A gzipped tar in base64 on standard output: snapshot.db, and about.json with what it is of.
master_backup() {
  local folder
  mkdir -p "$STATE"
  folder=$(mktemp --directory "$BACKUPS.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$folder'" EXIT
  etcdctl_here --command-timeout 120s snapshot save "$folder/snapshot.db" >/dev/null 2>"$folder/words" ||
    fail "etcd gives no snapshot: $(tail -n 1 "$folder/words")"
  about_backup "$folder" >"$folder/about.json"
  tar --create --gzip --directory "$folder" about.json snapshot.db | base64 --wrap 0
}

# etcdutl reads the whole file and its sum.
about_backup() {
  local status
  status=$(etcdutl snapshot status --write-out json "$1/snapshot.db") || fail "the snapshot cannot be read again: etcdutl snapshot status says why"
  jq -n --argjson snapshot "$status" --arg stack "$LAB_STACK" --arg kubernetes "$KUBERNETES_VERSION" --arg masters "$MASTERS" \
    --arg authority "$(authority_fingerprint)" --arg by "$MACHINE" --arg time "$(date -u +%FT%TZ)" \
    '{stack: $stack, time: $time, by: $by, kubernetes: $kubernetes, authority: $authority, snapshot: $snapshot,
      masters: [$masters | split(" ")[] | split("=") | {name: .[0], address: .[1]}]}'
}

# Data signed by another authority is of no use here.
authority_fingerprint() { openssl x509 -in "$CERTIFICATES/etcd/ca.crt" -noout -fingerprint -sha256 | cut -d= -f2; }

master_restore() {
  case ${1:-} in
    about | stop | load | start) "restore_$1" "${@:2}" ;;
    *) fail "usage: kube-lab restore about|stop|load MEMBERS TOKEN|start" ;;
  esac
}

# {authority, member, revision}: whether it has had a place in the cluster, and where its etcd is, null where that does not answer.
restore_about() {
  local revision member=false
  revision=$(etcdctl_here endpoint status --write-out json 2>/dev/null | jq '.[0].Status.header.revision') || true
  if [ -e "$STATE/placed" ] && [ -d "$MEMBER" ]; then member=true; fi
  if [ -e "$RESTORING" ]; then member=$(cat "$RESTORING"); fi
  jq -n --arg authority "$(authority_fingerprint)" --argjson member "$member" --argjson revision "${revision:-null}" \
    '{authority: $authority, member: $member, revision: $revision}'
}

# restore_stop MEMBER: nothing of the control plane writes any more, also not after a power cut; nor does a master that has no place
# yet take one meanwhile, in a cluster of its own. MEMBER says whether it takes the data.
restore_stop() {
  [ -e "$RESTORING" ] || rm -rf "$REPLACED"
  printf '%s\n' "$1" >"$RESTORING"
  sync "$RESTORING"
  systemctl stop kube-lab.service kubelet.service
  rm -f "$RUN/converged"
  stop_containers kube-scheduler kube-controller-manager kube-apiserver etcd
  # Its passes say what is waited for.
  systemctl start --no-block kube-lab.service
}

stop_containers() {
  local name id
  for name in "$@"; do
    for id in $(crictl ps --quiet --name "^$name\$"); do crictl stop --timeout 20 "$id" >/dev/null; done
    [ -z "$(crictl ps --quiet --name "^$name\$")" ] || fail "$name does not stop: 'crictl ps' shows it"
  done
}

# restore_load MEMBERS TOKEN: the snapshot on standard input takes the place of this member's data, which is kept beside it.
# MEMBERS: "kube-mast01=192.168.1.10 …", all that the new cluster begins with. Watchers have to look anew: etcd's count of writes
# goes on far above what they have seen.
restore_load() {
  local folder=$STATE/etcd-restored
  [ -e "$RESTORING" ] || fail "nothing was stopped for a restore: npm run restore does that first"
  rm -rf "$folder" "$BACKUPS.in"
  (umask 077 && mkdir -p "$BACKUPS.in" && base64 --decode | tar --extract --gzip --directory "$BACKUPS.in") ||
    fail "the backup does not arrive whole"
  etcdutl snapshot restore "$BACKUPS.in/snapshot.db" --name "$MACHINE" --data-dir "$folder" \
    --initial-cluster "$(peer_urls "$1")" --initial-advertise-peer-urls "https://$ADDRESS:$ETCD_PEER_PORT" \
    --initial-cluster-token "$2" --bump-revision 1000000000 --mark-compacted >/dev/null 2>"$STATE/restore.log" ||
    fail "etcdutl cannot restore the snapshot: $(tail -n 1 "$STATE/restore.log")"
  rm -rf "$BACKUPS.in"
  sync
  [ -d "${MEMBER%/*}" ] || install -d -m 0700 "${MEMBER%/*}"
  [ ! -d "$MEMBER" ] || keep_old_data
  mv "$folder/member" "$MEMBER"
  rm -rf "$folder"
  sync
}

# The first one only: what a repeated restore finds is a restored member.
keep_old_data() {
  if [ -d "$REPLACED" ]; then rm -rf "$MEMBER"; else mv "$MEMBER" "$REPLACED"; fi
}

peer_urls() {
  local pair urls=""
  for pair in $1; do urls+="${urls:+,}${pair%%=*}=https://${pair#*=}:$ETCD_PEER_PORT"; done
  printf '%s' "$urls"
}

# restore_start: from here on the machine is as after a boot; who had no place takes one anew.
restore_start() {
  if [ "$(cat "$RESTORING" 2>/dev/null)" = false ]; then rm -f "$STATE/place"; fi
  rm -f "$RESTORING" "$RUN/reason"
  systemctl start --no-block kube-lab.service
}

# Before anything of the control plane starts.
refuse_while_restoring() {
  [ ! -e "$RESTORING" ] || fail "a restore was begun and has not come to its end: run 'npm run restore' again"
}
