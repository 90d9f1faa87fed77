"""How things end: keepalives, silent peers, signals to either program in the middle of work, and what is left behind."""

import os
import signal
import subprocess
import time

from processes import descendants, is_running, limit, wait_until
from registry import IN, OUT, OWN, Skip, test
from transfers import own_processes


@test("alive.client-asks")
def client_asks(t):
    """ServerAliveInterval: an idle session goes on, for the server answers."""
    server = t.server()
    result = t.ssh(server, "sleep 3.5; echo still", options={"ServerAliveInterval": "1", "ServerAliveCountMax": "1"}, code=0)
    t.equal(result.out, b"still\n", "standard output")


@test("alive.server-asks")
def server_asks(t):
    """ClientAliveInterval: an idle session goes on, for the client answers."""
    server = t.server({"ClientAliveInterval": "1", "ClientAliveCountMax": "1"})
    result = t.ssh(server, "sleep 3.5; echo still", code=0)
    t.equal(result.out, b"still\n", "standard output")


@test("alive.server-is-silent", pairs=(OUT, OWN))
def server_silent(t):
    """A server that answers no more is given up: a line, and exit status 255."""
    server = t.server()
    client = t.start_ssh(server, "echo here; sleep 100", options={"ServerAliveInterval": "1", "ServerAliveCountMax": "2"})
    t.equal(client.popen.stdout.readline(), b"here\n", "output")
    stopped = [server.pid, *descendants(server.pid)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        t.equal(client.wait(12), 255, "exit status")
        t.contains(client.err(), "(?i)timeout|timed out|not respond|not answer", "standard error")
    finally:
        for pid in stopped:
            if is_running(pid):
                os.kill(pid, signal.SIGCONT)


@test("alive.client-is-silent", pairs=(IN, OWN))
def client_silent(t):
    """A client that answers no more is given up, and its command hung up."""
    server = t.server({"ClientAliveInterval": "1", "ClientAliveCountMax": "2"})
    client = t.start_ssh(server, "echo $$; exec sleep 100")
    pid = int(client.popen.stdout.readline())
    os.kill(client.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not is_running(pid) or connection_gone(server), 12, "the end of the connection")
    finally:
        os.kill(client.pid, signal.SIGCONT)
    t.check(client.wait(10) != 0, "exit status 0 of a client that was given up")
    t.still_serves(server)


def connection_gone(server):
    return any(word in server.log() for word in ("Timeout, client not responding", "timed out", "timeout"))


@test("end.server-terminated", pairs=(IN, OWN), quick=True)
def server_terminated(t):
    """SIGTERM in the middle of a transfer: nacre-sshd ends with 0, the client with an error, no child is left."""
    if t.server_program.kind == "openssh":
        raise Skip("connections outlive OpenSSH's listening process")
    server = t.server()
    client = t.start_ssh(server, "echo $$; exec cat /dev/zero", stdin=subprocess.DEVNULL)
    pid = int(client.popen.stdout.readline())
    client.popen.stdout.read(1_000_000)
    server.process.signal(signal.SIGTERM)
    while client.popen.stdout.read(1 << 20):
        pass
    t.equal(server.process.wait(10), 0, "exit status of the server")
    t.equal(client.wait(10), 255, f"exit status of the client; {client.err()[-200:]!r}")
    t.check(client.err().strip(), "the client says nothing about the end of the connection")
    wait_until(lambda: not is_running(pid), 5, "the end of the command")


@test("end.server-terminated-idle", pairs=(IN, OWN), each=["TERM", "INT"])
def server_idle(t, name):
    """An idle server and one with a session that waits end at once."""
    if t.server_program.kind == "openssh":
        raise Skip("connections outlive OpenSSH's listening process")
    server = t.server()
    client = t.start_ssh(server, "echo here; cat")
    t.equal(client.popen.stdout.readline(), b"here\n", "output")
    server.process.signal(getattr(signal, f"SIG{name}"))
    begin = time.monotonic()
    t.equal(server.process.wait(10), 0, "exit status of the server")
    t.check(time.monotonic() - begin < limit(4), "the server took more than four seconds to end")
    t.equal(client.wait(10), 255, "exit status of the client")


@test("end.server-killed", pairs=(OUT, OWN))
def server_killed(t):
    """The connection breaks: the client says so in one line and gives 255."""
    server = t.server()
    client = t.start_ssh(server, "echo here; cat")
    t.equal(client.popen.stdout.readline(), b"here\n", "output")
    for pid in own_processes(server):
        os.kill(pid, signal.SIGKILL)
    t.equal(client.wait(10), 255, "exit status")
    t.check(len([line for line in client.err().splitlines() if line.strip()]) == 1, f"standard error: {client.err()!r}")
    if t.client.kind == "nacre":
        t.contains(client.err(), f"127.0.0.1 port {server.port}: ", "standard error, on which connection it was")


@test("end.client-killed", pairs=(IN, OWN), each=["exec", "pty", "reading", "writing"], quick=["exec", "pty"])
def client_killed(t, kind):
    """The client is gone: its command finds its terminal or its pipes closed, and the server goes on."""
    server = t.server()
    mark = t.folder / "pid"
    command = {"exec": f"echo $$ > {mark}; exec sleep 100", "pty": f"echo $$ > {mark}; exec sleep 100",
               "reading": f"echo $$ > {mark}; exec cat", "writing": f"echo $$ > {mark}; exec cat /dev/zero"}[kind]
    client = t.start_ssh(server, command, flags=["-tt"] if kind == "pty" else [], stdout=subprocess.DEVNULL)
    pid = int(wait_until(lambda: mark.exists() and mark.read_text().strip(), 10, "the command"))
    client.kill()
    if kind != "exec":  # as with OpenSSH, a command without a terminal that neither reads nor writes may go on
        wait_until(lambda: not is_running(pid), 10, "the end of the command")
    t.still_serves(server)


@test("end.client-interrupted", pairs=(OUT, OWN))
def client_interrupted(t):
    """SIGINT to a client without a pty ends it at once."""
    server = t.server()
    client = t.start_ssh(server, "echo here; sleep 100")
    t.equal(client.popen.stdout.readline(), b"here\n", "output")
    client.signal(signal.SIGINT)
    code = client.wait(5)
    t.check(code in (-signal.SIGINT, 255, 130), f"ended with {code}")


def ignoring(*numbers):
    """What makes a program start with these signals ignored, as nohup does."""

    def before():
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    return before


@test("end.ignored-signal", pairs=(OUT, OWN), each=["HUP", "INT"])
def ignored_signal(t, name):
    """A signal that was ignored at the start (nohup, a job in the background) stays ignored, with a command and with -N."""
    server, number = t.server(), getattr(signal, f"SIG{name}")
    waiting = t.start_ssh(server, "echo here; cat", before=ignoring(number))
    t.equal(waiting.popen.stdout.readline(), b"here\n", "output")
    alone = t.start_ssh(server, flags=["-N"], stdin=subprocess.DEVNULL, before=ignoring(number))
    wait_until(lambda: server.log().count("ccepted") >= 2, 10, "the login")
    time.sleep(0.3)
    for client in (waiting, alone):
        client.signal(number)
    time.sleep(0.5)
    t.check(alone.running(), f"-N ended with {alone.popen.returncode} by an ignored signal: {alone.err()[-200:]!r}")
    waiting.popen.stdin.write(b"on\n")
    t.equal(waiting.popen.stdout.readline(), b"on\n", "output after an ignored signal")
    for client in (waiting, alone):
        client.signal(signal.SIGTERM)
        t.check(client.wait(5) in (-signal.SIGTERM, 255, 143), f"ended with {client.popen.returncode} on SIGTERM")


@test("end.pid-file", pairs=(OWN,))
def pid_file(t):
    """PidFile: a server that can't listen leaves that of the one that does; one that ends removes its own only."""
    if t.server_program.kind != "nacre":
        raise Skip("nacre-sshd's own")
    path = t.folder / "pid"
    first = t.server({"PidFile": path})
    t.equal(path.read_text(), f"{first.pid}\n", "the file")
    again = [t.server_program.sshd, "-D", "-p", str(first.port), "-h", t.shared.host_key(), "-o", f"PidFile={path}"]
    t.equal(t.run("server", again).code, 255, "exit status of a second server on the same port")
    t.check(path.exists(), "the second server has removed the file of the first")
    t.equal(path.read_text(), f"{first.pid}\n", "the file after a second server could not listen")
    other = t.server({"PidFile": path})
    t.equal(first.stop(), 0, "exit status")
    t.check(path.exists(), "the first server has removed the file of another")
    t.equal(path.read_text(), f"{other.pid}\n", "the file")
    t.equal(other.stop(), 0, "exit status")
    t.check(not path.exists(), "the file is left")


@test("end.n-flag-session", pairs=(OUT, IN, OWN))
def no_command(t):
    """-N opens a connection that stays until it is ended; no command runs."""
    server = t.server()
    client = t.start_ssh(server, flags=["-N"], stdin=subprocess.DEVNULL)
    wait_until(lambda: "ccepted" in server.log(), 10, "the login")
    time.sleep(0.5)
    t.check(client.running(), f"-N ended with {client.popen.returncode}: {client.err()[-200:]!r}")
    client.signal(signal.SIGTERM)
    t.check(client.wait(5) in (-signal.SIGTERM, 255, 0, 143), f"ended with {client.popen.returncode} on SIGTERM")
    t.still_serves(server)


@test("proxy.command", pairs=(OUT, IN, OWN), quick=True)
def proxy(t):
    """ProxyCommand carries the connection: %h and %p are filled in; what it says on standard error is seen."""
    server = t.server()
    script = t.folder / "proxy.py"
    script.write_text(PROXY)
    options = {"ProxyCommand": f"python3 {script} %h %p"}
    with open(t.shared.middle, "rb") as data:
        result = t.ssh(server, "sha256sum", data=data, options=options, code=0)
    t.equal(result.out.split()[0].decode(), t.shared.checksum(t.shared.middle), "checksum")
    t.contains(result.err, "through the proxy", "standard error")


@test("proxy.fails", pairs=(OUT, OWN))
def proxy_fails(t):
    """A proxy that ends at once: one line and 255."""
    server = t.server()
    result = t.ssh(server, "true", options={"ProxyCommand": "exit 3"}, code=255)
    t.check(result.err.strip(), "nothing on standard error")
    result = t.ssh(server, "true", options={"ProxyCommand": "/no/such/program %h"}, code=255)
    t.contains(result.err, "no/such/program", "standard error")


@test("proxy.jump-through-ourselves", pairs=(OUT, OWN))
def proxy_jump(t):
    """The proxy is a login to a server that runs the same relay: one connection inside another."""
    server = t.server()
    script = t.folder / "proxy.py"
    script.write_text(PROXY)
    inner = " ".join(t.argv(server, f"python3 {script} 127.0.0.1 {server.port}"))
    inner = inner.replace(f"python3 {script} 127.0.0.1 {server.port}", f"'python3 {script} 127.0.0.1 {server.port}'")
    with open(t.shared.middle, "rb") as data:
        result = t.ssh(server, "sha256sum", data=data, options={"ProxyCommand": inner}, code=0)
    t.equal(result.out.split()[0].decode(), t.shared.checksum(t.shared.middle), "checksum")


PROXY = """import os, select, socket, sys
print("through the proxy", file=sys.stderr, flush=True)
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
both = {0: peer.fileno(), peer.fileno(): 1}
while both:
    for source in select.select(list(both), [], [])[0]:
        piece = os.read(source, 65536)
        if not piece:
            target = both.pop(source)
            if target == peer.fileno():
                peer.shutdown(socket.SHUT_WR)
            else:
                sys.exit(0)
        while piece:
            piece = piece[os.write(both[source], piece):]
"""
