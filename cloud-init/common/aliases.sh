# shellcheck shell=sh
# The short commands of the homecores seed in today's terms, for every login shell.

# where kube-lab is; it asks for root by itself
case :$PATH: in
  *:/usr/local/sbin:*) ;;
  *) PATH=$PATH:/usr/local/sbin ;;
esac

# jobs of systemd, and the machine's state
slj() { systemctl list-jobs "$@"; }
sst() { systemctl status --no-pager --lines=0 "$@"; }

# containers of this machine
dps() {
  if [ -S /run/containerd/containerd.sock ]; then
    sudo crictl ps "$@"
  else
    echo "dps: no container runtime on this machine; try it on a master or a worker" >&2
    return 1
  fi
}

# kubectl with what this machine may do: everything on a master, its own things on a worker
__kube_lab_kubectl() {
  for __kube_lab_config in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf; do
    if sudo test -e "$__kube_lab_config"; then
      sudo kubectl --kubeconfig "$__kube_lab_config" "$@"
      return
    fi
  done
  echo "no Kubernetes credentials on this machine; try it on a master" >&2
  return 1
}

# the cluster's objects
kst() {
  for __kube_lab_kind in services deployments,daemonsets pods endpointslices nodes; do
    echo "$__kube_lab_kind" | tr '[:lower:]' '[:upper:]'
    __kube_lab_kubectl get "$__kube_lab_kind" --all-namespaces --output wide || return
    echo
  done
}

# the keys in etcd
elsa() {
  sudo etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt \
    --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key \
    get "${1:-/}" --prefix --keys-only | sed '/^$/d'
}

# flannel's environment
fenv() { cat /run/flannel/subnet.env; }

# a throw-away busybox shell in the cluster, of the image that came with the machine
dbox() {
  __kube_lab_image=$(grep -m1 toolbox /usr/local/share/kube-lab/images.txt 2>/dev/null || echo busybox)
  __kube_lab_kubectl run "dbox-$$" --rm --stdin --tty --restart=Never --image="$__kube_lab_image" \
    --image-pull-policy=IfNotPresent -- busybox sh "$@"
}
