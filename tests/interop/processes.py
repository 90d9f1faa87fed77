"""Processes: started with their output in files or pipes, ended by their id, never waited for without a limit."""

import ctypes
import errno
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

from registry import Failure

FACTOR = 1.0  # what every time limit is multiplied by; above 1 for programs built with sanitizers


def limit(seconds):
    return seconds * FACTOR


def adopt_orphans():
    """Descendants whose parents have died become our children, so that descendants() finds them."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def stat_of(pid):
    """(state, parent, cpu seconds) of a process, or None."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return fields[0], int(fields[1]), (int(fields[11]) + int(fields[12])) / ticks


def is_running(pid):
    found = stat_of(pid)
    return found is not None and found[0] != "Z"


def descendants(root):
    """Ids of all running processes below root, the nearest first."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = stat_of(name)
            if found and found[0] != "Z":
                parents.setdefault(found[1], []).append(int(name))
    result, todo = [], [root]
    while todo:
        below = parents.get(todo.pop(0), [])
        result += below
        todo += below
    return result


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"


def kill_below(root):
    """Ends every descendant of root."""
    for _ in range(20):
        found = descendants(root)
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Polls until condition() is true and returns what it gave; fails with `what` after the limit."""
    end = time.monotonic() + limit(seconds)
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"waited {limit(seconds):.0f} s in vain for {what() if callable(what) else what}")
        time.sleep(0.01)


class Process:
    """A program with its standard error in a file (err_path), its output in a pipe or file."""

    def __init__(self, name, argv, folder, env, stdin=subprocess.DEVNULL, stdout=None, stderr=None, before=None):
        self.name, self.argv, self.started = name, [str(word) for word in argv], time.monotonic()
        self.err_path = folder / f"{name}.err"
        self.out_path = folder / f"{name}.out"
        out = open(self.out_path, "wb") if stdout is None else stdout
        err = open(self.err_path, "wb") if stderr is None else stderr
        self.popen = subprocess.Popen(self.argv, stdin=stdin, stdout=out, stderr=err, env=env, cwd=folder,
                                      start_new_session=True, preexec_fn=before, bufsize=0)
        for file, given in ((out, stdout), (err, stderr)):
            if given is None:
                file.close()

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        """Everything it has said: standard error, then standard output when that is text in a file."""
        text = b""
        for path in (self.err_path, self.out_path):
            if path.exists() and path.stat().st_size < 4_000_000:
                text += path.read_bytes()
        return text.decode(errors="replace")

    def err(self):
        return self.err_path.read_text(errors="replace") if self.err_path.exists() else ""

    def running(self):
        return self.popen.poll() is None

    def wait(self, seconds=20.0):
        """Its exit status; -N when signal N ended it. Fails, and kills it, when it does not end."""
        try:
            return self.popen.wait(limit(seconds))
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end in {limit(seconds):.0f} s: {self.shown()}") from None

    def wait_for_log(self, pattern, seconds=15.0):
        """The match of a pattern in what it has said so far or says in time."""

        def look():
            match = re.search(pattern, self.log())
            if not match and not self.running():
                match = re.search(pattern, self.log())
                if not match:
                    raise Failure(f"{self.name} ended with {self.popen.returncode} and never said /{pattern}/")
            return match

        return wait_until(look, seconds, f"/{pattern}/ from {self.name}")

    def signal(self, number):
        if self.running():
            self.popen.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self, seconds=5.0):
        """Asks it to end, then makes it; its exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(limit(seconds))
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def shown(self):
        return " ".join(word if re.fullmatch(r"[\w@%+=:,./-]+", word) else repr(word) for word in self.argv)


class Terminal:
    """A program on a pseudo terminal of ours, as a person would use it."""

    def __init__(self, name, argv, folder, env, rows=24, columns=80):
        self.name, self.seen, self.past = name, b"", 0
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.err_path = folder / f"{name}.terminal"

        def take_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = Process(name, argv, folder, env, stdin=slave, stdout=slave, stderr=slave, before=take_terminal)
        os.close(slave)

    def resize(self, rows, columns):
        """The kernel sends SIGWINCH to the program in the foreground."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self):
        return termios.tcgetattr(self.master)

    def send(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def read_some(self, seconds):
        """Whether there was more to read."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            piece = b""
        self.seen += piece
        self.err_path.write_bytes(self.seen)
        return bool(piece)

    def expect(self, pattern, seconds=15.0):
        """Reads until the pattern comes after what was expected before; the match."""
        end = time.monotonic() + limit(seconds)
        closed = False
        while True:
            match = re.compile(pattern.encode() if isinstance(pattern, str) else pattern).search(self.seen, self.past)
            if match:
                self.past = match.end()
                return match
            rest = self.seen[self.past:][-300:].decode(errors="replace")
            if closed:
                raise Failure(f"{self.name} closed its terminal and /{pattern}/ never came; after the last match: {rest!r}")
            if time.monotonic() > end:
                raise Failure(f"no /{pattern}/ on the terminal of {self.name} in {limit(seconds):.0f} s; "
                              f"after the last match: {rest!r}")
            if not self.read_some(0.05) and not self.process.running():
                closed = not self.read_some(0.05)

    def wait(self, seconds=15.0):
        """Its exit status, reading what it says meanwhile."""
        end = time.monotonic() + limit(seconds)
        while self.process.running():
            if time.monotonic() > end:
                self.process.kill()
                raise Failure(f"{self.name} on a terminal did not end in {limit(seconds):.0f} s")
            self.read_some(0.02)
        while self.read_some(0.02):
            pass
        return self.process.popen.returncode

    def text(self):
        return self.seen.decode(errors="replace")

    def close(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
