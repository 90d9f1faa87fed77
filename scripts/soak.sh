#!/usr/bin/env bash
# What takes minutes: the long forms of what ./dev test runs short, and the tests under other instruments. Each part is a
# function part_NAME below, and prints its figures in lines that hold ' cases: ', and last how long it took or what came out.
# With names: only those parts.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

part_states() { long_form exhaustive/state_tests; }
part_damage() { long_form exhaustive/damage_tests; }
part_sim() {
  build_release tests/sim/nacre-sim
  "$nacre_root/build/release/tests/sim/nacre-sim" --count 100000
}

# An hour, or SOAK_SECONDS.
part_fire() {
  local start
  build_release tools/nacre-ssh tools/nacre-sshd tools/nacre-keygen tests/fire/nacre-crowd
  start=$SECONDS
  python3 -B "$nacre_root/tests/fire/soak.py" --build "$nacre_root/build/release" --seconds "${SOAK_SECONDS:-3600}" || return
  say "tests/fire/soak.py: $((SECONDS - start)) s"
}

# The flow tests, threads_test.cpp among them, under ThreadSanitizer, with nothing suppressed. It does not know the fences of
# Asio, which stand beside locks: hence -Wno-tsan.
part_tsan() {
  # shellcheck disable=SC2046
  configure tsan -Dbuildtype=debugoptimized -Doptimization=1 -Db_ndebug=false -Db_sanitize=thread -Dtools=false \
    -Dinterop=false -Dcpp_args=-Wno-tsan $(unity)
  compile tsan tests/flow/flow_tests
  TSAN_OPTIONS=halt_on_error=1 "$nacre_root/build/tsan/tests/flow/flow_tests" --gtest_brief=1
}

# The tests of engine/ and crypto/ as the other compiler makes them. Without flow: clang 14 cannot read the coroutines of
# Debian 12's standard library.
part_clang() {
  local program programs=(tests/engine/engine_tests tests/trust/trust_tests tests/crypto/crypto_tests tests/attacks/attacks)
  # shellcheck disable=SC2046
  CXX=clang++ configure clang -Dflow=false -Dtools=false -Dinterop=false -Dbuildtype=debug -Doptimization=1 -Db_ndebug=false \
    $(unity)
  compile clang "${programs[@]}"
  for program in "${programs[@]}"; do
    say "$program"
    "$nacre_root/build/clang/$program" --gtest_brief=1 || return
  done
}

# Which lines and branches of engine/ and crypto/ the tests of these two floors never reach; branches that an exception
# would take are left out. docs/testing.md says why those are there.
part_coverage() {
  local folder=$nacre_root/build/coverage
  # shellcheck disable=SC2046
  configure coverage -Dbuildtype=plain -Doptimization=0 -Ddebug=true -Db_ndebug=true -Db_coverage=true -Dflow=false \
    -Dtools=false -Dinterop=false $(unity)
  compile coverage
  find "$folder" -name '*.gcda' -delete
  meson test -C "$folder" --no-rebuild --timeout-multiplier 6 --no-suite structure --no-suite secrets
  gcovr -r "$nacre_root" --object-directory "$folder" --exclude-throw-branches --exclude-unreachable-branches \
    -f 'engine/' -f 'crypto/' --json-summary-pretty --json-summary "$folder/summary.json" --json "$folder/lines.json"
  python3 -B "$nacre_root/scripts/coverage.py" "$folder/lines.json" "$nacre_root"
}

# The engine and the parsers with a size_t of 32 bits, over the seeds of the fuzzers: without Botan, whose ciphers and keys
# `framing`, `keys`, `opener` and `trust` need.
# A kernel that runs no such programs has qemu run them.
part_m32() {
  local probe=$nacre_root/build/m32-probe cross=$nacre_root/build/m32.ini how=()
  mkdir -p "$nacre_root/build"
  g++ -m32 -x c++ -o "$probe" - <<<'int main() {}' || fail "g++ has no 32-bit libraries (Debian: g++-multilib)"
  if ! "$probe" 2>/dev/null; then
    command -v qemu-i386 >/dev/null || fail "this kernel runs no 32-bit programs, and there is no qemu-i386 (Debian: qemu-user)"
    printf '%s\n' '[binaries]' "cpp = ['g++', '-m32']" "exe_wrapper = 'qemu-i386'" '[properties]' 'needs_exe_wrapper = true' \
      '[host_machine]' "system = 'linux'" "cpu_family = 'x86'" "cpu = 'i686'" "endian = 'little'" >"$cross"
    how=(--cross-file "$cross")
  fi
  CXX="g++ -m32" configure m32 "${how[@]}" -Dbotan=disabled -Dflow=false -Dtools=false -Dtests=false -Dfuzz=true \
    -Dbuildtype=debugoptimized -Doptimization=1 -Db_ndebug=false
  compile m32
  meson test -C "$nacre_root/build/m32" --no-rebuild
}

# Faults planted in a copy of the tree: MUTANTS of them (80) from MUTATION_SEED (1), and which the quick tests do not find.
part_mutation() {
  local tree=$nacre_root/build/mutation
  mkdir -p "$tree"
  (cd "$nacre_root" && tar -cf - --exclude=./build --exclude=./.git .) | tar -xf - -C "$tree"
  NACRE_FROM_NOTHING=1 nacre_root=$tree configure_release
  nacre_root=$tree compile release tests/{attacks/attacks,sim/nacre-sim,trust/trust_tests,crypto/crypto_tests} \
    tests/exhaustive/{state,damage}_tests tests/engine/{engine,engine_memory}_tests tests/faults/fault_tests tests/secrets/heap_tests
  python3 -B "$nacre_root/scripts/mutation.py" "$tree" "$tree/build/release" "${MUTANTS:-80}" "${MUTATION_SEED:-1}"
}

# long_form PROGRAM: a program of the release build's tests, in its long form, and how long it took.
long_form() {
  local start
  build_release "tests/$1"
  start=$SECONDS
  NACRE_LONG=1 "$nacre_root/build/release/tests/$1" || return
  say "tests/$1: $((SECONDS - start)) s"
}

parts() { declare -F | sed -n 's/^declare -f part_//p'; }

run_part() {
  local name=$1 log=$nacre_root/build/soak-$1.log code=0
  with_progress "soak: $name" "$log" "part_$name" || code=$?
  awk '{ for (i = 2; i <= NF; ++i) if ($i == "cases:") { sum += $(i - 1); print } } END { print sum + 0, "cases in all" }' "$log"
  if [ "$code" = 0 ]; then say "soak $name: passed; $(tail -n 1 "$log")"; else say "soak $name: FAILED, see $log"; fi
  return "$code"
}

main() {
  local name names=("$@") passed=0 failed=0
  [ "${1:-}" != -h ] || { say "usage: ./dev soak [PART]...   parts: $(parts | paste -sd' ')"; return; }
  [ $# != 0 ] || mapfile -t names < <(parts)
  for name in "${names[@]}"; do
    declare -F "part_$name" >/dev/null || fail "there is no part '$name'; there are: $(parts | paste -sd' ')"
  done
  for name in "${names[@]}"; do
    if run_part "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  say "$passed passed, $failed failed" | tee "$nacre_root/build/soak-count.txt"
  [ "$failed" = 0 ]
}

main "$@"
