#!/bin/sh
# Pacemaker calls this at every event. One whose stop failed it takes for running as soon as the failure has expired, and never looks at
# it again, be it there or not. Asked afresh, it sees what is, and goes on from there.
set -eu
[ "${CRM_alert_kind:-}/${CRM_alert_task:-}" = resource/stop ] || exit 0
[ "${CRM_alert_rc:-0}" != 0 ] || exit 0
# shellcheck disable=SC2154
exec crm_resource --refresh --resource "$CRM_alert_rsc" --node "$CRM_alert_node"
