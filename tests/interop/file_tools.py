"""Programs that run over ssh: scp, sftp, rsync, git; with OpenSSH's clients to nacre-sshd, and with nacre-ssh to OpenSSH's."""

import os
import shutil
import subprocess

from context import USER
from registry import OUT, Skip, test


def tools_of(t):
    """The OpenSSH whose scp and sftp are used: the one of the pair, else any there is."""
    for program in (t.client, t.server_program):
        if program.kind == "openssh":
            return program
    for name in ("NACRE_OPENSSH_10_DIR", "NACRE_OPENSSH_SYSTEM_DIR"):
        folder = os.environ.get(name, "").rstrip("/")
        if os.access(f"{folder}/usr/bin/sftp", os.X_OK):
            from peers import OpenSsh
            return OpenSsh("any", folder or "/")
    raise Skip("no scp and sftp")


def client_options(t, server):
    """What scp and sftp pass on to the client."""
    words = ["-o", f"UserKnownHostsFile={server.known_hosts}", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
             "-i", str(t.shared.user_key())]
    if t.client.kind == "openssh":
        words = ["-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"] + words
    return words


def make_tree(folder):
    """Files of many sizes, names with blanks, modes, an empty one, folders in folders."""
    tree = folder / "tree"
    (tree / "one/two three").mkdir(parents=True)
    for size in (0, 1, 255, 32_768, 100_001, 1_000_003):
        (tree / f"of {size}").write_bytes(os.urandom(size))
    (tree / "one/program").write_text("#!/bin/sh\n")
    (tree / "one/program").chmod(0o755)
    (tree / "one/two three/deep").write_bytes(b"deep\n" * 1000)
    (tree / "one/umläut").write_bytes(b"\xff\x00")
    return tree


def same_trees(t, one, other, modes=True):
    def table(folder):
        return {str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else b"<folder>",
                                                path.stat().st_mode & 0o777 if modes and path.is_file() else 0)
                for path in sorted(folder.rglob("*"))}

    first, second = table(one), table(other)
    t.equal(sorted(second), sorted(first), f"names in {other.name}")
    for name in first:
        t.check(first[name] == second[name], f"{name} of {other.name} differs in content or mode")


def run_ok(t, stem, argv, env=None, seconds=40, data=b""):
    result = t.run(stem, argv, data, seconds, env)
    t.equal(result.code, 0, f"exit status of {result.shown}; {result.err[-700:]!r}")
    return result


def scp_there_and_back(t, mode):
    server, tree, scp = t.server(), make_tree(t.folder), tools_of(t).scp
    usual = [scp, *mode, "-q", "-S", t.client.ssh, "-P", str(server.port), "-r", "-p", *client_options(t, server)]
    run_ok(t, "scp", [*usual, tree, f"{USER}@127.0.0.1:{t.folder}/there"])
    same_trees(t, tree, t.folder / "there")
    run_ok(t, "scp", [*usual, f"{USER}@127.0.0.1:{t.folder}/there", t.folder / "back"])
    same_trees(t, tree, t.folder / "back")
    missing = t.run("scp", [*usual, f"{USER}@127.0.0.1:{t.folder}/missing", t.folder / "x"])
    t.check(missing.code != 0, "a missing file gave exit status 0")
    t.contains(missing.err, "No such file", "standard error")


@test("scp.sftp-mode", quick=True)
def scp_sftp(t):
    scp_there_and_back(t, ["-s"])


@test("scp.old-mode", quick=True)
def scp_old(t):
    scp_there_and_back(t, ["-O"])


@test("sftp.batch", quick=True)
def sftp_batch(t):
    """A tree is put and fetched, files are listed, renamed, linked, removed."""
    server, tree = t.server(), make_tree(t.folder)
    batch = t.folder / "batch"
    batch.write_text(f"""put -r -p {tree} {t.folder}/there
get -r -p {t.folder}/there {t.folder}/back
ls -l {t.folder}/there
rename "{t.folder}/there/of 255" {t.folder}/there/renamed
ln -s renamed {t.folder}/there/link
rm "{t.folder}/there/of 1"
mkdir {t.folder}/there/new
chmod 600 {t.folder}/there/renamed
pwd
""")
    argv = [tools_of(t).sftp, "-q", "-S", t.client.ssh, "-P", str(server.port), *client_options(t, server), "-b", batch,
            f"{USER}@127.0.0.1"]
    result = run_ok(t, "sftp", argv)
    same_trees(t, tree, t.folder / "back")
    t.contains(result.out.decode(), "of 1000003", "listing")
    there = t.folder / "there"
    t.check((there / "link").is_symlink() and (there / "new").is_dir() and not (there / "of 1").exists(), "the changes are not there")
    t.equal((there / "renamed").stat().st_mode & 0o777, 0o600, "mode after chmod")


@test("sftp.error-ends-batch")
def sftp_error(t):
    server, batch = t.server(), t.folder / "batch"
    batch.write_text(f"get {t.folder}/missing {t.folder}/x\nput {batch} {t.folder}/never\n")
    argv = [tools_of(t).sftp, "-q", "-S", t.client.ssh, "-P", str(server.port), *client_options(t, server), "-b", batch,
            f"{USER}@127.0.0.1"]
    result = t.run("sftp", argv)
    t.equal(result.code, 1, "exit status")
    t.check(not (t.folder / "never").exists(), "the batch went on after an error")


@test("sftp.large-file", limit=90)
def sftp_large(t):
    """100 MB both ways with many requests in flight."""
    server, batch = t.server(), t.folder / "batch"
    batch.write_text(f"put {t.shared.large} {t.folder}/there\nget {t.folder}/there {t.folder}/back\n")
    argv = [tools_of(t).sftp, "-q", "-S", t.client.ssh, "-P", str(server.port), *client_options(t, server), "-b", batch,
            f"{USER}@127.0.0.1"]
    run_ok(t, "sftp", argv, seconds=80)
    for name in ("there", "back"):
        t.check((t.folder / name).read_bytes() == t.shared.large.read_bytes(), f"{name} differs from what was sent")


def remote_shell(t, server, *more):
    """The client with its options as one word, as rsync and git take it."""
    argv = t.argv(server, *more)
    at = argv.index("-l")
    return " ".join(argv[:at] + argv[at + 2:-1 - len(more)])


@test("rsync", quick=True, limit=90)
def rsync(t):
    if not shutil.which("rsync"):
        raise Skip("no rsync")
    server, tree = t.server(), make_tree(t.folder)
    usual = ["rsync", "-a", "-e", remote_shell(t, server)]
    run_ok(t, "rsync", [*usual, f"{tree}/", f"{USER}@127.0.0.1:{t.folder}/there/"])
    same_trees(t, tree, t.folder / "there")
    (tree / "of 1").write_bytes(b"changed")
    (tree / "of 0").unlink()
    run_ok(t, "rsync", [*usual, "--delete", "--checksum", "-z", f"{tree}/", f"{USER}@127.0.0.1:{t.folder}/there/"])
    same_trees(t, tree, t.folder / "there")
    run_ok(t, "rsync", [*usual, f"{USER}@127.0.0.1:{t.folder}/there/", f"{t.folder}/back/"])
    same_trees(t, tree, t.folder / "back")
    missing = t.run("rsync", [*usual, f"{USER}@127.0.0.1:{t.folder}/missing", f"{t.folder}/x"])
    t.equal(missing.code, 23, f"exit status for a missing file; {missing.err[-300:]!r}")


@test("rsync.large-file", limit=90)
def rsync_large(t):
    if not shutil.which("rsync"):
        raise Skip("no rsync")
    server = t.server()
    run_ok(t, "rsync", ["rsync", "-W", "-e", remote_shell(t, server), t.shared.large, f"{USER}@127.0.0.1:{t.folder}/there"], seconds=80)
    t.check((t.folder / "there").read_bytes() == t.shared.large.read_bytes(), "the file differs from what was sent")


def git(t, *words, env=None):
    identity = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
                "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return run_ok(t, "git", ["git", *words], {**identity, **(env or {})})


def git_there_and_back(t, url, env):
    """Clones, commits, pushes, and clones again."""
    origin, first = t.folder / "origin.git", t.folder / "first"
    git(t, "init", "-q", "-b", "main", str(first))
    for i in range(30):
        (first / f"file{i}").write_bytes(os.urandom(20_000))
    git(t, "-C", str(first), "add", ".")
    git(t, "-C", str(first), "commit", "-q", "-m", "first")
    git(t, "clone", "-q", "--bare", str(first), str(origin))
    git(t, "clone", "-q", url, str(t.folder / "clone"), env=env)
    for i in range(30):
        t.check((t.folder / f"clone/file{i}").read_bytes() == (first / f"file{i}").read_bytes(), f"file{i} of the clone differs")
    (t.folder / "clone/new").write_bytes(os.urandom(3_000_000))
    git(t, "-C", str(t.folder / "clone"), "add", "new")
    git(t, "-C", str(t.folder / "clone"), "commit", "-q", "-m", "second")
    git(t, "-C", str(t.folder / "clone"), "push", "-q", "origin", "main", env=env)
    git(t, "-C", str(t.folder / "clone"), "fetch", "-q", env=env)
    heads = [git(t, "-C", str(folder), "rev-parse", "main").out for folder in (origin, t.folder / "clone")]
    t.equal(heads[0], heads[1], "the head of the origin after the push")


@test("git.clone-and-push", quick=True)
def git_clone(t):
    if not shutil.which("git"):
        raise Skip("no git")
    server = t.server()
    env = {"GIT_SSH_COMMAND": remote_shell(t, server), "GIT_SSH_VARIANT": "ssh"}
    git_there_and_back(t, f"ssh://{USER}@127.0.0.1{t.folder}/origin.git", env)


@test("git.port-in-the-address", pairs=(OUT,))
def git_port(t):
    """git finds out by itself that nacre-ssh takes ssh's options (it asks with -G), and passes the port."""
    if not shutil.which("git"):
        raise Skip("no git")
    server = t.server()
    words = remote_shell(t, server)
    words = words.replace(f"-p {server.port} ", "")
    git_there_and_back(t, f"ssh://{USER}@127.0.0.1:{server.port}{t.folder}/origin.git", {"GIT_SSH_COMMAND": words})


@test("tar.through-a-pipe")
def tar(t):
    """The oldest way to copy a tree."""
    server, tree = t.server(), make_tree(t.folder)
    (t.folder / "there").mkdir()
    packer = subprocess.Popen(["tar", "-C", tree, "-cf", "-", "."], stdout=subprocess.PIPE)
    client = t.start_ssh(server, f"tar -C {t.folder}/there -xf -", stdin=packer.stdout)
    packer.stdout.close()
    t.equal(client.wait(), 0, "exit status")
    packer.wait()
    same_trees(t, tree, t.folder / "there")
