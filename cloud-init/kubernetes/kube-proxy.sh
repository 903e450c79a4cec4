# shellcheck shell=bash
# kube-proxy's settings: one configuration for all nodes in the cluster, and its pods take it up one after the other.

PROXY_CONFIGURATION=/api/v1/namespaces/kube-system/configmaps/kube-proxy
# On the ConfigMap: what it was before, while its pods have not all come up with what it is.
PROXY_EARLIER=kube-lab/earlier
PROXY_SECONDS=600

# The lab's masters agree on what they want; the one that is first here does it.
master_proxy() {
  proxy_differs || return 0
  with_join_lock change_proxy
}

proxy_differs() {
  local now
  now=$(as_admin "$PROXY_CONFIGURATION") || return 1
  [ -n "$(proxy_wanted <<<"$now")" ] || proxy_earlier <<<"$now" >/dev/null
}

# shellcheck disable=SC2086 # a word each
proxy_wanted() { python3 "$LIBRARY/kube-proxy.py" "$PROXY_MODE" $FEATURE_GATES; }

proxy_earlier() { jq --exit-status --raw-output --arg name "$PROXY_EARLIER" '.metadata.annotations[$name] // empty | select(. != "")'; }

change_proxy() {
  local now wanted earlier why
  now=$(as_admin "$PROXY_CONFIGURATION") || fail "kube-proxy's configuration cannot be read: own API server does not answer"
  earlier=$(proxy_earlier <<<"$now" || jq -r '.data["config.conf"]' <<<"$now")
  wanted=$(proxy_wanted <<<"$now")
  refuse_settings_again
  step "giving kube-proxy its settings"
  jq --arg name "$PROXY_EARLIER" --arg earlier "$earlier" '.metadata.annotations[$name] = $earlier' <<<"${wanted:-$now}" |
    put_proxy || fail "kube-proxy's configuration could not be written; the next pass tries again"
  if restart_proxies; then
    settle_proxy
    return 0
  fi
  why=$(proxy_last_words)
  step "putting back kube-proxy's earlier configuration"
  jq --arg earlier "$earlier" '.data["config.conf"] = $earlier' <<<"${wanted:-$now}" | put_proxy || true
  settle_proxy
  restart_proxies || printf 'kube-lab: kube-proxy is not back everywhere yet with its earlier settings\n'
  refuse_settings "kube-proxy does not come up with its settings (kubernetes.kubeProxy.mode, kubernetes.featureGates): $why. \
The earlier ones are back; 'kubectl logs -n kube-system -l k8s-app=kube-proxy' says more"
}

put_proxy() { jq 'del(.metadata.resourceVersion, .metadata.managedFields)' | kubectl_here replace --raw "$PROXY_CONFIGURATION" --filename - >/dev/null; }

settle_proxy() {
  kubectl_here annotate configmap kube-proxy --namespace kube-system "$PROXY_EARLIER-" >/dev/null
}

# One pod is away at a time. Where the first does not come up, no other is touched.
restart_proxies() {
  local end=$((SECONDS + PROXY_SECONDS))
  kubectl_here rollout restart daemonset/kube-proxy --namespace kube-system >/dev/null
  status_line "waiting for kube-proxy's pods with their settings"
  while [ $SECONDS -lt $end ]; do
    if timeout 10 kubectl --kubeconfig "$ADMIN" --server "https://$ADDRESS:$API_PORT" rollout status daemonset/kube-proxy \
      --namespace kube-system --timeout=8s >/dev/null 2>&1 && ! proxies_crash; then
      return 0
    fi
    ! proxies_crash || return 1
  done
  return 1
}

# Pods of the daemon set that have ended twice since it was changed
proxies_crash() {
  as_admin "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-proxy" 2>/dev/null |
    jq --exit-status 'any(.items[].status.containerStatuses[]?; .restartCount >= 2 and .ready == false)' >/dev/null
}

proxy_last_words() {
  kubectl_here logs --namespace kube-system --selector k8s-app=kube-proxy --previous --tail 20 2>/dev/null |
    grep -E 'err=|Error|error|panic' | last_error
}
