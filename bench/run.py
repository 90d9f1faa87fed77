#!/usr/bin/env python3
"""Runs the benchmarks, checks the targets, and writes docs/benchmarks.md with its charts.

  ./dev bench                 everything (about 10 minutes), then the page and the charts
  ./dev bench PART...         only these parts: their figures and their targets
  ./dev bench page            the page and the charts again from what build/bench/ holds

  packet        sealing and opening packets, beside Botan's own calls and OpenSSL's libcrypto
  bulk          channel data through two engines in one thread, beside sealing and opening alone
  handshake     connections, rekeys and one-byte echoes in memory, beside the public-key operations alone
  memory        bytes of idle engines, allocations a packet, a channel, a handshake; 100,000 idle servers
  scale         a byte's cost with 1 to 10,000 engines, and channels
  cores         one event loop a core over loopback TCP
  peers         the programs beside OpenSSH and Dropbear: throughput, logins, echoes
  instructions  what our own code executes, counted under valgrind

Figures are CPU time where one thread does the work, of many turns that are interleaved. What counts are ratios of two things
of one run: nothing is compared with another day. The JSON stays in build/bench/."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import figures
import page
import targets

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", usage="./dev bench [PART]... [OPTION]...", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*PARTS, "page", []], metavar="PART", help=argparse.SUPPRESS)
    parser.add_argument("--build", default=str(ROOT / "build/release"), metavar="BUILDDIR")
    parser.add_argument("--out", default=str(ROOT / "build/bench"), metavar="DIR", help="where the JSON goes")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="turns of each measurement (default: 5 to 25)")
    parser.add_argument("--idle", type=int, default=100_000, metavar="N", help="idle server engines of the part memory")
    parser.add_argument("--no-page", action="store_true", help="leave docs/ as it is")
    return parser.parse_args()


class Run:
    def __init__(self, options):
        self.options, self.build, self.out = options, pathlib.Path(options.build), pathlib.Path(options.out)
        self.out.mkdir(parents=True, exist_ok=True)

    def rounds(self, usual):
        return str(self.options.rounds or usual)

    def command(self, argv):
        """What it prints."""
        run = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=900)
        if run.returncode != 0:
            sys.exit(f"{run.stderr[-2000:]}\n./dev bench: {argv[0]} ended with {run.returncode}")
        return run.stdout

    def write(self, part, value):
        (self.out / f"{part}.json").write_text(json.dumps(value, indent=1) + "\n")

    def timed(self, part, pattern, seconds, rounds):
        """Part of the program on Google Benchmark: the turns of all its benchmarks in a random order."""
        self.command([self.build / "bench/nacre-bench", f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}",
                      f"--benchmark_repetitions={self.rounds(rounds)}", "--benchmark_enable_random_interleaving=true",
                      f"--benchmark_out={self.out / part}.json", "--benchmark_out_format=json"])

    # ---- The parts

    def packet(self):
        self.timed("packet", "^(botan-|openssl-)?(seal|open)/", 0.004, 25)

    def bulk(self):
        ciphers = "(aes...-gcm|chacha20-poly1305|aes128-ctr.hmac-sha2-256-etm)"
        self.timed("bulk", f"^bulk/|^(seal|open)/{ciphers}/(64|256|1024|4096|16384|32768)$", 0.01, 21)

    def handshake(self):
        self.timed("handshake", "^(handshake|operations|rekey|rekey-operations|echo)/", 0.02, 9)

    def memory(self):
        program = self.build / "bench/nacre-bench-memory"
        found = json.loads(self.command([program]))
        if self.options.idle > 0:
            found.update(json.loads(self.command([program, self.options.idle])))
        self.write("memory", found)

    def scale(self):
        self.write("scale", json.loads(self.command([self.build / "bench/nacre-bench-scale", self.rounds(7)])))

    def cores(self):
        self.write("cores", json.loads(self.command([self.build / "bench/nacre-bench-cores", self.rounds(5)])))

    def peers(self):
        self.command([sys.executable, "-B", ROOT / "bench/peers.py", "--build", self.build, "--rounds", self.rounds(5),
                      "--json", self.out / "peers.json"])

    def instructions(self):
        subprocess.run([sys.executable, "-B", ROOT / "bench/instructions.py", self.build / "bench/nacre-bench-instructions",
                        "--recorded", ROOT / "bench/instructions.txt", "--json", self.out / "instructions.json"],
                       stdout=subprocess.DEVNULL, timeout=300, check=False)


PARTS = ["packet", "bulk", "handshake", "memory", "scale", "cores", "peers", "instructions"]


def measure(options, parts):
    run = Run(options)
    for part in parts:
        print(f"bench: {part} ...", file=sys.stderr, flush=True)
        begin = time.monotonic()
        (run.out / f"{part}.json").unlink(missing_ok=True)
        getattr(run, part)()
        print(f"bench: {part} took {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)


def main():
    options = arguments()
    only_page = options.part == ["page"]
    parts = PARTS if only_page or not options.part else [part for part in PARTS if part in options.part]
    if not only_page:
        measure(options, parts)
    found = figures.Figures(options.out)
    checked = targets.check(found, parts)
    everything = parts == PARTS
    if not everything:
        print(page.tables(found, parts))
    print(targets.table(checked))
    short = [target for target in checked if target.verdict == targets.SHORT]
    print(f"{sum(target.verdict == targets.PASS for target in checked)} pass, {len(short)} short, "
          f"{sum(target.verdict == targets.MISSING for target in checked)} not measured; load {os.getloadavg()[0]:.1f}")
    if everything and not options.no_page:
        for written in page.write(found, checked, ROOT / "docs"):
            print(f"written: {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
