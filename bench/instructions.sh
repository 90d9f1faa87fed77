#!/usr/bin/env bash
# Instructions of our own code, counted under valgrind and compared with bench/instructions.txt.
#   bench/instructions.sh                     compare; fails when a count has grown by more than 3 %
#   bench/instructions.sh --record            write bench/instructions.txt anew
#   bench/instructions.sh --functions CASE    what each function takes in a case, such as seal/aes128-gcm/64
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
. "$nacre_root/scripts/build.sh"

setup
build_release bench/nacre-bench-instructions
exec python3 -B "$nacre_root/bench/instructions.py" "$nacre_root/build/release/bench/nacre-bench-instructions" \
  --recorded "$nacre_root/bench/instructions.txt" "$@"
