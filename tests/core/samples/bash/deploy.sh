#!/usr/bin/env bash
set -euo pipefail

source ./lib/common.sh

REGION=${REGION:-eu-west-1}

# Builds the image and pushes it to the registry.
build_image() {
  local tag=$1
  docker build --tag "$REGISTRY/app:$tag" .
  docker push "$REGISTRY/app:$tag"
}

function roll_out {
  local tag=$1
  kubectl set image deployment/app "app=$REGISTRY/app:$tag"
  kubectl rollout status deployment/app --timeout=120s || roll_back "$tag"
}

tag=$(git rev-parse --short HEAD)
build_image "$tag"
roll_out "$tag"
log "deployed $tag to $REGION"
