"""Who may come in: wrong keys, wrong passwords, unknown users, methods, attempts, time limits."""

import os
import re
import signal
import socket
import termios
import time

from context import PASSWORD, USER
from lifetimes import ignoring
from registry import ALL, IN, OUT, OWN, Skip, test
from user_keys import with_key_options

PASSWORDS = {"PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "no"}
BY_PASSWORD = {"PreferredAuthentications": "password", "BatchMode": "no", "NumberOfPasswordPrompts": "1"}
BY_QUESTIONS = {"PreferredAuthentications": "keyboard-interactive", "BatchMode": "no", "NumberOfPasswordPrompts": "1"}


@test("login.wrong-key", quick=True)
def wrong_key(t):
    server = t.server()
    result = t.ssh(server, "echo", "in", keys=[t.shared.user_key("other")])
    t.equal(result.out, b"", "standard output")
    t.one_line(result, "(?i)permission denied.*publickey")
    t.still_serves(server)


@test("login.no-key")
def no_key(t):
    server = t.server()
    result = t.ssh(server, "echo in", keys=[])
    t.one_line(result, "(?i)permission denied")
    if t.client.kind == "nacre":
        t.contains(result.err, "there is no key in ~/.ssh to offer; name one with -i", "standard error")


@test("login.unknown-user", quick=True)
def unknown_user(t):
    server = t.server()
    result = t.ssh(server, "echo", "in", user="nobody-of-that-name")
    t.equal(result.out, b"", "standard output")
    t.one_line(result, "(?i)permission denied")
    t.contains(server.log(), "nobody-of-that-name", "log of the server")
    t.still_serves(server)


@test("login.escaped-names", pairs=(IN, OWN))
def escaped_names(t):
    """A user's name with a line end and an escape in it cannot forge the log."""
    if t.server_program.kind == "openssh":
        raise Skip("OpenSSH's own log shows the line end")
    server = t.server()
    t.ssh(server, "true", user="x\x1b[31m\nAccepted password for root", code=255)
    t.lacks(server.log(), "\x1b", "log of the server")
    t.lacks(server.log(), r"^Accepted password", "log of the server")
    t.still_serves(server)


@test("login.user-at-host")
def user_at_host(t):
    server = t.server()
    argv = t.argv(server, "echo in", host=f"{USER}@127.0.0.1")
    at = argv.index("-l")
    result = t.run("client", argv[:at] + argv[at + 2:])
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("login.banner")
def banner(t):
    """The server's banner goes to standard error, with escapes made harmless."""
    file = t.folder / "banner"
    file.write_text("Only for friends.\x1b[2J\n")
    server = t.server({"Banner": file})
    result = t.ssh(server, "echo in", code=0)
    t.equal(result.out, b"in\n", "standard output")
    t.contains(result.err, "Only for friends", "standard error")
    t.lacks(result.err, "\x1b", "standard error")


@test("password.right", quick=True)
def password(t):
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    result = t.ssh(server, "echo in", env=t.askpass(PASSWORD), options=BY_PASSWORD, keys=[])
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    t.contains((t.folder / "asked").read_text(), f"(?i){USER}@127.0.0.1's password", "the question")
    t.lacks(server.log() + result.err, PASSWORD, "a log")


@test("password.wrong", quick=True)
def password_wrong(t):
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    result = t.ssh(server, "echo in", env=t.askpass("wrong battery"), options=BY_PASSWORD, keys=[])
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.contains(result.err, "(?i)permission denied", "standard error")
    t.lacks(server.log() + result.err, "wrong battery", "a log")
    again = t.ssh(server, "echo in", env=t.askpass(PASSWORD), options=BY_PASSWORD, keys=[])
    t.equal(again.code, 0, f"exit status with the right one; {again.err[-300:]!r}")


@test("password.program-fails", pairs=(OUT, OWN), each=["usual", "ignored-sigchld"])
def password_program_fails(t, how):
    """A program that is asked, answers and fails has not answered, also where nobody is told how programs end."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    env = t.askpass(PASSWORD)
    with open(t.folder / "askpass", "a") as script:
        script.write("exit 1\n")
    before = ignoring(signal.SIGCHLD) if how == "ignored-sigchld" else None
    result = t.ssh(server, "echo in", env=env, options=BY_PASSWORD, keys=[], before=before)
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.check((t.folder / "asked").exists(), "the program was not asked")


@test("password.unknown-user", pairs=ALL)
def password_unknown(t):
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    result = t.ssh(server, "echo in", env=t.askpass(PASSWORD), options=BY_PASSWORD, keys=[], user="nobody-of-that-name")
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.contains(result.err, "(?i)permission denied", "standard error")
    t.check((t.folder / "asked").exists(), "an unknown user is not asked for a password, which tells that it is unknown")


@test("password.typed", quick=True)
def password_typed(t):
    """Typed on a terminal, wrong and then right, and never shown."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    terminal = t.ssh_terminal(server, "echo let", "in", keys=[], options={**BY_PASSWORD, "NumberOfPasswordPrompts": "3"})
    terminal.expect("(?i)password: ?")
    terminal.send("wrong battery\n")
    terminal.expect("(?i)denied")
    terminal.expect("(?i)password: ?")
    terminal.send(PASSWORD + "\n")
    terminal.expect("let in")
    t.equal(terminal.wait(), 0, "exit status")
    t.lacks(terminal.text(), PASSWORD + "|battery", "the terminal")


@test("password.interrupted")
def password_interrupted(t):
    """Ctrl-C at the question ends the client and leaves the terminal echoing."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    terminal = t.ssh_terminal(server, "true", keys=[], options=BY_PASSWORD)
    terminal.expect("(?i)password: ?")
    time.sleep(0.3)  # ssh loses a signal that comes between its question and its reading
    terminal.send("\x03")
    t.check(terminal.wait() != 0, "exit status 0")
    t.check(terminal.settings()[3] & termios.ECHO, "the terminal does not echo any more")


@test("password.ignored-signal", pairs=(OUT, OWN))
def password_ignored_signal(t):
    """A question under nohup survives the hangup that nohup is for."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    argv = t.argv(server, "echo let", "in", keys=[], options=BY_PASSWORD)
    terminal = t.terminal(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *argv])
    terminal.expect("(?i)password: ?")
    os.kill(terminal.process.pid, signal.SIGHUP)
    time.sleep(0.2)  # that it is over by then
    terminal.send(PASSWORD + "\n")
    terminal.expect("let in")
    t.equal(terminal.wait(), 0, "exit status")


@test("password.prompts")
def password_prompts(t):
    """As many questions as NumberOfPasswordPrompts says."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    t.ssh(server, "true", keys=[], env=t.askpass("no"), options={**BY_PASSWORD, "NumberOfPasswordPrompts": "2"}, code=255, seconds=30)
    t.equal(len((t.folder / "asked").read_text().splitlines()), 2, "number of questions")


@test("password.not-offered", pairs=ALL)
def password_off(t):
    """A server without passwords never asks for one."""
    server = t.server()
    result = t.ssh(server, "true", keys=[], env=t.askpass(PASSWORD), options=BY_PASSWORD, code=255)
    t.check(not (t.folder / "asked").exists(), "a password was asked for")
    t.contains(result.err, "(?i)permission denied", "standard error")


@test("password.in-batch-mode")
def password_batch(t):
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    result = t.ssh(server, "true", keys=[], env=t.askpass(PASSWORD), options={"PreferredAuthentications": "password"}, code=255)
    t.contains(result.err, "(?i)permission denied", "standard error")
    t.check(not (t.folder / "asked").exists(), "asked in batch mode")


@test("interactive.right", quick=True)
def interactive(t):
    server = t.server({"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "yes"}, users={USER: PASSWORD}, pam=True)
    result = t.ssh(server, "echo in", keys=[], env=t.askpass(PASSWORD), options=BY_QUESTIONS)
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    t.contains((t.folder / "asked").read_text(), "(?i)password", "the question")


@test("interactive.wrong")
def interactive_wrong(t):
    server = t.server({"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "yes"}, users={USER: PASSWORD}, pam=True)
    result = t.ssh(server, "echo in", keys=[], env=t.askpass("wrong battery"), options=BY_QUESTIONS)
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.contains(result.err, "(?i)permission denied", "standard error")


@test("interactive.typed")
def interactive_typed(t):
    server = t.server({"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "yes"}, users={USER: PASSWORD}, pam=True)
    terminal = t.ssh_terminal(server, "echo let", "in", keys=[], options=BY_QUESTIONS)
    terminal.expect("(?i)password: ?")
    terminal.send(PASSWORD + "\n")
    terminal.expect("let in")
    t.equal(terminal.wait(), 0, "exit status")
    t.lacks(terminal.text(), PASSWORD, "the terminal")


@test("methods.key-then-password-keeps-the-forced-command", pairs=(IN, OWN), quick=True)
def partial_restricted(t):
    """What the key's line demands still holds after the password's step, which demands nothing."""
    server = t.server({**PASSWORDS, "AuthenticationMethods": "publickey,password"}, users={USER: PASSWORD})
    with_key_options(t, server, 'restrict,command="echo forced"')
    for words in (["echo", "in"], []):
        result = t.ssh(server, *words, env=t.askpass(PASSWORD), options={"BatchMode": "no"})
        t.equal((result.code, result.out), (0, b"forced\n"), f"exit status, output; {result.err[-300:]!r}")


@test("users.root-without-password", pairs=(IN, OWN), each=["prohibit-password", "without-password"], quick=["prohibit-password"])
def root_without_password(t, word):
    """PermitRootLogin prohibit-password: root's password does not do, asked for either way, and root's key does."""
    if os.geteuid() != 0:
        raise Skip("only root is root")
    both = {"PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "yes"}
    server = t.server({**both, "PermitRootLogin": word}, users={USER: PASSWORD})
    for options in (BY_PASSWORD, BY_QUESTIONS):
        result = t.ssh(server, "echo in", keys=[], env=t.askpass(PASSWORD), options=options)
        t.equal((result.code, result.out), (255, b""), f"exit status, output with {options['PreferredAuthentications']}")
    t.lacks(server.log(), "Accepted", "log of the server")
    t.still_serves(server)


@test("users.by-address", pairs=(IN, OWN), quick=True)
def users_by_address(t):
    """DenyUsers and AllowUsers with user@address: the part behind the last @ is for the address of the client."""
    for options, code in (({"DenyUsers": f"{USER}@127.0.0.1"}, 255), ({"DenyUsers": "*@127.0.0.0/8"}, 255),
                          ({"DenyUsers": f"{USER}@127.*"}, 255), ({"DenyUsers": f"{USER}@192.0.2.1 other@127.0.0.1"}, 0),
                          ({"AllowUsers": f"{USER}@127.0.0.1"}, 0), ({"AllowUsers": f"{USER}@192.0.2.0/24"}, 255),
                          ({"AllowUsers": f"{USER}@192.0.2.0/24 {USER}@127.0.0.0/8"}, 0)):
        result = t.ssh(t.server(options), "true")
        t.equal(result.code, code, f"exit status with {options}")


@test("methods.key-then-password")
def partial(t):
    """Partial success: the server wants a key and then a password."""
    server = t.server({**PASSWORDS, "AuthenticationMethods": "publickey,password"}, users={USER: PASSWORD})
    result = t.ssh(server, "echo in", env=t.askpass(PASSWORD), options={"BatchMode": "no"})
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")
    without = t.ssh(server, "echo in", keys=[], env=t.askpass(PASSWORD), options={"BatchMode": "no"})
    t.equal((without.code, without.out), (255, b""), "exit status, output without the key")


@test("methods.preferred")
def preferred(t):
    """PreferredAuthentications decides what is tried first."""
    server = t.server(PASSWORDS, users={USER: PASSWORD})
    options = {"BatchMode": "no", "PreferredAuthentications": "password,publickey"}
    t.ssh(server, "true", env=t.askpass(PASSWORD), options=options, code=0)
    t.check((t.folder / "asked").exists(), "the key was used before the password")


@test("attempts.too-many-keys", quick=True)
def too_many_keys(t):
    """MaxAuthTries ends a client that offers key after key; both sides say why."""
    server = t.server({"MaxAuthTries": "2"}, authorized=[t.shared.user_key("rsa")])
    keys = [t.shared.user_key(name) for name in ("other", "ecdsa256", "ecdsa384", "ecdsa521", "rsa")]
    result = t.ssh(server, "echo in", keys=keys)
    t.equal((result.code, result.out), (255, b""), "exit status, output")
    t.contains(result.err, "(?i)too many authentication failures", "standard error")
    good = t.ssh(server, "echo in", keys=[t.shared.user_key("rsa")])
    t.equal(good.code, 0, "exit status with the right key alone")


@test("attempts.too-many-passwords", pairs=ALL)
def too_many_passwords(t):
    server = t.server({**PASSWORDS, "MaxAuthTries": "3"}, users={USER: PASSWORD})
    options = {**BY_PASSWORD, "NumberOfPasswordPrompts": "10"}
    result = t.ssh(server, "true", keys=[], env=t.askpass("wrong"), options=options, seconds=40)
    t.equal(result.code, 255, "exit status")
    count = len((t.folder / "asked").read_text().splitlines())
    t.check(2 <= count <= 3, f"{count} passwords were asked for; MaxAuthTries is 3")


@test("grace.silent-client", pairs=(IN, OWN))
def grace_silent(t):
    """Who says nothing for LoginGraceTime is sent away."""
    server = t.server({"LoginGraceTime": "2"})
    with socket.create_connection(("127.0.0.1", server.port), 5) as silent:
        silent.settimeout(10)
        begin, said = time.monotonic(), b""
        while piece := silent.recv(4096):
            said += piece
        seconds = time.monotonic() - begin
    t.check(said.startswith(b"SSH-2.0-"), f"the server said {said[:60]!r}")
    t.check(1.5 < seconds < 8, f"sent away after {seconds:.1f} s, LoginGraceTime=2")
    t.still_serves(server)


@test("grace.password-prompt", pairs=(IN, OWN))
def grace_prompt(t):
    """Who sits at the password question for too long is sent away as well."""
    server = t.server({**PASSWORDS, "LoginGraceTime": "2"}, users={USER: PASSWORD})
    terminal = t.ssh_terminal(server, "true", keys=[], options=BY_PASSWORD)
    terminal.expect("(?i)password: ?")
    time.sleep(7 if t.server_program.kind == "openssh" else 4)  # OpenSSH 10 adds up to four seconds by chance
    terminal.send(PASSWORD + "\n")
    t.equal(terminal.wait(5), 255, "exit status")
    t.still_serves(server)


@test("grace.not-after-login", pairs=(IN, OWN))
def grace_after(t):
    """A session that is let in lasts as long as it likes."""
    server = t.server({"LoginGraceTime": "1"})
    result = t.ssh(server, "sleep 2.5; echo still", code=0)
    t.equal(result.out, b"still\n", "standard output")


@test("log.one-line-a-login", pairs=(IN, OWN))
def log_lines(t):
    """The server's log tells who came, how and from where, and who did not."""
    server = t.server({"LogLevel": "INFO"})
    t.ssh(server, "true", code=0)
    t.ssh(server, "true", keys=[t.shared.user_key("other")], code=255)
    log = server.log()
    accepted = [line for line in log.splitlines() if "ccepted" in line]
    t.equal(len(accepted), 1, f"lines about the login in {log!r:.400}")
    for word in (USER, "127.0.0.1", "publickey"):
        t.check(word in accepted[0], f"{word} is not in {accepted[0]!r}")
    if t.server_program.kind == "nacre":
        t.contains(log, rf"(?i)(fail|denied|refused|reject|closed).*", "log about the wrong key")
        t.check(not re.search(r"[\x00-\x08\x0b-\x1f]", log.replace("\r", "")), "control characters in the log")
