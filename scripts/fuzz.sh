#!/usr/bin/env bash
# Builds the fuzzers and runs all of them, or the one named, FUZZ_SECONDS each (default 60).
# New inputs stay in build/fuzz-corpus/TARGET, crashes in build/fuzz-crashes.
#   --long [TARGET]  a run to be published: FUZZ_EXECUTIONS (default 10000000, in FUZZ_LIMIT seconds if that is set) from the
#                    committed seeds, noted in fuzz/figures.json, from which docs/fuzzing.md is written
#   --more [TARGET]  goes on from what the last --long has found, with another FUZZ_SEED, and is added to its figures
#   --keep [TARGET]  takes what the runs have found into fuzz/corpus: one small input for each edge, FUZZ_KEEP at most
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

seconds=${FUZZ_SECONDS:-60}
executions=${FUZZ_EXECUTIONS:-10000000}
limit=${FUZZ_LIMIT:-0} # seconds; none
seed=${FUZZ_SEED:-1}
keep=${FUZZ_KEEP:-20}
timeout=${FUZZ_TIMEOUT:-10} # seconds of wall time for one input: more where processes are stopped meanwhile
commit=$(git -C "$nacre_root" rev-parse --short=10 HEAD)
# The figures of the run before this one are no change of what is fuzzed.
git -C "$nacre_root" diff --quiet HEAD -- . ':!fuzz/figures.json' ':!docs/fuzzing.md' || commit+=-dirty
programs=$nacre_root/build/fuzz/fuzz
found=$nacre_root/build/fuzz-corpus

targets() { find "$programs" -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' 2>/dev/null | sed 's/^fuzz_//' | sort; }

# The longest input that the target takes, where libFuzzer would make longer ones.
longest() {
  local size
  size=$(sed -nE 's/^  if \(.*size > ([0-9]+)\) return 0;$/\1/p' "$nacre_root/fuzz/$1.cpp")
  say "$((${size:-4096} < 4096 ? size : 4096))"
}

# AddressSanitizer keeps less of what has been freed, more than one input frees, and no stacks: a replay tells those.
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=0:quarantine_size_mb=4:thread_local_quarantine_size_kb=64}

# fuzz NAME CORPUS OPTION...: the fuzzer NAME with the committed seeds besides CORPUS.
fuzz() {
  local name=$1 corpus=$2 seeds=$nacre_root/fuzz/corpus/$1
  shift 2
  mkdir -p "$corpus" "$nacre_root/build/fuzz-crashes"
  [ -d "$seeds" ] || seeds=
  # shellcheck disable=SC2086
  with_progress "fuzzing $name" "$nacre_root/build/fuzz-$name.log" "$programs/fuzz_$name" "$@" -timeout="$timeout" -rss_limit_mb=2048 \
    -max_len="$(longest "$name")" -dict="$nacre_root/fuzz/ssh.dict" -print_final_stats=1 -artifact_prefix="$nacre_root/build/fuzz-crashes/$name-" \
    "$corpus" $seeds
}

executed() { sed -n 's/^stat::number_of_executed_units: *//p' "$nacre_root/build/fuzz-$1.log"; }

failed() {
  say "fuzz $1: FAILED; the input is in build/fuzz-crashes, run build/fuzz/fuzz/fuzz_$1 INPUT"
  return 1
}

run_target() {
  fuzz "$1" "$found/$1" -max_total_time="$seconds" || failed "$1" || return 1
  say "fuzz $1: $(executed "$1") inputs in $seconds s, nothing found"
}

run_long() {
  rm -rf "$nacre_root/build/fuzz-long/$1"
  run_noted "$1" --record
}

run_more() {
  [ "$seed" != 1 ] || fail "the seed 1 was that of --long; another: FUZZ_SEED"
  run_noted "$1" --add
}

run_noted() {
  local fresh=$nacre_root/build/fuzz-long/$1
  fuzz "$1" "$fresh" -runs="$executions" -max_total_time="$limit" -seed="$seed" -entropic=0 || failed "$1" || return 1
  python3 -B "$nacre_root/scripts/fuzz_page.py" "$2" "$1" "$nacre_root/build/fuzz-$1.log" "$seed" "$commit"
  say "fuzz $1: $(executed "$1") inputs, nothing found"
  cp -n "$fresh"/* "$found/$1/" 2>/dev/null || { mkdir -p "$found/$1" && cp "$fresh"/* "$found/$1/"; }
}

# The smallest inputs that reach what no other does.
keep_inputs() {
  local name=$1 merged=$nacre_root/build/fuzz-merged/$1 seeds=$nacre_root/fuzz/corpus/$1 input
  [ -d "$found/$name" ] || return 0
  rm -rf "$merged"
  mkdir -p "$merged" "$seeds"
  "$programs/fuzz_$name" -set_cover_merge=1 -timeout="$timeout" "$merged" "$seeds" "$found/$name" >"$nacre_root/build/fuzz-$name.log" 2>&1
  while IFS= read -r input; do
    [ -e "$seeds/$(basename "$input")" ] || cp "$input" "$seeds/"
  done < <(find "$merged" -type f -size -3k -printf '%s %p\n' | sort -n | head -n "$keep" | cut -d' ' -f2-)
  say "fuzz $name: $(find "$seeds" -type f | wc -l) seeds"
}

main() {
  local name passed=0 failed=0 wanted work=run_target
  case ${1:-} in
    --long) work=run_long && shift ;;
    --more) work=run_more && shift ;;
    --keep) work=keep_inputs && shift ;;
  esac
  build_fuzzers
  wanted=${1:-$(targets)}
  for name in $wanted; do
    [ -x "$programs/fuzz_$name" ] || fail "there is no fuzz target '$name'; there are: $(targets | paste -sd' ')"
    if "$work" "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  say "$passed passed, $failed failed" | tee "$nacre_root/build/fuzz-count.txt"
  [ "$failed" = 0 ]
}

main "$@"
