#!/usr/bin/env bash
# Submits a plan to Slurm, an array job for each pass, each after the one before it, and prints the id of the last.
# Usage: slurm.sh PLAN [OPTION OF sbatch]...
#   ELEMENTS   elements of an array at the most; Slurm's own limit, MaxArraySize, is 1001 unless set higher [1000]
#   ALONE      further options of sbatch for passes of a single task, which sees the whole corpus []
# What is done stays done: submitting a plan again does what is left of it.
set -euo pipefail
plan=$(realpath "$1")
shift
element=$(realpath "$(dirname "$0")/element.sh")
read -ra alone <<< "${ALONE:-}"
after=()
while read -r tasks stage; do
  elements=$((tasks < ${ELEMENTS:-1000} ? tasks : ${ELEMENTS:-1000}))
  options=("$@")
  if ((tasks == 1)); then options+=("${alone[@]}"); fi
  job=$(sbatch --parsable --requeue --array="0-$((elements - 1))" --job-name="probity-$stage" "${after[@]}" \
    "${options[@]}" "$element" "$plan" "$stage" "$tasks" "$elements")
  job=${job%%;*}
  after=(--dependency="afterok:$job" --kill-on-invalid-dep=yes)
done < <(jq -r '.passes[] | select(.tasks > 0) | "\(.tasks) \(.stage)"' "$plan")
echo "$job"
