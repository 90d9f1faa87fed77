"""Every algorithm at least once in each direction, and the names that were agreed on, as the OpenSSH side saw them."""

from registry import IN, test

KEX = ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
       "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"]
HOST_KEYS = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa256", "ecdsa-sha2-nistp384": "ecdsa384",
             "ecdsa-sha2-nistp521": "ecdsa521", "rsa-sha2-256": "rsa", "rsa-sha2-512": "rsa"}
AEAD = ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
CIPHERS = AEAD + ["aes128-ctr", "aes192-ctr", "aes256-ctr"]
MACS = ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"]
QUICK = ["mlkem768x25519-sha256", "curve25519-sha256", "rsa-sha2-512", "ssh-ed25519", "chacha20-poly1305@openssh.com",
         "aes128-gcm@openssh.com", "aes256-ctr", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"]


DEBUG = {"LogLevel": "DEBUG"}


def known_to_both(client, server):
    older = min(client.number(), server.number())
    return [name for name in KEX if older >= 9.9 or not name.startswith("mlkem")]


def agreed(t, server, result):
    """What was agreed on, from -v of the client and DEBUG of the server: (text, is OpenSSH's)."""
    texts = [(server.log(), t.server_program.kind == "openssh"), (result.err, t.client.kind == "openssh")]
    return texts if any(openssh for _, openssh in texts) else texts[1:]


def check_agreed(t, server, result, openssh_pattern, name):
    for text, openssh in agreed(t, server, result):
        if openssh:
            t.contains(text, openssh_pattern, f"OpenSSH's log of {name}")
        elif text is result.err:
            t.check(name in text, f"-v of the client never names {name}: {text[-400:]!r}")


def exchange(t, server, flags=(), **words):
    """A login that moves more than one packet each way."""
    data = bytes(range(256)) * 300
    result = t.ssh(server, "cat; echo done >&2", data=data, flags=["-v", *flags], **words)
    t.equal(result.code, 0, f"exit status; {result.err[-500:]!r}")
    t.equal(len(result.out), len(data), "length of what came back")
    t.check(result.out == data, "what came back differs from what was sent")
    t.contains(result.err, "^done", "standard error")
    return result


@test("kex", each=known_to_both, quick=QUICK)
def kex(t, name):
    server = t.server({**DEBUG, "KexAlgorithms": f"+{name}"})  # for the older ones a server has to be asked
    result = exchange(t, server, options={"KexAlgorithms": name})
    check_agreed(t, server, result, rf"kex: algorithm: {name}\s", name)


@test("kex.server-choice", each=lambda client, server: known_to_both(client, server)[:2])
def kex_server(t, name):
    """The server allows one alone, the client offers its usual ones."""
    server = t.server({**DEBUG, "KexAlgorithms": name})
    check_agreed(t, server, exchange(t, server), rf"kex: algorithm: {name}\s", name)


@test("host-key", each=HOST_KEYS, quick=QUICK)
def host_key(t, name):
    server = t.server(DEBUG, host_keys=[t.shared.host_key(HOST_KEYS[name])])
    result = exchange(t, server, options={"HostKeyAlgorithms": name})
    check_agreed(t, server, result, rf"kex: host key algorithm: {name}\s", name)


@test("host-key.several", quick=True)
def host_key_several(t):
    """A server with all types of keys; the client prefers the type that it knows."""
    server = t.server(DEBUG, host_keys=[t.shared.host_key(name) for name in ("rsa", "ecdsa256", "ed25519")])
    lines = server.known_hosts.read_text().splitlines()
    server.known_hosts.write_text(lines[1] + "\n")
    check_agreed(t, server, exchange(t, server), r"kex: host key algorithm: ecdsa-sha2-nistp256\s", "ecdsa-sha2-nistp256")


@test("cipher", each=CIPHERS, quick=QUICK)
def cipher(t, name):
    server = t.server(DEBUG)
    result = exchange(t, server, ["-c", name])
    mac = r"<implicit>" if name in AEAD else r"\S+"
    for direction in ("server->client", "client->server"):
        check_agreed(t, server, result, rf"kex: {direction} cipher: {name} MAC: {mac}", name)


@test("cipher.server-choice", each=["aes256-gcm@openssh.com", "aes192-ctr"])
def cipher_server(t, name):
    server = t.server({**DEBUG, "Ciphers": name})
    check_agreed(t, server, exchange(t, server), rf"kex: server->client cipher: {name} MAC", name)


@test("mac", each=MACS, quick=QUICK)
def mac(t, name):
    server = t.server({**DEBUG, "MACs": f"+{name}"})
    result = exchange(t, server, ["-c", "aes128-ctr", "-m", name])
    for direction in ("server->client", "client->server"):
        check_agreed(t, server, result, rf"kex: {direction} cipher: aes128-ctr MAC: {name}\s", name)


@test("mac.server-choice", each=["hmac-sha2-512-etm@openssh.com"])
def mac_server(t, name):
    server = t.server({**DEBUG, "MACs": name, "Ciphers": "aes256-ctr"})
    check_agreed(t, server, exchange(t, server), rf"kex: server->client cipher: aes256-ctr MAC: {name}\s", name)


@test("kex.guess-and-strict", pairs=(IN,))
def strict(t):
    """OpenSSH's client sees that the server knows strict key exchange and the signature algorithms extension."""
    server = t.server(DEBUG)
    result = t.ssh(server, "true", flags=["-vvv"], code=0)
    t.contains(result.err, "will use strict KEX ordering", "strict key exchange in the client's log")
    t.contains(result.err, "server-sig-algs=<[^>]*rsa-sha2-512", "server-sig-algs in the client's log")
