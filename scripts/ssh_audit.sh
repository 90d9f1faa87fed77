#!/usr/bin/env bash
# ssh-audit for the tests: the one of Debian 13, since older ones know neither ML-KEM nor strict key exchange. Unpacked
# into the cache, never installed. Prints its folder, or - where it cannot be had; with --env as NACRE_SSH_AUDIT_DIR=...
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=trixie
folder=$nacre_cache/ssh-audit
missing=$folder.missing

fetch() {
  rm -rf "$folder.work"
  mkdir -p "$folder.work/debs"
  apt_suite "$folder.work/apt" deb $suite || return 1
  (cd "$folder.work/debs" && apt_beside "$folder.work/apt" apt-get download ssh-audit) || return 1
  dpkg -x "$folder.work"/debs/ssh-audit_*.deb "$folder.work/tree" || return 1
  mv "$folder.work/tree" "$folder"
  rm -rf "$folder.work"
}

main() {
  mkdir -p "$nacre_cache"
  exec 8>"$folder.lock"
  flock 8
  # One that could not be had is asked for again only after a day.
  if [ ! -d "$folder" ] && [ -z "$(find "$missing" -mtime -1 2>/dev/null)" ]; then
    note "fetching ssh-audit for the tests"
    if fetch >"$folder.log" 2>&1; then rm -f "$missing"; else
      note "ssh-audit cannot be had here (see $folder.log); its tests will be skipped"
      touch "$missing"
    fi
  fi
  [ -d "$folder" ] || folder=-
  if [ "${1:-}" = --env ]; then say "NACRE_SSH_AUDIT_DIR=$folder"; else say "$folder"; fi
}

main "$@"
