#!/usr/bin/env bash
# Prints the path of a pinned development tool, building it the first time.
#
#   hack/tool.sh chart | controller-gen | golangci-lint | kustomize | setup-envtest
#
# The versions are in the go.mod of hack/tools and of its folders. What is built
# is kept outside the checkout, one file for each version of tool and of Go (a
# linter built with an older Go refuses newer code), and is never built twice.
set -euo pipefail

name=${1:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
module=$here/tools
case "$name" in
chart) pinned=helm.sh/helm/v3 package=. module=$here/tools/chart ;;
controller-gen) pinned=sigs.k8s.io/controller-tools package=$pinned/cmd/controller-gen ;;
golangci-lint) pinned=github.com/golangci/golangci-lint/v2 package=$pinned/cmd/golangci-lint module=$here/tools/lint ;;
kustomize) pinned=sigs.k8s.io/kustomize/kustomize/v5 package=$pinned ;;
setup-envtest) pinned=sigs.k8s.io/controller-runtime/tools/setup-envtest package=$pinned ;;
*)
  echo "usage: $0 chart | controller-gen | golangci-lint | kustomize | setup-envtest" >&2
  exit 2
  ;;
esac

unset GOOS GOARCH
export GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0

# With "require" in front only where there is but one.
version=$(awk -v m="$pinned" '{ sub(/^require /, "") } $1 == m && $2 ~ /^v/ { print $2; exit }' "$module/go.mod")
# The one that is written here has, besides Helm's version, its own.
if [[ $package == . ]]; then version+=-$(git hash-object "$module/main.go" | cut -c1-12); fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/keylease/tools
# The file keeps the tool's plain name: controller-gen writes its own into what it generates.
dir=$cache/$version-$(go env GOVERSION GOHOSTOS GOHOSTARCH | paste -sd- -)
program=$dir/$name

if [[ ! -x $program ]]; then
  start=$SECONDS
  echo "tools: building $name $version, once" >&2
  mkdir -p "$dir"
  work=$(mktemp -d "$cache/.work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$module" && go build -trimpath -ldflags '-s -w' -o "$work/$name" "$package") 2> >(grep -v '^go: downloading' >&2)
  mv -f "$work/$name" "$program" # a rename: two builds at once end with one whole file
  echo "tools: $name built in $((SECONDS - start)) s" >&2
fi
echo "$program"
