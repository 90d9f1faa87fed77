"""printed.py PROGRAM PAGE: fails when a generated page is no longer what its program prints. Mended by ./dev docs."""

import difflib
import subprocess
import sys


def main(program, page):
    new = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    with open(page, encoding="utf-8") as text:
        old = text.read().splitlines()
    for line in difflib.unified_diff(old, new, page, program, lineterm="", n=1):
        print(line)
    if old != new:
        print(f"{page} is out of date: run ./dev docs")
    return 0 if old == new else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
