"""Writes vectors.hpp: what implementations independent of Botan compute for our compositions.

Python's integers and hashlib, and pyca/cryptography (OpenSSL's or AWS-LC's code). Run by hand when a composition is
added; it needs `cryptography` 47 or later for ML-KEM. The tests only read the result.
"""

import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives import hashes, poly1305
from cryptography.hazmat.primitives.asymmetric import mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def pattern(size, factor, offset):
    return bytes((i * factor + offset) & 0xFF for i in range(size))


def u32(number):
    return number.to_bytes(4, "big")


def string(data):
    return u32(len(data)) + data


def mpint(number):
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


# ---- Packets (RFC 4253 6) ----


def clear_packet(size, block, aligned_length):
    counted = (4 if aligned_length else 0) + 1 + size
    padding_length = block - counted % block
    if padding_length < 4:
        padding_length += block
    body = bytes([padding_length]) + pattern(size, 11, 5) + pattern(padding_length, 13, 7)
    return u32(len(body)) + body


def chacha(key, sequence, block, data):
    nonce = block.to_bytes(8, "little") + sequence.to_bytes(8, "big")
    return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(data)


def seal_chacha(key, sequence, packet):
    body = chacha(key[32:], sequence, 0, packet[:4]) + chacha(key[:32], sequence, 1, packet[4:])
    return body + poly1305.Poly1305.generate_tag(chacha(key[:32], sequence, 0, bytes(32)), body)


def seal_gcm(key, iv, number, packet):
    counter = (int.from_bytes(iv[4:], "big") + number) % 2**64
    return packet[:4] + AESGCM(key).encrypt(iv[:4] + counter.to_bytes(8, "big"), packet[4:], packet[:4])


def seal_ctr(stream, mac_key, mac, sequence, packet):
    digest = hashlib.sha512 if "512" in mac else hashlib.sha256

    def tag(data):
        return hmac.new(mac_key, u32(sequence) + data, digest).digest()

    if "etm" in mac:
        body = packet[:4] + stream.update(packet[4:])
        return body + tag(body)
    return stream.update(packet) + tag(packet)


MACS = [f"hmac-sha2-{bits}{form}" for bits in (256, 512) for form in ("-etm@openssh.com", "")]


def packet_row(cipher, key_size, iv, mac, seal, block, aligned):
    key, mac_key = pattern(key_size, 7, 1), pattern(0 if not mac else 64 if "512" in mac else 32, 3, 9)
    row = [cipher, mac, key.hex(), iv.hex(), mac_key.hex(), "4294967295"]
    for number, size in enumerate((5, 200)):
        clear = clear_packet(size, block, aligned)
        row += [clear.hex(), seal(key, mac_key, number, (0xFFFFFFFF + number) % 2**32, clear).hex()]
    return row


def packet_rows():
    yield packet_row("chacha20-poly1305@openssh.com", 64, b"", "", lambda k, m, n, s, p: seal_chacha(k, s, p), 8, False)
    for bits in (128, 256):
        for iv in (pattern(12, 5, 3), pattern(4, 5, 3) + b"\xff" * 8):  # the second counts over its end
            yield packet_row(f"aes{bits}-gcm@openssh.com", bits // 8, iv, "",
                             lambda k, m, n, s, p, iv=iv: seal_gcm(k, iv, n, p), 16, False)
    for bits in (128, 192, 256):
        for mac in MACS:
            iv = b"\xff" * 15 + b"\xfe"  # the counter carries over all of its bytes
            stream = Cipher(algorithms.AES(pattern(bits // 8, 7, 1)), modes.CTR(iv)).encryptor()
            yield packet_row(f"aes{bits}-ctr", bits // 8, iv, mac,
                             lambda k, m, n, s, p, mac=mac, stream=stream: seal_ctr(stream, m, mac, s, p), 16,
                             "etm" not in mac)


# ---- Key exchange ----


def arctangent(inverse, digits):
    power = total = 10**digits // inverse
    n, sign = 3, -1
    while power:
        power //= inverse * inverse
        total += sign * (power // n)
        n, sign = n + 2, -sign
    return total


def modp(bits, offset):
    """RFC 3526: p = 2^bits - 2^(bits-64) - 1 + 2^64 * (floor(2^(bits-130) * pi) + offset)"""
    digits = bits // 3 + 50
    pi = 4 * (4 * arctangent(5, digits) - arctangent(239, digits))
    return 2**bits - 2**(bits - 64) - 1 + 2**64 * ((2**(bits - 130) * pi) // 10**digits + offset)


def dh_rows():
    """Ours and theirs: exponents as drawn (64 bytes), their value, our value and K, both by digest."""
    for name, bits, offset in (("14", 2048, 124476), ("16", 4096, 240904), ("18", 8192, 4743158)):
        p = modp(bits, offset)
        ours = int.from_bytes(b"\x80" + pattern(63, 9, 2), "big")
        wanted = {"leading zero": lambda k: k < 2**(bits - 8), "high bit": lambda k: k >> (bits - 1)}
        for what, fits in wanted.items():
            if name == "18" and what == "leading zero":
                continue  # hours of Python for the same code
            theirs = 3
            while not fits(pow(pow(2, theirs, p), ours, p)):
                theirs += 1
            value, k = pow(2, theirs, p), pow(pow(2, theirs, p), ours, p)
            yield [name, what, (b"\x80" + pattern(63, 9, 2)).hex(), hashlib.sha256(mpint(pow(2, ours, p))).hexdigest(),
                   mpint(value)[4:].hex(), hashlib.sha256(mpint(k)).hexdigest()]


def x25519_rows():
    private = pattern(32, 9, 2)
    ours = x25519.X25519PrivateKey.from_private_bytes(private)
    for what, fits in (("high bit", lambda k: k[0] >= 0x80), ("leading zero", lambda k: k[0] == 0 and k[1] >= 0x80),
                       ("two leading zeros", lambda k: k[0] == 0 and k[1] == 0)):
        for number in range(1, 2**20):
            theirs = x25519.X25519PrivateKey.from_private_bytes(number.to_bytes(32, "little"))
            k = ours.exchange(theirs.public_key())
            if fits(k):
                yield [what, private.hex(), theirs.public_key().public_bytes_raw().hex(), mpint(int.from_bytes(k, "big")).hex()]
                break


def hybrid_row():
    seed, private = pattern(64, 5, 11), pattern(32, 9, 2)
    kem, ours = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed), x25519.X25519PrivateKey.from_private_bytes(private)
    theirs = x25519.X25519PrivateKey.from_private_bytes(pattern(32, 3, 1))
    quantum_safe, ciphertext = kem.public_key().encapsulate()
    initial = kem.public_key().public_bytes_raw() + ours.public_key().public_bytes_raw()
    reply = ciphertext + theirs.public_key().public_bytes_raw()
    k = hashlib.sha256(quantum_safe + ours.exchange(theirs.public_key())).digest()
    return [(seed + private).hex(), hashlib.sha256(initial).hexdigest(), reply.hex(), string(k).hex()]


# ---- RSA (RFC 8332) ----


def rsa_rows():
    key = rsa.generate_private_key(65537, 2048)
    numbers, message = key.private_numbers(), b"nacre"
    public = numbers.public_numbers
    section = string(b"ssh-rsa") + b"".join(
        mpint(n) for n in (public.n, public.e, numbers.d, numbers.iqmp, numbers.p, numbers.q))
    for name, digest in (("rsa-sha2-256", hashes.SHA256()), ("rsa-sha2-512", hashes.SHA512())):
        value = key.sign(message, padding.PKCS1v15(), digest)
        yield [name, section.hex(), (string(name.encode()) + string(value)).hex()]


def seeded_stream():
    key = hashlib.sha256(b"nacre").digest()
    return Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor().update(bytes(200)).hex()


def literal(text):
    if len(text) <= 96:
        return f'"{text}"'
    return "\n     ".join(f'"{text[i:i + 96]}"' for i in range(0, len(text), 96))


def table(comment, type_name, name, fields, rows):
    out = f"\n// {comment}\nstruct {type_name} {{\n  std::string_view " + ", ".join(fields) + ";\n};\n"
    out += f"inline constexpr {type_name} {name}[] = {{\n"
    for row in rows:
        out += "    {" + ",\n     ".join(literal(field) for field in row) + "},\n"
    return out + "};\n"


def main():
    text = ("// Made by make_vectors.py with Python's integers and hashlib and with pyca/cryptography; not written by hand.\n"
            "#pragma once\n\n#include <string_view>\n\nnamespace nacre::vectors {\n")
    text += table("Two packets in a row, clear and sealed, from that sequence number on.", "Packets", "packets",
                  ["cipher", "mac", "key", "iv", "mac_key", "sequence", "clear0", "sealed0", "clear1", "sealed1"], packet_rows())
    text += table("RFC 3526's groups, their primes computed from pi. Digests are SHA-256 of mpints with their lengths.", "Dh",
                  "dh", ["group", "what", "drawn", "our_value_digest", "their_value", "secret_digest"], dh_rows())
    text += table("RFC 7748, with secrets that begin in ways that encoders get wrong.", "X25519", "x25519",
                  ["what", "private_key", "their_value", "secret"], x25519_rows())
    text += table("What a client draws (d, z, x25519 key), what it sends (digest), a server's reply, and K.", "Hybrid", "hybrid",
                  ["drawn", "initial_digest", "reply", "secret"], [hybrid_row()])
    text += table("One key's private section, and its signatures of \"nacre\".", "Rsa", "rsa",
                  ["algorithm", "section", "signature"], rsa_rows())
    text += table("ChaCha20 under the SHA-256 of \"nacre\".", "Stream", "streams", ["bytes"], [[seeded_stream()]])
    pathlib.Path(__file__).with_name("vectors.hpp").write_text(text + "\n}  // namespace nacre::vectors\n")


if __name__ == "__main__":
    main()
