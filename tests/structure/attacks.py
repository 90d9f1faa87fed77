"""docs/attacks.md from tests/attacks/rows.txt and the names of the tests. Fails when the page is old, when an id is missing,
when a row has no test that is compiled, when a test names a row that is not there, or is disabled, or may skip itself; when
SECURITY.md names a test or a suite that is not there, and when a page names a path in tests/ that is not. --print ROOT prints
the page."""

import fnmatch
import pathlib
import re
import sys

import sources

ROWS = "tests/attacks/rows.txt"
PAGE = "docs/attacks.md"
PROMISES = "SECURITY.md"
LETTERS = {"I": 21, "K": 28, "S": 10, "R": 7, "A": 25, "C": 20, "E": 14}  # ids of each letter: I01 to I21, ...
IDS = [f"{letter}{number:02}" for letter, count in LETTERS.items() for number in range(1, count + 1)]
FIELDS = ("what", "from", "does")
STATUS = re.compile(r"held|not here: .+|open: .+")
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)(.*?)(?:^\}|\}$)", re.MULTILINE | re.DOTALL)
ID = re.compile(r"(?:^|_)([IKSRACE]\d\d)(?![0-9a-z])")
IDLE = [("disabled", lambda suite, name, body: suite.startswith("DISABLED_") or name.startswith("DISABLED_")),
        ("one that may skip itself", lambda suite, name, body: "GTEST_SKIP" in body)]
MESON_TEST = re.compile(r"\btest\(\s*'([^']+)'")
HOLDS = "tests that hold it"  # heads the column of SECURITY.md that names tests and suites
PATH = re.compile(r"`(tests/[^`\s]*)`")
ROLES = {"C": "client", "S": "server", "B": "both"}

INTRO = """# Attacks, and the answer to each

Real bugs of real SSH implementations, one a row: what goes wrong, where it did, what nacre does there, and the tests that
hold it to that. Written by `./dev docs` from `tests/attacks/rows.txt` and the names of the tests; don't edit it here.

`D2` is a DISCONNECT with reason 2 (RFC 4253 11.1): one `Closed` event, nothing after it, and nothing but it is told. A failure
is USERAUTH_FAILURE. Tests are named as `--gtest_filter` takes them; those of `attacks` stand in `tests/attacks/`."""


def parse(text):
    """[(title, [row])]; a row is a dict with id, role, status and the fields."""
    groups = []
    last = None
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("== "):
            groups.append((line[3:], []))
        elif line.startswith(" "):
            row[last] += " " + line.strip()
        elif ": " in line and line.split(": ")[0] in FIELDS:
            last, value = line.split(": ", 1)
            row[last] = value
        else:
            row_id, role, status = (line.split(" ", 2) + ["", ""])[:3]
            row = {"id": row_id, "role": role, "status": status}
            groups[-1][1].append(row)
    return groups


def tests_by_id(root):
    """({id: {file: [test]}}, complaints), from every C++ test that is compiled."""
    found, complaints = {}, []
    for path, text in sources.files(root, ["tests"], {".cpp"}):
        for suite, name, body in TEST.findall(text):
            for row_id in ID.findall(name):
                found.setdefault(row_id, {}).setdefault(path.as_posix(), []).append(f"{suite}.{name}")
                complaints += [f"{path.as_posix()}: the test of {row_id} is {what}" for what, idle in IDLE if idle(suite, name, body)]
        build = root / path.parent / "meson.build"
        if TEST.search(text) and not (build.exists() and f"'{path.name}'" in build.read_text(encoding="utf-8")):
            complaints.append(f"{path.as_posix()}: is not compiled: {path.parent.as_posix()}/meson.build does not name it")
    return found, complaints


def promised(root):
    """Complaints about the tests, and the suites by meson's names for them, in SECURITY.md's column of them."""
    tests = [f"{suite}.{name}" for _, text in sources.files(root, ["tests"], {".cpp"}) for suite, name, _ in TEST.findall(text)]
    suites = [name for path in (root / "tests").rglob("meson.build") for name in MESON_TEST.findall(path.read_text(encoding="utf-8"))]
    found, within = [], False
    for line in (root / PROMISES).read_text(encoding="utf-8").splitlines():
        within = line.startswith("|") and (within or HOLDS in line)
        for name in re.findall(r"`([^`]+)`", line.strip(" |").split("|")[-1]) if within else []:
            if "." not in name and name not in suites:
                found.append(f"{PROMISES}: there is no suite {name}")
            if "." in name and not any(fnmatch.fnmatchcase(test, name) for test in tests):
                found.append(f"{PROMISES}: there is no test {name}")
    if not found and HOLDS not in (root / PROMISES).read_text(encoding="utf-8"):
        found.append(f"{PROMISES}: has no column '{HOLDS}'")
    return found


def paths_in_pages(root):
    """Complaints about paths in tests/ that pages name; a source may stand there without its suffix."""
    pages = [root / PROMISES, *sorted((root / "docs").rglob("*.md"))]
    return [f"{page.relative_to(root).as_posix()}: there is no {name}" for page in pages
            for name in PATH.findall(page.read_text(encoding="utf-8"))
            if not (root / name).exists() and not (root / f"{name}.cpp").exists()]


def cell(text):
    return text.replace("|", "\\|")


def tests_cell(files):
    own_first = sorted(files, key=lambda name: (not name.startswith("tests/attacks/"), name))
    parts = []
    for name in own_first:
        link = f"[{name.removeprefix('tests/')}](../{name})"
        parts.append(link + ": " + ", ".join(f"`{test}`" for test in files[name]))
    return "<br>".join(parts)


def page(groups, tests):
    rows = [row for _, members in groups for row in members]
    held = sum(row["status"] == "held" for row in rows)
    waiting = [row for row in rows if row["status"].startswith("open: ")]
    lines = [INTRO, "", f"{len(rows)} rows: {held} held, {len(rows) - held - len(waiting)} of things that nacre does not have, "
             f"{len(waiting)} open ({', '.join(row['id'] for row in waiting)}; each says what it waits for, and its test what "
             "holds until then)."]
    for title, members in groups:
        lines += ["", f"## {title}", "", "| row | what goes wrong, and where it did | what nacre does | tests |", "|---|---|---|---|"]
        for row in members:
            status = "" if row["status"] == "held" else f" **{row['status'][0].upper() + row['status'][1:]}.**"
            seen = "" if row["from"] == "-" else f" ({cell(row['from'])})"
            lines.append(f"| {row['id']} {ROLES[row['role']]} | {cell(row['what'])}{seen} | {cell(row['does'])}.{status} | "
                         f"{tests_cell(tests.get(row['id'], {}))} |")
    return "\n".join(lines) + "\n"


def check(root):
    groups = parse((root / ROWS).read_text(encoding="utf-8"))
    rows = [row for _, members in groups for row in members]
    tests, found = tests_by_id(root)
    ids = [row["id"] for row in rows]
    found += [f"{ROWS}: {row_id} is missing" for row_id in IDS if row_id not in ids]
    found += [f"{ROWS}: {row_id} stands twice or is no id" for row_id in set(ids) if ids.count(row_id) > 1 or row_id not in IDS]
    found += [f"{files.popitem()[0]}: a test of {row_id}, which is no row" for row_id, files in tests.items() if row_id not in ids]
    for row in rows:
        if any(not row.get(field) for field in FIELDS) or row["role"] not in ROLES or not STATUS.fullmatch(row["status"]):
            found.append(f"{ROWS}: {row['id']} is not whole: role, status, what, from, does")
        elif row["id"] not in tests:
            found.append(f"{ROWS}: {row['id']} has no test with its id in the name")
    found += promised(root) + paths_in_pages(root)
    if not found and (root / PAGE).read_text(encoding="utf-8") != page(groups, tests):
        found.append(f"{PAGE}: is out of date: run ./dev docs")
    return found


CODE = "tests/attacks/a_test.cpp"


def good_tree():
    rows = "== All\n" + "".join(f"{row_id} B held\nwhat: a\nfrom: b\ndoes: c\n" for row_id in IDS)
    code = "// A.\n" + "".join(f"TEST(attacks, {row_id}_name) {{}}\n" for row_id in IDS)
    tests = {row_id: {CODE: [f"attacks.{row_id}_name"]} for row_id in IDS}
    return {ROWS: rows, PAGE: page(parse(rows), tests), CODE: code,
            "tests/attacks/meson.build": "files('a_test.cpp')\ntest('some attacks', a)\n",
            PROMISES: f"| `promise` | {HOLDS} |\n|---|---|\n| `a` | `attacks.I01_name`, `attacks.*`, `some attacks` |\n\n`b`\n",
            "docs/tests.md": "`tests/attacks`, `tests/attacks/a_test.cpp`, `tests/attacks/a_test`\n"}


GOOD = good_tree()
BAD = [
    (ROWS, GOOD[ROWS].replace("A25 B held\nwhat: a\nfrom: b\ndoes: c\n", ""), "A25 is missing"),
    (ROWS, GOOD[ROWS].replace("A25 B held", "A24 B held"), "A24 stands twice"),
    (ROWS, GOOD[ROWS].replace("K01 B held", "K01 B perhaps"), "not whole"),
    (ROWS, GOOD[ROWS].replace("K01 B held\nwhat: a\n", "K01 B held\n"), "not whole"),
    (PAGE, GOOD[PAGE].replace("I01", "I02"), "out of date"),
    (ROWS, GOOD[ROWS].replace("what: a", "what: other", 1), "out of date", PAGE),
    (CODE, GOOD[CODE].replace("C20_name", "name"), "C20 has no test", ROWS),
    ("tests/attacks/b_test.cpp", "// B.\nTEST(attacks, E99_name) {}\n", "which is no row"),
    (CODE, GOOD[CODE].replace("C20_name", "DISABLED_C20_name"), "the test of C20 is disabled"),
    (CODE, GOOD[CODE].replace("TEST(attacks, C20", "TEST(DISABLED_attacks, C20"), "the test of C20 is disabled"),
    (CODE, GOOD[CODE].replace("C20_name) {}", "C20_name) {\n  if (x) GTEST_SKIP();\n}"), "the test of C20 is one that may skip"),
    (CODE, GOOD[CODE].replace("C20_name) {}", "C20_name) { GTEST_SKIP() << 1; }"), "the test of C20 is one that may skip"),
    (PROMISES, GOOD[PROMISES].replace("I01_name", "I01_nam"), "there is no test attacks.I01_nam"),
    (PROMISES, GOOD[PROMISES].replace("attacks.*", "attack.*"), "there is no test attack.*"),
    (PROMISES, GOOD[PROMISES].replace("some attacks", "some attack"), "there is no suite some attack"),
    (PROMISES, GOOD[PROMISES].replace(HOLDS, "tests"), "has no column"),
    (PROMISES, GOOD[PROMISES] + "`tests/attacks/b_test`\n", "there is no tests/attacks/b_test"),
    ("docs/tests.md", "`tests/attack`\n", "there is no tests/attack"),
    ("docs/more/a.md", "`tests/attacks/a_tes`\n", "there is no tests/attacks/a_tes"),
    ("tests/attacks/b_test.cpp", "// B.\nTEST(attacks, name) {}\n", "is not compiled"),
]

if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        top = pathlib.Path(sys.argv[2])
        sys.stdout.write(page(parse((top / ROWS).read_text(encoding="utf-8")), tests_by_id(top)[0]))
    else:
        sources.main(check, GOOD, BAD)
