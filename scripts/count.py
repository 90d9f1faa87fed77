"""Sums test results: count.py JUNIT_XML EXIT_CODE [JUNIT_XML EXIT_CODE]... prints 'N passed, N failed, N skipped'.

Exits with 1 when anything failed. A run that ended badly, or left no results, counts as one failure at least.
"""

import collections
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    if "skipped" in kinds or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def count(path, code):
    try:
        counts = collections.Counter(outcome(case) for case in xml.parse(path).iter("testcase"))
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
