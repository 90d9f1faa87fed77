#!/usr/bin/env python3
"""nacre-sshd with a crowd: idle connections, busy ones of which some are cut at a byte of chance, honest logins beside them that
are timed, and SIGTERM in the middle of it. Prints figures; fails when a byte was wrong, somebody was lost, or memory grows."""

import argparse
import os
import pathlib
import pwd
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, metavar="BUILDDIR")
    parser.add_argument("--idle", type=int, default=2000)
    parser.add_argument("--busy", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def raise_descriptors(wanted):
    """As many as are wanted, or as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"soak.py: {wanted} descriptors are needed, and the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def resident(pid):
    """MiB that a process holds."""
    fields = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def slope(samples):
    """MiB an hour: the straight line that fits (second, MiB) best."""
    if len(samples) < 2:
        return 0.0
    middle = statistics.fmean(when for when, _ in samples), statistics.fmean(size for _, size in samples)
    above = sum((when - middle[0]) * (size - middle[1]) for when, size in samples)
    below = sum((when - middle[0]) ** 2 for when, _ in samples)
    return 3600 * above / below if below else 0.0


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.tools = pathlib.Path(options.build).resolve() / "tools"
        self.crowd_program = pathlib.Path(options.build).resolve() / "tests/fire/nacre-crowd"
        self.phases, self.samples, self.logins, self.problems = {}, [], [], []
        self.server = self.crowd = None

    def start_server(self):
        for name in ("host", "user"):
            subprocess.run([self.tools / "nacre-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        options = {"AuthorizedKeysFile": self.folder / "user.pub", "StrictModes": "no", "MaxStartups": "1000", "LogLevel": "INFO",
                   "PerSourcePenaltyExemptList": "127.0.0.1",
                   "SetEnv": "SHLVL=2"}  # so that no shell reads startup files of the account
        argv = [self.tools / "nacre-sshd", "-D", "-p", "0", "-h", self.folder / "host"]
        for name, value in options.items():
            argv += ["-o", f"{name}={value}"]
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log)
        for _ in range(200):
            match = re.search(r"listening on 127\.0\.0\.1 port (\d+)", self.log.read_text())
            if match:
                return match[1]
            time.sleep(0.05)
        sys.exit(f"soak.py: nacre-sshd did not start: {self.log.read_text()}")

    def start_crowd(self, port):
        user, options = pwd.getpwuid(os.getuid()).pw_name, self.options
        argv = [self.crowd_program, port, user, self.folder / "user", options.idle, options.busy, options.seconds, options.seed]
        self.crowd = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.login = [self.tools / "nacre-ssh", "-p", port, "-l", user, "-i", self.folder / "user", "-o", "BatchMode=yes", "-o",
                      "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.folder}/known", "127.0.0.1", "true"]
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        for line in self.crowd.stdout:
            words = line.split()
            self.phases[words[0]] = dict(zip(words[1::2], map(int, words[2::2])))

    def honest_login(self):
        begin = time.monotonic()
        code = subprocess.run(self.login, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode
        self.logins.append(time.monotonic() - begin)
        if code != 0:
            self.problems.append(f"an honest login gave {code}")

    def wait_for(self, phase, seconds, meanwhile=None):
        end = time.monotonic() + seconds
        while phase not in self.phases:
            if time.monotonic() > end or self.crowd.poll() is not None or self.server.poll() is not None:
                self.problems.append(f"'{phase}' was waited for in vain; crowd: {self.crowd.poll()}, server: {self.server.poll()}")
                return False
            if meanwhile:
                meanwhile()
            time.sleep(0.1 if phase != "over" else 1)
        return True

    def watch(self):
        self.samples.append((time.monotonic(), resident(self.server.pid)))
        self.honest_login()

    def run(self):
        self.start_crowd(self.start_server())
        first = resident(self.server.pid)
        going = self.wait_for("full", 60 + self.options.idle / 10)
        full = resident(self.server.pid)
        going = going and self.wait_for("over", self.options.seconds + 60, self.watch)
        self.server.terminate()
        begin = time.monotonic()
        try:
            code = self.server.wait(30)
        except subprocess.TimeoutExpired:
            code = "none: it did not end in 30 s"
        took = time.monotonic() - begin
        if code != 0:
            self.problems.append(f"exit status of nacre-sshd on SIGTERM: {code}")
        if going and self.wait_for("ended", 20):
            self.figures(first, full, took)

    def figures(self, first, full, took):
        over, ended = self.phases["over"], self.phases["ended"]
        late = self.samples[len(self.samples) // 5:]
        middle, last = self.samples[len(self.samples) // 2][1], self.samples[-1][1]
        grows = f"; slope of the last four fifths {slope(late):+.2f} MiB an hour" if self.options.seconds >= 300 else ""
        print(f"{over['conversations']} cases: conversations of {self.options.busy} busy clients beside {over['idle']} idle ones, "
              f"{self.options.seconds} s: {over['connections']} connections, {over['bytes'] / 2**20:.0f} MiB, {over['cut']} cut")
        print(f"{len(self.logins)} cases: honest logins: median {statistics.median(self.logins) * 1000:.0f} ms, "
              f"worst {max(self.logins) * 1000:.0f} ms, {sum(took > 1 for took in self.logins)} of them over a second")
        print(f"memory of nacre-sshd: {first:.1f} MiB empty, {full:.1f} with the idle ones, {self.samples[0][1]:.1f} at the start, "
              f"{middle:.1f} in the middle, {last:.1f} at the end{grows}")
        print(f"SIGTERM: ended in {took:.1f} s, {ended['ended']} idle connections ended, {ended['told']} of them told so")
        for name in ("failed", "damaged", "lost"):
            if over[name]:
                self.problems.append(f"{over[name]} {name}")
        if ended["ended"] != over["idle"] or ended["told"] != over["idle"]:
            self.problems.append("not all idle connections were told of the end")
        if last > 1.25 * middle + 8:
            self.problems.append("memory grows")

    def clean(self):
        for process in (self.crowd, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def main():
    options = arguments()
    raise_descriptors(options.idle + 8 * options.busy + 500)
    with tempfile.TemporaryDirectory(prefix="nacre-fire-") as folder:
        soak = Soak(options, pathlib.Path(folder))
        try:
            soak.run()
        finally:
            soak.clean()
        for problem in soak.problems:
            print(f"soak.py: {problem}")
        if soak.problems:
            print("".join(soak.log.read_text(errors="replace").splitlines(True)[-10:]))
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
