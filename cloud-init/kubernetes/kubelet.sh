# shellcheck shell=bash
# The kubelet's own certificate: the first one comes from here, later ones the kubelet asks the cluster for by itself. One that ran
# out while the machine was off can't be used to ask: the machine begins with a first one again.

KUBELET_CERTIFICATE=/var/lib/kubelet/pki/kubelet-client-current.pem
KUBELET_CONFIG=/etc/kubernetes/kubelet.conf
# The last file that kubeadm writes before the kubelet starts.
KUBELET_FLAGS=/var/lib/kubelet/kubeadm-flags.env

# Where kubeadm would make the kubelet's first certificate, start it, and then start it again with a file that can be renewed,
# that file is there from the beginning.
kubelet_certificate() {
  local first=${KUBELET_CERTIFICATE%/*}/kubelet-client-first.pem
  [ -e "$KUBELET_CONFIG" ] || install -D -m 0600 /etc/kube-lab/kubelet.conf "$KUBELET_CONFIG"
  if certificate_lives "$KUBELET_CERTIFICATE"; then return 0; fi
  step "giving the kubelet its first certificate"
  systemctl stop kubelet.service
  mkdir -p "${first%/*}"
  (umask 077 && first_certificate >"$first.new") || fail "the kubelet has no certificate that is valid, and $FIRST_CERTIFICATE"
  mv "$first.new" "$first"
  ln -sf "$first" "$KUBELET_CERTIFICATE"
}

certificate_lives() { [ -e "$1" ] && openssl x509 -noout -checkend 0 -in "$1" >/dev/null 2>&1; }

# `2026-11-26T08:00:00Z`; nothing of one that is not there
certificate_end() {
  local end
  end=$(openssl x509 -noout -enddate -in "$1" 2>/dev/null) || return 0
  date -u -d "${end#*=}" +%FT%TZ
}

# What makes this machine another's node.
forget_kubelet() {
  rm -rf "$KUBELET_CONFIG" /etc/kubernetes/bootstrap-kubelet.conf "$KUBELET_FLAGS" /var/lib/kubelet/config.yaml \
    "${KUBELET_CERTIFICATE%/*}"/kubelet-client-*
}
