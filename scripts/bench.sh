#!/usr/bin/env bash
# Builds the benchmarks with the release options and runs them; arguments go to the program.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

configure_release
compile release bench/nacre-bench
exec "$nacre_root/build/release/bench/nacre-bench" "$@"
