"""Rules for every file that people write: its length, how it opens, nothing left undone, nothing of one machine."""

import re
import sources

LONGEST = 650  # lines
SUFFIXES = {".hpp", ".cpp", ".py", ".sh", ".md", ".build", ".txt"}
FOLDERS = sources.FLOORS + sources.BESIDE + ["scripts", "docs"]
UNDONE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE = re.compile(r"(?<![\w.~}])/(root|Users)/\w")
GENERATED = "docs/states.md"


def lines_with(pattern, name, text, complaint):
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line):
            yield f"{name}:{number}: {complaint}"


def check(root):
    found = []
    here = re.compile(re.escape(str(root)) + r"\b") if len(root.parts) > 2 else None
    for path, text in sources.files(root, FOLDERS, SUFFIXES):
        name, count = path.as_posix(), text.count("\n")
        if path.suffix in sources.CODE | {".py", ".sh"} and count > LONGEST:
            found.append(f"{name}: {count} lines; {LONGEST} are the most, split it by what it does")
        if path.suffix in sources.CODE and not text.startswith("//"):
            found.append(f"{name}: does not open with a comment that says what lives here")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            found.append(f"{name}: a header without #pragma once")
        if text and not text.endswith("\n"):
            found.append(f"{name}: the last line has no end")
        found += lines_with(UNDONE, name, text, "says that something is left undone; do it, or open an issue")
        found += lines_with(MACHINE, name, text, "a path of one machine")
        if here:
            found += lines_with(here, name, text, "the path of this checkout")
        if path.suffix in sources.CODE:
            found += lines_with(re.compile(r"\t|[ \t]+$"), name, text, "a tab, or blanks at the end of the line")
    return found


GOOD = {
    "crypto/bytes.hpp": "// Bytes.\n#pragma once\n",
    "crypto/bytes.cpp": "// Bytes.\n" + "int x;\n" * (LONGEST - 1),
    "docs/contract.md": "Keys live in ~/.ssh and /etc/ssh.\n",
}

BAD = [
    ("crypto/a.cpp", "// A.\n" + "int x;\n" * LONGEST, "are the most"),
    ("engine/a.cpp", "int x;\n", "does not open with a comment"),
    ("engine/a.hpp", "// A.\n", "#pragma once"),
    ("engine/a.cpp", "// A.", "no end"),
    ("tests/a.cpp", "// A.\n// TO" "DO: more\n", "left undone"),
    ("scripts/a.sh", "# FIX" "ME\n", "left undone"),
    ("scripts/a.sh", "cp /root" "/a b\n", "path of one machine"),
    ("flow/a.cpp", "// A.\n\tint x;\n", "a tab"),
    ("flow/a.cpp", "// A.\nint x; \n", "blanks at the end"),
]

if __name__ == "__main__":
    sources.main(check, GOOD, BAD)
