"""nacre-sshd under hostile load: sources that fail again and again, connections that dribble, no descriptors left, full disks."""

import os
import re
import resource
import socket
import statistics
import subprocess
import threading
import time

import peers
from context import USER, Server
from crowds import master
from file_tools import client_options, tools_of
from keys import public_line
from processes import free_port, limit, stat_of, wait_until
from registry import IN, OUT, OWN, Skip, test
from transfers import resident


def connect(server, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", server.port), limit(5), (source, 0))


def first_words(connection):
    connection.settimeout(limit(5))
    try:
        return connection.recv(100)
    except ConnectionResetError:
        return b""


def greeted(server, source):
    with connect(server, source) as connection:
        return first_words(connection).startswith(b"SSH-2.0-")


def only_nacre(t):
    if t.server_program.kind != "nacre":
        raise Skip("nacre-sshd's own")


@test("fire.penalties", pairs=(IN, OWN))
def penalties(t):
    """A source that fails to log in again and again is refused for a while; others are not, and who is in already goes on."""
    only_nacre(t)
    server = t.server({"PerSourcePenalties": "authfail:4s min:5s"})
    inside = t.start_ssh(server, "echo here; cat")
    t.equal(inside.popen.stdout.readline(), b"here\n", "output")
    for _ in range(8):
        t.ssh(server, "true", keys=[t.shared.user_key("other")], code=255)
        if "Refusing" in server.log():
            break
    t.contains(server.log(), r"Refusing 127\.0\.0\.1 for \d+ s \(PerSourcePenalties, the last of them authfail\)", "log of the server")
    with connect(server) as refused:
        t.equal(first_words(refused), b"Not allowed at this time\r\n", "what a refused source is told")
    t.check(greeted(server, "127.0.0.2"), "another source was not greeted")
    inside.popen.stdin.write(b"on\n")
    t.equal(inside.popen.stdout.readline(), b"on\n", "output of the session that was there")
    wait_until(lambda: t.ssh(server, "true").code == 0, 20, "a login after the penalty")


@test("fire.penalties-by-default", pairs=(OWN,))
def penalties_by_default(t):
    """As with OpenSSH, penalties are on: failures in a row are refused. Logins that succeed, however many, are not."""
    only_nacre(t)
    server = t.server({"PerSourcePenalties": "yes"})
    for _ in range(10):
        t.ssh(server, "true", code=0)
    for _ in range(10):
        t.ssh(server, "true", keys=[t.shared.user_key("other")], code=255)
    t.contains(server.log(), "Refusing 127", "log of the server")
    t.equal(t.ssh(server, "true").code, 255, "exit status of a login from there")


@test("fire.one-source", pairs=(IN, OWN), quick=True)
def one_source(t):
    """PerSourceMaxStartups: one source cannot take the places of all."""
    only_nacre(t)
    server = t.server({"PerSourceMaxStartups": "2", "PerSourceNetBlockSize": "31"})
    idle = [connect(server, source) for source in ("127.0.0.2", "127.0.0.3")]
    for silent in idle:
        t.check(first_words(silent).startswith(b"SSH-2.0-"), "no greeting")
    t.check(not greeted(server, "127.0.0.2"), "the third of the block was greeted")
    t.still_serves(server)
    idle[0].close()
    wait_until(lambda: greeted(server, "127.0.0.3"), 10, "a place that is free again")


class Dribble:
    """Connections that send a byte at a time, half of them of the identification, half of a packet that never ends."""

    def __init__(self, server, count):
        self.connections = [connect(server, "127.0.0.2") for _ in range(count)]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        for i, connection in enumerate(self.connections):
            if i % 2:
                connection.sendall(b"SSH-2.0-slow\r\n\0\0\x0f\xfc")
        self.thread.start()

    def run(self):
        text = b"SSH-2.0-" + b"x" * 200
        for number in range(200):
            for i, connection in enumerate(self.connections):
                try:
                    connection.send(b"\x0a" if i % 2 else text[number:number + 1])
                except OSError:
                    pass
            if self.over.wait(0.3):
                return

    def stop(self):
        self.over.set()
        self.thread.join()


@test("fire.dribble", pairs=(IN, OWN), quick=True, alone=True, limit=90)
def dribble(t):
    """150 connections that dribble are ended by LoginGraceTime; who is honest logs in beside them as if they were not there."""
    only_nacre(t)
    server = t.server({"LoginGraceTime": "4", "MaxStartups": "300", "LogLevel": "INFO"})
    slow = Dribble(server, 150)
    times = [t.ssh(server, "true", code=0).seconds for _ in range(8)]
    for connection in slow.connections:
        connection.settimeout(limit(12))
        try:
            while connection.recv(10_000):
                pass
        except ConnectionResetError:
            pass
    slow.stop()
    wait_until(lambda: server.log().count("ended: timeout before authentication") == 150, 10, "the ends of all in the log")
    t.still_serves(server)
    t.check(max(times) < limit(5), f"logins beside them took {times}")
    return f"logins beside 150: median {statistics.median(times) * 1000:.0f} ms, worst {max(times) * 1000:.0f} ms"


# What nacre-flood does over and over, and whether it has logged in for it.
FLOODS = {"handshakes": False, "probes": False, "chatter": True, "pings": True, "opens": True, "requests": True,
          "renegotiations": True}


@test("fire.flood", pairs=(OWN,), each=list(FLOODS), quick=["handshakes", "opens", "renegotiations"], alone=True)
def flood(t, kind):
    """Eight connections do one rude thing as fast as they are let; who is honest logs in beside them, and the server keeps
    nothing of it. Without penalties, so that only the work itself is bounded."""
    only_nacre(t)
    server = t.server({"LogLevel": "INFO"})
    t.still_serves(server)
    before = resident(server.pid)
    rude = t.start("flood", [t.server_program.flood, server.port, "127.0.0.2", USER, t.shared.user_key(), kind, 8, 60],
                   stdin=subprocess.PIPE)
    rude.wait_for_log("begun")
    sanitized = "ASAN_OPTIONS" in t.env()  # slow, and keeps what was freed
    times = [t.ssh(server, "true", code=0).seconds for _ in range(8 if sanitized else 20)]
    t.check(rude.running(), f"the flood was over before the {len(times)} logins beside it")
    rude.popen.stdin.close()
    t.equal(rude.wait(30), 0, "exit status of the flood")
    done, connections = map(int, t.contains(rude.log(), r"done (\d+) connections (\d+)", "what the flood says").groups())
    t.check(done >= 8, f"a flood of {done}")
    if not FLOODS[kind]:
        t.equal(server.log().count("ccepted publickey"), len(times) + 1, "logins, all of them honest")
    t.check(max(times) < limit(5), f"logins beside it took {times}")
    grown = (resident(server.pid) - before) / 2**20
    if not sanitized:
        t.check(grown < 16, f"the server has grown by {grown:.1f} MiB")
    t.still_serves(server)
    return (f"{done} by {connections} connections; logins: median {statistics.median(times) * 1000:.0f} ms, "
            f"worst {max(times) * 1000:.0f} ms; {grown:+.1f} MiB")


def few_descriptors(number):
    return ["sh", "-c", f'ulimit -n {number} && exec "$@"', "sh"]


def does_not_spin(t, server):
    before = stat_of(server.pid)[2]
    time.sleep(1)
    used = stat_of(server.pid)[2] - before
    t.check(used < 0.3, f"the server used {used:.2f} s of processor in a second")


@test("fire.descriptors", pairs=(IN, OWN), quick=True)
def descriptors(t):
    """More connections than descriptors: the last ones are kept for who is in already, one line says so, and it passes."""
    only_nacre(t)
    server = t.server({"LogLevel": "INFO"}, wrap=few_descriptors(64))
    inside = t.start_ssh(server, "echo here; cat; echo $(echo started)")
    t.equal(inside.popen.stdout.readline(), b"here\n", "output")
    many = [connect(server) for _ in range(100)]
    words = [first_words(connection) for connection in many]
    t.check(sum(said.startswith(b"SSH-2.0-") for said in words) > 20, "nobody was greeted")
    t.check(sum(said == b"Too many connections\r\n" for said in words) > 20, f"nobody was sent away: {words[-5:]}")
    does_not_spin(t, server)
    t.equal(len(re.findall("Turned away", server.log())), 1, "lines in the log about it")
    inside.popen.stdin.write(b"on\n")
    t.equal(inside.popen.stdout.readline(), b"on\n", "output of the session that was there")
    for connection in many:
        connection.close()
    wait_until(lambda: t.ssh(server, "true").code == 0, 10, "a login when descriptors are free again")
    inside.popen.stdin.close()
    t.equal(inside.wait(), 0, "exit status of the session that was there")


@test("fire.no-descriptors", pairs=(IN,), limit=90)
def no_descriptors(t):
    """Sessions take the last descriptor: a session more is refused by an answer, those there are go on, nobody new comes in."""
    only_nacre(t)
    server = t.server({"LogLevel": "INFO", "MaxSessions": "100"}, wrap=few_descriptors(48))
    _, shared = master(t, server)
    clients, refused = [], []
    while not refused:
        client = t.start_ssh(server, "echo here; cat", options=shared)
        line = client.popen.stdout.readline()
        (clients if line == b"here\n" else refused).append(client)
        t.check(len(clients) < 40, "40 sessions with 48 descriptors")
    t.check(refused[0].wait(10) != 0, "exit status 0 of a session that was refused")
    t.contains(server.log(), r"for 127\.0\.0\.1 port \d+: can't make a pipe: Too many open files", "log of the server")
    waiting = [connect(server) for _ in range(20)]
    wait_until(lambda: "no new connections for now" in server.log() or "Turned away" in server.log(), 10, "a line in the log")
    does_not_spin(t, server)
    t.check(len(re.findall("no new connections for now|Turned away", server.log())) <= 2, "more than one line of each kind")
    for client in clients:
        client.popen.stdin.write(b"on\n")
        t.equal(client.popen.stdout.readline(), b"on\n", "output of a session that was there")
    for connection in waiting:
        connection.close()
    for client in clients:
        client.popen.stdin.close()
        t.equal(client.wait(), 0, "exit status")
    wait_until(lambda: t.ssh(server, "true").code == 0, 10, "a login when descriptors are free again")
    return f"{len(clients)} sessions"


def full_disk(folder):
    """What a server is wrapped in to find a megabyte of disk in this folder."""
    if not peers.may_mount():
        raise Skip("mounts cannot be made here")
    folder.mkdir()
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", f'mount -t tmpfs -o size=1m none "{folder}" && exec "$@"', "sh"]


@test("fire.disk-full", pairs=(IN, OWN), each=["scp", "old-scp", "sftp", "cat"], quick=["sftp", "cat"])
def disk_full(t, how):
    """An upload that does not fit: an error in words, an exit status, and the server lives on."""
    only_nacre(t)
    place, data = t.folder / "full", t.shared.middle
    server = t.server(wrap=full_disk(place))
    batch = t.folder / "batch"
    batch.write_text(f"put {data} {place}/there\n")
    usual = ["-q", "-S", t.client.ssh, "-P", str(server.port), *client_options(t, server)]
    if how == "cat":
        with open(data, "rb") as file:
            result = t.ssh(server, f"cat > {place}/there", data=file)
    elif how == "sftp":
        result = t.run("sftp", [tools_of(t).sftp, *usual, "-b", batch, f"{USER}@127.0.0.1"])
    else:
        mode = ["-O"] if how == "old-scp" else ["-s"]
        result = t.run("scp", [tools_of(t).scp, *mode, *usual, data, f"{USER}@127.0.0.1:{place}/there"])
    t.contains(result.err, "(?i)no space left|failure", "standard error")
    t.equal(result.code, 1, f"exit status of {how}")
    t.still_serves(server)


@test("fire.output-full", pairs=(OUT, OWN), quick=True)
def output_full(t):
    """The client's own output goes to a full disk: a line, and an exit status that is not the command's."""
    server = t.server()
    with open("/dev/full", "wb") as full:
        client = t.start_ssh(server, "head -c 1000000 /dev/zero", stdin=subprocess.DEVNULL, stdout=full)
        t.check(client.wait(20) not in (0, None), "exit status 0 when the output was lost")
    t.contains(client.err(), "(?i)no space left", "standard error")


def unheard_server(t, *words, stderr=None, before=None):
    """nacre-sshd whose log is not to be read, so that its port is chosen for it and tried until it answers."""
    port, keys, file = free_port(), t.folder / "known", t.folder / "authorized"
    file.write_text(public_line(t.shared.user_key()) + "\n")
    keys.write_text(f"[127.0.0.1]:{port} {public_line(t.shared.host_key())}\n")
    argv = [*peers.own_account(t.folder), t.server_program.sshd, "-D", "-ddd", "-p", str(port), "-h", t.shared.host_key(), "-o",
            f"AuthorizedKeysFile={file}", *words]
    server = Server(t.start("server", argv, stderr=stderr, before=before), port, [t.shared.host_key()], keys)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, 10, "the server")
    return server


def serves_and_ends(t, server):
    for _ in range(3):
        t.still_serves(server)
    server.process.signal(15)
    t.equal(server.process.wait(10), 0, "exit status of the server")


@test("fire.log-full", pairs=(IN, OWN), quick=True)
def log_full(t):
    """The log goes to a full disk: lines are lost, and nothing else."""
    only_nacre(t)
    serves_and_ends(t, unheard_server(t, "-E", "/dev/full"))


@test("fire.log-limited", pairs=(IN, OWN), quick=True)
def log_limited(t):
    """The log reaches the limit that files have (ulimit -f): lines are lost, and nothing else."""
    only_nacre(t)
    log = t.folder / "log"
    server = unheard_server(t, "-E", log, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
    serves_and_ends(t, server)
    t.equal(log.stat().st_size, 1000, "bytes of the log")


@test("fire.log-unread", pairs=(IN, OWN), quick=True)
def log_unread(t):
    """Whoever reads the log stands still: after a moment lines are lost, and nothing else. When he reads again, they come."""
    only_nacre(t)
    reader, writer = os.pipe()
    server = unheard_server(t, "-o", "PerSourcePenalties=no", stderr=writer)
    os.close(writer)
    for _ in range(500):
        with connect(server) as connection:
            connection.sendall(b"nonsense\r\n")
    t.still_serves(server)
    begin = time.monotonic()
    for _ in range(3):
        t.still_serves(server)
    t.check(time.monotonic() - begin < limit(6), f"three logins took {time.monotonic() - begin:.1f} s")
    os.set_blocking(reader, False)
    while len(os.read(reader, 1 << 20)) == 1 << 20:
        pass
    serves_and_ends(t, server)
    t.check(b"Accepted publickey" in os.read(reader, 1 << 20), "no lines after the reader went on")
    os.close(reader)
