#!/usr/bin/env bash
# Writes into charts/keylease what it shares with config/: CustomResourceDefinitions,
# roles, admission policies, the metrics service and Prometheus' objects. Only the
# release's namespace is put in; the Deployment and the service account, which have
# values, are written by hand, and test/manifests compares the whole with config/default.
# Part of make manifests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
chart=charts/keylease
out=$chart/templates/generated
release='{{ .Release.Namespace }}'

rm -rf "$out" "$chart/crds"
mkdir -p "$out" "$chart/crds"
cp config/crd/bases/*.yaml "$chart/crds/"

# The files of a folder in the order of its kustomization, without the one given.
resources() { # resources FOLDER [EXCEPT]
  sed -n '/^resources:/,/^[^ -]/s/^- //p' "config/$1/kustomization.yaml" | grep -vx "${2:-none}" | sed "s|^|config/$1/|"
}

# One stream of documents. What is {{ in it is somebody else's template, not Helm's.
join() {
  echo "# Written by make manifests from config/: see hack/chart.sh."
  for file in "$@"; do
    [[ $(head -n 1 "$file") == --- ]] || echo ---
    sed -e 's/{{/{{ "{{" }}/g' -e "s/namespace: keylease\$/namespace: $release/" \
      -e "s/system:serviceaccount:keylease:/system:serviceaccount:$release:/" "$file"
  done
}

# shellcheck disable=SC2046 # names of this repository's files
{
  join $(resources rbac service_account.yaml) >"$out/rbac.yaml"
  join $(resources policy) >"$out/policy.yaml"
  join config/manager/metrics_service.yaml >"$out/metrics_service.yaml"
  {
    echo '{{- if .Values.prometheus.enabled }}'
    join $(resources prometheus) | sed "s/^metadata:\$/metadata:\n  namespace: $release/"
    echo '{{- end }}'
  } >"$out/prometheus.yaml"
}
