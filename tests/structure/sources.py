"""What the structure tests share: walking the tree, and the proof that a check finds what it should."""

import pathlib
import sys
import tempfile

FLOORS = ["crypto", "engine", "flow", "tools"]  # lowest first
BESIDE = ["tests", "fuzz", "bench"]
CODE = {".hpp", ".cpp"}


def files(root, folders, suffixes):
    """(path relative to root, text) of every file, in order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(root), path.read_text(encoding="utf-8", errors="replace")


def self_test(check, good, bad):
    """good: {path: text} without complaints. bad: [(path, text, words of the complaint)], each tried alone beside good. A fourth
    value is the file that the complaint is about, where it is another one."""

    def complaints(tree):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "tree"
            for name, text in tree.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return check(root)

    wrong = [f"the good tree: {line}" for line in complaints(good)]
    for path, text, words, *about in bad:
        found = complaints({**good, path: text})
        if not any(words in line and line.startswith(about[0] if about else path) for line in found):
            wrong.append(f"{path}: nothing said of '{words}'; said: {found}")
    return wrong


def main(check, good, bad):
    if sys.argv[1:] == ["--self-test"]:
        found = self_test(check, good, bad)
    elif len(sys.argv) == 2:
        found = check(pathlib.Path(sys.argv[1]))
    else:
        found = [f"usage: {sys.argv[0]} SOURCE_ROOT | --self-test"]
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
