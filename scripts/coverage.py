#!/usr/bin/env python3
"""Prints what gcovr's JSON tells: each line never reached, each line with a branch never taken, and the sums.
    coverage.py LINES.json ROOT"""

import json
import pathlib
import sys


def main(report, root):
    lines = reached = branches = taken = 0
    for file in sorted(json.loads(pathlib.Path(report).read_text(encoding="utf-8"))["files"], key=lambda each: each["file"]):
        source = (pathlib.Path(root) / file["file"]).read_text(encoding="utf-8").splitlines()
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            number, text = line["line_number"], source[line["line_number"] - 1].strip()
            counts = [each["count"] for each in line["branches"] if not each.get("throw")]
            missed = sum(count == 0 for count in counts)
            lines, reached = lines + 1, reached + (line["count"] > 0)
            branches, taken = branches + len(counts), taken + len(counts) - missed
            if line["count"] == 0:
                print(f"{file['file']}:{number}: never reached: {text}")
            elif missed:
                print(f"{file['file']}:{number}: {missed} of {len(counts)} branches not taken: {text}")
    print(f"lines: {reached} of {lines} ({100 * reached / lines:.1f} %), branches: {taken} of {branches} ({100 * taken / branches:.1f} %)")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
