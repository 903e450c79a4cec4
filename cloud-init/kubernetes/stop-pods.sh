#!/bin/bash
# Ends every container at once; one that does not end by itself is killed, long before the host loses patience with the machine.
set -euo pipefail

# As long as Kubernetes gives a pod that says nothing else.
GRACE_SECONDS=30

crictl ps --quiet --state Running |
  xargs --no-run-if-empty --max-procs=0 --max-args=1 crictl --timeout 50s stop --timeout $GRACE_SECONDS >/dev/null
