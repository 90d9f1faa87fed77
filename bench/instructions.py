#!/usr/bin/env python3
"""Counts the instructions of nacre's own functions under valgrind, and compares them with what was recorded.

  bench/instructions.py PROGRAM --recorded FILE [--record] [--json FILE] [--functions CASE]

Only functions of namespace nacre count, each without those it calls: what Botan and the C library do hangs on the processor,
ours does not. So a count is the same on every machine, for one compiler and one set of options; for others it says so and
compares nothing (exit status 77). More than 3 % above the recorded count is a failure, 3 % below asks for a new record."""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

TOLERANCE = 0.03
SLACK = 4  # instructions: a small count may move by as much
SKIPPED = 77


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--recorded", required=True, metavar="FILE")
    parser.add_argument("--record", action="store_true", help="write FILE anew")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--functions", metavar="CASE", help="tell what each function takes, Botan's too, and end")
    return parser.parse_args()


def costs(path):
    """Instructions of each function itself, from one dump."""
    found, function, of_callee = collections.Counter(), None, False
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            of_callee = True  # the next line is what the callee took
        elif line[:1].isdigit():
            if not of_callee:
                found[function] += int(line.split()[1])
            of_callee = False
    return found


def ours(function):
    return "nacre::" in function and "nacre::bench::" not in function


def count(program):
    """What it was built with, and {case: (divisor, costs)}."""
    with tempfile.TemporaryDirectory(prefix="nacre-instructions-") as folder:
        out = pathlib.Path(folder) / "out"
        run = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=nacre_measured",
             "--dump-after=nacre_measured", "--dump-line=no", "--compress-strings=no", "--compress-pos=no",
             f"--callgrind-out-file={out}", program], capture_output=True, text=True, timeout=280)
        if run.returncode != 0:
            sys.exit(f"{program} under valgrind gave {run.returncode}: {(run.stdout + run.stderr)[-500:]}")
        built, *cases = run.stdout.splitlines()
        found = {}
        for number, line in enumerate(cases, 1):
            name, divisor = line.split()
            found[name] = int(divisor), costs(pathlib.Path(f"{out}.{number}"))
        return built, found


def read(path):
    """What the counts were recorded with, and the counts."""
    built, counts = "", {}
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("# built with "):
            built = line[len("# built with "):]
        elif line and not line.startswith("#"):
            name, number = line.split()
            counts[name] = int(number)
    return built, counts


def write(path, built, counts):
    lines = ["# Instructions of nacre's own functions, for one packet, handshake or transfer, both engines together.",
             "# Written by bench/instructions.sh --record, compared by the test 'instructions'.", f"# built with {built}"]
    lines += [f"{name} {number}" for name, number in counts.items()]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def compare(recorded, counts):
    """A line for each case, and whether all are within bounds."""
    good, lines = True, []
    for name in [*counts, *(name for name in recorded if name not in counts)]:
        old, new = recorded.get(name), counts.get(name)
        verdict = ""
        if old is None or new is None:
            good, verdict = False, "MISSING in the " + ("record" if old is None else "program")
        elif new > old * (1 + TOLERANCE) + SLACK:
            good, verdict = False, f"MORE by {100 * (new - old) / old:.1f} %"
        elif new < old * (1 - TOLERANCE) - SLACK:
            verdict = f"fewer by {100 * (old - new) / old:.1f} %: record again"
        lines.append(f"{name:45} {old if old is not None else '-':>9} {new if new is not None else '-':>9}  {verdict}".rstrip())
    return good, lines


def main():
    options = arguments()
    built, found = count(options.program)
    counts = {name: round(sum(number for function, number in all_of.items() if ours(function)) / divisor)
              for name, (divisor, all_of) in found.items()}
    if options.functions:
        if options.functions not in found:
            sys.exit(f"no case {options.functions}; there are: {' '.join(found)}")
        divisor, all_of = found[options.functions]
        for function, number in all_of.most_common(40):
            print(f"{number / divisor:12.1f}  {function[:150]}")
        return 0
    if options.record:
        write(options.recorded, built, counts)
        print(f"{len(counts)} counts are written to {options.recorded}")
        return 0
    recorded_with, recorded = read(options.recorded)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"built": built, "counts": counts, "recorded": recorded}, indent=1) + "\n")
    if recorded_with != built:
        print(f"recorded with '{recorded_with}', this is '{built}': not compared")
        return SKIPPED
    good, lines = compare(recorded, counts)
    print(f"{'instructions of our own':45} {'recorded':>9} {'now':>9}", *lines, sep="\n")
    if not good:
        print("If it is worth it: bench/instructions.sh --record, and say why in the commit.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
