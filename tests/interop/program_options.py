"""The letters and forms of the command lines: quiet, logs in files, versions, configuration files, addresses."""

from context import USER
from registry import IN, OUT, OWN, Skip, test

OURS = (OUT, OWN)


@test("flag.quiet", pairs=OURS)
def quiet(t):
    """-q keeps warnings back, not what the command says."""
    server = t.server()
    options = {"UserKnownHostsFile": t.folder / "known", "StrictHostKeyChecking": "accept-new"}
    result = t.ssh(server, "echo said >&2", flags=["-q"], options=options, code=0)
    t.equal(result.err, "said\n", "standard error")


@test("flag.log-file", pairs=OURS)
def log_file(t):
    """-E takes the client's own words; the command's stay on standard error."""
    server = t.server()
    log = t.folder / "log"
    result = t.ssh(server, "echo said >&2", flags=["-v", "-E", log], code=0)
    t.equal(result.err, "said\n", "standard error")
    t.check(len(log.read_text().splitlines()) > 3, f"the log has {log.read_text()!r:.200}")
    wrong = t.ssh(server, "true", keys=[t.shared.user_key("other")], flags=["-E", log], code=255)
    t.equal(wrong.err, "", "standard error of a login that failed")
    t.contains(log.read_text(), "(?i)permission denied", "the log")


@test("flag.log-file-cannot-be", pairs=OURS)
def no_log_file(t):
    server = t.server()
    result = t.ssh(server, "true", flags=["-E", "/no/such/folder/log"])
    t.check(result.code > 0, f"exit status {result.code}")
    t.contains(result.err, "/no/such/folder/log", "standard error")


@test("flag.versions", pairs=(OWN,), each=["ssh", "sshd", "keygen"])
def versions(t, program):
    if t.client.kind != "nacre":
        raise Skip("asks nacre's programs")
    path = getattr(t.client, program)
    result = t.run("version", [path, "--version"])
    t.equal(result.code, 0, f"exit status; {result.err!r}")
    t.contains(result.out.decode() + result.err, r"nacre\S* .*\d+\.\d+", "what --version says")
    helped = t.run("help", [path, "--help"])
    t.equal(helped.code, 0, f"exit status of --help; {helped.err!r}")
    t.check(len(helped.out.splitlines()) > 8, "--help says little")


@test("flag.no-arguments", pairs=(OWN,), each=["ssh", "sshd"])
def no_arguments(t, program):
    """Without arguments: what is missing, and exit status not 0."""
    if t.client.kind != "nacre":
        raise Skip("asks nacre's programs")
    result = t.run("empty", [getattr(t.client, program)], seconds=5)
    t.check(result.code > 0, f"exit status {result.code}")
    t.check(result.err.strip(), "nothing on standard error")


@test("flag.forms", each=["blank", "joined", "equals-with-blanks", "case", "letters"])
def forms(t, form):
    """The ways in which ssh takes an option."""
    server = t.server()
    argv = t.argv(server, "echo in", options={"StrictHostKeyChecking": None, "ConnectTimeout": None})
    more = {"blank": ["-o", "StrictHostKeyChecking yes"], "joined": ["-oStrictHostKeyChecking=yes"],
            "equals-with-blanks": ["-o", "StrictHostKeyChecking = yes"], "case": ["-o", "stricthostkeychecking=yes"],
            "letters": ["-Tvn", "-oStrictHostKeyChecking=yes"]}[form]
    result = t.run("client", argv[:1] + more + argv[1:])
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("flag.first-value-counts")
def first_value(t):
    server = t.server()
    argv = t.argv(server, "echo in")
    result = t.run("client", argv[:1] + ["-o", f"Port={server.port}", "-o", "Port=1"] + [w for w in argv[1:] if w not in ("-p", str(server.port))])
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("flag.address")
def address(t):
    """ssh://user@host:port"""
    server = t.server()
    argv = t.argv(server, "echo in", host=f"ssh://{USER}@127.0.0.1:{server.port}")
    for letter in ("-p", "-l"):
        at = argv.index(letter)
        del argv[at:at + 2]
    result = t.run("client", argv)
    t.equal((result.code, result.out), (0, b"in\n"), f"exit status, output; {result.err[-300:]!r}")


@test("flag.remote-command", pairs=OURS)
def remote_command(t):
    server = t.server()
    result = t.ssh(server, options={"RemoteCommand": "echo from the option", "RequestTTY": "no"}, code=0)
    t.equal(result.out, b"from the option\n", "standard output")


@test("flag.request-tty", pairs=OURS)
def request_tty(t):
    server = t.server()
    result = t.ssh(server, "test -t 0 && echo terminal", options={"RequestTTY": "force"}, code=0)
    t.contains(result.out.decode(), "terminal", "standard output")


@test("flag.print-configuration", pairs=(OUT,))
def print_configuration(t):
    """-G prints what would be used, in ssh's form, and connects to nobody."""
    result = t.run("client", [*t.argv(None, port=4711, user="someone", options={"Ciphers": "aes256-ctr"})[:-1], "-G", "example.org"])
    t.equal(result.code, 0, f"exit status; {result.err!r}")
    text = result.out.decode()
    for line in ("user someone", "hostname example.org", "port 4711", "ciphers aes256-ctr", "connecttimeout 20"):
        t.contains(text, f"(?i)^{line}$", "what -G prints")


@test("sshd.configuration-file", pairs=(IN, OWN))
def configuration_file(t):
    """-f: lines as in sshd_config; the command line goes before them."""
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    config = t.folder / "config"
    authorized = t.folder / "authorized"
    authorized.write_text((t.shared.folder / "user-ed25519.pub").read_text())
    config.write_text(f"# a comment\n\nHostKey {t.shared.host_key()}\nAuthorizedKeysFile {authorized}\nAcceptEnv  NACRE_*\n"
                      "Ciphers aes256-ctr\nMaxSessions 3\nPort 1\n")
    process = t.start("server", [t.server_program.sshd, "-D", "-e", "-f", config, "-p", "0"])
    port = int(process.wait_for_log(r"listening on 127\.0\.0\.1 port (\d+)")[1])
    known = t.folder / "known"
    known.write_text(f"[127.0.0.1]:{port} {(t.shared.folder / 'host-ed25519.pub').read_text()}")
    result = t.ssh(None, "echo $NACRE_X", port=port, env={"NACRE_X": "passed"},
                   options={"UserKnownHostsFile": known, "SendEnv": "NACRE_X", "Ciphers": "aes128-ctr,aes256-ctr"})
    t.equal((result.code, result.out), (0, b"passed\n"), f"exit status, output; {result.err[-300:]!r}")
    config.write_text("MaxSessions 3\nNoSuchOption yes\n")
    wrong = t.run("server", [t.server_program.sshd, "-D", "-e", "-f", config, "-p", "0", "-h", t.shared.host_key()], seconds=8)
    t.check(wrong.code > 0, f"exit status {wrong.code}")
    t.contains(wrong.err, f"{config}.*2.*NoSuchOption", "standard error")


@test("sshd.check-only", pairs=(OWN,))
def check_only(t):
    """-t checks and ends."""
    if t.server_program.kind != "nacre":
        raise Skip("asks nacre-sshd")
    good = t.run("server", [t.server_program.sshd, "-t", "-h", t.shared.host_key()], seconds=8)
    t.equal(good.code, 0, f"exit status; {good.err!r}")
    bad = t.run("server", [t.server_program.sshd, "-t", "-h", t.folder / "missing"], seconds=8)
    t.check(bad.code > 0 and "missing" in bad.err, f"exit status {bad.code}; {bad.err!r}")


@test("keygen.seed", pairs=(OWN,))
def seed(t):
    """The same seed gives the same key, another seed another."""
    if t.client.kind != "nacre":
        raise Skip("asks nacre-keygen")
    keys = []
    for name, value in (("one", "a seed"), ("two", "a seed"), ("three", "another")):
        result = t.run("keygen", [t.client.keygen, "-q", "-N", "", "--seed", value, "-f", t.folder / name])
        t.equal(result.code, 0, f"exit status; {result.err!r}")
        keys.append((t.folder / f"{name}.pub").read_text().split()[1])
    t.check(keys[0] == keys[1] and keys[0] != keys[2], f"public keys: {keys}")
