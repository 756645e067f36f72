#!/usr/bin/env bash
# Prints a directory that holds kube-apiserver and etcd, getting them first if need be.
#
#   hack/controlplane.sh            kube-apiserver and etcd
#   hack/controlplane.sh kubectl    kubectl in addition, for machines that have none
#
# It looks, in this order, at KUBEBUILDER_ASSETS; at the cache outside the checkout;
# at setup-envtest's downloads; and builds them from the Go module beside this file,
# so that a machine with Go and a module proxy needs no other step. Only the
# directory goes to stdout: everything a person wants to read goes to stderr.
#
# KEYLEASE_CONTROLPLANE=build skips the download, for a machine whose network
# neither answers nor refuses.
set -euo pipefail

want=${1:-}
case "$want" in '' | kubectl) ;; *)
  echo "usage: $0 [kubectl]" >&2
  exit 2
  ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
module=$here/controlplane
needed=(kube-apiserver etcd)
[[ $want == kubectl ]] && needed+=(kubectl)

say() { echo "control plane: $*" >&2; }

holds() { # holds DIR: does it have every program asked for?
  local name
  for name in "${needed[@]}"; do [[ -x $1/$name ]] || return 1; done
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  if holds "$KUBEBUILDER_ASSETS"; then
    echo "$KUBEBUILDER_ASSETS"
    exit 0
  fi
  say "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks one of ${needed[*]}: not used"
fi

# The machine's own platform, whatever the caller is cross-compiling for, and no
# workspace or vendoring of the caller's.
unset GOOS GOARCH
export GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0

version=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2; exit }' "$module/go.mod")
version=${version#v}
platform=$(go env GOHOSTOS GOHOSTARCH | paste -sd- -)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/keylease/controlplane
dir=$cache/$version-$platform

if holds "$dir"; then
  echo "$dir"
  exit 0
fi

mkdir -p "$cache"
# Two makes at once would both spend the minutes: the second waits for the first.
# Without flock both build, and the rename below lets either win.
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock"
  flock -n 9 || { say "another process is getting it, waiting" && flock 9; }
  if holds "$dir"; then
    echo "$dir"
    exit 0
  fi
fi

work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

limited() { # limited SECONDS COMMAND…: runs it quietly, for no longer than that
  if command -v timeout >/dev/null; then
    timeout "$@" 2>/dev/null
  else
    shift
    "$@" 2>/dev/null
  fi
}

# download fills $work from setup-envtest. The index is asked for first and
# briefly, so that a closed network costs seconds while a slow one may take its time.
download() {
  [[ ${KEYLEASE_CONTROLPLANE:-} != build ]] || return 1
  local tool line=${version%.*}.x found
  tool=$("$here/tool.sh" setup-envtest) || return 1
  limited 20 "$tool" list --bin-dir "$work/envtest" "$line" >"$work/list" || return 1
  grep -q available "$work/list" || return 1
  say "downloading the newest $line with setup-envtest"
  found=$(limited 300 "$tool" use --bin-dir "$work/envtest" --print path "$line") || return 1
  mkdir "$work/bin"
  cp "$found/kube-apiserver" "$found/etcd" "$work/bin/" || return 1
  [[ ! -x $found/kubectl ]] || cp "$found/kubectl" "$work/bin/"
  "$work/bin/kube-apiserver" --version >/dev/null && "$work/bin/etcd" --version >/dev/null
}

# compile PROGRAM PACKAGE: go build says nothing for minutes; -v names each package
# when it is done, and a count of them is a progress that people believe.
compile() {
  local program=$1 package=$2 start=$SECONDS
  (cd "$module" && go build -v -trimpath -ldflags "$ldflags" -o "$work/bin/$program" "$package") 2>&1 |
    awk -v p="$program" '
      /^go: downloading / { if (++d == 1) print "control plane: downloading modules"; fflush(); next }
      /^[^ #]+$/          { if (++n % 200 == 0) print "control plane: " p ", " n " packages compiled"; fflush(); next }
                          { print; fflush() }' >&2
  say "$program built in $((SECONDS - start)) s"
}

# build fills $work/bin from the module. A module build carries no version of its
# own: a server that says v0.0.0-master would be refused by clients that compare.
build() {
  local v=k8s.io/component-base/version
  ldflags="-s -w -X $v.gitVersion=v$version -X $v.gitMajor=${version%%.*}"
  ldflags+=" -X $v.gitMinor=$(cut -d. -f2 <<<"$version") -X $v.gitCommit= -X $v.gitTreeState=archive"
  mkdir -p "$work/bin"
  [[ -x $dir/etcd ]] || compile etcd go.etcd.io/etcd/server/v3
  if [[ ! -x $dir/kube-apiserver ]]; then
    say "building kube-apiserver $version: about 5 minutes the first time, then never again"
    compile kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
  fi
  if [[ $want == kubectl && ! -x $dir/kubectl ]]; then
    say "building kubectl $version: about a minute the first time"
    compile kubectl k8s.io/kubernetes/cmd/kubectl
  fi
}

# A cache that lacks only kubectl is completed; the rest isn't fetched again for it.
if [[ -x $dir/kube-apiserver && -x $dir/etcd ]] || ! download; then
  rm -rf "$work/bin"
  build
fi

# Moved by renames only, so that nobody ever runs half a program.
if [[ -d $dir ]]; then
  for file in "$work/bin"/*; do mv -f "$file" "$dir/"; done
else
  mv "$work/bin" "$dir"
fi
say "ready in $dir"
echo "$dir"
