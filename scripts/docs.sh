#!/usr/bin/env bash
# Writes the generated pages of docs/ again. Each is printed by a program of the build, docs/NAME.md by print_NAME, but for
# docs/fuzzing.md, which comes from the notes of the long runs, and docs/attacks.md, which comes from tests/attacks.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

# write_page NAME PROGRAM...: docs/NAME.md as PROGRAM prints it.
write_page() {
  local page=$nacre_root/docs/$1.md new
  shift
  new=$("$@") || fail "$1 failed"
  if [ ! -e "$page" ] || [ "$new" != "$(cat "$page")" ]; then
    printf '%s\n' "$new" >"$page"
    say "written: docs/$(basename "$page")"
  fi
}

build_release
found=0
write_page fuzzing "$nacre_root/scripts/fuzz_page.py"
write_page attacks python3 -B "$nacre_root/tests/structure/attacks.py" --print "$nacre_root"
while IFS= read -r program; do
  write_page "$(basename "$program" | sed 's/^print_//')" "$program"
  found=1
done < <(find "$nacre_root/build/release" -type f -executable -name 'print_*')
[ "$found" = 1 ] || fail "no program of the build prints a page of docs/ yet"
