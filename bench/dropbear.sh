#!/usr/bin/env bash
# Dropbear of this system's Debian, to be measured beside: the installed one, else unpacked into the cache and not installed.
# Prints the folder it stands in; nothing where it cannot be had.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

folder=$nacre_cache/peers/dropbear

unpack() {
  local work=$folder.work file
  rm -rf "$work"
  mkdir -p "$work/debs" "$work/tree"
  (cd "$work/debs" && apt-get -q download dropbear-bin libtomcrypt1 libtommath1) || return 1
  for file in "$work"/debs/*.deb; do dpkg -x "$file" "$work/tree" || return 1; done
  mv "$work/tree" "$folder"
  rm -rf "$work"
}

if command -v dropbear >/dev/null && command -v dbclient >/dev/null && command -v dropbearconvert >/dev/null; then
  say /
elif [ -d "$folder" ]; then
  say "$folder"
elif command -v apt-get >/dev/null && [ -z "$(find "$folder.log" -mtime -1 2>/dev/null)" ]; then
  mkdir -p "$(dirname "$folder")"
  if unpack >"$folder.log" 2>&1; then say "$folder"; else note "Dropbear cannot be had here; see $folder.log"; fi
fi
