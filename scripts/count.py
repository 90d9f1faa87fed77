"""Sums test results: count.py FILE EXIT_CODE [FILE EXIT_CODE]... prints 'N passed, N failed, N skipped'.

A FILE is JUnit's XML, or a text whose last line is such a sum. Exits with 1 when anything failed. A run that ended badly,
or left no results, counts as one failure at least.
"""

import collections
import re
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    if "skipped" in kinds or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def counts_in(path):
    if path.endswith(".xml"):
        return collections.Counter(outcome(case) for case in xml.parse(path).iter("testcase"))
    with open(path, encoding="utf-8", errors="replace") as text:
        last = text.read().rstrip().rpartition("\n")[2]
    return collections.Counter({word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped)", last)})


def count(path, code):
    try:
        counts = counts_in(path)
    except (OSError, xml.ParseError) as error:
        print(f"no results of a test run: {error}", file=sys.stderr)
        return collections.Counter(failed=1)
    if code != 0 and counts["failed"] == 0:
        counts["failed"] = 1
    return counts


def main(arguments):
    total = collections.Counter()
    for path, code in zip(arguments[::2], arguments[1::2]):
        total += count(path, int(code))
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
