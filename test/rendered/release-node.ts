import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

/** The release that the lab is to have. */
export const wanted = "1.36.3";
const plan = exampleLab({ kubernetes: { version: wanted } });

/** Everything outside of the scripts, each saying that it was called; what it answers is in variables. */
const stubs = `
  said() { printf '%s\\n' "$*" >>"$ROOT/calls"; }
  lock() { said lock; "$@"; said unlock; }
  with_join_lock() { lock "$@"; }
  place_programs() { local folder=$1; shift; said place "\${@##*/}"; }
  run_kubeadm() { said kubeadm "$1 $2"; [ "$2" != "\${KUBEADM_FAILS:-}" ]; }
  systemctl() { said systemctl "$@"; }
  others_serve() { said ask; [ -z "\${SILENT:-}" ]; }
  etcd_healthy() { true; }
  api_ready() { true; }
  node_runtime() { said runtime; }
  as_admin() {
    case "$1" in
      */nodes) printf '{"items": [%s]}' "\${NODES:-1, 2}" ;;
      */kubeadm-config) noted ;;
      */daemonsets/kube-proxy) [ "\${PROXY:-$LAB}" != none ] && jq -n --arg image "r/kube-proxy:v\${PROXY:-$LAB}" '{spec: {template: {spec: {containers: [{$image}]}}}}' ;;
      */pods*fieldSelector*) server_pod "\${OWN_POD:-$LAB}" | jq -s '{items: .}' ;;
      */pods*) { server_pod "\${OWN_POD:-$LAB}" && server_pod "\${LAST_MASTER:-$LAB}"; } | jq -s '{items: .}' ;;
    esac
  }
  server_pod() { jq -n --arg image "r/kube-apiserver:v$1" '{spec: {containers: [{name: "kube-apiserver", $image}]}}'; }
  kubelet_certificate() { true; }
  settle() { said settle "\${1##*/}"; }
  pause() { SECONDS=$((SECONDS + 1)); }
  nft() { case "$1" in list) [ -e "$ROOT/leaving" ] ;; delete) said return; rm "$ROOT/leaving" ;; *) said leave; : >"$ROOT/leaving" ;; esac; }
  ss() { said connections; [ -z "\${CONNECTED:-}" ] || echo ESTAB; }
  move_pods() { said move_pods; }
  kubectl_lab() {
    case "$1 \${2:-}" in
      "get --raw") noted ;;
      "replace --raw") said note "$(jq -r '.data.ClusterConfiguration' | tail -n 1)" ;;
      *) said kubectl "$1" ;;
    esac
  }
  noted() { jq -n --arg text "apiVersion: kubeadm
kubernetesVersion: v$LAB" --arg ahead "\${AHEAD_NOTED:-}" '{data: {ClusterConfiguration: $text}, metadata: {}} |
    if $ahead == "" then . else .metadata.annotations = {"kube-lab/ahead": ""} end'; }
  as_node() {
    case "$1" in
      */kubeadm-config) noted ;;
      */endpointslices*) printf '{"items": [{"endpoints": [{"addresses": ["192.168.1.10"]}, {"addresses": ["192.168.1.11"]}]}]}' ;;
      */nodes/*) said node "$@"; printf '{"status": {"nodeInfo": {"kubeletVersion": "v%s"}}}' "${wanted}" ;;
    esac
  }
  curl() { case "$*" in *192.168.1.11*) printf '{"gitVersion": "v%s"}' "\${LAST_MASTER:-$LAB}" ;; *) printf '{"gitVersion": "v%s"}' "$LAB" ;; esac; }
  mountpoint() { false; }
  place_encryption() { :; }
  ctr() { said ctr "$3 $4 \${!#}"; [ "\${!#}" != "$VOLUME/images/\${IMPORT_FAILS:-}" ]; }
  wait_until() { shift 2; "$@" || fail "timed out:: $*"; }
`;

/** The last one that was written. */
export let machine: WrittenMachine;

/** Writes a machine on which a release is installed, with the bundle of the wanted one at hand. */
export function writeNode(role: "master" | "worker", installed: string): void {
  machine = writeMachine(plan, firstOf(plan, role));
  const volume = machine.at("/run/kube-lab/bundle");
  mkdirSync(join(volume, "images"), { recursive: true });
  mkdirSync(join(volume, "manifests"), { recursive: true });
  for (const folder of ["bin", "cni"]) mkdirSync(join(volume, folder));
  writeFileSync(join(volume, "bin", "kubeadm"), "");
  writeFileSync(join(volume, "manifest.json"), JSON.stringify({ version: wanted }));
  mkdirSync(machine.at("/usr/local/share/kube-lab"), { recursive: true });
  writeFileSync(machine.at("/usr/local/share/kube-lab/kubernetes"), `${installed}\n`);
}

/** What a call of the machine's scripts does; `environment`: what the stubs answer. @returns the stubs' calls too */
export function nodeDoes(call: string, environment: Record<string, string> = {}) {
  const script = `set -euo pipefail; . "$LIBRARY/lib.sh"; load_role; ${stubs}\n${call}`;
  const env = {
    ...{
      PATH: process.env.PATH,
      KUBE_LAB_ROOT: machine.root,
      LIBRARY: machine.at("/usr/local/lib/kube-lab"),
    },
    ...{ LAB: wanted, ...environment },
  };
  const { status, stderr, stdout } = spawnSync("bash", ["--norc", "-c", script], { env, encoding: "utf8" });
  const file = machine.at("/calls");
  const calls = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  writeFileSync(file, "");
  return { status, output: stdout + stderr, calls };
}

/** The release that the machine has noted as its own. */
export const note = () => readFileSync(machine.at("/usr/local/share/kube-lab/kubernetes"), "utf8").trim();
