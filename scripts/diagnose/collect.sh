#!/bin/bash
# Prints what a machine of the lab can tell of itself, file by file; `npm run diagnose` runs it there as root.
# usage: bash -s BOUNDARY <collect.sh; a file begins with a line "BOUNDARY name".
set -euo pipefail

BOUNDARY=$1
LIMIT_SECONDS=30
JOURNAL_LINES=20000
LOG_LINES=2000

# shellcheck disable=SC1091
. /etc/kube-lab/environment

# file NAME COMMAND…: what the command says goes into that file; the next command for it needs no new one.
file() {
  printf '\n%s %s\n' "$BOUNDARY" "$1"
  shift
  ask "$@"
}

# A question that fails or hangs is an answer, too.
ask() {
  local status=0
  printf '# %s\n' "$*"
  timeout "$LIMIT_SECONDS" "$@" </dev/null 2>&1 || status=$?
  [ $status = 0 ] || printf '# ended with status %s\n' "$status"
}

# logs NAME PATH…: the ends of log files, those that are there
logs() {
  local name=$1 path
  shift
  printf '\n%s %s\n' "$BOUNDARY" "$name"
  for path in "$@"; do [ ! -f "$path" ] || ask tail -n "$LOG_LINES" "$path"; done
}

every_machine() {
  file status.json kube-lab status --json
  file versions.txt uname -a
  ask cat /etc/os-release
  file units.txt systemctl list-units --all --no-pager --plain --full
  ask systemctl status --no-pager --full --lines=0 kube-lab.service
  file journal.txt journalctl --boot --no-pager --output=short-iso-precise --lines="$JOURNAL_LINES"
  file cloud-init.txt cloud-init status --long
  logs cloud-init.log /var/log/cloud-init.log /var/log/cloud-init-output.log
  file resources.txt date --utc
  ask uptime
  ask free --mebi
  ask df --human-readable --local
  ask ps -e -o pid,stat,pcpu,rss,etime,comm --sort=-rss
  file network.txt ip -brief address
  ask ip route
  ask ss --tcp --udp --listening --numeric --processes
  ask cat /etc/resolv.conf /etc/hosts
  ask findmnt --list --noheadings
}

of_gateway() {
  file filter.txt nft list ruleset
  file names.txt cat /etc/dnsmasq.conf
  logs leases.txt /var/lib/misc/dnsmasq.leases
  file time.txt chronyc -n tracking
  ask chronyc -n sources
}

of_load_balancer() {
  file pacemaker.txt crm_mon --one-shot --inactive --failcounts --show-node-attributes --timing-details
  ask crm_verify --live-check --verbose
  ask pacemakerd --version
  file corosync.txt corosync-cfgtool -s
  ask corosync-quorumtool -s -l
  ask cat /etc/corosync/corosync.conf
  file haproxy.txt haproxy -v
  ask haproxy -c -f /etc/haproxy/haproxy.cfg
  ask sh -c 'echo show stat | socat -t 2 - UNIX-CONNECT:/run/haproxy/admin.sock'
  ask cat /etc/haproxy/haproxy.cfg
}

of_node() {
  file containers.txt crictl ps --all
  ask crictl pods
  ask crictl images
  ask containerd --version
  ask kubelet --version
  logs pods.log /var/log/pods/kube-*/*/*.log
}

of_master() {
  local kubectl="kubectl --kubeconfig /etc/kubernetes/super-admin.conf --server https://$ADDRESS:$API_PORT"
  local etcdctl="etcdctl --endpoints https://$ADDRESS:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt \
--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key"
  # shellcheck disable=SC2086
  {
    file cluster.txt $kubectl get nodes,pods,services,deployments,daemonsets --all-namespaces --output wide
    ask $kubectl describe nodes
    file events.txt $kubectl get events --all-namespaces --sort-by=.lastTimestamp
    file etcd.txt $etcdctl member list --write-out=table
    ask $etcdctl endpoint status --cluster --write-out=table
    ask $etcdctl endpoint health --cluster
    ask $etcdctl alarm list
  }
}

of_gluster() {
  file gluster.txt gluster --version
  ask gluster --mode=script pool list
  ask gluster --mode=script peer status
  ask gluster --mode=script volume info
  ask gluster --mode=script volume status all detail
  ask gluster --mode=script volume heal "$GLUSTER_VOLUME" info summary
  ask lsblk
  logs gluster.log /var/log/glusterfs/*.log /var/log/glusterfs/bricks/*.log
}

every_machine
case $ROLE in
  gateway) of_gateway ;;
  loadBalancer) of_load_balancer ;;
  master)
    of_node
    of_master
    ;;
  worker)
    of_node
    logs gluster-client.log /var/log/glusterfs/*.log
    ;;
  gluster) of_gluster ;;
esac
