#!/usr/bin/env bash
# The benchmarks, built with the release options: all of them, or the parts named. ./dev bench --help tells which.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

programs=(bench/nacre-bench bench/nacre-bench-{memory,scale,cores,instructions})

# Others to measure beside are fetched only when they are wanted, and left out where they cannot be had.
find_peers() {
  local line
  while IFS= read -r line; do export "${line?}"; done < <("$nacre_root/scripts/openssh.sh" --env)
  NACRE_DROPBEAR_DIR=$("$nacre_root/bench/dropbear.sh")
  export NACRE_DROPBEAR_DIR
}

main() {
  case " $* " in
    *" -h "* | *" --help "* | *" page "*) ;;
    "  " | *" peers "*)
      find_peers
      build_release "${programs[@]}" tools/nacre-{ssh,sshd,keygen}
      ;;
    *) build_release "${programs[@]}" ;;
  esac
  exec python3 -B "$nacre_root/bench/run.py" "$@"
}

main "$@"
