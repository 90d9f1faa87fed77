"""Many at once: connections, sessions over one connection, and the limits on both."""

import hashlib
import os
import re
import socket
import subprocess
import time

from context import PASSWORD, USER
from logins import BY_PASSWORD, PASSWORDS
from processes import is_running, limit, stat_of, wait_until
from registry import IN, OWN, Skip, test


@test("many.connections", quick=True)
def connections(t):
    """20 clients at the same time, each with its own bytes."""
    server = t.server()
    clients = []
    for i in range(20):
        data = hashlib.sha256(str(i).encode()).digest() * 20_000
        path = t.folder / f"data{i}"
        path.write_bytes(data)
        with open(path, "rb") as file:
            clients.append((i, data, t.start_ssh(server, f"cat; exit {i}", stdin=file, stdout=open(t.folder / f"out{i}", "wb"))))
    for i, data, client in clients:
        t.equal(client.wait(30), i, f"exit status of client {i}; {client.err()[-300:]!r}")
        t.check((t.folder / f"out{i}").read_bytes() == data, f"client {i} got other bytes than it sent")


def master(t, server, **words):
    """A client whose connection others share, and the command line for those."""
    path = t.folder / "m"
    options = {"ControlMaster": "yes", "ControlPath": path, "ControlPersist": "no", **words}
    process = t.start_ssh(server, flags=["-N"], stdin=subprocess.DEVNULL, options=options)
    wait_until(lambda: path.exists() or not process.running(), 10, "the shared connection")
    t.check(process.running(), f"the shared connection ended: {process.err()[-300:]!r}")
    return process, {"ControlMaster": "no", "ControlPath": path}


@test("many.sessions-of-one-connection", pairs=(IN,), quick=True)
def sessions(t):
    """Several channels over one connection, each with its own streams and exit status."""
    server = t.server({"MaxSessions": "20"})
    _, shared = master(t, server)
    clients = []
    for i in range(10):
        path = t.folder / f"data{i}"
        path.write_bytes(os.urandom(300_000 + i))
        with open(path, "rb") as file:
            out = open(t.folder / f"out{i}", "wb")
            clients.append(t.start_ssh(server, f"cat; echo err{i} >&2; exit {i}", stdin=file, stdout=out, options=shared))
    for i, client in enumerate(clients):
        t.equal(client.wait(30), i, f"exit status of session {i}; {client.err()[-300:]!r}")
        t.check((t.folder / f"out{i}").read_bytes() == (t.folder / f"data{i}").read_bytes(), f"session {i} got other bytes")
        t.contains(client.err(), f"err{i}", f"standard error of session {i}")
    t.equal(len(re.findall("(?i)accepted publickey", server.log())), 1, "logins")


@test("many.slow-session-stalls-only-itself", pairs=(IN,))
def slow_session(t):
    """One channel that nobody reads does not stop another of the same connection."""
    server = t.server({"MaxSessions": "20"})
    _, shared = master(t, server)
    slow = t.start_ssh(server, f"cat {t.shared.large}", stdin=subprocess.DEVNULL, options=shared)
    slow.popen.stdout.read(1000)
    time.sleep(0.5)
    begin = time.monotonic()
    for _ in range(5):
        t.equal(t.ssh(server, "echo quick", options=shared, code=0).out, b"quick\n", "output of the other session")
    t.check(time.monotonic() - begin < limit(5), "the other session was slow")
    with open(t.shared.middle, "rb") as data:
        other = t.ssh(server, "sha256sum", data=data, options=shared, code=0)
    t.equal(other.out.split()[0].decode(), t.shared.checksum(t.shared.middle), "checksum")
    slow.kill()


@test("many.session-after-session", pairs=(IN,))
def after_each_other(t):
    """50 sessions one after the other over one connection leave nothing behind."""
    server = t.server({"MaxSessions": "2"})
    _, shared = master(t, server)
    before = descriptors(server.pid)
    for i in range(50):
        result = t.ssh(server, f"exit {i}", options=shared)
        t.equal(result.code, i, f"exit status; {result.err[-200:]!r}")
    if t.server_program.kind == "nacre":
        wait_until(lambda: descriptors(server.pid) <= before + 1, 5, lambda: f"descriptors: {before} before, {descriptors(server.pid)} after")


@test("many.passwords-of-clients-that-left", pairs=(IN, OWN), alone=True, limit=120)
def passwords_and_gone(t):
    """Twenty clients send the right password and are gone before it is judged. Each frees its place once, nobody is let in
    after the end of his connection, and what waited in line is not hashed."""
    if t.server_program.kind != "nacre":
        raise Skip("nacre-sshd's own")
    server = t.server({**PASSWORDS, "LogLevel": "INFO"}, users={USER: PASSWORD})
    words = {"keys": [], "options": BY_PASSWORD, "env": t.askpass(PASSWORD)}
    before = stat_of(server.pid)[2]
    t.ssh(server, "true", code=0, **words)
    one = stat_of(server.pid)[2] - before
    (t.folder / "asked").unlink()
    gate, script = t.folder / "gate", t.folder / "askpass"
    script.write_text(script.read_text() + f"while [ ! -e {gate} ]; do sleep 0.02; done\n")
    clients = [t.start_ssh(server, "true", stdin=subprocess.DEVNULL, **words) for _ in range(20)]
    asked = t.folder / "asked"
    wait_until(lambda: asked.exists() and len(asked.read_text().splitlines()) == 20, 60, "twenty questions")
    gate.touch()
    time.sleep(0.2)
    before = stat_of(server.pid)[2]
    for client in clients:
        client.kill()
    t.ssh(server, "true", code=0, seconds=40, **words)
    used = stat_of(server.pid)[2] - before
    for peer, rest in re.findall(r"Connection from (\S+ port \d+) ended(.*)", server.log(), re.DOTALL):
        t.lacks(rest, f"Accepted password .* from {peer}$", "log of the server after the end of a connection")
    t.still_serves(server)
    t.check(used < 8 * one, f"{used:.2f} s of processor for twenty who left; a login takes {one:.2f} s")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@test("many.max-sessions", pairs=(IN,), quick=True)
def max_sessions(t):
    """The session above MaxSessions is refused, the others go on."""
    server = t.server({"MaxSessions": "2"})
    _, shared = master(t, server)
    two = [t.start_ssh(server, "echo here; cat", options=shared) for _ in range(2)]
    for client in two:
        t.equal(client.popen.stdout.readline(), b"here\n", "output")
    third = t.ssh(server, "echo here", options={**shared, "ControlMaster": "no"}, seconds=10)
    # ssh falls back to a connection of its own when the shared one refuses; without it the exit status is 255.
    t.contains(third.err + server.log(), "(?i)open failed|refused|no more sessions|limit|too many|maxsessions", "what is said of the third")
    for client in two:
        client.popen.stdin.write(b"on\n")
        t.equal(client.popen.stdout.readline(), b"on\n", "output of a session that was there")
        client.popen.stdin.close()
        t.equal(client.wait(), 0, "exit status")


@test("many.master-killed", pairs=(IN,))
def master_killed(t):
    """A connection with several sessions is cut: every command behind it is hung up."""
    server = t.server()
    process, shared = master(t, server)
    marks = [t.folder / f"mark{i}" for i in range(3)]
    for mark in marks:
        client = t.start_ssh(server, f"trap 'exit' HUP TERM PIPE; echo $$ > {mark}; while echo x; do sleep 0.1; done", options=shared)
        client.popen.stdout.readline()
    pids = [int(mark.read_text()) for mark in marks]
    process.kill()
    wait_until(lambda: not any(is_running(pid) for pid in pids), 10, "the end of the commands")
    t.still_serves(server)


@test("many.max-startups", pairs=(IN, OWN))
def max_startups(t):
    """Connections that do not log in are limited; who is in already goes on; a place that is freed can be used."""
    server = t.server({"MaxStartups": "3", "LoginGraceTime": "30"})
    inside = t.start_ssh(server, "echo here; cat")
    t.equal(inside.popen.stdout.readline(), b"here\n", "output")
    idle = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(3)]
    for silent in idle:
        silent.settimeout(5)
        t.check(silent.recv(100).startswith(b"SSH-2.0-"), "no greeting")
    with socket.create_connection(("127.0.0.1", server.port), 5) as fourth:
        fourth.settimeout(5)
        try:
            said = fourth.recv(100)
        except ConnectionResetError:
            said = b""
        t.check(not said.startswith(b"SSH-2.0-"), "the fourth connection was greeted; MaxStartups is 3")
    inside.popen.stdin.write(b"on\n")
    t.equal(inside.popen.stdout.readline(), b"on\n", "output of the session that was there")
    for silent in idle:
        silent.close()
    wait_until(lambda: t.ssh(server, "true").code == 0, 10, "a login after the idle connections have gone")


@test("many.churn", pairs=(IN, OWN), limit=90)
def churn(t):
    """Connections come and go, some in the middle of everything; the server's descriptors and children do not grow."""
    server = t.server()
    t.ssh(server, "true", code=0)
    before = descriptors(server.pid)
    for i in range(15):
        client = t.start_ssh(server, "cat /dev/zero" if i % 2 else "sleep 100", stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL)
        time.sleep(0.04 * i)
        client.kill()
        with socket.create_connection(("127.0.0.1", server.port), 5) as other:
            other.sendall(b"SSH-2.0-nobody\r\n" + bytes(i))
    t.still_serves(server)
    if t.server_program.kind == "nacre":
        wait_until(lambda: descriptors(server.pid) <= before + 3, 10,
                   lambda: f"the end of connections: {before} descriptors before, {descriptors(server.pid)} after")
