#!/usr/bin/env python3
"""Prints docs/fuzzing.md from fuzz/figures.json and the comments at the head of the targets.
--record TARGET LOG SEED COMMIT puts the figures of a libFuzzer's log into fuzz/figures.json; --add adds them to those of
the runs before, from whose inputs this one began."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIGURES = ROOT / "fuzz" / "figures.json"

HEAD = """# Fuzzing

Every parser of nacre, and every engine as a whole, is fuzzed: by libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer,
with assertions of its own beside them. The engines run with a provider that protects nothing (`fuzz/null_provider.hpp`), so that
an input reaches what lies behind the keys; the ciphers have targets of their own.

    ./dev fuzz                       # every target, a minute each (seconds: FUZZ_SECONDS)
    ./dev fuzz windows               # one target
    ./dev fuzz --long windows        # FUZZ_EXECUTIONS inputs (10^7) from the committed seeds with FUZZ_SEED (1): the table below
    FUZZ_SEED=2 ./dev fuzz --more windows   # goes on from there with another seed, and is added to the table
    ./dev fuzz --keep windows        # what was found becomes seeds: a small input for each edge
    build/fuzz/fuzz/fuzz_windows INPUT   # one input again

Dictionary: `fuzz/ssh.dict`. Seeds: `fuzz/corpus/TARGET`, in part written by `write_seeds fuzz/corpus`, and a test holds them to what
that writes; with any compiler but Clang the targets are programs that replay files, and `./dev test` replays the seeds.
Under AFL++ (Debian: afl++; nothing here needs it) the same sources serve, as its compiler takes libFuzzer's flag. (Tried with
4.04c and `server`: 254 308 inputs in 40 s, nothing found.)

    export PKG_CONFIG_PATH=$(scripts/botan.sh)
    CXX=afl-clang-fast++ meson setup build/afl -Dfuzz=true -Dtests=false -Dflow=false -Dtools=false \\
      -Db_sanitize=address -Db_lundef=false && ninja -C build/afl
    afl-fuzz -m none -i fuzz/corpus/server -o build/afl-found -x fuzz/ssh.dict build/afl/fuzz/fuzz_server

What makes an input cheap: undefined behaviour ends the program by a trap (`deadly signal`, and the line in the stack) instead of a
report; AddressSanitizer keeps no stacks of allocations and 4 MiB of what was freed, more than most inputs free (a replay without
`ASAN_OPTIONS` tells all); comparisons are not traced, as most are the sanitizers' own, and as many inputs of `server` and `windows`
found as many edges without; no input is longer than its target takes.

## What each target does

"""

INVARIANTS = """
Those that drive an engine assert all the while (`fuzz/watch.hpp`): one `Closed` at most, nothing after it, and one at the end
whatever happened; no event of the connection protocol before authentication; what an event has lent can be read and stays the same
until the next poll, whatever is called; polling comes to an end, and when it gives nothing, the deadline lies ahead; the output is
bounded; after the end every command says so.

"""

FIGURES_HEAD = """## How far they have gone

One line is the last `./dev fuzz --long` of that target: it began with the committed seeds, and found nothing. With several seeds it
was followed by as many `./dev fuzz --more`, and executions and seconds are their sums. "Edges" are those of nacre's own code (Botan
is not instrumented) that inputs have reached, of all that are linked into the target; the way into each trap, which no input may
take, is one of those.

| target | commit | seeds | executions | seconds | edges | of | inputs kept |
|---|---|---|---|---|---|---|---|
"""


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def record(target, log, seed, commit, added):
    text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    before = figures[target] if added else {"commits": [], "seeds": [], "executions": 0, "seconds": 0}
    figures[target] = {
        "commits": before["commits"] + [commit] * (commit not in before["commits"]),
        "seeds": before["seeds"] + [int(seed)],
        "executions": before["executions"] + number(r"stat::number_of_executed_units:\s*(\d+)", text),
        "seconds": before["seconds"] + number(r"Done \d+ runs in (\d+) second", text),
        "edges": number(r"\bcov: (\d+)", text),
        "all_edges": number(r"\((\d+) inline 8-bit counters\)", text),
        "inputs": number(r"\bcorp: (\d+)/", text),
    }
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def targets():
    """(name, the comment that its file opens with) of each target."""
    for path in sorted((ROOT / "fuzz").glob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        if "LLVMFuzzerTestOneInput" not in text or path.stem == "replay_main":
            continue
        comment = re.match(r"(?://[^\n]*\n)+", text)[0]
        yield path.stem, " ".join(line.removeprefix("//").strip() for line in comment.splitlines())


def wrapped(text, width=128):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def page():
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    out = HEAD
    rows = ""
    for name, text in targets():
        out += wrapped(f"- `{name}`: {text}") + "\n"
        one = figures.get(name)
        if one:
            commits, seeds = ", ".join(one["commits"]), ", ".join(map(str, one["seeds"]))
            rows += (f"| {name} | {commits} | {seeds} | {one['executions']} | {one['seconds']} | {one['edges']} "
                     f"| {one['all_edges']} | {one['inputs']} |\n")
        else:
            rows += f"| {name} | not run long yet | | | | | | |\n"
    return out + INVARIANTS + FIGURES_HEAD + rows


def main(arguments):
    if arguments[:1] in (["--record"], ["--add"]) and len(arguments) == 5:
        record(*arguments[1:], added=arguments[0] == "--add")
        return 0
    if arguments:
        print(__doc__)
        return 2
    print(page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
