# Of the cluster's nodes each that has other labels or taints than the configuration gives it: {name, patch}, the patch as a JSON merge
# patch has it. What is wanted is in $wanted[0], by nodes' names. A node's annotation says what the lab has given it before; what a
# person has added by hand stays.

def sign: "\(.key):\(.effect)";

.items[]
| .metadata as {$name, $resourceVersion}
| (.metadata.labels // {}) as $labels
| (.spec.taints // []) as $taints
| .metadata.annotations["kube-lab/given"] as $noted
| ($noted // "{}" | fromjson) as $before
| ($wanted[0][$name] // {}) as $given
| ($given.labels // {}) as $wantedLabels
| ($given.taints // []) as $wantedTaints
| (if $given == {} then null
   else {labels: ($wantedLabels | keys), taints: ($wantedTaints | map(sign))} | tojson end) as $note
| (($before.labels // []) + ($wantedLabels | keys) | unique
   | map({key: ., value: $wantedLabels[.]} | select($labels[.key] != .value)) | from_entries) as $changedLabels
| ($wantedTaints | map(sign)) as $signs
| ($taints | map(select(sign | IN(($before.taints // [])[], $signs[]) | not))) as $othersTaints
| ($taints | map(select(sign | IN($signs[])) | del(.timeAdded)) | sort) as $givenTaints
| {
    metadata: (
      (if $changedLabels == {} then {} else {labels: $changedLabels} end)
      + (if $note == $noted then {} else {annotations: {"kube-lab/given": $note}} end)),
    spec: (
      if ($givenTaints == ($wantedTaints | sort)) and (($othersTaints + $givenTaints | length) == ($taints | length)) then {}
      else {taints: ($othersTaints + $wantedTaints)} end)
  }
| select(.metadata != {} or .spec != {})
| .metadata.resourceVersion = $resourceVersion
| {name: $name, patch: .}
