#!/usr/bin/env bash
# make demo: gets the control plane, builds the operator and its laboratory, and runs
# the laboratory. SHEET=path.xlsx (or a folder of CSV) runs it on those rows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

assets=$(hack/controlplane.sh)
command -v kubectl >/dev/null || assets=$(hack/controlplane.sh kubectl)

echo 'demo: building keylease and its laboratory' >&2
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION:-dev}" \
  -o bin/ ./cmd/keylease ./cmd/keylease-lab

# Behind what is installed: a person's own kubectl comes first.
export KUBEBUILDER_ASSETS=$assets PATH=$PATH:$PWD/bin:$assets
# Not below go run or a waiting shell: Ctrl-C and the exit code are the laboratory's own.
exec bin/keylease-lab demo ${SHEET:+--sheet "$SHEET"}
