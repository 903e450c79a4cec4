# shellcheck shell=bash
# "kube-lab status": the machine's own view, for people and, with --json, for the host's status command.

show_status() {
  local json
  json=$(status_json)
  if [ "$1" = --json ]; then
    printf '%s\n' "$json"
  else
    jq -r '"\(.machine) (\(.role)): \(if .converged then "converged" else .doing end)", (.faults[],
      (.facts | to_entries[] | "  \(.key): \(.value | if type == "string" then . else tojson end)"))' <<<"$json"
  fi
}

# {machine, role, converged, doing, since (epoch), reason, time (epoch), faults: [text], probes: [{kind, well, detail}],
# facts: {…role…}}
status_json() {
  local since=0 doing="not started" converged=false reason="" facts probes=""
  find_faults
  if [ -r "$RUN/status" ]; then read -r since doing <"$RUN/status" || true; fi
  [ ! -e "$RUN/converged" ] || converged=true
  [ "$converged" = true ] || reason=$(cat "$RUN/reason" 2>/dev/null || true)
  facts=$(role_status 2>/dev/null) || facts='{}'
  [ "$converged" = false ] || probes=$(role_probe 2>/dev/null || true)
  jq -n --arg machine "$MACHINE" --arg role "$ROLE" --argjson converged $converged --arg doing "$doing" \
    --argjson since "$since" --arg reason "$reason" --argjson facts "${facts:-null}" --arg probes "$probes" \
    --arg faults "$FAULTS" --argjson time "${EPOCHREALTIME/,/.}" \
    'def lines: split("\n")[] | select(. != "");
      {machine: $machine, role: $role, converged: $converged, doing: $doing, since: $since, reason: $reason, time: $time,
      faults: [$faults | lines],
      probes: [$probes | lines | split("\t") | {kind: .[1], well: (.[0] == "ok"), detail: .[2]}],
      facts: ($facts // {})}'
}
