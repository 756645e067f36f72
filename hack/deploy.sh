#!/usr/bin/env bash
# make deploy: config/default with the image IMG, onto the current context of kubectl.
# The image is set in an overlay below bin/, so that deploying changes no file of the
# checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

: "${IMG:?the image to deploy, such as ghcr.io/keylease/keylease:v1.0.0}"
case $IMG in
*@*) image="newName: \"${IMG%%@*}\", digest: \"${IMG#*@}\"" ;;
*)
  # A colon before the last slash is that of a registry's port.
  path=${IMG##*/}
  if [[ $path == *:* ]]; then name=${IMG%:*} tag=${IMG##*:}; else name=$IMG tag=latest; fi
  image="newName: \"$name\", newTag: \"$tag\""
  ;;
esac
mkdir -p bin/deploy
cat >bin/deploy/kustomization.yaml <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../config/default]
images: [{name: ghcr.io/keylease/keylease, $image}]
YAML
"$(hack/tool.sh kustomize)" build bin/deploy | kubectl apply --server-side -f -
