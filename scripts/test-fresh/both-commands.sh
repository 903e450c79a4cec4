#!/bin/bash
# README's two commands in a fresh clone, as a person would type them; then the lab goes. Each tells how it ended.
set -u

# A test that is skipped on a fresh computer is one that nobody has run.
export REQUIRE_ALL=1

tell() {
  local started=$SECONDS status=0
  "$@" || status=$?
  echo "fresh: $*: status $status after $(((SECONDS - started + 30) / 60)) min"
}

git clone --quiet /source.git kube-lab && cd kube-lab || exit 1
tell npm run up
tell npm test
tell npm run down
