# shellcheck shell=bash
# A master's certificates come as files; this is what their change means for what runs, and how long kubelets' own shall live.

CONTROLLER_MANAGER=/etc/kubernetes/manifests/kube-controller-manager.yaml

certificate_digest() {
  cat "$CERTIFICATES"/*.crt "$CERTIFICATES"/etcd/*.crt /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf |
    sha256sum
}

certificates_renewed() { [ "$(certificate_digest)" != "$(cat "$STATE/certificates" 2>/dev/null)" ]; }

# Renewed certificates: the control plane's programs start again, on one master at a time.
master_renew() {
  certificates_renewed || return 0
  with_join_lock restart_control_plane
  certificate_digest >"$STATE/certificates"
}

restart_control_plane() {
  local name
  wait_until 300 "a majority of healthy etcd members without this one" others_serve
  forget_crashes
  leave_balancers
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    step "restarting $name for its renewed certificates"
    restart_container "$name"
    wait_until 300 "own API server to be ready after the restart of $name (crictl ps -a)" api_ready
  done
}

others_serve() { agreed_members | keeps_majority away "$ADDRESS"; }

# After a long time off all certificates have run out: no majority, no API, and no turn to ask for. Nothing serves here, so that
# nobody misses it.
control_plane_revive() {
  certificates_renewed || return 0
  if api_ready || etcd_healthy >/dev/null 2>&1; then return 0; fi
  step "starting the control plane again with its renewed certificates"
  crictl ps --quiet --state Running --name '^(etcd|kube-apiserver|kube-controller-manager|kube-scheduler)$' |
    xargs --no-run-if-empty crictl stop >/dev/null
  systemctl restart kubelet.service
  certificate_digest >"$STATE/certificates"
}

# Programs crash over and over by certificates that have run out, and the kubelet waits up to five minutes before it starts one
# again; started over, it counts from zero. One that does not know its node yet would wait for the API before it starts etcd.
forget_crashes() {
  local since
  since=$(date -u +%FT%TZ)
  systemctl restart kubelet.service
  wait_until 120 "own kubelet to be known after its restart (journalctl -u kubelet)" kubelet_known "$since"
}

kubelet_known() {
  as_node "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/$MACHINE" |
    jq --exit-status --arg since "$1" '.spec.renewTime > $since' >/dev/null
}

# The kubelet starts it again. etcd hands its leadership over before it ends.
restart_container() {
  local id
  id=$(crictl ps --quiet --state Running --name "^$1\$") || return 0
  [ -z "$id" ] || crictl stop --timeout 10 "$id" >/dev/null
  wait_until 180 "$1 to run again (crictl ps -a)" container_restarted "$1" "$id"
}

container_restarted() {
  local now
  now=$(crictl ps --quiet --state Running --name "^$1\$")
  [ -n "$now" ] && [ "$now" != "$2" ]
}

# kubeadm has it from the beginning; a cluster that is older than the setting gets it here. The kubelet reads no file with a dot.
master_signing() {
  local flag="--cluster-signing-duration=${CERTIFICATE_HOURS}h" new=${CONTROLLER_MANAGER%/*}/.controller-manager
  if grep -qF -- "- $flag" "$CONTROLLER_MANAGER"; then return 0; fi
  step "setting the life of kubelets' certificates"
  (umask 077 && sed -e '/- --cluster-signing-duration=/d' -e "s/^\( *\)- kube-controller-manager\$/&\n\1- $flag/" \
    "$CONTROLLER_MANAGER" >"$new")
  mv "$new" "$CONTROLLER_MANAGER"
}

# shellcheck disable=SC2034 # kubelet.sh says it
FIRST_CERTIFICATE="none could be signed with $CERTIFICATES/ca.key"

# A master signs it itself, as kubeadm would.
first_certificate() {
  local folder result=0
  folder=$(mktemp --directory "$RUN/kubelet.XXXXXX")
  {
    openssl ecparam -name prime256v1 -genkey -noout -out "$folder/key" &&
      openssl req -new -key "$folder/key" -subj "/O=system:nodes/CN=system:node:$MACHINE" -out "$folder/request" &&
      openssl x509 -req -in "$folder/request" -CA "$CERTIFICATES/ca.crt" -CAkey "$CERTIFICATES/ca.key" \
        -days $((CERTIFICATE_HOURS / 24)) -out "$folder/certificate" \
        -extfile <(printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n') &&
      cat "$folder/certificate" "$folder/key"
  } 2>/dev/null || result=$?
  rm -rf "$folder"
  return $result
}

certificates_status() {
  local file
  for file in "$CERTIFICATES"/*.crt "$CERTIFICATES"/etcd/*.crt; do
    printf '%s %s\n' "${file#"$CERTIFICATES"/}" "$(certificate_end "$file")"
  done | jq -R -s -c '[split("\n")[] | select(. != "") | split(" ") | {file: .[0], expires: .[1]}]'
}
