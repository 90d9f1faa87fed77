#!/usr/bin/env python3
"""Runs nacre's programs against OpenSSH's, and against themselves. Each test runs in a process of its own, with a time limit.

  run.py --build BUILDDIR [--filter REGEX]... [--list] [--quick] [--jobs N]

Peers are found by NACRE_OPENSSH_SYSTEM_DIR and NACRE_OPENSSH_10_DIR, or --system and --ten: folders that hold usr/bin/ssh.
With --stand-in system|10 that OpenSSH takes nacre's place, which shows whether a test itself is right."""

import argparse
import gc
import importlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback

import context
import keys
import peers
import processes
import registry

AREAS = ["algorithms", "user_keys", "commands", "transfers", "terminals", "file_tools", "host_trust", "logins", "crowds",
         "lifetimes", "program_options", "refusals", "bad_input", "bad_files", "memory", "fire", "audit"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="BUILDDIR", default="build", help="where tools/nacre-ssh and the others are")
    parser.add_argument("--filter", action="append", default=[], metavar="REGEX", help="only tests whose name has a match")
    parser.add_argument("--list", action="store_true", help="print the names of the tests and end")
    parser.add_argument("--quick", action="store_true", help="the part for a slow build: one or two cases of each kind")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="tests at the same time (default: two a core)")
    parser.add_argument("--system", default=os.environ.get("NACRE_OPENSSH_SYSTEM_DIR", ""), metavar="DIR")
    parser.add_argument("--ten", default=os.environ.get("NACRE_OPENSSH_10_DIR", ""), metavar="DIR")
    parser.add_argument("--stand-in", choices=["system", "10"], help="OpenSSH in nacre's place")
    parser.add_argument("--factor", type=float, default=0, help="what time limits are multiplied by (default: 4 with --quick)")
    parser.add_argument("--lines", type=int, default=15, help="lines of each log that a failure shows")
    parser.add_argument("--keep", action="store_true", help="leave the folder with keys, logs and configurations")
    return parser.parse_args()


def find_peers(options):
    """The OpenSSHs there are, oldest first, and (name, reason) of those there are not."""
    found, skipped = [], []
    for label, folder in (("openssh-system", options.system), ("openssh-10", options.ten)):
        if not folder or folder == "-":
            skipped.append((label, "no folder was given for it"))
            continue
        peer = peers.OpenSsh(label, folder)
        missing = peer.missing()
        if missing:
            skipped.append((label, missing))
        else:
            found.append(peer)
    return found, skipped


def child(case, folder, shared, lines):
    """Runs one test in this process and writes how it went."""
    gc.disable()  # it does not live long enough
    processes.adopt_orphans()
    # Who runs us in the background may have had some ignored, and a program keeps to that.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    test = context.Context(case, folder, shared)
    outcome, words = "passed", ""
    try:
        words = case.definition.function(test, *([] if case.value is None else [case.value])) or ""
    except registry.Skip as reason:
        outcome, words = "skipped", str(reason)
    except registry.Failure as failure:
        outcome, words = "failed", str(failure)
    except Exception:  # a fault of the test is a failure, and is shown
        outcome, words = "failed", traceback.format_exc()
    try:
        complaints = test.finish()
    except Exception:
        complaints = [traceback.format_exc()]
    if complaints and outcome == "passed":
        outcome, words = "failed", ""
    words = "\n".join([words, *complaints]).strip()
    if outcome == "failed":
        words += "\n" + test.logs(lines)
    (folder / "outcome.json").write_text(json.dumps([outcome, words]))


class Runner:
    def __init__(self, options, folder, shared):
        self.options, self.folder, self.shared = options, folder, shared
        self.running, self.counts, self.failures, self.skips = {}, {"passed": 0, "failed": 0, "skipped": 0}, [], []
        self.number = 0

    def run(self, cases, jobs):
        gc.freeze()  # a collection in a child would copy every page of ours that has an object in it
        queue = list(cases)
        while queue or self.running:
            while queue and len(self.running) < jobs:
                self.start(queue.pop(0))
            self.reap()

    def start(self, case):
        self.number += 1
        folder = self.folder / f"{self.number:03}"
        folder.mkdir()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()
                child(case, folder, self.shared, self.options.lines)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        self.running[pid] = (case, folder, time.monotonic())

    def reap(self):
        for pid, (case, folder, began) in list(self.running.items()):
            done, _ = os.waitpid(pid, os.WNOHANG)
            late = time.monotonic() - began > processes.limit(case.definition.limit)
            if not done and late:
                processes.kill_below(pid)
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            if done or late:
                del self.running[pid]
                self.report(case, folder, time.monotonic() - began, late and not done)
        select.select([], [], [], 0.01)

    def report(self, case, folder, seconds, late):
        outcome, words = "failed", f"did not end in {processes.limit(case.definition.limit):.0f} s\n{tails(folder, self.options.lines)}"
        if not late:
            try:
                outcome, words = json.loads((folder / "outcome.json").read_text())
            except (OSError, ValueError):
                outcome, words = "failed", "the test's own process died"
        self.counts[outcome] += 1
        first = words.partition("\n")[0] if outcome != "failed" else ""
        print(f"{outcome:7} {seconds:6.2f} s  {case.name}{'  (' + first + ')' if first else ''}", flush=True)
        if outcome == "failed":
            self.failures.append(case.name)
            print("\n".join("    " + line for line in words.splitlines()), flush=True)
        if not self.options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def tails(folder, lines):
    """The last lines of every log in a folder, for a test that was ended from outside."""
    text = []
    for path in sorted([*folder.glob("*.err"), *folder.glob("*.terminal")]):
        text.append(f"  --- {path.name}")
        text += [f"    | {line[:300]}" for line in context.printable(path.read_text(errors="replace"))[-lines:]]
    return "\n".join(text)


def end_by_signal(number, _):
    raise SystemExit(128 + number)


def main():
    options = arguments()
    processes.FACTOR = options.factor or (4.0 if options.quick else 1.0)
    found, skipped = find_peers(options)
    helper = next((peer.sftp_server for peer in reversed(found)), "")
    nacre = peers.Nacre(pathlib.Path(options.build).resolve(), helper)
    if options.stand_in:
        named = [peer for peer in found if peer.label.endswith(options.stand_in)]
        if not named:
            sys.exit(f"run.py: no OpenSSH to stand in: {skipped}")
        nacre = peers.OpenSsh("stand-in", named[0].folder)
    elif nacre.missing():
        sys.exit(f"run.py: {nacre.missing()}; build it first, or name its folder with --build")
    keygen = next((peer.keygen for peer in found), shutil.which("ssh-keygen"))
    for area in AREAS:
        importlib.import_module(area)
    cases = registry.expand(nacre, found)
    cases = [case for case in cases if all(re.search(pattern, case.name) for pattern in options.filter)]
    cases = [case for case in cases if case.quick or not options.quick]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases or not keygen:
        sys.exit("run.py: no test has such a name" if keygen else "run.py: there is no ssh-keygen to make keys with")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end_by_signal)
    processes.adopt_orphans()
    began = time.monotonic()
    peers.may_mount()  # asked once, before there are many of us
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nacre-interop-"))
    try:
        shared = keys.Shared(folder / "shared", keygen)
        shared.make()
        runner = Runner(options, folder, shared)
        jobs = options.jobs or 2 * (os.cpu_count() or 1)
        runner.run([case for case in cases if not case.definition.alone], jobs)
        runner.run([case for case in cases if case.definition.alone], 1)
    finally:
        processes.kill_below(os.getpid())
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)

    print(f"\n{time.monotonic() - began:.0f} s for {len(cases)} tests")
    for name in runner.failures:
        print(f"failed: {name}")
    for peer in [nacre, *found]:
        print(f"peer: {peer.label} {peer.version()}")
    for label, reason in skipped:
        print(f"peer: {label} was not used: {reason}")
    counts = runner.counts
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
