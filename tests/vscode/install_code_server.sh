#!/usr/bin/env bash
# Installs what the tests of the VS Code extension run in, and prints the folder: VS Code as a server (code-server, from npm)
# in a cache folder; a Chromium and ripgrep (Debian's, where none are there). Does nothing where all are there already.
set -euo pipefail

version=4.100.3 # VS Code 1.100.3
cache=${FIRSTHAND_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/firsthand-tests}
target=$cache/code-server-$version
stamp=.complete

quiet_npm() { npm "$@" --no-audit --no-fund --loglevel=error >&2; }

use_own_node_headers() {
  # Without this, building the native modules would fetch node's headers from the network.
  local prefix
  prefix=$(node -p 'require("path").dirname(require("path").dirname(process.execPath))')
  if [[ -z ${npm_config_nodedir:-} && -f $prefix/include/node/node.h ]]; then export npm_config_nodedir=$prefix; fi
}

install_code_server() {
  local folder=$1 vscode=$1/node_modules/code-server/lib/vscode
  # Scripts stay off, because one of them downloads ripgrep; the three native modules that are needed are built by name.
  quiet_npm install --prefix "$folder" --ignore-scripts "code-server@$version"
  (cd "$folder" && quiet_npm rebuild argon2)
  (cd "$vscode" && quiet_npm install --omit=dev --ignore-scripts && quiet_npm rebuild @vscode/spdlog native-watchdog)
  (cd "$vscode/extensions" && quiet_npm install --omit=dev --ignore-scripts)
  # VS Code finds files with it.
  mkdir -p "$vscode/node_modules/@vscode/ripgrep/bin"
  ln -sf "$(command -v rg)" "$vscode/node_modules/@vscode/ripgrep/bin/rg"
}

ensure_code_server() {
  if [[ -f $target/$stamp ]]; then return; fi
  mkdir -p "$cache"
  local building
  building=$(mktemp -d "$cache/code-server-$version.XXXXXX")
  # shellcheck disable=SC2064 # the folder's name is known now and gone later
  trap "rm -rf '$building'" EXIT
  echo "Installing code-server $version (about 320 MB and a minute, once)…" >&2
  use_own_node_headers
  install_code_server "$building"
  touch "$building/$stamp"
  rm -rf "$target.old"
  if [[ -e $target && ! -f $target/$stamp ]]; then mv "$target" "$target.old"; fi
  # Another run may have finished first: its folder is as good.
  if [[ ! -e $target ]]; then mv -T "$building" "$target"; fi
  rm -rf "$target.old"
}

"$(dirname "$0")/../debian_packages.sh" chromium=chromium,chromium-browser,google-chrome,google-chrome-stable ripgrep=rg
ensure_code_server
echo "$target"
