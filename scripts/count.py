"""Sums test results: count.py FILE EXIT_CODE [FILE EXIT_CODE]... prints 'N passed, N failed, N skipped'.

A FILE is JUnit's XML, or a text whose last line is such a sum, with a line 'failed: NAME' for each failure. Before the sum
come the names of what failed, with the end of what it said. Exits with 1 when anything failed. A run that ended badly, or
left no results, counts as one failure at least.
"""

import collections
import re
import sys
import xml.etree.ElementTree as xml

SHOWN_LINES = 12


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    if "skipped" in kinds or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def words_of(case):
    """The last lines of what a failed test case said."""
    said = "\n".join(part.strip() for child in case for part in (child.get("message") or "", child.text or "") if part.strip())
    return [line[:200] for line in said.splitlines()[-SHOWN_LINES:]]


def counts_in(path):
    """The counts of one file, and a line or several for each failure."""
    if path.endswith(".xml"):
        cases = list(xml.parse(path).iter("testcase"))
        told = []
        for case in cases:
            if outcome(case) == "failed":
                told.append(f"failed: {case.get('classname', '')} {case.get('name')} ({path})")
                told += ["    " + line for line in words_of(case)]
        return collections.Counter(map(outcome, cases)), told
    with open(path, encoding="utf-8", errors="replace") as text:
        lines = text.read().rstrip().splitlines() or [""]
    told = [f"{line} ({path})" for line in lines if line.startswith("failed: ")]
    numbers = re.findall(r"(\d+) (passed|failed|skipped)", lines[-1])
    return collections.Counter({word: int(number) for number, word in numbers}), told


def count(path, code):
    try:
        counts, told = counts_in(path)
    except (OSError, xml.ParseError) as error:
        print(f"failed: no results of a test run: {error}")
        return collections.Counter(failed=1)
    if told:
        print("\n".join(told))
    if code != 0 and counts["failed"] == 0:
        counts["failed"] = 1
        print(f"failed: a run ended with exit code {code} and names no failed test ({path})")
    return counts


def main(arguments):
    total = collections.Counter()
    for path, code in zip(arguments[::2], arguments[1::2]):
        total += count(path, int(code))
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
