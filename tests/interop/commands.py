"""Commands: exit statuses, the three streams, ends of input, environment."""

import subprocess
import time

from context import USER
from registry import IN, OUT, OWN, Skip, test


@test("exec.exit-status", each=[0, 1, 42, 255], quick=[0, 42])
def exit_status(t, code):
    server = t.server()
    result = t.ssh(server, f"echo ran; exit {code}", code=code)
    t.equal(result.out, b"ran\n", "standard output")


@test("exec.signal", each=["TERM", "KILL"], quick=["TERM"])
def by_signal(t, name):
    """A command that a signal ends gives 255, as ssh has it."""
    server = t.server()
    result = t.ssh(server, f"echo before; kill -{name} $$; echo after")
    t.equal(result.out, b"before\n", "standard output")
    t.equal(result.code, 255, "exit status")


@test("exec.not-found")
def not_found(t):
    server = t.server()
    result = t.ssh(server, "no-such-program-at-all", code=127)
    t.contains(result.err, "not found", "standard error")


@test("exec.streams", quick=True)
def streams(t):
    """Standard output and standard error stay apart, in full."""
    server = t.server()
    result = t.ssh(server, "for i in $(seq 2000); do echo out $i; echo err $i >&2; done; exit 3", code=3)
    t.equal(result.out.decode().split(), [w for i in range(1, 2001) for w in ("out", str(i))], "standard output")
    said = [line for line in result.err.splitlines() if line.startswith("err")]
    t.equal(said, [f"err {i}" for i in range(1, 2001)], "standard error")


@test("exec.words")
def words(t):
    """The words of the command line are joined by blanks and read by the remote shell."""
    server = t.server()
    result = t.ssh(server, "echo", "a  b", "'c  d'", "$((6*7))", code=0)
    t.equal(result.out, b"a b c  d 42\n", "standard output")


@test("exec.options-after-host")
def options_after_host(t):
    """What follows the host is the command's, even when it looks like an option."""
    server = t.server()
    result = t.ssh(server, "echo", "-v", "-p", "22", code=0)
    t.equal(result.out, b"-v -p 22\n", "standard output")


@test("exec.long-command")
def long_command(t):
    server = t.server()
    long = "x" * 20_000
    result = t.ssh(server, "printf", "%s", long, "| wc -c", code=0)
    t.equal(result.out.strip(), b"20000", "standard output")


@test("exec.stdin", each=["cat", "wc", "sort"], quick=["cat", "wc"])
def stdin(t, name):
    """The end of the input reaches the command, and its answer comes after that."""
    server = t.server()
    lines = [f"{(i * 7919) % 10007:05}" for i in range(10_000)]
    data = "".join(line + "\n" for line in lines).encode()
    command, expected = {"cat": ("cat", data), "wc": ("wc -c", str(len(data)).encode() + b"\n"),
                         "sort": ("sort", "".join(line + "\n" for line in sorted(lines)).encode())}[name]
    result = t.ssh(server, command, data=data, code=0)
    t.check(result.out == expected, f"output of {command}: expected {expected[:60]!r}, saw {result.out[:60]!r}")


@test("exec.stdin-is-null", quick=True)
def stdin_null(t):
    server = t.server()
    t.equal(t.ssh(server, "wc -c", code=0).out.strip(), b"0", "standard output")


@test("exec.output-after-eof", quick=True)
def output_after_eof(t):
    """A half-closed channel goes on in the other direction."""
    server = t.server()
    result = t.ssh(server, "cat >/dev/null; sleep 0.3; echo late; sleep 0.3; echo later >&2; sleep 0.2; exit 9", data=b"x", code=9)
    t.equal(result.out, b"late\n", "standard output")
    t.contains(result.err, "^later", "standard error")


@test("exec.command-closes-stdin", quick=True)
def closes_stdin(t):
    """A command that reads no more does not stop what it says, nor its exit status."""
    server = t.server()
    with open(t.shared.middle, "rb") as data:
        result = t.ssh(server, "head -c 10 >/dev/null; exec 0<&-; sleep 0.3; echo gone on; exit 5", data=data, code=5)
    t.equal(result.out, b"gone on\n", "standard output")


@test("exec.command-ends-early")
def ends_early(t):
    """The command ends while much of the input is still to be sent."""
    server = t.server()
    with open(t.shared.large, "rb") as data:
        result = t.ssh(server, "head -c 1000 | wc -c; exit 6", data=data, code=6)
    t.equal(result.out.strip(), b"1000", "standard output")


@test("exec.command-closes-stdout")
def closes_stdout(t):
    server = t.server()
    result = t.ssh(server, "echo one; exec >&-; sleep 0.3; echo two >&2; exit 4", code=4)
    t.equal(result.out, b"one\n", "standard output")
    t.contains(result.err, "^two", "standard error")


@test("exec.client-stdout-closed")
def client_stdout_closed(t):
    """Who reads the client's output goes away; the client ends, and the server with it."""
    if t.client.kind == "openssh" and t.server_program.kind == "nacre":
        raise Skip("OpenSSH's client tells only OpenSSH's server that nobody reads any more")
    server = t.server()
    client = t.start_ssh(server, "yes; true", stdin=subprocess.DEVNULL)
    client.popen.stdout.read(100_000)
    client.popen.stdout.close()
    client.wait(15)
    t.still_serves(server)


@test("exec.binary", quick=True)
def binary(t):
    """Every pair of bytes passes both ways unchanged."""
    server = t.server()
    data = bytes(byte for high in range(256) for low in range(256) for byte in (high, low))
    result = t.ssh(server, "tee /dev/stderr | cat", data=data, code=0)
    t.check(result.out == data, "standard output differs from what was sent")
    err = next(t.folder.glob("*client.err")).read_bytes()
    t.check(err == data, f"standard error differs from what was sent: {len(err)} bytes of {len(data)}; {err[:60]!r}")


@test("exec.background-process")
def background(t):
    """A process left behind with no stream of ours does not keep the session."""
    server = t.server()
    result = t.ssh(server, "sleep 5 </dev/null >/dev/null 2>&1 & echo left; exit 8", code=8)
    t.equal(result.out, b"left\n", "standard output")
    t.check(result.seconds < 4.5, f"the session lasted {result.seconds:.1f} s")


@test("exec.interactive-pipe", quick=True)
def interactive_pipe(t):
    """Each line is answered before the next is written: nothing waits for more."""
    server = t.server()
    client = t.start_ssh(server, "while read x; do echo got $x; done; exit 2")
    begin = 0.0
    for i in range(200):
        if i == 1:
            begin = time.monotonic()
        client.popen.stdin.write(f"{i}\n".encode())
        t.equal(client.popen.stdout.readline(), f"got {i}\n".encode(), "answer")
    each = (time.monotonic() - begin) / 199
    client.popen.stdin.close()
    t.equal(client.wait(), 2, "exit status")
    return f"{each * 1e6:.0f} us a round"


@test("exec.no-stdin-flag")
def n_flag(t):
    """-n leaves our input alone."""
    server = t.server()
    with open(t.shared.middle, "rb") as data:
        result = t.ssh(server, "wc -c", data=data, flags=["-n"], code=0)
        t.equal(data.tell(), 0, "how much of the input was read")
    t.equal(result.out.strip(), b"0", "standard output")


@test("exec.account", quick=True)
def account(t):
    """The command runs as the account, with its usual environment."""
    server = t.server()
    result = t.ssh(server, 'id -un; echo "$USER|$LOGNAME|$SHELL"; echo "$SSH_CONNECTION"; test -n "$HOME" && pwd', code=0)
    lines = result.out.decode().splitlines()
    t.equal(lines[0], USER, "id -un")
    t.contains(lines[1], rf"^{USER}\|{USER}\|/", "USER, LOGNAME, SHELL")
    t.contains(lines[2], rf"^127\.0\.0\.1 \d+ 127\.0\.0\.1 {server.port}$", "SSH_CONNECTION")
    home = t.ssh(server, 'echo "$HOME"').out.decode().strip()
    t.equal(lines[3], home, "the folder it starts in")


@test("env.send", quick=True)
def send_env(t):
    """SendEnv by name and by pattern; only what the server accepts arrives."""
    server = t.server({"AcceptEnv": "NACRE_ONE NACRE_W*"})
    env = {"NACRE_ONE": "1 one", "NACRE_WILD": "two", "NACRE_OTHER": "three"}
    show = 'echo "$NACRE_ONE|$NACRE_WILD|$NACRE_OTHER"'
    result = t.ssh(server, show, env=env, options={"SendEnv": "NACRE_*"}, code=0)
    t.equal(result.out, b"1 one|two|\n", "SendEnv=NACRE_*")
    result = t.ssh(server, show, env=env, options={"SendEnv": "NACRE_ONE"}, code=0)
    t.equal(result.out, b"1 one||\n", "SendEnv=NACRE_ONE")


@test("env.set")
def set_env(t):
    server = t.server({"AcceptEnv": "NACRE_*"})
    result = t.ssh(server, 'echo "$NACRE_SET"', options={"SetEnv": "NACRE_SET=given"}, code=0)
    t.equal(result.out, b"given\n", "SetEnv")


@test("env.nothing-accepted", pairs=(IN, OWN))
def nothing_accepted(t):
    """Dangerous names do not pass when nothing is accepted."""
    server = t.server()
    env = {"LD_PRELOAD_X": "x", "NACRE_ONE": "1"}
    result = t.ssh(server, "env", env=env, options={"SendEnv": "NACRE_ONE LD_PRELOAD_X"}, code=0)
    t.contains(result.out.decode(), "^PATH=", "the environment")
    t.lacks(result.out.decode(), "NACRE_ONE|LD_PRELOAD_X", "the environment")


@test("env.the-servers-own", pairs=(IN, OWN), quick=True)
def servers_own(t):
    """What the client sets does not take the place of what the server sets, whatever AcceptEnv lets through."""
    names = ["HOME", "PATH", "USER", "LOGNAME", "SHELL", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SSH_ORIGINAL_COMMAND", "OTHER"]
    options = {"SetEnv": " ".join(f"{name}=mine" for name in names)}
    server = t.server({"AcceptEnv": "*", "SetEnv": "ADMIN=set"})
    seen = t.ssh(server, "/usr/bin/env", options=options, code=0).out.decode()
    t.equal([line for line in seen.splitlines() if "mine" in line], ["OTHER=mine"], "variables of the client's")
    t.contains(seen, "^ADMIN=set$", "the environment")
    server = t.server({"AcceptEnv": "*", "ForceCommand": "/usr/bin/env"})
    seen = t.ssh(server, "asked", options=options, code=0).out.decode()
    t.contains(seen, "^SSH_ORIGINAL_COMMAND=asked$", "the environment of a forced command")


@test("exec.signals-as-by-default", pairs=(IN, OWN))
def signals_by_default(t):
    """Signals that the server ignores, or has found ignored, are not ignored in what it runs, and it learns how that ends."""
    ignore = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    server = t.server(wrap=["python3", "-c", ignore])
    t.ssh(server, "exit 42", code=42)
    seen = t.ssh(server, "grep SigIgn /proc/self/status", code=0).out.decode()
    t.contains(seen, r"^SigIgn:\s+0+$", "ignored signals")


@test("subsystem.unknown", pairs=(OUT, IN, OWN))
def unknown_subsystem(t):
    server = t.server()
    result = t.ssh(server, "no-such-subsystem", flags=["-s"])
    t.check(result.code != 0, "an unknown subsystem gave exit status 0")
    t.contains(result.err, "(?i)subsystem", "standard error")
    t.still_serves(server)


@test("subsystem.sftp-bytes", quick=True)
def sftp_bytes(t):
    """The first packet of the SFTP protocol and its answer."""
    server = t.server()
    client = t.start_ssh(server, "sftp", flags=["-s"])
    client.popen.stdin.write(b"\0\0\0\5\1\0\0\0\3")
    answer = client.popen.stdout.read(9)
    t.equal(answer[4:], b"\2\0\0\0\3", "SSH_FXP_VERSION 3")
    client.popen.stdin.close()
    t.equal(client.wait(), 0, "exit status")
