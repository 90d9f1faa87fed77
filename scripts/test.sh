#!/usr/bin/env bash
# All tests, against real OpenSSH too, then those that need no network again under ASan and UBSan.
# Called by ./dev test, which has run setup. With names: only those tests of the release build.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

# run_tests NAME ARGUMENT...: meson's tests of build/NAME; notes how they ended for the sum.
run_tests() {
  local folder=$nacre_root/build/$1 code=0
  shift
  rm -f "$folder/meson-logs/testlog.junit.xml"
  meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || code=$?
  results+=("$folder/meson-logs/testlog.junit.xml" "$code")
}

# interop NAME ARGUMENT...: the programs of build/NAME against OpenSSH; where there are no such programs yet, it says so.
interop() {
  local folder=$nacre_root/build/$1 log=$nacre_root/build/$1/interop.txt code=0
  shift
  if [ ! -x "$folder/tools/nacre-ssh" ] || [ ! -e "$nacre_root/tests/interop/run.py" ]; then
    note "no tests against OpenSSH: $folder/tools/nacre-ssh is not there"
    return 0
  fi
  python3 -B "$nacre_root/tests/interop/run.py" --build "$folder" "$@" | tee "$log" || code=${PIPESTATUS[0]}
  results+=("$log" "$code")
}

peers_used() {
  local line
  say "Peers:"
  while IFS= read -r line; do say "  $line"; done <<<"$1"
}

find_peers() {
  local line
  peers=$("$nacre_root/scripts/openssh.sh")
  while IFS= read -r line; do export "${line?}"; done < <("$nacre_root/scripts/openssh.sh" --env)
  line=$("$nacre_root/scripts/ssh_audit.sh" --env)
  export "${line?}"
}

run_all() {
  run_tests release --no-suite interop
  interop release
  build_sanitized
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
  run_tests sanitize --timeout-multiplier 6 --no-suite structure --no-suite interop
  interop sanitize --quick
}

main() {
  local peers results=()
  [ "${1:-}" != -h ] || { say "usage: ./dev test [NAME or option of meson test]..."; return; }
  build_release
  find_peers
  if [ $# != 0 ]; then run_tests release "$@"; else run_all; fi
  peers_used "$peers"
  say "Time: $((SECONDS - compiled_for)) s, besides $compiled_for s of the compiler"
  python3 -B "$nacre_root/scripts/count.py" "${results[@]}" | tee "$nacre_root/build/test-count.txt"
  exit "${PIPESTATUS[0]}"
}

main "$@"
