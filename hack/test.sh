#!/usr/bin/env bash
# hack/test.sh PACKAGES… FLAGS…: go test with a control plane to test on, and the ten slowest tests at the end. With -v it
# is plain go test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

KUBEBUILDER_ASSETS=$(hack/controlplane.sh)
export KUBEBUILDER_ASSETS
for flag in "$@"; do
  if [[ $flag == -v ]]; then exec go test "$@"; fi
done
go test -json "$@" | go run ./hack/slowest
