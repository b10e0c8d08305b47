#!/usr/bin/env bash
# Carries out a plan on Kubernetes: an Indexed Job for each pass, each after the one before it, then the release.
# Usage: kubernetes.sh PLAN NAME
#   NAME       one for each plan; the Jobs are NAME-0, NAME-1, … and NAME-finish
#   IMAGE      has a shell, `probity` and `element.sh` on its PATH
#   CLAIM      a PersistentVolumeClaim with the plan and what it names by path, mounted as FOLDER [the plan's folder]
#   STORE      a Secret with the credentials of the object store as environment variables []
#   ELEMENTS   elements of a Job at the most [1000]; PARALLEL, how many of them at a time [100]
#   CPU, MEMORY                of an element [1, 4Gi]
#   ALONE_CPU, ALONE_MEMORY    of a task that sees the whole corpus, and of the last Job [CPU, MEMORY]
#   FINISH     options of `probity finish`; without any there is no last Job []
#   KEY        a Secret with the signing key; the last Job, and no other, has its files in /key []
# The same command goes on after an interruption. Delete a Job that failed before giving it again.
set -euo pipefail
plan=$(realpath "$1") name=$2

job() { # NUMBER COMPLETIONS CPU MEMORY KEY COMMAND...
  local settings=(
    --arg name "$name-$1" --argjson completions "$2" --argjson parallel "${PARALLEL:-100}" --arg image "${IMAGE:?}"
    --arg claim "${CLAIM:?}" --arg folder "${FOLDER:-$(dirname "$plan")}" --arg store "${STORE:-}"
    --arg cpu "$3" --arg memory "$4" --arg key "$5"
  )
  shift 5
  jq -n "${settings[@]}" '
    def given(with): if . == "" then [] else [with] end;
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: $name },
      spec: {
        completionMode: "Indexed",
        completions: $completions,
        parallelism: ([$parallel, $completions] | min),
        backoffLimitPerIndex: 5,
        # a Pod that lost its node, or made room for another one, has not failed
        podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] }] },
        template: { spec: {
          restartPolicy: "Never",
          containers: [{
            name: "probity",
            image: $image,
            command: $ARGS.positional,
            env: [
              { name: "TMPDIR", value: "/scratch" },
              { name: "MEMORY_MIB", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } }
            ],
            envFrom: ($store | given({ secretRef: { name: . } })),
            resources: ({ cpu: $cpu, memory: $memory } | { requests: ., limits: . }),
            volumeMounts: ([{ name: "plan", mountPath: $folder }, { name: "scratch", mountPath: "/scratch" }]
              + ($key | given({ name: "key", mountPath: "/key", readOnly: true })))
          }],
          volumes: ([{ name: "plan", persistentVolumeClaim: { claimName: $claim } }, { name: "scratch", emptyDir: {} }]
            + ($key | given({ name: "key", secret: { secretName: ., defaultMode: 256 } })))
        } }
      }
    }' --args -- "$@"
}

# carries out the Job on standard input
carry_out() { # NUMBER
  kubectl apply -f -
  local ended=""
  until [[ $ended =~ Complete|Failed ]]; do
    ended=$(kubectl get job "$name-$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    [[ $ended =~ Complete|Failed ]] || sleep "${POLL_SECONDS:-10}"
  done
  [[ $ended =~ Complete ]] || { echo "$name-$1 failed: see kubectl describe job $name-$1" >&2; exit 1; }
}

number=0 cpu=${CPU:-1} memory=${MEMORY:-4Gi}
alone=("${ALONE_CPU:-$cpu}" "${ALONE_MEMORY:-$memory}")
while read -r tasks stage; do
  elements=$((tasks < ${ELEMENTS:-1000} ? tasks : ${ELEMENTS:-1000}))
  size=("$cpu" "$memory")
  if ((tasks == 1)); then size=("${alone[@]}"); fi
  job "$number" "$elements" "${size[@]}" "" element.sh "$plan" "$stage" "$tasks" "$elements" | carry_out "$number"
  number=$((number + 1))
done < <(jq -r '.passes[] | select(.tasks > 0) | "\(.tasks) \(.stage)"' "$plan")
if [[ ${FINISH:-} ]]; then
  read -ra finish <<< "$FINISH"
  job finish 1 "${alone[@]}" "${KEY:-}" probity finish --plan "$plan" "${finish[@]}" | carry_out finish
fi
