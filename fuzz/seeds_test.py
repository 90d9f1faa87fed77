#!/usr/bin/env python3
"""The seeds that write_seeds makes are those that are kept: what the engine says, and how it says it, is still what a fuzzer
starts from.
    seeds_test.py WRITE_SEEDS CORPUS"""

import pathlib
import subprocess
import sys
import tempfile


def main(program, corpus):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True, timeout=60)
        made = {path.relative_to(folder): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}
    kept = {name: path.read_bytes() for name in made if (path := pathlib.Path(corpus) / name).exists()}
    stale = sorted(str(name) for name in made if kept.get(name) != made[name])
    for name in stale:
        print(f"{name}: not what write_seeds makes; run: write_seeds fuzz/corpus")
    print(f"{len(made)} seeds, {len(stale)} stale")
    return 0 if made and not stale else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
