"""Many bytes each way with checksums, and key exchanges again and again in the middle of them."""

import hashlib
import os
import re
import select
import subprocess
import time

from algorithms import CIPHERS
from processes import command_line, descendants, limit
from registry import ALL, Failure, test

FAST = ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
SLOW = [name for name in CIPHERS if name not in FAST]


def upload(t, server, path, seconds=60.0, **words):
    """Sends a file; the server's side sums it up."""
    with open(path, "rb") as data:
        result = t.ssh(server, "sha256sum", data=data, seconds=seconds, **words)
    t.equal(result.code, 0, f"exit status; {result.err[-500:]!r}")
    t.equal(result.out.split()[0].decode(), t.shared.checksum(path), "checksum of what arrived at the server")
    return result


def download(t, server, path, seconds=60.0, **words):
    """Fetches a file and sums it up as it comes."""
    client = t.start_ssh(server, f"cat {path}", stdin=subprocess.DEVNULL, **words)
    code, digest = drain(client, seconds)
    t.equal(code, 0, f"exit status; {client.err()[-500:]!r}")
    t.equal(digest, t.shared.checksum(path), "checksum of what arrived at the client")
    return client


def drain(client, seconds):
    """Reads all that a client says; its exit status and the checksum."""
    digest, end = hashlib.sha256(), time.monotonic() + limit(seconds)
    out = client.popen.stdout.fileno()
    while select.select([out], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(out, 1 << 20)
        if not piece:
            return client.wait(10), digest.hexdigest()
        digest.update(piece)
    client.kill()
    raise Failure(f"no end of the output in {limit(seconds):.0f} s of {client.shown()}")


@test("bulk.upload", each=FAST, alone=True, limit=120)
def bulk_upload(t, name):
    result = upload(t, t.server(), t.shared.large, flags=["-c", name])
    return f"{100 / result.seconds:.0f} MB/s"


@test("bulk.download", each=FAST, alone=True, limit=120)
def bulk_download(t, name):
    download(t, t.server(), t.shared.large, flags=["-c", name])


@test("bulk.both-ways", each=SLOW + FAST[1:], limit=120, quick=["aes256-ctr", FAST[1]])
def bulk_both(t, name):
    """20 MB up and back at the same time, through cat."""
    server = t.server()
    with open(t.shared.middle, "rb") as data:
        client = t.start_ssh(server, "cat", stdin=data, flags=["-c", name])
        code, digest = drain(client, 60)
    t.equal(code, 0, f"exit status; {client.err()[-500:]!r}")
    t.equal(digest, t.shared.checksum(t.shared.middle), "checksum of what came back")


@test("bulk.mac", each=["hmac-sha2-256", "hmac-sha2-512-etm@openssh.com"], limit=120)
def bulk_mac(t, name):
    server = t.server({"MACs": f"+{name}"})
    words = {"flags": ["-c", "aes128-ctr", "-m", name]}
    upload(t, server, t.shared.middle, **words)
    download(t, server, t.shared.middle, **words)


@test("bulk.slow-reader")
def slow_reader(t):
    """A client that nobody reads from stops the sender, which keeps little in memory; then everything arrives."""
    server = t.server()
    client = t.start_ssh(server, f"cat {t.shared.large}", stdin=subprocess.DEVNULL)
    out = client.popen.stdout
    digest = hashlib.sha256(out.read(1000))
    count = 1000
    time.sleep(limit(0.5))
    held = sum(resident(pid) for pid in (client.pid, *own_processes(server)))
    t.check(held < 100_000_000, f"client and server hold {held / 1e6:.0f} MB of memory while nobody reads")
    while piece := out.read(1 << 20):
        digest.update(piece)
        count += len(piece)
    t.equal(count, 100_000_000, "bytes that arrived")
    t.equal(digest.hexdigest(), t.shared.checksum(t.shared.large), "checksum of what arrived")
    t.equal(client.wait(), 0, "exit status")
    return f"{held / 1e6:.0f} MB held"


def own_processes(server):
    """The server and, where OpenSSH makes a process for each connection, those."""
    named = ("sshd", "sshd-session", "nacre-sshd")
    return [pid for pid in (server.pid, *descendants(server.pid))
            if os.path.basename(command_line(pid).split(":")[0].split(" ")[0]) in named]


def resident(pid):
    """Bytes of memory that a process holds."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def key_exchanges(t, server, client):
    """How many NEWKEYS each log of OpenSSH's tells of; of nacre's -v when there is no OpenSSH."""
    if t.server_program.kind == "openssh":
        return len(re.findall(r"SSH2_MSG_NEWKEYS received", server.log()))
    text = client.err
    if t.client.kind == "openssh":
        return len(re.findall(r"SSH2_MSG_NEWKEYS received", text))
    return len(re.findall(r"(?im)^.*\bkex: algorithm|new keys|newkeys|\bkey exchange\b.*$", text))


def who_rekeys(client, server):
    return [f"{side}.{name}" for side in ("client", "server") for name in FAST]


@test("rekey.upload", each=who_rekeys, pairs=ALL, quick=["client.aes128-gcm@openssh.com", "server.chacha20-poly1305@openssh.com"])
def rekey_upload(t, value):
    rekey(t, value, upload)


@test("rekey.download", each=who_rekeys, quick=["server.aes128-gcm@openssh.com", "client.chacha20-poly1305@openssh.com"])
def rekey_download(t, value):
    rekey(t, value, download)


def rekey(t, value, transfer):
    """New keys every mebibyte while 20 MB flow, asked for by one side."""
    side, _, name = value.partition(".")
    limited = {"RekeyLimit": "1M"}
    server = t.server({"LogLevel": "DEBUG", **(limited if side == "server" else {})})
    words = {"flags": ["-v", "-c", name], "options": limited if side == "client" else {}}
    client = transfer(t, server, t.shared.middle, **words)
    if not isinstance(client.err, str):
        client.err = client.err()
    count = key_exchanges(t, server, client)
    t.check(count >= 10, f"20 MB with RekeyLimit=1M saw {count} key exchanges; expected at least 10")
    return f"{count} key exchanges"


@test("rekey.both-ways", limit=90, quick=True)
def rekey_both(t):
    """Both sides ask for new keys while data flows both ways."""
    server = t.server({"LogLevel": "DEBUG", "RekeyLimit": "1M"})
    with open(t.shared.middle, "rb") as data:
        client = t.start_ssh(server, "cat", stdin=data, flags=["-v"], options={"RekeyLimit": "1M"})
        code, digest = drain(client, 60)
    t.equal(code, 0, f"exit status; {client.err()[-500:]!r}")
    t.equal(digest, t.shared.checksum(t.shared.middle), "checksum of what came back")
    client.err = client.err()
    count = key_exchanges(t, server, client)
    t.check(count >= 10, f"saw {count} key exchanges; expected at least 10")
    return f"{count} key exchanges"


@test("rekey.by-time", limit=40)
def rekey_time(t):
    """New keys after a second, on a connection that is nearly idle."""
    server = t.server({"LogLevel": "DEBUG"})
    client = t.ssh(server, "for i in 1 2 3 4 5 6 7; do sleep 0.5; echo $i; done", flags=["-v"], options={"RekeyLimit": "1G 1"},
                   code=0)
    t.equal(client.out, b"1\n2\n3\n4\n5\n6\n7\n", "standard output")
    count = key_exchanges(t, server, client)
    t.check(count >= 2, f"saw {count} key exchanges in 3.5 s with RekeyLimit='1G 1'; expected at least 2")
