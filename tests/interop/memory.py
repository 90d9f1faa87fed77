"""What a connection that is idle costs the server in memory: a figure, and a bound that only a leak passes."""

import subprocess

from processes import wait_until
from registry import OWN, test
from transfers import own_processes, resident

COUNT = 100


@test("memory.idle-connections", pairs=(OWN,), alone=True, limit=120)
def idle(t):
    """COUNT clients that are logged in and say nothing."""
    server = t.server({"MaxStartups": "1000"})
    t.ssh(server, "true", code=0)
    first = memory(server)
    clients = []
    for i in range(COUNT):
        clients.append(t.start_ssh(server, flags=["-N"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        if i % 10 == 9:
            wait_until(lambda: accepted(server) >= i + 2, 30, lambda: f"{i + 2} logins; there are {accepted(server)}")
    each = (memory(server) - first) / COUNT
    for client in clients:
        client.signal(15)
    for client in clients:
        client.wait(20)
    t.still_serves(server)
    if t.server_program.kind == "nacre":
        t.check(each < 1_000_000, f"an idle connection holds {each / 1024:.0f} KiB")
    return f"{each / 1024:.1f} KiB an idle connection"


def memory(server):
    return sum(resident(pid) for pid in own_processes(server))


def accepted(server):
    return server.log().count("ccepted publickey")
