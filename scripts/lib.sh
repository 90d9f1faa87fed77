# shellcheck shell=bash
# Shell functions that the other scripts share: messages, the cache, a progress line, packages from other suites.
# Sourced, never run. Callers set `set -euo pipefail` themselves.

nacre_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nacre_cache=${NACRE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/nacre}

say() { printf '%s\n' "$*"; }
note() { printf 'nacre: %s\n' "$*" >&2; }
fail() {
  printf 'nacre: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    fail "this needs root, and there is no sudo: $*"
  fi
}

# with_progress TEXT LOG COMMAND...: runs COMMAND with its output in LOG; on a terminal one line tells the time and the
# last line of LOG. Shows the end of LOG when COMMAND fails, and returns its exit code.
with_progress() {
  local text=$1 log=$2 pid code=0 start=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  if [ -t 2 ]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K%s  %ds  %.60s' "$text" $((SECONDS - start)) "$(tail -n 1 "$log" | tr -cd '[:print:]')" >&2
      sleep 0.5
    done
    printf '\r\033[K' >&2
  else
    note "$text ..."
  fi
  wait "$pid" || code=$?
  if [ "$code" != 0 ]; then
    tail -n 40 "$log" >&2
    note "$text failed (exit code $code); the whole log: $log"
  fi
  return "$code"
}

# ---- Packages of another suite, beside the system's apt and without touching it ----------------------------------

# One line: where this machine takes Debian's main archive from.
apt_mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
    awk -F'|' '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

# The keyring that this machine's configuration names for that archive; empty when it leaves it to apt's trusted keys.
apt_keyring() {
  local entry keyring=
  entry=$(apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(SOURCESENTRY)' 'Created-By: Packages' 'Component: main' |
    awk -F'|' '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
  entry=${entry%:*}
  if [ -r "$entry" ]; then
    keyring=$(sed -nE 's/^Signed-By:[[:space:]]*(\/[^[:space:]]+).*/\1/p; s/.*\[.*signed-by=(\/[^] ]+).*/\1/p' "$entry" |
      head -n 1)
  fi
  if [ -z "$keyring" ] && [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  fi
  say "$keyring"
}

# apt_beside DIR COMMAND...: apt with the sources list DIR/sources.list and with all of its state in DIR.
apt_beside() {
  local dir=$1 tool=$2
  shift 2
  "$tool" -q -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Retries=3 "$@"
}

# apt_suite DIR TYPE SUITE: prepares DIR for apt_beside with one suite; TYPE is deb or deb-src. Signatures are checked by apt.
apt_suite() {
  local dir=$1 type=$2 suite=$3 mirror keyring options=
  mirror=$(apt_mirror)
  if [ -z "$mirror" ]; then # its lists were never read, as in a fresh container
    with_progress "reading Debian's package lists" "$nacre_cache/apt-update.log" as_root apt-get -q update || return 1
    mirror=$(apt_mirror)
  fi
  [ -n "$mirror" ] || { note "apt's configuration names no archive of Debian"; return 1; }
  keyring=$(apt_keyring)
  [ -z "$keyring" ] || options="[signed-by=$keyring] "
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  say "$type $options$mirror $suite main" >"$dir/sources.list"
  apt_beside "$dir" apt-get update -o APT::Update::Error-Mode=any >"$dir/update.log" 2>&1
}
