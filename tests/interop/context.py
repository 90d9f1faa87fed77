"""What a test is given: servers and clients of its pair, the questions it may ask, and the logs when it fails."""

import dataclasses
import grp
import os
import pathlib
import pwd
import re
import signal
import subprocess
import time

import processes
from keys import public_line
from peers import HASHES
from processes import Process, Terminal, limit
from registry import Failure, Skip

USER = pwd.getpwuid(os.getuid()).pw_name
PASSWORD = next(iter(HASHES))
BROKEN = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|terminate called|Assertion .*failed|stack smashing")


@dataclasses.dataclass
class Settings:
    """What a server is started with, whichever program it is."""

    host_keys: list
    authorized_keys: pathlib.Path
    options: dict
    users: dict
    pam: bool


@dataclasses.dataclass
class Result:
    code: int
    out: bytes
    err: str
    seconds: float
    shown: str


class Server:
    def __init__(self, process, port, host_keys, known_hosts):
        self.process, self.port, self.host_keys, self.known_hosts = process, port, host_keys, known_hosts

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.process.log()

    def stop(self):
        return self.process.stop()


class Context:
    def __init__(self, case, folder, shared):
        self.case, self.folder, self.shared = case, pathlib.Path(folder), shared
        self.client, self.server_program = case.client, case.server
        self.started, self.terminals, self.count = [], [], 0
        self.user = USER

    # ---- What runs ----

    def env(self, more=None):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "TERM": "xterm",
               "USER": USER, "LOGNAME": USER, "SHELL": "/bin/bash"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return {**env, **(more or {})}

    def name(self, stem):
        self.count += 1
        return f"{self.count:02}-{stem}"

    def keep(self, process):
        self.started.append(process)
        return process

    def server(self, options=None, host_keys=None, authorized=None, users=None, pam=False, wrap=(), program=None, env=None):
        """A running server that lets in the keys of `authorized` (the usual one). known_hosts has its keys."""
        program = program or self.server_program
        host_keys = host_keys or [self.shared.host_key()]
        authorized = [self.shared.user_key()] if authorized is None else authorized
        name = self.name("server")
        file = self.folder / f"{name}.authorized"
        file.write_text("".join(public_line(key) + "\n" for key in authorized))
        settings = Settings(host_keys, file, options or {}, users or {}, pam)
        process, port = program.start_server(self.folder, name, settings, self.env(env), wrap)
        self.keep(process)
        known = self.folder / f"{name}.known"
        known.write_text("".join(f"[127.0.0.1]:{port} {public_line(key)}\n" for key in host_keys))
        return Server(process, port, host_keys, known)

    def argv(self, server, *command, options=None, flags=(), keys=None, user=USER, port=None, host="127.0.0.1", program=None):
        """The command line of the client; options with the value None are left out."""
        usual = {"StrictHostKeyChecking": "yes", "BatchMode": "yes", "ConnectTimeout": "20"}
        if server:
            usual["UserKnownHostsFile"] = server.known_hosts
        options = {key: value for key, value in {**usual, **(options or {})}.items() if value is not None}
        keys = [self.shared.user_key()] if keys is None else keys
        wants_terminal = any(flag in ("-t", "-tt") for flag in flags) or options.get("RequestTTY") in ("yes", "force")
        if self.server_program.kind == "openssh" and wants_terminal:
            needs_terminals_of_group_tty()
        port = str(port or (server.port if server else 22))
        argv = (program or self.client).client(options, list(flags), keys, port, user, [host, *command])
        return [str(word) for word in argv]

    def start(self, stem, argv, stdin=subprocess.DEVNULL, stdout=None, env=None, before=None, stderr=None):
        return self.keep(Process(self.name(stem), argv, self.folder, self.env(env), stdin, stdout, stderr, before))

    def run(self, stem, argv, data=b"", seconds=20.0, env=None, before=None):
        """Runs a program to its end with `data` (bytes, or an open file) as its input."""
        given = data if not isinstance(data, bytes) else (subprocess.PIPE if data else subprocess.DEVNULL)
        begin = time.monotonic()
        process = self.start(stem, argv, given, subprocess.PIPE, env, before)
        try:
            out, _ = process.popen.communicate(data if given == subprocess.PIPE else None, limit(seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"{stem} hung for {limit(seconds):.0f} s: {process.shown()}") from None
        return Result(process.popen.returncode, out, process.err(), time.monotonic() - begin, process.shown())

    def ssh(self, server, *command, data=b"", seconds=20.0, env=None, code=None, before=None, **words):
        """Runs the client to its end. `code` is the exit status it must have."""
        result = self.run("client", self.argv(server, *command, **words), data, seconds, env, before)
        if code is not None:
            self.equal(result.code, code, f"exit status of {result.shown}")
        return result

    def start_ssh(self, server, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=None, before=None, **words):
        return self.start("client", self.argv(server, *command, **words), stdin, stdout, env, before)

    def terminal(self, argv, rows=24, columns=80, env=None):
        terminal = Terminal(self.name("terminal"), argv, self.folder, self.env(env), rows, columns)
        self.terminals.append(terminal)
        self.keep(terminal.process)
        return terminal

    def ssh_terminal(self, server, *command, rows=24, columns=80, env=None, **words):
        return self.terminal(self.argv(server, *command, **words), rows, columns, env)

    def askpass(self, answer):
        """Environment that makes a client ask a program, which answers and notes the questions in its folder."""
        script = self.folder / "askpass"
        script.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{self.folder}/asked'\nprintf '%s\\n' '{answer}'\n")
        script.chmod(0o700)
        return {"SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}

    # ---- What is asked ----

    def check(self, condition, complaint):
        if not condition:
            raise Failure(complaint)

    def equal(self, seen, expected, what):
        if seen != expected:
            raise Failure(f"{what}: expected {expected!r:.500}, saw {seen!r:.500}")

    def contains(self, text, pattern, what):
        """`pattern` is a regular expression."""
        match = re.search(pattern, text, re.MULTILINE)
        if not match:
            raise Failure(f"{what}: expected /{pattern}/ in {text[-700:]!r}")
        return match

    def lacks(self, text, pattern, what):
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            raise Failure(f"{what}: expected no /{pattern}/, saw {match.group()!r:.300}")

    def one_line(self, result, pattern, code=255):
        """One clear line on standard error that has the pattern, nothing else, and the exit status."""
        lines = [line for line in result.err.replace("\r", "").splitlines() if line.strip()]
        self.equal(result.code, code, f"exit status of {result.shown} with {result.err[-300:]!r}")
        self.contains(result.err, pattern, f"standard error of {result.shown}")
        if self.client.kind == "nacre":
            self.check(len(lines) == 1, f"expected one line on standard error of {result.shown}, saw {lines[:6]!r}")

    def still_serves(self, server):
        """The server goes on: another login works."""
        result = self.ssh(server, "echo", "still", "here")
        self.equal((result.code, result.out), (0, b"still here\n"), f"a login afterwards; {result.err[-300:]!r}")

    def wants(self, pair_side, number, what):
        """Skips when the OpenSSH of this side is older than `number`."""
        if pair_side.number() < number:
            raise Skip(f"{pair_side.label} has no {what}")

    # ---- The end ----

    def finish(self):
        """Ends what still runs, clients before servers; complaints about how programs ended."""
        for terminal in self.terminals:
            terminal.close()
        complaints = []
        for process in reversed(self.started):
            was_running = process.running()
            code = process.stop()
            if was_running and code is None:
                complaints.append(f"{process.name} did not end on SIGTERM: {process.shown()}")
            if code is not None and -code in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
                complaints.append(f"{process.name} was ended by {signal.Signals(-code).name}: {process.shown()}")
            broken = BROKEN.search(process.log())
            if broken:
                complaints.append(f"{process.name} said '{broken.group()}'")
        processes.kill_below(os.getpid())
        return complaints

    def logs(self, lines=15):
        """The last lines that each program said."""
        text = []
        for process in self.started:
            said = printable(process.log())
            text.append(f"  --- {process.name}: {process.shown()}\n      ended with {process.popen.returncode}")
            text += [f"    | {line[:300]}" for line in said[-lines:]]
        for terminal in self.terminals:
            text.append(f"  --- {terminal.name} showed")
            text += [f"    | {line[:300]}" for line in printable(terminal.text())[-lines:]]
        return "\n".join(text)


def needs_terminals_of_group_tty():
    """OpenSSH's sshd gives its ptys to the group tty, which only root may do where the system has not done it."""
    if os.geteuid() == 0:
        return
    pair = os.openpty()
    group = os.fstat(pair[1]).st_gid
    for descriptor in pair:
        os.close(descriptor)
    if group != grp.getgrnam("tty").gr_gid:
        raise Skip("OpenSSH's sshd gets no pty here: ptys are not of the group tty, and only root may change that")


def printable(text):
    """Its lines without what would upset a terminal."""
    return [re.sub(r"[^\x20-\x7e]", "?", line) for line in text.replace("\r", "").split("\n")]
