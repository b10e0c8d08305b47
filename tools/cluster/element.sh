#!/bin/sh
# One element of an array job of Slurm or of an Indexed Job of Kubernetes: does its share of the tasks of a pass, in
# TMPDIR, with three quarters of the memory the element has; the rest is for files the system keeps in memory.
# Usage: element.sh PLAN STAGE TASKS ELEMENTS
set -eu
plan=$1 stage=$2 tasks=$3 elements=$4
element=${SLURM_ARRAY_TASK_ID:-${JOB_COMPLETION_INDEX:?is set neither by Slurm nor by Kubernetes}}
first=$((tasks * element / elements))
last=$((tasks * (element + 1) / elements - 1))
mebibytes=${SLURM_MEM_PER_NODE:-${MEMORY_MIB:-2730}}
exec "${PROBITY:-probity}" run-task --plan "$plan" --stage "$stage" --task "$first-$last" \
  --memory "$((mebibytes * 3 / 4))MiB"
