#!/usr/bin/env bash
# Finds Botan 3 or builds it: prints the value of PKG_CONFIG_PATH that makes pkg-config find it (empty: the system has it).
# The build is static, minimized, and kept in a cache outside the tree. Versions and modules: scripts/botan-modules.txt.
#   scripts/botan.sh               find or build
#   scripts/botan.sh --providers   print which implementations the library uses on this processor
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

modules_file=$nacre_root/scripts/botan-modules.txt
minimum=$(sed -n 's/^!minimum //p' "$modules_file")
suites=$(sed -n 's/^!suites //p' "$modules_file")
configure_options=(--minimized-build --disable-shared-library --build-targets=static --without-documentation
  --no-install-python-module --without-compilation-database)

system_has_botan() { [ -z "${NACRE_OWN_BOTAN:-}" ] && pkg-config --atleast-version="$minimum" botan-3 2>/dev/null; }

# A cached build is one folder, named by its version and by all that shaped it.
recipe() {
  {
    awk '!/^#/ && !/^!/ && NF { print $1 }' "$modules_file"
    printf '%s\n' "${configure_options[@]}"
    ${CXX:-g++} -dumpfullversion -dumpmachine
  } | sha256sum | cut -c1-12
}

pkg_config_path() { say "$1/lib/pkgconfig"; }

cached() {
  local folder
  folder=$(find "$nacre_cache" -mindepth 1 -maxdepth 1 -type d -name "botan-*-$(recipe)" 2>/dev/null | sort -V | tail -n 1)
  [ -n "$folder" ] && [ -e "$folder/lib/pkgconfig/botan-3.pc" ] && say "$folder"
}

# Leaves the newest source that can be had in $1/source and prints its version.
fetch_source() {
  local work=$1 suite archive
  for suite in $suites; do
    apt_suite "$work/$suite" deb-src "$suite" || { note "Debian's suite $suite cannot be read; trying the next"; continue; }
    mkdir -p "$work/$suite/download"
    (cd "$work/$suite/download" && apt_beside "$work/$suite" apt-get source --tar-only --download-only botan3) \
      >"$work/$suite/source.log" 2>&1 || { note "Debian's suite $suite gave no source of botan3; trying the next"; continue; }
    archive=$(find "$work/$suite/download" -name 'botan3_*.orig.tar.*' | head -n 1)
    [ -n "$archive" ] || continue
    mkdir -p "$work/source"
    tar -xf "$archive" -C "$work/source" --strip-components=1
    version_of "$work/source"
    return
  done
  fail "no source of Botan >= $minimum in Debian's suites: $suites (is the network reachable? see $work/*/*.log)"
}

version_of() {
  sed -nE 's/^release_(major|minor|patch) *= *([0-9]+).*/\2/p' "$1/src/build-data/version.txt" | paste -sd.
}

# The names to enable, joined by commas; fails for a required one that this version lacks.
chosen_modules() {
  local source=$1 known name missing='' chosen=''
  known=" $(cd "$source" && python3 ./configure.py --list-modules 2>/dev/null | tr '\n' ' ') "
  while read -r name _; do
    case $name in '' | '#'* | '!'*) continue ;; esac
    if [[ $known == *" ${name#\?} "* ]]; then chosen+=,${name#\?}; elif [[ $name != \?* ]]; then missing+=" $name"; fi
  done <"$modules_file"
  [ -z "$missing" ] || fail "this version of Botan lacks modules that nacre needs:$missing"
  say "${chosen#,}"
}

build() {
  local work=$nacre_cache/botan-work version modules target
  command -v apt-get >/dev/null || fail "there is no botan-3 >= $minimum for pkg-config, and no apt to take its source from"
  rm -rf "$work"
  mkdir -p "$work"
  version=$(fetch_source "$work")
  modules=$(chosen_modules "$work/source")
  target=$nacre_cache/botan-$version-$(recipe)
  (cd "$work/source" && python3 ./configure.py --prefix="$target" --cc-bin="${CXX:-g++}" "${configure_options[@]}" \
    --enable-modules="$modules") >"$work/configure.log" 2>&1 || { tail "$work/configure.log" >&2; fail "Botan's configure.py failed"; }
  with_progress "building Botan $version (once, some minutes)" "$nacre_cache/botan-build.log" \
    make -C "$work/source" -j"$(nproc)"
  make -C "$work/source" install DESTDIR="$work/stage" >>"$nacre_cache/botan-build.log" 2>&1
  rm -rf "$target"
  mv "$work/stage$target" "$target"
  check_providers "$target" >"$target/providers.txt" || { cat "$target/providers.txt" >&2; rm -rf "$target"; exit 1; }
  cat "$target/providers.txt" >&2
  rm -rf "$work"
  say "$target"
}

# Prints what runs on this processor, and fails when an instruction set that it has goes unused.
check_providers() {
  local folder=$1 probe code=0
  probe=$(mktemp -d)
  # shellcheck disable=SC2046
  ${CXX:-g++} -std=c++20 -O1 -o "$probe/providers" "$nacre_root/scripts/botan-providers.cpp" \
    $(PKG_CONFIG_PATH=${folder:+$folder/lib/pkgconfig:}${PKG_CONFIG_PATH:-} pkg-config --static --cflags --libs botan-3)
  "$probe/providers" || code=1
  rm -rf "$probe"
  return $code
}

main() {
  local folder
  if system_has_botan; then
    if [ "${1:-}" = --providers ]; then check_providers ""; else say ""; fi
    return
  fi
  mkdir -p "$nacre_cache"
  exec 9>"$nacre_cache/botan.lock"
  flock 9
  folder=$(cached) || folder=$(build)
  if [ "${1:-}" = --providers ]; then cat "$folder/providers.txt"; else pkg_config_path "$folder"; fi
}

main "$@"
