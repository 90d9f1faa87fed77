"""Whose server it is: known, unknown, changed; asked by a person, and written down."""

import os

from keys import public_line
from registry import IN, OUT, OWN, Skip, test

OURS = (OUT, OWN)  # these ask nacre-ssh; OpenSSH's client is not on trial


@test("host.changed", pairs=OURS, quick=True)
def changed(t):
    """Another key than the known one is refused; the message says which file and line."""
    server = t.server()
    server.known_hosts.write_text(f"# a comment\n[127.0.0.1]:{server.port} {public_line(t.shared.host_key('other'))}\n")
    before = server.known_hosts.read_bytes()
    for value in ("yes", "accept-new", "ask", "no"):
        result = t.ssh(server, "echo in", options={"StrictHostKeyChecking": value})
        if value == "no" and result.code == 0:
            continue  # ssh lets keys in with a warning there
        t.equal((result.code, result.out), (255, b""), f"StrictHostKeyChecking={value}: exit status and output")
        t.contains(result.err, rf"{server.known_hosts}:2", f"StrictHostKeyChecking={value}: standard error")
        t.contains(result.err, "(?i)changed", f"StrictHostKeyChecking={value}: standard error")
        t.equal(server.known_hosts.read_bytes(), before, f"StrictHostKeyChecking={value}: the file")


@test("host.changed-before-login", pairs=OURS)
def changed_no_login(t):
    """Nothing is told to a server that is not trusted: it never hears of a user."""
    server = t.server({"LogLevel": "DEBUG"})
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public_line(t.shared.host_key('other'))}\n")
    t.contains(t.ssh(server, "true", code=255).err, "(?i)changed", "standard error")
    t.contains(server.log(), r"127\.0\.0\.1", "log of the server")
    t.lacks(server.log(), "userauth-request|[Uu]ser=|for user|Accepted", "log of the server")


@test("host.unknown", pairs=OURS, quick=True)
def unknown(t):
    """StrictHostKeyChecking=yes refuses an unknown server and writes nothing."""
    server = t.server()
    empty = t.folder / "known"
    empty.write_text("")
    result = t.ssh(server, "echo in", options={"UserKnownHostsFile": empty})
    t.equal((result.code, result.out, empty.read_text()), (255, b"", ""), "exit status, output, file")
    t.contains(result.err, "(?i)host key|known", "standard error")
    t.contains(result.err, "127.0.0.1", "standard error")


@test("host.ask-in-batch-mode", pairs=OURS)
def ask_batch(t):
    """Where nobody may be asked, an unknown server is refused."""
    server = t.server()
    known = t.folder / "known"
    result = t.ssh(server, "echo in", options={"UserKnownHostsFile": known, "StrictHostKeyChecking": "ask"})
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.contains(result.err, "(?i)host key|known", "standard error")
    t.check(not known.exists() or not known.read_text(), "the key was written")
    if t.client.kind == "nacre":
        t.contains(result.err, "StrictHostKeyChecking=accept-new", "standard error, on what to do")


@test("host.accept-new", pairs=OURS, quick=True)
def accept_new(t):
    """The first key is written down in ssh's form, the file's mode is private, later logins need no question."""
    server = t.server()
    known = t.folder / "sub" / "known"
    known.parent.mkdir()
    options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "accept-new"}
    result = t.ssh(server, "echo in", options=options)
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    t.contains(result.err, "(?i)added", "standard error")
    line = known.read_text()
    t.equal(line.split()[1:3], public_line(t.shared.host_key()).split(), "the key in the file")
    t.check(line.endswith("\n"), "the line has no end")
    t.equal(known.stat().st_mode & 0o022, 0, "others' right to write the file")
    for value in ("yes", "accept-new"):
        again = t.ssh(server, "echo in", options={**options, "StrictHostKeyChecking": value}, code=0)
        t.lacks(again.err, "(?i)added", "standard error of the second login")
    t.equal(known.read_text(), line, "the file after the other logins")
    other = t.ssh(server, "echo in", options={"UserKnownHostsFile": known}, program=openssh(t), code=0)
    t.equal(other.out, b"in\n", "OpenSSH's client with that file")


def openssh(t):
    return next((program for program in (t.client, t.server_program) if program.kind == "openssh"), None)


@test("host.no-line-end", pairs=OURS)
def no_line_end(t):
    """A file whose last line has no end gets a line of its own."""
    server = t.server()
    known = t.folder / "known"
    known.write_text(f"example.org {public_line(t.shared.host_key('other'))}")
    t.ssh(server, "true", options={"UserKnownHostsFile": known, "StrictHostKeyChecking": "accept-new"}, code=0)
    t.equal(len(known.read_text().splitlines()), 2, "lines of the file")
    t.ssh(server, "true", options={"UserKnownHostsFile": known}, code=0)


@test("host.ask", pairs=OURS, each=["yes", "no", "fingerprint", "hangup"], quick=["yes", "no"])
def ask(t, answer):
    """A person is shown the fingerprint and answers."""
    server = t.server()
    known = t.folder / "known"
    options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "ask", "BatchMode": "no"}
    terminal = t.ssh_terminal(server, "echo let", "in", options=options)
    shown = terminal.expect(r"SHA256:[A-Za-z0-9+/]{43}").group()
    real = t.run("keygen", [t.shared.keygen, "-l", "-f", t.shared.host_key()]).out.split()[1]
    t.equal(shown, real, "the fingerprint")
    terminal.expect(r"\?|:")
    if answer == "hangup":
        terminal.send("\x04")
        t.check(terminal.wait() != 0, "exit status 0 without an answer")
    else:
        terminal.send({"fingerprint": real.decode()}.get(answer, answer) + "\n")
    if answer in ("yes", "fingerprint"):
        terminal.expect("let in")
        t.equal(terminal.wait(), 0, "exit status")
        t.equal(known.read_text().split()[1:3], public_line(t.shared.host_key()).split(), "the key in the file")
    else:
        t.equal(terminal.wait(), 255, "exit status")
        t.lacks(terminal.text(), "let in", "the terminal")
        t.check(not known.exists() or not known.read_text(), "the key was written")


@test("host.ask-again", pairs=OURS)
def ask_again(t):
    """An answer that is neither yes nor no is asked again."""
    server = t.server()
    options = {"UserKnownHostsFile": t.folder / "known", "StrictHostKeyChecking": "ask", "BatchMode": "no"}
    terminal = t.ssh_terminal(server, "echo let", "in", options=options)
    terminal.expect(r"SHA256:\S+")
    terminal.expect(r"\?|:")
    terminal.send("perhaps\n")
    terminal.expect("(?i)type|please|yes")
    terminal.send("yes\n")
    terminal.expect("let in")
    t.equal(terminal.wait(), 0, "exit status")


@test("host.no-checking", pairs=OURS)
def no_checking(t):
    """StrictHostKeyChecking=no takes an unknown key and writes it."""
    server = t.server()
    known = t.folder / "known"
    t.ssh(server, "true", options={"UserKnownHostsFile": known, "StrictHostKeyChecking": "no"}, code=0)
    t.contains(known.read_text(), "ssh-ed25519", "the file")


@test("host.lines", pairs=OURS, each=["hashed", "wildcard", "several-names", "other-types-too", "revoked", "two-files"])
def lines(t, kind):
    """Forms of known_hosts lines that OpenSSH writes and people keep."""
    server = t.server(host_keys=[t.shared.host_key("ed25519"), t.shared.host_key("rsa")])
    key, name = public_line(t.shared.host_key()), f"[127.0.0.1]:{server.port}"
    known, wrong = server.known_hosts, False
    text = {"hashed": f"{name} {key}\n", "wildcard": f"[127.0.0.*]:{server.port} {key}\n",
            "several-names": f"example.org,{name},[::1]:9 {key}\n", "two-files": "",
            "other-types-too": f"{name} {public_line(t.shared.host_key('rsa'))}\n",
            "revoked": f"@revoked * {key}\n{name} {key}\n"}[kind]
    known.write_text(text)
    options = {}
    if kind == "hashed":
        t.equal(t.run("keygen", [t.shared.keygen, "-H", "-f", known]).code, 0, "ssh-keygen -H")
        t.lacks(known.read_text(), "127", "the hashed file")
    elif kind == "two-files":
        second = t.folder / "second"
        second.write_text(f"{name} {key}\n")
        options["UserKnownHostsFile"] = f"{known} {second}"
    elif kind == "revoked":
        wrong = True
        options["HostKeyAlgorithms"] = "ssh-ed25519"
    result = t.ssh(server, "echo in", options=options)
    expected = (255, b"") if wrong else (0, b"in\n")
    t.equal((result.code, result.out), expected, f"exit status, output; {result.err[-300:]!r}")
    if kind == "revoked":
        t.contains(result.err, "(?i)revoked", "standard error")


@test("host.no-permission-to-write", pairs=OURS)
def cannot_write(t):
    """A known_hosts that cannot be written is told of, and the login goes on."""
    server = t.server()
    result = t.ssh(server, "echo in", options={"UserKnownHostsFile": "/proc/nacre/known", "StrictHostKeyChecking": "accept-new"})
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    t.contains(result.err, "/proc/nacre/known|Failed to add", "standard error")


@test("host.two-at-once", pairs=OURS)
def two_at_once(t):
    """Clients that write the file at the same time leave whole lines."""
    server = t.server()
    known = t.folder / "known"
    known.write_text("")
    options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "accept-new"}
    clients = [t.start_ssh(server, "true", options=options) for _ in range(6)]
    for client in clients:
        t.equal(client.wait(), 0, f"exit status; {client.err()[-300:]!r}")
    t.check(known.read_text(), "nothing was written")
    for line in known.read_text().splitlines():
        t.equal(line.split()[1:3], public_line(t.shared.host_key()).split(), "a line of the file")
    t.ssh(server, "true", options={"UserKnownHostsFile": known}, code=0)
    left = [name for name in os.listdir(t.folder) if name.startswith("known") and name != "known"]
    t.equal(left, [], "files left beside it")


@test("host.server-without-key", pairs=(IN, OWN))
def no_host_key(t):
    """nacre-sshd with an unreadable host key says so and does not start."""
    missing = t.folder / "no-such-key"
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    result = t.run("server", [t.server_program.sshd, "-D", "-e", "-p", "0", "-h", missing])
    t.check(result.code != 0, "exit status 0")
    t.contains(result.err, str(missing), "standard error")
