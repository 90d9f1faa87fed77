"""Dropbear of a folder, with the same questions as the programs of tests/interop/peers.py. Its keys have a form of their own,
and its server reads only the account's authorized_keys, so it needs an account of ours."""

import os
import pathlib
import shutil
import subprocess

import peers
import processes
import registry


class Dropbear:
    kind = "dropbear"
    label = "dropbear"

    def __init__(self, folder, work):
        self.folder, self.work = pathlib.Path(folder), pathlib.Path(work)
        self.ssh, self.sshd = self.folder / "usr/bin/dbclient", self.folder / "usr/sbin/dropbear"
        self.convert = self.folder / "usr/lib/dropbear/dropbearconvert"
        if not self.convert.exists():
            self.convert = self.folder / "usr/bin/dropbearconvert"
        places = sorted({str(path.parent) for path in self.folder.glob("usr/lib/*/libtom*")}) if folder != "/" else []
        self.library_path = ":".join(places)

    def missing(self):
        for path in (self.ssh, self.sshd, self.convert):
            if not os.access(path, os.X_OK):
                return f"no {path}"
        if not peers.may_mount():
            return "its server needs an account of ours: root, and mounts"
        return None

    def environment(self, env):
        return {**env, "LD_LIBRARY_PATH": self.library_path} if self.library_path else env

    def version(self):
        run = subprocess.run([self.ssh, "-V"], capture_output=True, text=True, timeout=10, env=self.environment(dict(os.environ)))
        return (run.stderr or run.stdout).strip().partition("\n")[0]

    def converted(self, key):
        """The key in Dropbear's own form."""
        path = self.work / f"{pathlib.Path(key).name}.dropbear"
        if not path.exists():
            subprocess.run([self.convert, "openssh", "dropbear", key, path], check=True, capture_output=True, timeout=20,
                           env=self.environment(dict(os.environ)))
        return path

    def client(self, options, flags, keys, port, user, rest):
        argv = [self.ssh, "-y", "-p", port, "-l", user, *flags]
        for key in keys:
            argv += ["-i", self.converted(key)]
        return argv + rest

    def start_server(self, folder, name, settings, env, wrap=()):
        account = peers.own_account(folder)
        secrets = folder / "home/.ssh"
        secrets.mkdir(mode=0o700)
        shutil.copy(settings.authorized_keys, secrets / "authorized_keys")
        (secrets / "authorized_keys").chmod(0o600)
        for _ in range(5):
            port = processes.free_port()
            argv = [*account, *wrap, self.sshd, "-F", "-E", "-p", f"127.0.0.1:{port}"]
            for key in settings.host_keys:
                argv += ["-r", self.converted(key)]
            process = processes.Process(name, argv, folder, self.environment(env))
            if process.wait_for_log(r"Not backgrounding|Failed listening").group().startswith("N"):
                return process, port
            process.kill()
        raise registry.Failure("no free port for dropbear in five tries")
