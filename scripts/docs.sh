#!/usr/bin/env bash
# Writes the generated pages of docs/ again. Each is printed by a program of the build: docs/NAME.md by print_NAME.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

build_release
found=0
while IFS= read -r program; do
  page=$nacre_root/docs/$(basename "$program" | sed 's/^print_//').md
  new=$("$program") || fail "$program failed"
  found=1
  if [ ! -e "$page" ] || [ "$new" != "$(cat "$page")" ]; then
    printf '%s\n' "$new" >"$page"
    say "written: docs/$(basename "$page")"
  fi
done < <(find "$nacre_root/build/release" -type f -executable -name 'print_*')
[ "$found" = 1 ] || fail "no program of the build prints a page of docs/ yet"
