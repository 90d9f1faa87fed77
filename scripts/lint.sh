#!/usr/bin/env bash
# Everything that can be said of the sources without running them. Each check is told by name; all run even when one fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"
cd "$nacre_root"

passed=0
failed=0

check() {
  local name=$1 log=$nacre_root/build/lint-$1.log
  shift
  if with_progress "lint: $name" "$log" "$@"; then
    say "lint $name: passed"
    passed=$((passed + 1))
  else
    say "lint $name: FAILED"
    failed=$((failed + 1))
  fi
}

formatted() { sources | xargs -0 clang-format --dry-run --Werror; }

# Each header compiles alone.
headers() {
  local flags
  read -ra flags <<<"$(pkg-config --cflags botan-3 | sed 's/-I/-isystem /g')"
  find crypto engine flow -name '*.hpp' -print0 |
    xargs -0 -P "$(nproc)" -I{} "${CXX:-g++}" -std=c++20 -Wall -Wextra -Werror -I. -DASIO_STANDALONE -DASIO_NO_DEPRECATED \
      "${flags[@]}" -fsyntax-only -x c++ -include {} /dev/null
}

# The build without Asio and tools: what clang 14 can read. One file a turn, as many turns at once as there are processors.
tidy() {
  CXX=clang++ configure lint -Dflow=false -Dtools=false -Dtests=false -Dbuildtype=debug -Db_ndebug=false
  find crypto engine -name '*.cpp' -print0 |
    xargs -0 -P "$(nproc)" -n 4 clang-tidy -p build/lint --quiet --warnings-as-errors='*' 2>&1 |
    sed -E '/^[0-9]+ warnings( and [0-9]+ errors?)? generated\.$/d'
}

# Coroutines are read as plain functions, since this cppcheck does not know that co_return ends one.
static_analysis() {
  cppcheck --enable=warning,performance,portability --inline-suppr --std=c++20 --language=c++ --error-exitcode=1 --quiet \
    -Dco_return=return -Dco_await= -Dco_yield= -D__x86_64__=1 -D__linux__=1 \
    -j "$(nproc)" -I . --suppressions-list=scripts/cppcheck.txt crypto engine flow tools
}

shell_scripts() { find scripts bench .ci dev -type f \( -name '*.sh' -o -name run -o -name dev \) -print; }

shell_syntax() {
  local file bad=0
  while read -r file; do bash -n "$file" || bad=1; done < <(shell_scripts)
  if command -v shellcheck >/dev/null; then shell_scripts | xargs shellcheck -x -S warning -e SC1090,SC1091,SC2034,SC2154 || bad=1; fi
  return $bad
}

python_syntax() {
  find scripts tests tools bench -name '*.py' -print0 |
    xargs -0 -r -n 1 python3 -B -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])'
}

main() {
  mkdir -p build
  check format formatted
  check headers headers
  check clang-tidy tidy
  check cppcheck static_analysis
  check shell shell_syntax
  check python python_syntax
  say "$passed passed, $failed failed" | tee build/lint-count.txt
  [ "$failed" = 0 ]
}

main "$@"
