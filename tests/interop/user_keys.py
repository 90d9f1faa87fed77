"""Users' keys of each type, made by ssh-keygen and by nacre-keygen, plain and under a passphrase."""

import stat

from keys import PASSPHRASE, TYPES, public_line
from registry import IN, OUT, OWN, test

# What nacre-keygen's -t and -b are for each of our names.
NACRE_TYPES = {"ed25519": ["-t", "ed25519"], "ecdsa256": ["-t", "ecdsa", "-b", "256"], "ecdsa384": ["-t", "ecdsa", "-b", "384"],
               "ecdsa521": ["-t", "ecdsa", "-b", "521"], "rsa": ["-t", "rsa", "-b", "2048"]}


def log_in(t, key, env=None, **words):
    server = t.server(authorized=[key])
    result = t.ssh(server, "echo", "in", keys=[key], env=env, **words)
    t.equal((result.code, result.out), (0, b"in\n"), f"login with {key.name}; {result.err[-500:]!r}")
    return server


@test("user-key", each=list(TYPES), quick=["ed25519", "rsa"])
def user_key(t, name):
    log_in(t, t.shared.user_key(name))


@test("user-key.locked", each=["locked", "locked-rsa", "locked-gcm"], quick=["locked"])
def locked(t, name):
    """The passphrase comes from SSH_ASKPASS, asked once and naming the key."""
    log_in(t, t.shared.user_key(name), env=t.askpass(PASSPHRASE), options={"BatchMode": "no"})
    asked = (t.folder / "asked").read_text()
    t.contains(asked, f"user-{name}", "the question put to SSH_ASKPASS")
    t.equal(len(asked.strip().splitlines()), 1, f"number of questions in {asked!r}")


@test("user-key.locked-on-terminal", quick=True)
def locked_terminal(t):
    """The passphrase is typed, and never shown."""
    key = t.shared.user_key("locked")
    server = t.server(authorized=[key])
    terminal = t.ssh_terminal(server, "echo", "let", "in", keys=[key], options={"BatchMode": "no"})
    terminal.expect("(?i)passphrase.*: ?")
    terminal.send(PASSPHRASE + "\n")
    terminal.expect("let in")
    t.equal(terminal.wait(), 0, "exit status")
    t.lacks(terminal.text(), PASSPHRASE, "the terminal")


@test("user-key.wrong-passphrase")
def wrong_passphrase(t):
    key = t.shared.user_key("locked")
    server = t.server(authorized=[key])
    result = t.ssh(server, "true", keys=[key], env=t.askpass("not the phrase"), options={"BatchMode": "no"}, code=255)
    t.contains(result.err, "(?i)permission denied", "standard error")
    t.check((t.folder / "asked").exists(), "the passphrase was not asked for")
    t.lacks(result.err, PASSPHRASE + "|not the phrase", "standard error")


@test("user-key.locked-in-batch-mode")
def locked_batch(t):
    """Nobody may be asked, so the login fails at once."""
    key = t.shared.user_key("locked")
    server = t.server(authorized=[key])
    result = t.ssh(server, "true", keys=[key], env=t.askpass(PASSPHRASE), code=255)
    t.check(not (t.folder / "asked").exists(), "asked in batch mode")
    t.contains(result.err, "(?i)permission denied", "standard error")


@test("user-key.second-of-three")
def second_of_three(t):
    """Keys are offered in turn until one is known."""
    right = t.shared.user_key("ecdsa384")
    server = t.server(authorized=[right])
    keys = [t.shared.user_key("ed25519"), right, t.shared.user_key("rsa")]
    result = t.ssh(server, "echo", "in", keys=keys)
    t.equal((result.code, result.out), (0, b"in\n"), f"login; {result.err[-400:]!r}")


@test("user-key.authorized-keys-lines", pairs=(IN, OWN))
def authorized_lines(t):
    """Comments, empty lines, nonsense and other keys stand before the right one."""
    server = t.server()
    file = next(t.folder.glob("*server.authorized"))
    right = file.read_text()
    other = public_line(t.shared.user_key("rsa"))
    file.write_text(f"# who may come in\n\n   \nnonsense\nssh-ed25519 AAAA broken\n{other} other@host\n  {right.strip()} me@here\n")
    result = t.ssh(server, "echo", "in")
    t.equal((result.code, result.out), (0, b"in\n"), f"login; {result.err[-400:]!r}")


def with_key_options(t, server, options):
    """The line of the one key that `server` lets in begins with these options."""
    file = next(t.folder.glob("*server.authorized"))
    file.write_text(f"{options} {file.read_text()}")
    return server


@test("user-key.forced-command", pairs=(IN, OWN), each=["command", "shell", "terminal", "subsystem"], quick=["command"])
def forced_command(t, kind):
    """command= runs in place of whatever was asked for, which it finds in SSH_ORIGINAL_COMMAND."""
    server = with_key_options(t, t.server(), 'command="echo forced, not: $SSH_ORIGINAL_COMMAND"')
    words = {"command": ["echo", "asked"], "subsystem": ["sftp"]}.get(kind, [])
    flags = {"terminal": ["-tt"], "subsystem": ["-s"]}.get(kind, [])
    result = t.ssh(server, *words, flags=flags, code=0)
    wanted = {"command": "echo asked", "subsystem": str(t.server_program.sftp_server)}.get(kind, "")
    t.equal(result.out.decode().strip(), f"forced, not: {wanted}".strip(), "output")


@test("user-key.empty-forced-command", pairs=(IN, OWN), each=["command", "shell", "terminal"], quick=True)
def empty_forced_command(t, kind):
    """command="" is a command that does nothing, and no shell."""
    server = with_key_options(t, t.server(), 'command=""')
    words, flags = (["echo $((6*7))"] if kind == "command" else []), (["-tt"] if kind == "terminal" else [])
    result = t.ssh(server, *words, flags=flags, data=b"echo $((6*7))\nexit\n", code=0)
    t.lacks(result.out.decode(), "42", "output")


def keygen(t, *words, code=0, data=b""):
    """nacre-keygen's result; in its place, where OpenSSH stands in, ssh-keygen's."""
    nacre = t.client if t.client.kind == "nacre" else t.server_program
    result = t.run("keygen", [nacre.keygen, *words], data)
    if code is not None:
        t.equal(result.code, code, f"exit status of {result.shown}; {result.err[-300:]!r}")
    return result


@test("keygen.key", each=list(NACRE_TYPES), quick=["ed25519"])
def made_by_keygen(t, name):
    """A key of nacre-keygen's lets its owner in, as a user's key and as the server's."""
    path = t.folder / "made"
    keygen(t, "-q", *NACRE_TYPES[name], "-N", "", "-C", "made for a test", "-f", path)
    t.equal(stat.S_IMODE(path.stat().st_mode), 0o600, "mode of the private key")
    t.contains((t.folder / "made.pub").read_text(), r"\Aecdsa-sha2-nistp\d+ |\Assh-(ed25519|rsa) ", "the public key")
    server = t.server(authorized=[path], host_keys=[path])
    result = t.ssh(server, "echo", "in", keys=[path])
    t.equal((result.code, result.out), (0, b"in\n"), f"login; {result.err[-500:]!r}")


@test("keygen.locked-key", pairs=(OUT, IN))
def locked_by_keygen(t):
    path = t.folder / "made"
    keygen(t, "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", path)
    log_in(t, path, env=t.askpass(PASSPHRASE), options={"BatchMode": "no"})


def openssh_keygen(t):
    return next(program.keygen for program in (t.client, t.server_program) if program.kind == "openssh")


@test("keygen.fingerprints", pairs=(OUT,), each=list(TYPES))
def fingerprints(t, name):
    """Both programs print the same fingerprint, picture and public half for the same file."""
    path = t.shared.user_key(name)
    for words in (["-l", "-f", path], ["-l", "-f", f"{path}.pub"], ["-l", "-v", "-f", f"{path}.pub"], ["-y", "-f", path]):
        ours = keygen(t, *words)
        theirs = t.run("ssh-keygen", [openssh_keygen(t), *words])
        t.equal(ours.out.decode().strip(), theirs.out.decode().strip(), f"output of keygen {' '.join(map(str, words))}")


@test("keygen.read-by-ssh-keygen", pairs=(OUT,), each=list(NACRE_TYPES))
def read_by_ssh_keygen(t, name):
    """ssh-keygen finds the same public half in a key of nacre-keygen's, plain and under a passphrase, and back."""
    for phrase in ("", PASSPHRASE):
        path = t.folder / f"made{len(phrase)}"
        keygen(t, "-q", *NACRE_TYPES[name], "-N", phrase, "-f", path)
        seen = t.run("ssh-keygen", [openssh_keygen(t), "-y", "-P", phrase, "-f", path])
        t.equal(seen.out.split()[:2], path.with_suffix(".pub").read_bytes().split()[:2], f"public half; {seen.err!r}")


@test("keygen.change-passphrase", pairs=(OUT,))
def change_passphrase(t):
    """A passphrase set by one program is changed by the other; the wrong one changes nothing."""
    path = t.folder / "made"
    keygen(t, "-q", "-t", "ed25519", "-N", "first phrase", "-f", path)
    theirs = [openssh_keygen(t), "-p", "-q", "-f", path]
    t.equal(t.run("ssh-keygen", [*theirs, "-P", "first phrase", "-N", "second phrase"]).code, 0, "ssh-keygen -p")
    keygen(t, "-p", "-P", "second phrase", "-N", "third phrase", "-f", path)
    before = path.read_bytes()
    wrong = keygen(t, "-p", "-P", "second phrase", "-N", "fourth phrase", "-f", path, code=None)
    t.check(wrong.code != 0, "a wrong passphrase was taken")
    t.equal(path.read_bytes(), before, "the key after a wrong passphrase")
    seen = t.run("ssh-keygen", [openssh_keygen(t), "-y", "-P", "third phrase", "-f", path])
    t.equal(seen.out.split()[:2], path.with_suffix(".pub").read_bytes().split()[:2], f"public half; {seen.err!r}")


@test("keygen.never-overwrites", pairs=(OUT,))
def never_overwrites(t):
    path = t.folder / "made"
    path.write_text("precious\n")
    result = t.run("keygen", [t.client.keygen, "-q", "-t", "ed25519", "-N", "", "-f", path])
    t.check(result.code != 0, "it claims success")
    t.equal(path.read_text(), "precious\n", "the file that was there")
