#!/usr/bin/env python3
"""Mutation: faults planted one by one, from a seed, into a copy of the tree, and whether the quick tests find each.
    mutation.py TREE BUILD COUNT SEED
TREE is a copy of the sources that may be spoiled, BUILD its build folder, already compiled. Each mutant changes one place of
one file: a comparison, a condition, a number, a statement, a letter of the order table. Prints what became of each, and last
the score: those found, of those that compile."""

import pathlib
import random
import re
import resource
import subprocess
import sys

# Where lengths, windows, order and states are judged, and what is run for each; the quickest first.
ENGINE = [["tests/attacks/attacks"], ["tests/sim/nacre-sim", "--count", "300"], ["tests/exhaustive/state_tests"],
          ["tests/engine/engine_tests"], ["tests/exhaustive/damage_tests"], ["tests/engine/engine_memory_tests"],
          ["tests/faults/fault_tests"], ["tests/secrets/heap_tests"]]
FILES = {
    "engine/order.cpp": ENGINE,
    "engine/body.cpp": ENGINE,
    "engine/dispatch.cpp": ENGINE,
    "engine/auth/client_auth.cpp": ENGINE,
    "engine/auth/server_auth.cpp": ENGINE,
    "engine/connection/commands.cpp": ENGINE,
    "engine/connection/connection.cpp": ENGINE,
    "engine/transport/exchange.cpp": ENGINE,
    "engine/transport/extensions.cpp": ENGINE,
    "engine/transport/ident.cpp": ENGINE,
    "engine/transport/inbox.cpp": ENGINE,
    "engine/transport/negotiation.cpp": ENGINE,
    "engine/transport/outbox.cpp": ENGINE,
    "engine/transport/packet_reader.cpp": ENGINE,
    "engine/transport/packet_writer.cpp": ENGINE,
    "engine/trust/authorized_keys.cpp": [["tests/trust/trust_tests"]],
    "engine/trust/known_hosts.cpp": [["tests/trust/trust_tests"]],
    "engine/trust/pattern.cpp": [["tests/trust/trust_tests"]],
    "crypto/wire.cpp": [["tests/crypto/crypto_tests"], *ENGINE],
}
CPU_SECONDS = 120  # of one test program: a mutant that runs on has been found

SWAPS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ", " && ": " || ",
         " || ": " && ", " + ": " - ", " - ": " + ", "true": "false", "false": "true"}
SWAP = re.compile(r" (?:<=?|>=?|==|!=|&&|\|\||\+|-) |\b(?:true|false)\b")
NUMBER = re.compile(r"(?<![\w.'\"])\d+(?![\w.'])")
STATEMENT = re.compile(r"^(?:\+\+|--)?[\w.\[\]>-]+(?:\(.*\)| [+-]?= .*|\+\+|--)?;$")
CELL = re.compile(r'"[-AEHTIU]{11}"')


def matching(text, start):
    """The place of the bracket that closes the one at `start`, or -1."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    return -1


def changes(line):
    """Every line that differs from this one by one fault."""
    code = line.split("  //")[0]
    text = code.strip()
    if text.startswith(("//", "#", "namespace", "using", "static_assert", "template", "case", "constexpr std::array")):
        return
    for cell in CELL.finditer(code):
        for at in range(cell.start() + 1, cell.end() - 1):
            for letter in "-AEIU".replace(code[at], ""):
                yield code[:at] + letter + code[at + 1:]
    plain = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', lambda found: "_" * len(found[0]), code)
    for found in SWAP.finditer(plain):
        yield code[:found.start()] + SWAPS[found[0]] + code[found.end():]
    for found in NUMBER.finditer(plain):
        if not CELL.search(code):
            yield code[:found.start()] + str(int(found[0]) + 1) + code[found.end():]
    if_at = plain.find("if (")
    if if_at >= 0 and ";" not in plain[if_at:(end := matching(plain, if_at + 3)) + 1] and end > 0 and "constexpr" not in plain:
        yield code[:if_at] + "if (!(" + code[if_at + 4:end] + "))" + code[end + 1:]
    if STATEMENT.match(text) and not text.startswith(("return", "break", "continue", "}")):
        yield code[:len(code) - len(code.lstrip())] + ";"
    elif (plain[:if_at + 1].strip() == "i" and end > 0 and code[end + 1:].strip().endswith(";")
          and not code[end + 1:].strip().startswith("if")):
        yield code[:end + 1] + " {}"


def chosen(tree, count, seed):
    dice = random.Random(seed)
    picked = []
    for file in FILES:
        lines = (tree / file).read_text(encoding="utf-8").splitlines()
        all_of_file = [(file, number, line) for number, old in enumerate(lines) for line in changes(old)]
        dice.shuffle(all_of_file)
        picked.append(all_of_file)
    dice.shuffle(picked)
    for turn in range(count):
        for each in picked:
            if turn < len(each):
                yield each[turn]


def limited():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def fate(tree, build, file):
    programs = [command[0] for command in FILES[file]]
    compiled = subprocess.run(["ninja", "-C", build, *programs], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False)
    if compiled.returncode != 0:
        return "does not compile"
    for program, *options in FILES[file]:
        if not options:
            options = ["--gtest_brief=1", "--gtest_fail_fast"]
        run = subprocess.run([build / program, *options], cwd=build, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                             preexec_fn=limited, check=False)
        if run.returncode != 0:
            return "found by " + pathlib.Path(program).name
    return "NOT FOUND"


def main(tree, build, count, seed):
    tree, build = pathlib.Path(tree).resolve(), pathlib.Path(build).resolve()
    found = missed = 0
    for file, number, line in chosen(tree, int(count), int(seed)):
        path = tree / file
        before = path.read_text(encoding="utf-8")
        lines = before.splitlines()
        was, lines[number] = lines[number], line
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            how = fate(tree, build, file)
        finally:
            path.write_text(before, encoding="utf-8")
        found += how.startswith("found")
        missed += how == "NOT FOUND"
        print(f"{how}: {file}:{number + 1}: {was.strip()}  ->  {line.strip()}", flush=True)
        if found + missed >= int(count):
            break
    print(f"mutants: {found} found of {found + missed}, {100 * found / max(1, found + missed):.0f} %, seed {seed}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
