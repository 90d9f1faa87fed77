"""What scanners say of the defaults: ssh-audit of both roles, and the marker of strict key exchange in the first KEXINIT."""

import os
import pathlib
import re
import socket

from bad_input import FakeServer, kexinit, read_line
from processes import free_port
from registry import OWN, Skip, test

# The name that the working group gave to strict key exchange beside OpenSSH's (draft-miller-sshm-strict-kex).
# ssh-audit 3.3 does not know it, and warns of every name that it does not know.
NOT_KNOWN = re.compile(r"^\(kex\) kex-strict-[sc] +-- \[warn\] unknown algorithm$")


def audit(*words):
    folder = os.environ.get("NACRE_SSH_AUDIT_DIR", "")
    if not (pathlib.Path(folder) / "usr/bin/ssh-audit").exists() or not folder:
        raise Skip("no ssh-audit; scripts/ssh_audit.sh fetches it")
    env = {"PYTHONPATH": f"{folder}/usr/lib/python3/dist-packages"}
    return ["python3", "-B", f"{folder}/usr/bin/ssh-audit", "-n", *words], env


def complaints(text):
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if re.search(r"\[(warn|fail)\]", line) and not NOT_KNOWN.search(line)]


@test("audit.server", pairs=(OWN,), quick=True)
def server(t):
    """ssh-audit finds nothing to warn about in a server with its defaults and the two host keys that one makes today."""
    server = t.server(host_keys=[t.shared.host_key("ed25519"), t.shared.host_key("rsa")])
    argv, env = audit("--skip-rate-test", f"127.0.0.1:{server.port}")
    result = t.run("audit", argv, env=env, seconds=60)
    text = result.out.decode()
    t.contains(text, r"kex-strict-s-v00@openssh\.com +-- \[info\]", "ssh-audit's report")
    t.equal(complaints(text), [], "complaints of ssh-audit")
    t.still_serves(server)
    return f"{len(re.findall(r'^.(?:kex|key|enc|mac). ', text, re.MULTILINE))} algorithms"


@test("audit.client", pairs=(OWN,), quick=True)
def client(t):
    """The same of a client."""
    port = free_port()
    argv, env = audit("-c", "-p", str(port), "-t", "20")
    scanner = t.start("audit", argv, env=env)
    for _ in range(100):  # it has one connection for us, and says nothing when it is ready
        t.ssh(None, "true", port=port, options={"UserKnownHostsFile": t.folder / "none"}, code=255)
        if not scanner.running() or b"KEXINIT" in scanner.out_path.read_bytes() or scanner.out_path.stat().st_size:
            break
    scanner.wait(30)
    text = scanner.out_path.read_text()
    t.contains(text, r"kex-strict-c-v00@openssh\.com +-- \[info\]", "ssh-audit's report")
    t.equal(complaints(text), [], "complaints of ssh-audit")


def first_packet(connection):
    """Payload of the first packet behind the identification; in the clear."""
    def exactly(size):
        data = b""
        while len(data) < size and (piece := connection.recv(size - len(data))):
            data += piece
        return data

    size = int.from_bytes(exactly(4), "big")
    packet = exactly(size)
    return packet[1:size - packet[0]]


def first_list(payload):
    """The names of KEXINIT's first list (RFC 4253 7.1)."""
    size = int.from_bytes(payload[17:21], "big")
    return payload[21:21 + size].split(b",")


@test("audit.terrapin-server", pairs=(OWN,), quick=True)
def terrapin_server(t):
    """A server's first packet is KEXINIT, and says that it keeps to strict key exchange (CVE-2023-48795)."""
    server = t.server()
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(b"SSH-2.0-probe\r\n")
        read_line(connection)
        payload = first_packet(connection)
    t.equal(payload[:1], b"\x14", "the first message")
    t.check(b"kex-strict-s-v00@openssh.com" in first_list(payload), f"no marker in {first_list(payload)}")


@test("audit.terrapin-client", pairs=(OWN,), quick=True)
def terrapin_client(t):
    """And so does a client's."""
    seen = []

    def talk(connection):
        connection.sendall(b"SSH-2.0-probe\r\n" + kexinit())
        read_line(connection)
        seen.append(first_packet(connection))

    t.ssh(None, "true", port=FakeServer(talk).port, options={"UserKnownHostsFile": t.folder / "none"}, code=255)
    t.equal(seen[0][:1], b"\x14", "the first message")
    t.check(b"kex-strict-c-v00@openssh.com" in first_list(seen[0]), f"no marker in {first_list(seen[0])}")
