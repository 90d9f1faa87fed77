#!/usr/bin/env bash
# The simulation: ./dev sim SEED prints what happens in one world; ./dev sim --count WORLDS runs many.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

configure_release
compile release tests/sim/nacre-sim
exec "$nacre_root/build/release/tests/sim/nacre-sim" "$@"
