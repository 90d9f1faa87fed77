# shellcheck shell=bash
# Setup and builds: what every command stands on. Sourced after lib.sh, never run.

# ---- Setup ----

listed_packages() { awk '!/^#/ && NF { print $1 }' "$nacre_root/scripts/packages.txt"; }

# Packages of the list that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" { print $1 }')
  listed_packages | grep -vxF -e "$installed" || true
}

install_packages() {
  local missing
  if ! command -v dpkg-query >/dev/null; then
    note "not a Debian system: what scripts/packages.txt lists must be there already"
    return 0
  fi
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  note "installing $(paste -sd' ' <<<"$missing")"
  as_root true # asks for a password before anything is hidden
  with_progress "reading Debian's package lists" "$nacre_cache/apt-update.log" as_root apt-get -q update
  # shellcheck disable=SC2086
  with_progress "installing packages" "$nacre_cache/apt-install.log" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
}

# What setup finds or makes is known to everything run after it.
setup() {
  local own
  install_packages
  own=$("$nacre_root/scripts/botan.sh")
  [ -z "$own" ] || export PKG_CONFIG_PATH=$own${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
}

# ---- Builds ----

# configure NAME OPTION...: build/NAME with these options; nothing to do when it has them.
configure() {
  local folder=$nacre_root/build/$1 stamp
  shift
  stamp="CXX=${CXX:-g++} CXXFLAGS=${CXXFLAGS:-} PKG_CONFIG_PATH=${PKG_CONFIG_PATH:-} $*"
  [ ! -e "$folder/build.ninja" ] || [ "$(cat "$folder/options.txt" 2>/dev/null)" != "$stamp" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  CXX=${CXX:-g++} meson setup "$folder" "$nacre_root" "$@" >"$folder/setup.log" 2>&1 || {
    tail -n 25 "$folder/setup.log" >&2
    rm -f "$folder/build.ninja"
    fail "meson cannot configure $folder"
  }
  say "$stamp" >"$folder/options.txt"
}

compiled_for=0 # seconds, of all builds of this command

# compile NAME [TARGET]...: quiet when nothing is to be done; on a terminal ninja's own line tells the progress.
compile() {
  local name=$1 folder=$nacre_root/build/$1 code=0 start=$SECONDS
  shift
  [ "$(ninja -C "$folder" -n "$@" 2>/dev/null | tail -n 1)" != "ninja: no work to do." ] || return 0
  # First what meson has to say when a meson.build has changed, so that it is shown only when it fails.
  if ! ninja -C "$folder" build.ninja >"$folder/setup.log" 2>&1; then
    tail -n 25 "$folder/setup.log" >&2
    fail "meson cannot configure build/$name"
  fi
  if [ -t 1 ]; then ninja -C "$folder" "$@" || code=$?; else
    note "compiling build/$name ..."
    ninja -C "$folder" --quiet "$@" >"$folder/compile.log" 2>&1 || code=$?
    sed "/^ninja: no work to do/d" "$folder/compile.log"
  fi
  [ "$code" = 0 ] || fail "build/$name does not compile"
  note "build/$name is compiled ($((SECONDS - start)) s)"
  compiled_for=$((compiled_for + SECONDS - start))
}

# Eight files at a time as one, where all is compiled from nothing: most of the compiler's work is headers and what becomes of
# their templates. So no two files of a folder may give one name to two things, even in their unnamed namespaces.
unity() { say -Dunity=on -Dunity_size=8; }
werror() { [ -z "${NACRE_WERROR:-}" ] || say -Dwerror=true; }

configure_release() {
  # shellcheck disable=SC2046
  configure release -Dfuzz=true -Dbench=true ${NACRE_FROM_NOTHING:+$(unity)} $(werror)
}

# build_release [TARGET]...: all of it, or these parts of it.
build_release() {
  configure_release
  compile release "$@"
}

# Lines in reports need no more than -g1.
build_sanitized() {
  # shellcheck disable=SC2046
  configure sanitize -Dbuildtype=debugoptimized -Doptimization=1 -Db_ndebug=false -Db_sanitize=address,undefined \
    -Dcpp_args=-g1 $(unity) $(werror)
  compile sanitize
}

# Clang 14 cannot compile Asio's coroutines with this libstdc++, so the fuzzers stop below flow/.
# Undefined behaviour ends the program by a trap: code that writes a report first takes half as much time again. Comparisons
# are not traced: most of them are the sanitizers' own, and no more edges were found with them.
build_fuzzers() {
  CXX=${FUZZ_CXX:-clang++} configure fuzz -Dbuildtype=debugoptimized -Db_ndebug=false -Db_sanitize=address,undefined \
    -Db_lundef=false -Dfuzz=true -Dflow=false -Dtools=false -Dtests=false \
    -Dcpp_args='-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp -fsanitize-trap=undefined'
  compile fuzz
}

# ---- Sources ----

# Every C++ file, each ended by a zero byte.
sources() {
  (cd "$nacre_root" && find crypto engine flow tools tests fuzz bench scripts -name '*.[ch]pp' -print0 | sort -z)
}
