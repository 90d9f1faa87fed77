#!/usr/bin/env bash
# The real peers of the tests: OpenSSH of this system, and OpenSSH 10. Unpacked into the cache, never installed, so that
# no server is started and nothing of the system changes. Prints one line for each: NAME FOLDER VERSION.
# FOLDER holds usr/bin/ssh, usr/sbin/sshd, usr/lib/openssh/sftp-server; it is - for a peer that cannot be had here.
#   scripts/openssh.sh          find or fetch
#   scripts/openssh.sh --env    the same as NACRE_OPENSSH_..._DIR=FOLDER lines for the shell
# OpenSSH 10's sshd needs SshdSessionPath=FOLDER/usr/lib/openssh/sshd-session and SshdAuthPath=FOLDER/.../sshd-auth.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(openssh-client openssh-server openssh-sftp-server)
peers=$nacre_cache/peers

# unpack NAME FETCH...: runs FETCH in an empty folder that it fills with packages, and unpacks them as peers/NAME.
unpack() {
  local name=$1 work=$peers/$1.work file
  shift
  rm -rf "$work"
  mkdir -p "$work/debs" "$work/tree"
  (cd "$work/debs" && "$@") >"$peers/$name.log" 2>&1 || return 1
  for file in "$work"/debs/*.deb; do dpkg -x "$file" "$work/tree" >>"$peers/$name.log" 2>&1 || return 1; done
  runs "$work/tree" || { note "OpenSSH in $work/tree does not run here; see $peers/$name.log"; return 1; }
  rm -rf "${peers:?}/$name"
  mv "$work/tree" "$peers/$name"
  rm -rf "$work"
}

# Whether client and server start at all; says which library is missing when they do not.
runs() {
  "$1/usr/bin/ssh" -V >/dev/null 2>&1 || return 1
  ! ldd "$1/usr/sbin/sshd" | grep 'not found' >&2
}

version() { "$1/usr/bin/ssh" -V 2>&1 | sed -E 's/^(OpenSSH_[^ ,]+).*/\1/'; }

fetch_system() { apt-get -q download "${packages[@]}"; }

fetch_backport() {
  local codename
  codename=$(. /etc/os-release && say "${VERSION_CODENAME:-}")
  apt_suite "$peers/backports" deb "$codename-backports" || return 1
  apt_beside "$peers/backports" apt-get download "${packages[@]/%//$codename-backports}"
}

# A folder that is there is used; one that could not be had is asked for again only after a day.
peer() {
  local name=$1 fetch=$2 missing=$peers/$1.missing
  if [ ! -d "$peers/$name" ] && [ -z "$(find "$missing" -mtime -1 2>/dev/null)" ]; then
    note "fetching OpenSSH for the tests: $name"
    if unpack "$name" "$fetch"; then rm -f "$missing"; else
      note "peer $name cannot be had here (see $peers/$name.log); its tests will be skipped"
      touch "$missing"
    fi
  fi
  [ -d "$peers/$name" ] && say "$peers/$name"
}

system_peer() {
  if [ -x /usr/sbin/sshd ] && [ -x /usr/lib/openssh/sftp-server ]; then say /; else peer system fetch_system; fi
}

# As root, sshd wants an account and a folder for the part of it that faces the network. Debian's package makes the same.
privilege_separation() {
  [ "$(id -u)" = 0 ] || return 0
  getent passwd sshd >/dev/null ||
    useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
  [ -d /run/sshd ] || mkdir -m 0755 /run/sshd
}

print_peer() {
  local name=$1 folder=$2
  if [ "$mode" = --env ]; then
    say "NACRE_OPENSSH_${name^^}_DIR=${folder}"
  elif [ -n "$folder" ]; then
    say "openssh-$name $folder $(version "$folder")"
  else
    say "openssh-$name - not available here"
  fi
}

main() {
  local system ten
  mode=${1:-}
  mkdir -p "$peers"
  exec 8>"$peers/lock"
  flock 8
  privilege_separation
  system=$(system_peer) || system=
  ten=$(peer 10 fetch_backport) || ten=
  print_peer system "$system"
  print_peer 10 "$ten"
}

main "$@"
