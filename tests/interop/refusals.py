"""What nacre-sshd does not do is refused in good manners, and the session goes on; how others look at its keys."""

import socket

from keys import public_line
from processes import free_port, wait_until
from registry import IN, test

CLOSED = {"AllowTcpForwarding": "no", "AllowAgentForwarding": "no", "X11Forwarding": "no"}


@test("refuse.remote-forwarding", pairs=(IN,), quick=True)
def remote_forwarding(t):
    """-R is refused by an answer; the command runs."""
    server = t.server(CLOSED)
    result = t.ssh(server, "echo on", flags=["-R", f"{free_port()}:127.0.0.1:1"], code=0)
    t.equal(result.out, b"on\n", "standard output")
    t.contains(result.err, "(?i)remote port forwarding failed", "standard error")


@test("refuse.remote-forwarding-wanted", pairs=(IN,))
def remote_forwarding_wanted(t):
    server = t.server(CLOSED)
    t.ssh(server, "echo on", flags=["-R", f"{free_port()}:127.0.0.1:1"], options={"ExitOnForwardFailure": "yes"}, code=255)


@test("refuse.local-forwarding", pairs=(IN,), quick=True)
def local_forwarding(t):
    """-L: the channel is refused, the connection goes on."""
    server = t.server(CLOSED)
    port = free_port()
    client = t.start_ssh(server, "echo ready; cat", flags=["-L", f"127.0.0.1:{port}:127.0.0.1:{server.port}"])
    t.equal(client.popen.stdout.readline(), b"ready\n", "output")
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port), 5) as through:
            through.settimeout(10)
            try:
                t.equal(through.recv(100), b"", "what came through")
            except ConnectionResetError:
                pass
    wait_until(lambda: "open failed" in client.err(), 10, "the client's word on the refused channel")
    client.popen.stdin.write(b"still\n")
    t.equal(client.popen.stdout.readline(), b"still\n", "output afterwards")
    client.popen.stdin.close()
    t.equal(client.wait(), 0, "exit status")


@test("refuse.stdio-forwarding", pairs=(IN,))
def stdio_forwarding(t):
    """-W is refused with a line and 255."""
    server = t.server(CLOSED)
    result = t.ssh(server, flags=["-W", f"127.0.0.1:{server.port}"], code=255)
    t.contains(result.err, "(?i)open failed|forwarding", "standard error")
    t.still_serves(server)


@test("refuse.agent", pairs=(IN,))
def agent(t):
    """-A with an agent: no agent on the other side, and the command runs."""
    server = t.server(CLOSED)
    program = t.client.folder / "usr/bin/ssh-agent"
    place = t.folder / "agent"
    t.start("agent", [program, "-D", "-a", place])
    wait_until(place.exists, 10, "the agent")
    result = t.ssh(server, 'echo "on $SSH_AUTH_SOCK"', flags=["-A"], env={"SSH_AUTH_SOCK": str(place)}, code=0)
    t.equal(result.out, b"on \n", "standard output")


@test("agent.key", pairs=(IN,), each=["ed25519", "rsa", "ecdsa384"])
def agent_key(t, name):
    """A key that lives in an agent lets its owner in."""
    server = t.server(authorized=[t.shared.user_key(name)])
    place = t.folder / "agent"
    t.start("agent", [t.client.folder / "usr/bin/ssh-agent", "-D", "-a", place])
    wait_until(place.exists, 10, "the agent")
    env = {"SSH_AUTH_SOCK": str(place)}
    added = t.run("add", [t.client.folder / "usr/bin/ssh-add", "-q", t.shared.user_key(name)], env=env)
    t.equal(added.code, 0, f"ssh-add; {added.err!r}")
    result = t.ssh(server, "echo in", keys=[], env=env, options={"IdentityAgent": place, "IdentitiesOnly": "no"})
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("compression.asked", pairs=(IN,))
def compression(t):
    """-C finds no compression in common but none, and works."""
    server = t.server()
    t.equal(t.ssh(server, "echo on", flags=["-C"], code=0).out, b"on\n", "standard output")


@test("keyscan", pairs=(IN,))
def keyscan(t):
    """ssh-keyscan prints the server's keys."""
    names = ["ed25519", "ecdsa256", "rsa"]
    server = t.server(host_keys=[t.shared.host_key(name) for name in names])
    result = t.run("keyscan", [t.client.folder / "usr/bin/ssh-keyscan", "-p", str(server.port), "-t", "ed25519,ecdsa,rsa", "127.0.0.1"],
                   seconds=30)
    t.equal(result.code, 0, f"exit status; {result.err[-300:]!r}")
    seen = sorted(" ".join(line.split()[1:3]) for line in result.out.decode().splitlines() if not line.startswith("#"))
    t.equal(seen, sorted(public_line(t.shared.host_key(name)) for name in names), "the keys")
    t.still_serves(server)


@test("host-keys.learned", pairs=(IN,))
def update_host_keys(t):
    """A client that asks for the server's other keys (UpdateHostKeys) is not harmed by the answer or by none."""
    names = ["ed25519", "rsa"]
    server = t.server(host_keys=[t.shared.host_key(name) for name in names])
    lines = server.known_hosts.read_text().splitlines()
    server.known_hosts.write_text(lines[0] + "\n")
    result = t.ssh(server, "sleep 0.5; echo on", options={"UpdateHostKeys": "yes"}, code=0)
    t.equal(result.out, b"on\n", "standard output")
    t.ssh(server, "true", code=0)
