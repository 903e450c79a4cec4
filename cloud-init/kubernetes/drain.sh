# shellcheck shell=bash
# How pods go to other machines before this one stops or leaves, with the kubelet's own rights: no more than its own pods and node.

# A pod may take as long to end as its owner has allowed; what a disruption budget forbids may change.
DRAIN_SECONDS=300
# How long a service's last pod waits: for one to appear that takes its place, and for one that is there to be ready.
ALONE_SECONDS=10
UNREADY_SECONDS=60
CORDON_SECONDS=30
# On the node that this lab has cordoned, so that one that a person has cordoned stays so.
CORDONED=kube-lab/cordoned

# The machine stops for a while: pods that nobody would recreate stay and come back with it.
make_way() {
  systemctl stop kube-lab.service
  rm -f "$RUN/converged"
  # What begins here ends in the next pass; if this is no good, at once.
  trap 'systemctl start --no-block kube-lab.service' EXIT
  move_pods
  trap - EXIT
}

# Those that somebody recreates elsewhere; the next pass takes pods again.
move_pods() {
  step "moving pods to other machines"
  # A load balancer that is changed meanwhile cuts connections off.
  retry $CORDON_SECONDS "cordoning node $MACHINE by the API at $(node_server)" cordon
  drain 'any(.metadata.ownerReferences[]?; .controller)'
}

# The machine leaves for good, with every pod.
leave_pods() {
  step "moving pods to other machines"
  if cordon; then drain true; fi
}

cordon() {
  local node
  node=$(as_node "/api/v1/nodes/$MACHINE") || return 1
  ! jq --exit-status '.spec.unschedulable' >/dev/null <<<"$node" || return 0
  patch_node "{\"metadata\": {\"annotations\": {\"$CORDONED\": \"\"}}, \"spec\": {\"unschedulable\": true}}"
}

uncordon() {
  as_node "/api/v1/nodes/$MACHINE" | jq --exit-status --arg name "$CORDONED" '.metadata.annotations | has($name)' >/dev/null ||
    return 0
  patch_node "{\"metadata\": {\"annotations\": {\"$CORDONED\": null}}, \"spec\": {\"unschedulable\": null}}"
}

patch_node() {
  as_node "/api/v1/nodes/$MACHINE" --request PATCH --header "Content-Type: application/merge-patch+json" --data "$1" \
    --output /dev/null
}

# drain WHICH: until none of the pods that the jq filter WHICH takes is here any more. What is on its way at the end may be on its
# way; what a disruption budget keeps is not given up.
drain() {
  local pods going kept last=$SECONDS end=$((SECONDS + DRAIN_SECONDS))
  until pods=$(movable_pods "$1") && [ "$pods" = "[]" ]; do
    if [ $SECONDS -ge $end ]; then
      [ -n "$pods" ] || fail "the API at $(node_server) does not tell which pods are on $MACHINE"
      kept=$(jq -r '[.[] | select(.deleted | not) | "\(.namespace)/\(.name)"] | join(", ")' <<<"$pods")
      [ -z "$kept" ] || fail "after $DRAIN_SECONDS s still on $MACHINE: $kept. A PodDisruptionBudget keeps them \
('kubectl get pdb -A'); give them room, or delete the budget or the pods, and run again"
      printf 'kube-lab: still ending after %s s, going on without them: %s\n' $DRAIN_SECONDS "$(jq -c 'map(.name)' <<<"$pods")"
      return 0
    fi
    going=$(may_go "$((SECONDS - last))" "${pods:-[]}")
    if [ -n "$going" ]; then
      evict <<<"$going"
      last=$SECONDS
    fi
    pause 1
  done
}

# [{namespace, name, deleted, owner}]: those of daemon sets and of the node itself, and the finished ones, are nobody's to move
movable_pods() {
  as_node "/api/v1/pods?fieldSelector=spec.nodeName%3D$MACHINE" | jq -c "[.items[]
    | select(.status.phase == \"Succeeded\" or .status.phase == \"Failed\" | not)
    | select(any(.metadata.ownerReferences[]?; .kind == \"DaemonSet\" or .kind == \"Node\") | not)
    | select($1)
    | {namespace: .metadata.namespace, name: .metadata.name, deleted: (.metadata.deletionTimestamp != null),
       owner: (.metadata.ownerReferences[0].uid // .metadata.uid)}]"
}

# may_go SECONDS PODS: "namespace name" a line, of those that may be evicted now, so long after the last ones: one of an owner at a
# time, and none that a service would be left without as long as another may take its place.
may_go() {
  local namespace
  for namespace in $(jq -r 'map(.namespace) | unique[]' <<<"$2"); do
    as_node "/apis/discovery.k8s.io/v1/namespaces/$namespace/endpointslices" 2>/dev/null || echo '{"items": []}'
  done | jq -r --slurp --argjson pods "$2" --argjson seconds "$1" \
    --argjson alone $ALONE_SECONDS --argjson unready $UNREADY_SECONDS '
    [.[].items[] | .metadata as $slice | .endpoints[]? | select(.targetRef.kind == "Pod" and .conditions.terminating != true)
      | {service: "\($slice.namespace)/\($slice.labels["kubernetes.io/service-name"])", pod: .targetRef.name,
         ready: (.conditions.ready != false)}] as $endpoints
    | reduce ($pods[] | select(.deleted | not)) as $pod ([];
        map(.name) as $going
        | if any(.[], ($pods[] | select(.deleted)); .owner == $pod.owner) then .
          elif all($endpoints[] | select(.pod == $pod.name and .ready) | .service; . as $service
            | [$endpoints[] | select(.service == $service and .pod != $pod.name)] as $others
            | any($others[]; .ready and (.pod | IN($going[]) | not))
              or ($others == [] and $seconds >= $alone) or $seconds >= $unready)
          then . + [$pod] else . end)
    | .[] | "\(.namespace) \(.name)"'
}

# A disruption budget may say no for now.
evict() {
  local namespace name
  while read -r namespace name; do
    printf 'kube-lab: evicting %s/%s\n' "$namespace" "$name"
    jq -n --arg namespace "$namespace" --arg name "$name" \
      '{apiVersion: "policy/v1", kind: "Eviction", metadata: {namespace: $namespace, name: $name}}' |
      as_node "/api/v1/namespaces/$namespace/pods/$name/eviction" --request POST --output /dev/null \
        --header "Content-Type: application/json" --data @- || true
  done
}
