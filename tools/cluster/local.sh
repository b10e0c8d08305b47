#!/usr/bin/env bash
# Carries out the tasks of a plan by several processes of this machine: local.sh PLAN [PROCESSES]
# A pass of a single task has all processors to itself.
set -euo pipefail
plan=$1 processes=${2:-$(nproc)}
jq -r '.passes[] | "\(.tasks) \(.stage)"' "$plan" | while read -r tasks stage; do
  seq 0 $((tasks - 1)) | xargs -P "$processes" -I TASK "${PROBITY:-probity}" run-task \
    --plan "$plan" --stage "$stage" --task TASK --threads $((tasks == 1 ? processes : 1))
done
