"""The programs that are joined: OpenSSH of a folder, and nacre of a build. Both answer the same questions: the command
line of a client, and a server that runs on a free port of 127.0.0.1."""

import functools
import os
import pathlib
import pwd
import re
import shutil
import subprocess

from processes import Process, free_port
from registry import Failure, Skip


class OpenSsh:
    kind = "openssh"

    def __init__(self, label, folder):
        self.label, self.folder = label, pathlib.Path(folder)
        self.ssh = self.folder / "usr/bin/ssh"
        self.sshd = self.folder / "usr/sbin/sshd"
        self.scp, self.sftp = self.folder / "usr/bin/scp", self.folder / "usr/bin/sftp"
        self.keygen = self.folder / "usr/bin/ssh-keygen"
        self.sftp_server = self.folder / "usr/lib/openssh/sftp-server"
        self.session = self.folder / "usr/lib/openssh/sshd-session"
        self.auth = self.folder / "usr/lib/openssh/sshd-auth"

    def missing(self):
        """What keeps it from being used, or None."""
        for path in (self.ssh, self.sshd, self.scp, self.sftp, self.keygen, self.sftp_server):
            if not os.access(path, os.X_OK):
                return f"no {path}"
        return None

    def version(self):
        run = subprocess.run([self.ssh, "-V"], capture_output=True, text=True, timeout=10)
        return (run.stderr or run.stdout).split(",")[0].strip()

    def number(self):
        return float(re.search(r"OpenSSH_(\d+\.\d+)", self.version())[1])

    def client(self, options, flags, keys, port, user, rest):
        argv = [self.ssh, "-F", "/dev/null", "-p", port, "-l", user, *flags]
        for key in keys:
            argv += ["-i", key]
        fixed = {"GlobalKnownHostsFile": "/dev/null", "IdentitiesOnly": "yes", "IdentityAgent": "none"}
        return argv + options_of({**fixed, **options}) + rest

    def start_server(self, folder, name, settings, env, wrap=()):
        """settings: what peers have in common, as made by Context.server."""
        for _ in range(5):
            port = free_port()
            config = folder / f"{name}.conf"
            config.write_text(self.config(port, settings))
            argv = [*own_account(folder, settings.users, settings.pam), *wrap, self.sshd, "-D", "-e", "-f", config]
            process = Process(name, argv, folder, env)
            if process.wait_for_log(r"Server listening on 127\.0\.0\.1 port|(?i:bind to port.*failed)").group().startswith("S"):
                return process, port
            process.kill()
        raise Failure("no free port for sshd in five tries")

    def config(self, port, settings):
        lines = [f"Port {port}", "ListenAddress 127.0.0.1", "PidFile none", "StrictModes no", "PermitRootLogin yes",
                 f"UsePAM {'yes' if settings.pam else 'no'}", "UseDNS no", "PrintMotd no", "PrintLastLog no"]
        lines += [f"HostKey {key}" for key in settings.host_keys]
        lines.append(f"AuthorizedKeysFile {settings.authorized_keys}")
        lines.append(f"Subsystem sftp {self.sftp_server}")
        if self.session.exists():
            lines += [f"SshdSessionPath {self.session}", "PerSourcePenalties no"]
        if self.auth.exists():
            lines.append(f"SshdAuthPath {self.auth}")
        # DEBUG would also speak into the standard error of sessions.
        usual = {"LogLevel": "VERBOSE", "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
                 "MaxStartups": "200"}
        lines += [f"{key} {value}" for key, value in {**usual, **settings.options}.items()]
        return "\n".join(lines) + "\n"


class Nacre:
    kind = "nacre"
    label = "nacre"

    def __init__(self, build, sftp_server):
        tools = pathlib.Path(build) / "tools"
        self.ssh, self.sshd, self.keygen = tools / "nacre-ssh", tools / "nacre-sshd", tools / "nacre-keygen"
        self.flood = pathlib.Path(build) / "tests/fire/nacre-flood"
        self.sftp_server = sftp_server

    def missing(self):
        for path in (self.ssh, self.sshd, self.keygen):
            if not os.access(path, os.X_OK):
                return f"no {path}"
        return None

    def version(self):
        run = subprocess.run([self.ssh, "-V"], capture_output=True, text=True, timeout=10)
        return (run.stdout + run.stderr).strip().partition("\n")[0]

    def number(self):
        return 100.0  # newer than any: it knows all that is asked for

    def client(self, options, flags, keys, port, user, rest):
        argv = [self.ssh, "-p", port, "-l", user, *flags]
        for key in keys:
            argv += ["-i", key]
        return argv + options_of(options) + rest

    def start_server(self, folder, name, settings, env, wrap=()):
        argv = [*own_account(folder), *wrap, self.sshd, "-D", "-e", "-p", "0"]
        for key in settings.host_keys:
            argv += ["-h", key]
        options = {"LogLevel": "DEBUG", "MaxStartups": "200", "PerSourcePenalties": "no",
                   "AuthorizedKeysFile": settings.authorized_keys}
        if self.sftp_server:
            options["Subsystem"] = f"sftp {self.sftp_server}"
        if settings.users:
            options["UsersFile"] = self.users_file(folder, settings.users, env)
        process = Process(name, argv + options_of({**options, **settings.options}), folder, env)
        match = process.wait_for_log(r"nacre-sshd: listening on 127\.0\.0\.1 port (\d+)")
        return process, int(match[1])

    def users_file(self, folder, users, env):
        """What nacre-keygen --password writes: it reads a name and a password from its input."""
        path = folder / "users"
        for user, password in users.items():
            run = subprocess.run([self.keygen, "--password", "-f", path], input=f"{user}\n{password}\n", text=True,
                                 capture_output=True, timeout=60, env=env)
            if run.returncode != 0:
                raise Failure(f"nacre-keygen --password for {user} gave {run.returncode}: {run.stderr}")
        return path


def options_of(options):
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


# The hash of each password that tests use, as the system's account files keep it.
HASHES = {
    "correct horse": "$6$nacreinterop$hSnJjZTonSdjx4dOWSXiuxRJd/SKViEiDZmWemB1g9opWXuklt91tfuGyKYlrYWWo.nZ.5E.SiUpT2RcG//Zi/",
}


@functools.lru_cache(maxsize=None)
def may_mount():
    """Whether mounts may be made that are seen by one program and its children alone."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, timeout=10).returncode == 0


def own_account(folder, users=None, pam=False):
    """The beginning of a command line whose program sees this account with an empty home of the test's own, so that nobody's
    startup files take part, and with the passwords of `users`. Nothing of the system changes: the files are mounted over
    the real ones for that program and its children. Where that may not be done, servers use the account as it is."""
    if not may_mount():
        if users:
            raise Skip("OpenSSH's sshd checks passwords only as root, and needs a mount namespace for an account of ours")
        return []
    name, home = pwd.getpwuid(os.geteuid()).pw_name, folder / "home"
    home.mkdir(exist_ok=True)

    def copy(path, change):
        lines = [":".join(change(line.split(":"))) for line in pathlib.Path(path).read_text().splitlines()]
        made = folder / pathlib.Path(path).name
        made.write_text("\n".join(lines) + "\n")
        return made

    def with_home(fields):
        return [*fields[:5], str(home), "/bin/bash"] if fields[0] == name else fields

    def with_password(fields):
        return [fields[0], HASHES[users[fields[0]]], *fields[2:]] if fields[0] in users else fields

    mounts = [(copy("/etc/passwd", with_home), "/etc/passwd")]
    if users:
        mounts.append((copy("/etc/shadow", with_password), "/etc/shadow"))
        mounts[-1][0].chmod(0o600)
    if pam:
        rules = folder / "pam.d"
        rules.mkdir(exist_ok=True)
        for service in ("sshd", "other"):
            (rules / service).write_text("auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        mounts.append((rules, "/etc/pam.d"))
    script = "".join(f"mount --bind '{source}' {target} && " for source, target in mounts) + 'exec "$@"'
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"]
