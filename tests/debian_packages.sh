#!/usr/bin/env bash
# Makes sure of programs that come with Debian: each argument is PACKAGE=COMMAND[,COMMAND…], and any of the commands will do.
# As root on Debian what is missing is installed; elsewhere it is named.
set -euo pipefail

missing=()
for wanted in "$@"; do
  found=
  IFS=, read -ra commands <<<"${wanted#*=}"
  for name in "${commands[@]}"; do
    if command -v "$name" >/dev/null; then found=yes; fi
  done
  if [[ -z $found ]]; then missing+=("${wanted%%=*}"); fi
done
if [[ ${#missing[@]} -eq 0 ]]; then exit; fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "The tests need ${missing[*]} (Debian's names): install what is missing and run this again." >&2
  exit 1
fi
echo "Installing ${missing[*]} (once)…" >&2
# Another process may be installing something too.
apt-get update -qq -o DPkg::Lock::Timeout=300 >&2
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >&2
