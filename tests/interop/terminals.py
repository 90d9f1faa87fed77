"""Pseudo terminals: what the remote side sees, sizes, signals, and shells that are typed into."""

import signal
import termios
import time

from processes import wait_until
from registry import IN, OUT, OWN, test


@test("pty.is-terminal", quick=True)
def is_terminal(t):
    server = t.server()
    terminal = t.ssh_terminal(server, "tty && echo yes-$?; exit 7", flags=["-tt"])
    terminal.expect(r"/dev/pts/\d+\r?\n")
    terminal.expect("yes-0")
    t.equal(terminal.wait(), 7, "exit status")


@test("pty.forced-without-terminal")
def forced(t):
    """-tt asks for a pty though our input is none."""
    server = t.server()
    result = t.ssh(server, "tty; test -t 0 && test -t 1 && test -t 2 && echo all", flags=["-tt"], code=0)
    t.contains(result.out.decode(), r"/dev/pts/\d+", "standard output")
    t.contains(result.out.decode(), r"^all", "standard output")


@test("pty.none-unless-asked", quick=True)
def none(t):
    """A command has no pty though we sit on a terminal; -T keeps a shell without one."""
    server = t.server()
    terminal = t.ssh_terminal(server, "tty; echo end")
    terminal.expect("not a tty")
    t.equal(terminal.wait(), 0, "exit status")
    result = t.ssh(server, flags=["-T"], data=b"tty; echo end\n")
    t.contains(result.out.decode(), "not a tty", "standard output of a shell with -T")


@test("pty.single-t-without-terminal")
def single_t(t):
    """-t without a terminal of our own asks for none, and says so."""
    server = t.server()
    result = t.ssh(server, "tty", flags=["-t"], data=b"x")
    t.contains(result.out.decode(), "not a tty", "standard output")
    t.contains(result.err, "(?i)pseudo-terminal|terminal", "standard error")


@test("pty.size", quick=True)
def size(t):
    server = t.server()
    terminal = t.ssh_terminal(server, "stty size; echo $TERM", flags=["-t"], rows=31, columns=117)
    terminal.expect(r"31 117\r?\n")
    terminal.expect("xterm")
    t.equal(terminal.wait(), 0, "exit status")


@test("pty.resize", quick=True)
def resize(t):
    """Sizes change twice; the program behind gets SIGWINCH each time."""
    server = t.server()
    script = "trap 'stty size' WINCH; echo ready; i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done"
    terminal = t.ssh_terminal(server, script, flags=["-t"])
    terminal.expect("ready")
    terminal.resize(50, 132)
    terminal.expect("50 132")
    time.sleep(0.5)  # a shell may lose a signal that comes while it handles one
    terminal.resize(10, 40)
    terminal.expect("10 40")


@test("pty.interrupt", quick=True)
def interrupt(t):
    """Ctrl-C goes to the program behind, not to the client."""
    server = t.server()
    terminal = t.ssh_terminal(server, "trap 'echo caught; exit 33' INT; echo ready; while :; do sleep 0.1; done", flags=["-t"])
    terminal.expect("ready")
    terminal.send("\x03")
    terminal.expect("caught")
    t.equal(terminal.wait(), 33, "exit status")


@test("pty.interrupt-kills")
def interrupt_kills(t):
    server = t.server()
    terminal = t.ssh_terminal(server, "echo ready; exec sleep 30", flags=["-t"])
    terminal.expect("ready")
    terminal.send("\x03")
    t.check(terminal.wait(5) != 0, "exit status 0 after Ctrl-C")


@test("pty.end-of-file")
def end_of_file(t):
    server = t.server()
    terminal = t.ssh_terminal(server, "echo ready; wc -l; exit 12", flags=["-t"])
    terminal.expect("ready")
    terminal.send("one\ntwo\n\x04")
    terminal.expect(r"\b2\r?\n")
    t.equal(terminal.wait(), 12, "exit status")


@test("pty.modes")
def modes(t):
    """Settings of our terminal are those of the remote one."""
    server = t.server()
    for erase, words in ((0x08, r"erase = \^H"), (0x7F, r"erase = \^\?")):
        terminal = t.ssh_terminal(server, "sleep 0.2; stty -a", flags=["-t"])
        terminal.close()
        script = f"stty erase '{'^H' if erase == 8 else '^?'}'; exec \"$@\""
        terminal = t.terminal(["sh", "-c", script, "sh", *t.argv(server, "stty -a", flags=["-t"])])
        terminal.expect(words)
        t.equal(terminal.wait(), 0, "exit status")


@test("pty.restored", quick=True)
def restored(t):
    """The terminal is raw during the session and as before after it."""
    server = t.server()
    terminal = t.ssh_terminal(server, "echo ready; read x; exit 4", flags=["-t"])
    before = termios.tcgetattr(terminal.master)
    terminal.expect("ready")
    during = terminal.settings()
    t.check(not during[3] & termios.ICANON, "the terminal is not raw during the session")
    terminal.send("\r")
    t.equal(terminal.wait(), 4, "exit status")
    after = terminal.settings()
    t.check(after[3] & termios.ICANON and after[3] & termios.ECHO, "the terminal is still raw after the session")
    t.check(before[0] & termios.ICRNL and after[0] & termios.ICRNL, "ICRNL is lost after the session")


@test("pty.restored-after-signal", pairs=(OUT, OWN), each=["TERM", "HUP", "INT", "QUIT"])
def restored_after_signal(t, name):
    """A client that a signal ends leaves the terminal as it was."""
    server = t.server()
    terminal = t.ssh_terminal(server, "echo ready; sleep 60", flags=["-t"])
    terminal.expect("ready")
    t.check(not terminal.settings()[3] & termios.ICANON, "the terminal is not raw during the session")
    terminal.process.signal(getattr(signal, f"SIG{name}"))
    t.check(terminal.wait(5) != 0, "exit status 0")
    t.check(terminal.settings()[3] & termios.ICANON and terminal.settings()[3] & termios.ECHO, "the terminal is still raw")


@test("shell.terminal", quick=True)
def shell(t):
    """A login shell that is typed into, line by line."""
    server = t.server()
    terminal = t.ssh_terminal(server, flags=["-t"])
    terminal.send("PS1='ready''> '\r")
    terminal.expect("ready> ")
    for i in range(5):
        terminal.send(f"echo $(({i} * 1111))-done\r")
        terminal.expect(rf"[\r\n]{i * 1111}-done\r?\n")
        terminal.expect("ready> ")
    terminal.send("stty -echo\r")
    terminal.expect("ready> ")
    terminal.send("tty; exit 17\r")
    terminal.expect("/dev/pts/")
    t.equal(terminal.wait(), 17, "exit status")


@test("shell.no-terminal", quick=True)
def shell_pipe(t):
    """Commands come through a pipe; the shell ends with the input."""
    server = t.server()
    result = t.ssh(server, flags=["-T"], data=b"echo one\necho two >&2\n(exit 5)\n")
    t.equal(result.code, 5, "exit status")
    t.contains(result.out.decode(), "^one$", "standard output")
    t.contains(result.err, "^two", "standard error")


@test("shell.much-output")
def much_output(t):
    """100 000 lines through a pty, the last of them whole."""
    server = t.server()
    terminal = t.ssh_terminal(server, "seq 100000; echo end-of-it", flags=["-t"])
    terminal.expect("end-of-it", 30)
    t.equal(terminal.wait(), 0, "exit status")
    numbers = terminal.text().replace("\r", "").split("\n")
    t.check([str(i) for i in range(1, 100001)] == numbers[:100000], "lines are missing or changed")


@test("shell.escape", pairs=(OUT, IN, OWN))
def escape(t):
    """~. at the start of a line ends a session that hangs."""
    server = t.server()
    terminal = t.ssh_terminal(server, "echo ready; exec sleep 60", flags=["-t"])
    terminal.expect("ready")
    terminal.send("\r~.")
    t.equal(terminal.wait(5), 255, "exit status")


@test("shell.hangup", pairs=(IN, OWN))
def hangup(t):
    """The client's terminal goes away: the remote shell is hung up."""
    server = t.server()
    mark = t.folder / "hung-up"
    terminal = t.ssh_terminal(server, f"trap 'echo yes > {mark}; exit' HUP; echo ready; while :; do sleep 0.1; done", flags=["-t"])
    terminal.expect("ready")
    terminal.process.kill()
    wait_until(lambda: mark.exists() and mark.read_text(), 10, "SIGHUP in the remote shell")
