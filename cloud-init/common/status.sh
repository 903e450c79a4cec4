# shellcheck shell=bash
# "kube-lab status": the machine's own view, for people and, with --json, for the host's status command.

show_status() {
  local json
  json=$(status_json)
  if [ "$1" = --json ]; then
    printf '%s\n' "$json"
  else
    jq -r '"\(.machine) (\(.role)): \(if .converged then "converged" else .doing end)", (.facts | to_entries[]
      | "  \(.key): \(.value | if type == "string" then . else tojson end)")' <<<"$json"
  fi
}

# {machine, role, converged, doing, since (epoch), reason, facts: {…role…}}
status_json() {
  local since=0 doing="not started" converged=false reason="" facts
  if [ -r "$RUN/status" ]; then read -r since doing <"$RUN/status" || true; fi
  [ ! -e "$RUN/converged" ] || converged=true
  [ "$converged" = true ] || reason=$(cat "$RUN/reason" 2>/dev/null || true)
  facts=$(role_status 2>/dev/null) || facts='{}'
  jq -n --arg machine "$MACHINE" --arg role "$ROLE" --argjson converged $converged --arg doing "$doing" \
    --argjson since "$since" --arg reason "$reason" --argjson facts "${facts:-null}" \
    '{machine: $machine, role: $role, converged: $converged, doing: $doing, since: $since, reason: $reason,
      facts: ($facts // {})}'
}
