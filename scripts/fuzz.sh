#!/usr/bin/env bash
# Builds the fuzzers and runs all of them, or the one named, FUZZ_SECONDS each (default 60).
# New inputs stay in build/fuzz-corpus/TARGET, crashes in build/fuzz-crashes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

seconds=${FUZZ_SECONDS:-60}
programs=$nacre_root/build/fuzz/fuzz

targets() { find "$programs" -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' 2>/dev/null | sed 's/^fuzz_//' | sort; }

run_target() {
  local name=$1 corpus=$nacre_root/build/fuzz-corpus/$1 seeds=$nacre_root/fuzz/corpus/$1 log=$nacre_root/build/fuzz-$1.log
  mkdir -p "$corpus" "$nacre_root/build/fuzz-crashes"
  [ -d "$seeds" ] || seeds=
  # shellcheck disable=SC2086
  if with_progress "fuzzing $name" "$log" "$programs/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$nacre_root/build/fuzz-crashes/$name-" "$corpus" $seeds; then
    say "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, nothing found"
  else
    say "fuzz $name: FAILED; the input is in build/fuzz-crashes, run build/fuzz/fuzz/fuzz_$name INPUT"
    return 1
  fi
}

main() {
  local name passed=0 failed=0 wanted
  build_fuzzers
  wanted=${1:-$(targets)}
  for name in $wanted; do
    [ -x "$programs/fuzz_$name" ] || fail "there is no fuzz target '$name'; there are: $(targets | paste -sd' ')"
    if run_target "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  say "$passed passed, $failed failed" | tee "$nacre_root/build/fuzz-count.txt"
  [ "$failed" = 0 ]
}

main "$@"
