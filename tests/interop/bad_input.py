"""Peers that are no SSH, that break off, that send nonsense: one clear line, the right exit status, never a hang."""

import os
import random
import socket
import threading
import time

from context import USER
from registry import OWN, Skip, test


class FakeServer:
    """Answers one connection after another with what `talk` does; runs in a thread of the test's process."""

    def __init__(self, talk):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.talk = self.listener.getsockname()[1], talk
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(20)
                try:
                    self.talk(connection)
                except OSError:
                    pass


def read_line(connection):
    line = b""
    while not line.endswith(b"\n") and (piece := connection.recv(1)):
        line += piece
    return line


def packet(payload):
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def string(data):
    return len(data).to_bytes(4, "big") + data


def kexinit(kex=b"curve25519-sha256", key=b"ssh-ed25519", cipher=b"aes128-ctr", mac=b"hmac-sha2-256"):
    lists = [kex, key, cipher, cipher, mac, mac, b"none", b"none", b"", b""]
    return packet(b"\x14" + bytes(16) + b"".join(map(string, lists)) + bytes(5))


def no_talk(_):
    pass


def web_server(connection):
    read_line(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>No.</html>\r\n")


def mail_server(connection):
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    read_line(connection)
    connection.sendall(b"502 unknown command\r\n221 bye\r\n")


def endless_banner(connection):
    while True:
        connection.sendall(b"this is not the line you wait for\r\n" * 100)


def endless_line(connection):
    while True:
        connection.sendall(b"x" * 10_000)


def closes_after_ident(connection):
    connection.sendall(b"SSH-2.0-short\r\n")
    read_line(connection)


def old_protocol(connection):
    connection.sendall(b"SSH-1.5-ancient\r\n")
    read_line(connection)


def closes_mid_packet(connection):
    connection.sendall(b"SSH-2.0-short\r\n" + kexinit()[:100])
    read_line(connection)
    connection.recv(100)


def large_packet(connection):
    connection.sendall(b"SSH-2.0-large\r\n\x7f\xff\xff\xff\x08" + bytes(1000))
    time.sleep(0.5)


def garbage(connection):
    connection.sendall(b"SSH-2.0-garbage\r\n" + random.Random(7).randbytes(5000))
    time.sleep(0.5)


def broken_lists(connection):
    connection.sendall(b"SSH-2.0-broken\r\n" + packet(b"\x14" + bytes(16) + b"\xff\xff\xff\xf0abc"))
    time.sleep(0.5)


def no_kex(connection):
    connection.sendall(b"SSH-2.0-other\r\n" + kexinit(kex=b"kex-of-tomorrow@example.org"))
    time.sleep(0.5)


def no_cipher(connection):
    connection.sendall(b"SSH-2.0-other\r\n" + kexinit(cipher=b"rot13"))
    time.sleep(0.5)


def wrong_order(connection):
    connection.sendall(b"SSH-2.0-order\r\n" + kexinit() + packet(b"\x34"))  # USERAUTH_SUCCESS before any key
    time.sleep(0.5)


def disconnects(connection):
    connection.sendall(b"SSH-2.0-away\r\n" + packet(b"\x01\0\0\0\x0c" + string(b"go \x1b[31maway\r\nsecond line") + string(b"")))
    time.sleep(0.5)


TALKS = {talk.__name__.replace("_", "-"): talk for talk in (
    no_talk, web_server, mail_server, endless_banner, endless_line, closes_after_ident, old_protocol, closes_mid_packet,
    large_packet, garbage, broken_lists, no_kex, no_cipher, wrong_order, disconnects)}
WORDS = {"no-kex": "(?i)kex|key exchange|algorithm|match", "no-cipher": "(?i)cipher|algorithm|match", "disconnects": "go .*away",
         "old-protocol": "(?i)version|protocol|1\\.5|ident", "web-server": r"127\.0\.0\.1"}


@test("peer", pairs=(OWN,), each=list(TALKS), quick=["web-server", "closes-after-ident", "closes-mid-packet", "garbage"])
def peer(t, name):
    """A server that is none: one line that names it, and 255."""
    fake = FakeServer(TALKS[name])
    result = t.ssh(None, "true", port=fake.port, options={"UserKnownHostsFile": "/dev/null"}, seconds=15)
    t.equal(result.out, b"", "standard output")
    t.one_line(result, WORDS.get(name, "."))
    t.lacks(result.err, "\x1b", "standard error")
    if t.client.kind == "nacre":
        t.contains(result.err, r"127\.0\.0\.1", "standard error")


@test("connect.refused", pairs=(OWN,), quick=True)
def refused(t):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = t.ssh(None, "true", port=unused.getsockname()[1])
    t.one_line(result, "127.0.0.1.*(?:refused|Refused)")


@test("connect.unknown-name", pairs=(OWN,))
def unknown_name(t):
    result = t.ssh(None, "true", host="no-such-host.invalid", seconds=30)
    t.one_line(result, r"no-such-host\.invalid")


@test("connect.timeout", pairs=(OWN,))
def timeout(t):
    """ConnectTimeout ends the wait for a peer that takes the connection and says nothing."""
    fake = FakeServer(lambda connection: connection.recv(100) and time.sleep(18))
    result = t.ssh(None, "true", port=fake.port, options={"ConnectTimeout": "1"}, seconds=12)
    t.one_line(result, "(?i)time")
    t.check(result.seconds < 8, f"took {result.seconds:.1f} s")


@test("connect.bad-port", pairs=(OWN,), each=["0", "65536", "x", "-1", "22x"])
def bad_port(t, port):
    result = t.ssh(None, "true", port=port)
    t.check(result.code not in (0, None) and result.code > 0, f"exit status {result.code}")
    t.contains(result.err, "(?i)port", "standard error")


BAD_OPTIONS = {
    "unknown-flag": (["--no-such-option"], "no-such-option|unknown option|-- "),
    "unknown-o": (["-o", "NoSuchOption=1"], "(?i)NoSuchOption"),
    "unknown-cipher": (["-c", "rot13"], "rot13"),
    "unknown-mac": (["-m", "crc32"], "crc32"),
    "unknown-kex": (["-o", "KexAlgorithms=kex-of-tomorrow"], "kex-of-tomorrow"),
    "unknown-host-key": (["-o", "HostKeyAlgorithms=ssh-none"], "ssh-none"),
    "bad-strict": (["-o", "StrictHostKeyChecking=perhaps"], "perhaps"),
    "bad-number": (["-o", "ConnectTimeout=soon"], "(?i)soon|ConnectTimeout|time value"),
    "bad-rekey": (["-o", "RekeyLimit=many"], "(?i)many|RekeyLimit"),
    "no-value": (["-o"], "-o"),
}


@test("option", pairs=(OWN,), each=list(BAD_OPTIONS), quick=["unknown-o", "unknown-cipher"])
def bad_option(t, name):
    """A wrong option: what is wrong, no connection, exit status not 0."""
    words, pattern = BAD_OPTIONS[name]
    connected = []
    fake = FakeServer(connected.append)
    argv = [t.client.ssh, "-p", str(fake.port), "-l", USER] + ([] if t.client.kind == "nacre" else ["-F", "/dev/null"])
    if name != "no-value":
        words = [*words, "127.0.0.1", "true"]
    result = t.run("client", [*argv, *words])
    t.check(result.code > 0, f"exit status {result.code}")
    t.contains(result.err, pattern, "standard error")
    t.equal(connected, [], "connections that were made")
    if t.client.kind == "nacre" and name not in ("no-value", "unknown-flag"):
        t.equal(len(result.err.strip().splitlines()), 1, f"lines of {result.err!r}")


BAD_SERVER_OPTIONS = {
    "unknown-o": (["-o", "NoSuchOption=1"], "(?i)NoSuchOption"),
    "unknown-cipher": (["-o", "Ciphers=rot13"], "rot13"),
    "unknown-kex": (["-o", "KexAlgorithms=kex-of-tomorrow"], "kex-of-tomorrow"),
    "bad-level": (["-o", "LogLevel=LOUD"], "LOUD"),
    "bad-number": (["-o", "MaxSessions=many"], "(?i)many|MaxSessions"),
    "bad-address": (["-o", "ListenAddress=300.1.1.1"], r"300\.1\.1\.1"),
    "missing-users": (["-o", "UsersFile=/no/such/file", "-o", "PasswordAuthentication=yes"], "/no/such/file"),
}


@test("server-option", pairs=(OWN,), each=list(BAD_SERVER_OPTIONS), quick=["unknown-o"])
def bad_server_option(t, name):
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    words, pattern = BAD_SERVER_OPTIONS[name]
    result = t.run("server", [t.server_program.sshd, "-D", "-e", "-p", "0", "-h", t.shared.host_key(), *words], seconds=8)
    t.check(result.code > 0, f"exit status {result.code}")
    t.contains(result.err, pattern, "standard error")
    t.equal(len(result.err.strip().splitlines()), 1, f"lines of {result.err!r}")


@test("server.port-in-use", pairs=(OWN,))
def port_in_use(t):
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = t.run("server", [t.server_program.sshd, "-D", "-e", "-p", port, "-h", t.shared.host_key()], seconds=8)
    t.check(result.code > 0, f"exit status {result.code}")
    t.contains(result.err, f"{port}.*|in use", "standard error")


NO_COMMON = {"kex": ("KexAlgorithms", "curve25519-sha256", "ecdh-sha2-nistp256"), "cipher": ("Ciphers", "aes128-ctr", "aes256-ctr"),
             "mac": ("MACs", "hmac-sha2-256", "hmac-sha2-512"), "host-key": ("HostKeyAlgorithms", "ssh-ed25519", "rsa-sha2-512")}


@test("no-common", each=list(NO_COMMON), quick=["cipher"])
def no_common(t, name):
    """Nothing that both sides know: the message says of which kind, and what the other side offers."""
    option, ours, theirs = NO_COMMON[name]
    ciphers = {"Ciphers": "aes128-ctr"} if name == "mac" else {}
    server = t.server({option: theirs, **ciphers}, host_keys=[t.shared.host_key("rsa"), t.shared.host_key()])
    result = t.ssh(server, "true", options={option: ours, **ciphers})
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "(?i)no match|in common|negotiat", "standard error")
    t.contains(result.err, theirs, "standard error")
    t.one_line(result, "(?i)" + {"kex": "key exchange|kex", "host-key": "host.?key"}.get(name, name))


def hostile(name, port):
    """Sends nonsense to a server and reads until it closes; seconds that took."""
    dice = random.Random(name)
    sent = {"nothing": b"", "random": dice.randbytes(100_000), "web-client": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "endless-ident": b"SSH-2.0-" + b"x" * 100_000, "zeros": b"SSH-2.0-x\r\n" + bytes(100_000),
            "large-packet": b"SSH-2.0-x\r\n\x7f\xff\xff\xff\x08" + bytes(1000), "random-packets": b"SSH-2.0-x\r\n" + dice.randbytes(100_000),
            "wrong-order": b"SSH-2.0-x\r\n" + kexinit() + packet(b"\x5a" + string(b"session") + bytes(12)),
            "broken-lists": b"SSH-2.0-x\r\n" + packet(b"\x14" + bytes(16) + b"\xff\xff\xff\xf0abc"),
            "escape-in-ident": b"SSH-2.0-\x1b[31mred\r\n", "many-kexinits": b"SSH-2.0-x\r\n" + kexinit() * 100}[name]
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(15)
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    return time.monotonic() - begin


HOSTILE = ["nothing", "random", "web-client", "endless-ident", "zeros", "large-packet", "random-packets", "wrong-order", "broken-lists",
           "escape-in-ident", "many-kexinits"]


@test("client", pairs=(OWN,), each=HOSTILE, quick=["random", "large-packet", "wrong-order"])
def hostile_client(t, name):
    """Nonsense at the server's port is closed, logged in escaped form, and the next client is served."""
    server = t.server({"LoginGraceTime": "10"})
    seconds = hostile(name, server.port)
    t.check(seconds < 8, f"closed only after {seconds:.1f} s")
    t.still_serves(server)
    t.lacks(server.log(), "\x1b", "log of the server")


@test("server.descriptors", pairs=(OWN,))
def out_of_descriptors(t):
    """More connections than descriptors: the server lives, and serves again when there is room."""
    if t.server_program.kind != "nacre":
        raise Skip("OpenSSH makes a process for each connection")
    server = t.server({"MaxStartups": "1000", "LoginGraceTime": "60"}, wrap=("prlimit", "--nofile=40:40"))
    idle = []
    for _ in range(60):
        idle.append(socket.create_connection(("127.0.0.1", server.port), 5))
    time.sleep(1)
    t.check(server.process.running(), "the server ended")
    spent = cpu_seconds(server.pid)
    time.sleep(1)
    t.check(cpu_seconds(server.pid) - spent < 0.5, "the server spins while it has no descriptors")
    for connection in idle:
        connection.close()
    time.sleep(0.5)
    t.still_serves(server)
    t.check(len(server.log().splitlines()) < 2000, "the log is flooded")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
