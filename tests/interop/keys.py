"""Keys and files that all tests share, made once in the run's folder before the first test."""

import hashlib
import os
import pathlib
import subprocess

PASSPHRASE = "a phrase that passes"
TYPES = {
    "ed25519": ["-t", "ed25519"],
    "ecdsa256": ["-t", "ecdsa", "-b", "256"],
    "ecdsa384": ["-t", "ecdsa", "-b", "384"],
    "ecdsa521": ["-t", "ecdsa", "-b", "521"],
    "rsa": ["-t", "rsa", "-b", "3072"],
}
LARGE, MIDDLE = 100_000_000, 20_000_000


class Shared:
    """What lies in the shared folder; nobody writes there after make()."""

    def __init__(self, folder, keygen):
        self.folder, self.keygen = pathlib.Path(folder), keygen
        self.large, self.middle = self.folder / "large", self.folder / "middle"

    def make(self):
        self.folder.mkdir()
        for name, words in TYPES.items():
            self.make_key(f"user-{name}", words)
            self.make_key(f"host-{name}", words)
        self.make_key("user-other", TYPES["ed25519"])
        self.make_key("host-other", TYPES["ed25519"])
        self.make_key("user-locked", TYPES["ed25519"], PASSPHRASE)
        self.make_key("user-locked-rsa", TYPES["rsa"], PASSPHRASE)
        self.make_key("user-locked-gcm", TYPES["ecdsa256"] + ["-Z", "aes256-gcm@openssh.com"], PASSPHRASE)
        for path, size in ((self.large, LARGE), (self.middle, MIDDLE)):
            data = os.urandom(size)
            path.write_bytes(data)
            path.with_suffix(".sha256").write_text(hashlib.sha256(data).hexdigest())

    def make_key(self, name, words, passphrase=""):
        path = self.folder / name
        subprocess.run([self.keygen, "-q", *words, "-N", passphrase, "-C", name, "-f", path], check=True,
                       stdin=subprocess.DEVNULL, timeout=60)

    def user_key(self, name="ed25519"):
        return self.folder / f"user-{name}"

    def host_key(self, name="ed25519"):
        return self.folder / f"host-{name}"

    def checksum(self, path):
        return path.with_suffix(".sha256").read_text()


def public_line(path):
    """'type base64' of the public half beside a private key."""
    return " ".join(pathlib.Path(f"{path}.pub").read_text().split()[:2])
