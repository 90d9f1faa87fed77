"""Files that are missing, broken, too open, or cannot be written: one clear line with the file's name, nothing half done."""

import os
import resource
import shutil
import signal

from registry import IN, OUT, OWN, Skip, test

OURS = (OUT, OWN)


def broken_keys(t):
    good = t.shared.user_key().read_text()
    lines = good.splitlines()
    return {
        "empty": "", "text": "this is not a key\n", "cut": "\n".join(lines[:-3]) + "\n", "no-end": "\n".join(lines[:-1]) + "\n",
        "changed": good.replace(lines[2], lines[2][::-1]), "binary": "\x00\x01\x02" * 100,
        "public": (t.shared.folder / "user-ed25519.pub").read_text(),
        "large": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "A" * 70 * 20_000 + "\n-----END OPENSSH PRIVATE KEY-----\n",
    }


KINDS = ["empty", "text", "cut", "no-end", "changed", "binary", "public", "large"]


@test("key-file.user", pairs=OURS, each=KINDS, quick=["cut"])
def user_key(t, kind):
    """A broken user key: the line names it; no login, no hang, no part of it shown."""
    path = t.folder / "broken-key"
    path.write_text(broken_keys(t)[kind])
    path.chmod(0o600)
    server = t.server()
    result = t.ssh(server, "true", keys=[path])
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "broken-key", "standard error")
    if t.client.kind == "nacre":
        t.check(len(result.err.strip().splitlines()) <= 2, f"standard error has more than two lines: {result.err!r}")


@test("key-file.user-broken-and-good", pairs=OURS)
def user_key_and_good(t):
    """A broken key beside a good one does not keep anyone out."""
    path = t.folder / "broken-key"
    path.write_text("this is not a key\n")
    path.chmod(0o600)
    server = t.server()
    result = t.ssh(server, "echo in", keys=[path, t.shared.user_key()])
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("key-file.missing", pairs=OURS, quick=True)
def missing(t):
    server = t.server()
    result = t.ssh(server, "true", keys=[t.folder / "no-such-key"])
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "no-such-key.*", "standard error")


@test("key-file.folder", pairs=OURS)
def folder(t):
    server = t.server()
    path = t.folder / "a-folder"
    path.mkdir(mode=0o700)
    result = t.ssh(server, "true", keys=[path])
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "a-folder", "standard error")


@test("key-file.too-open", pairs=OURS, quick=True)
def too_open(t):
    """A private key that others can read is not used, and the line says what to do."""
    path = t.folder / "open-key"
    shutil.copyfile(t.shared.user_key(), path)
    shutil.copyfile(f"{t.shared.user_key()}.pub", f"{path}.pub")
    path.chmod(0o644)
    server = t.server()
    result = t.ssh(server, "true", keys=[path])
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "open-key", "standard error")
    t.contains(result.err, "(?i)permission|0644|open|chmod|mode", "standard error")


@test("key-file.public-half", pairs=OURS)
def public_half(t):
    """Who names FILE.pub is told to name FILE, and not to change the mode of a file that is rightly readable."""
    path = t.folder / "named.pub"
    shutil.copyfile(t.shared.folder / "user-ed25519.pub", path)
    path.chmod(0o644)
    result = t.ssh(t.server(), "true", keys=[path], code=255)
    if t.client.kind == "nacre":
        t.contains(result.err, f"{path}: .*public key.* {path.with_suffix('')}\n", "standard error")
        t.lacks(result.err, "chmod", "standard error")


@test("key-file.locked", pairs=OURS)
def locked(t):
    """A named key with a passphrase that nobody can be asked for: a line says that it is not offered, and why."""
    path = t.folder / "locked-key"
    made = t.run("keygen", [t.shared.keygen, "-q", "-t", "ed25519", "-N", "a passphrase", "-f", path])
    t.equal(made.code, 0, f"ssh-keygen; {made.err!r}")
    result = t.ssh(t.server(), "true", keys=[path], code=255)
    if t.client.kind == "nacre":
        t.contains(result.err, "locked-key: .*passphrase.*nobody can be asked", "standard error")


@test("key-file.unreadable", pairs=OURS)
def unreadable(t):
    if os.geteuid() == 0:
        raise Skip("root reads every file")
    path = t.folder / "closed-key"
    shutil.copyfile(t.shared.user_key(), path)
    path.chmod(0)
    result = t.ssh(t.server(), "true", keys=[path])
    t.equal(result.code, 255, "exit status")
    t.contains(result.err, "closed-key", "standard error")


@test("key-file.host", pairs=(OWN,), each=KINDS + ["missing"], quick=["cut"])
def host_key(t, kind):
    """nacre-sshd with a broken host key does not start, and its one line names the file."""
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    path = t.folder / "broken-host-key"
    if kind != "missing":
        path.write_text(broken_keys(t)[kind])
        path.chmod(0o600)
    result = t.run("server", [t.server_program.sshd, "-D", "-e", "-p", "0", "-h", path], seconds=8)
    t.check(result.code > 0, f"exit status {result.code}")
    t.contains(result.err, "broken-host-key", "standard error")
    t.equal(len(result.err.strip().splitlines()), 1, f"lines of {result.err!r}")


@test("key-file.keygen", pairs=(OWN,), each=KINDS)
def keygen(t, kind):
    """nacre-keygen of a broken key: one line with its name, and exit status not 0."""
    path = t.folder / "broken-key"
    path.write_text(broken_keys(t)[kind])
    path.chmod(0o600)
    for words in (["-y", "-P", "", "-f", path], ["-p", "-P", "", "-N", "new phrase", "-f", path]):
        before = path.read_bytes()
        result = t.run("keygen", [t.client.keygen, *words])
        t.check(result.code > 0, f"exit status {result.code} of {result.shown}")
        t.contains(result.err + result.out.decode(errors="replace"), "broken-key", "what is said")
        t.equal(path.read_bytes(), before, "the file")


@test("full-disk.known-hosts", pairs=OURS, quick=True)
def full_disk(t):
    """No room to write the new server down: said in one line, the login goes on, the file is not cut."""
    server = t.server()
    known = t.folder / "known"
    known.write_text(f"# {'x' * 4000}\n" * 3)
    before = known.read_text()

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, len(before) + 10))

    options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "accept-new"}
    result = t.ssh(server, "echo in", options=options, before=limited)
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    t.contains(result.err, "known", "standard error")
    t.equal(known.read_text()[:len(before)], before, "the lines that were there")
    if t.client.kind == "openssh":
        return  # it leaves half a line
    t.lacks(known.read_text()[len(before):], ".", "half a line at the end of the file")


@test("full-disk.new-key", pairs=(OWN,))
def full_disk_key(t):
    """nacre-keygen with no room: said, and no half key is left."""
    path = t.folder / "new-key"

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    result = t.run("keygen", [t.client.keygen, "-q", "-t", "ed25519", "-N", "", "-f", path], before=limited)
    t.check(result.code > 0, f"exit status {result.code}; {result.err!r}")
    t.check(not path.exists(), "half a key is left")


@test("full-disk.output", pairs=OURS)
def full_output(t):
    """The client's own output has no room: it ends with an error and does not hang."""
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    if t.client.kind == "openssh":
        raise Skip("OpenSSH's client gives 0 though nothing could be written")
    server = t.server()
    with open("/dev/full", "wb") as full:
        client = t.start_ssh(server, "yes | head -c 1000000", stdout=full)
        client.popen.stdin.close()
        code = client.wait(15)
    t.check(code != 0, "exit status 0 though nothing could be written")
    t.check(client.err().strip(), "nothing on standard error")


@test("authorized-keys.broken", pairs=(IN, OWN), each=["missing", "binary", "large", "folder"])
def authorized(t, kind):
    """A file that cannot be used lets nobody in and harms nobody."""
    server = t.server()
    file = next(t.folder.glob("*server.authorized"))
    good = file.read_text()
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_bytes({"binary": os.urandom(100_000), "large": b"ssh-ed25519 " + b"A" * 3_000_000 + b"\n"}[kind])
    t.ssh(server, "true", code=255)
    if kind == "folder":
        file.rmdir()
    file.write_text(good)
    t.still_serves(server)
