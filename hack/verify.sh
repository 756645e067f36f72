#!/usr/bin/env bash
# hack/verify.sh GENERATED…: fails where the repository is not what its own tools would
# make of it. make verify has just generated the paths given; what they now differ in
# from what is committed (or staged) was forgotten.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

complain() {
  echo "verify: $*" >&2
  exit 1
}

git diff --exit-code -- "$@" || complain 'the files above are not what the markers say: commit what make generate manifests makes'
new=$(git ls-files --others --exclude-standard -- "$@")
[[ -z $new ]] || complain "not committed, from make generate manifests:"$'\n'"$new"

go mod tidy -diff || complain 'run go mod tidy'

unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || complain "run gofmt -w on:"$'\n'"$unformatted"

for script in hack/*.sh .ci/run; do bash -n "$script"; done

go vet ./...
