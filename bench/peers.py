#!/usr/bin/env python3
"""The programs over loopback, beside others in the same run: nacre's, OpenSSH's, both mixtures, Dropbear's.

  bench/peers.py --build BUILDDIR [--part throughput|login|echo]... [--size MIB] [--rounds N] [--json FILE]
                 [--system DIR] [--ten DIR] [--dropbear DIR]

throughput  a login that moves SIZE each way, less a login that moves nothing; CPU of all processes, both sides
login       connect, exchange keys, authenticate with a key, run true, close; one after another, to a server that stays
echo        a byte to a remote cat and back

They take turns, and figures are medians. Nothing is asserted here; bench/targets.py does that."""

import argparse
import dataclasses
import json
import os
import pathlib
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/interop"))

import context
import dropbear
import keys
import peers
import processes
import registry

CIPHERS = ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
PARTS = ["throughput", "login", "echo"]
LOGINS = 20  # a round
ECHOES = 100  # a round


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="BUILDDIR", default="build/release")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--size", type=int, default=512, metavar="MIB")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--system", default=os.environ.get("NACRE_OPENSSH_SYSTEM_DIR", ""), metavar="DIR")
    parser.add_argument("--ten", default=os.environ.get("NACRE_OPENSSH_10_DIR", ""), metavar="DIR")
    parser.add_argument("--dropbear", default=os.environ.get("NACRE_DROPBEAR_DIR", ""), metavar="DIR")
    return parser.parse_args()


@dataclasses.dataclass
class Pair:
    client: typing.Any
    server: typing.Any

    @property
    def name(self):
        return self.client.label if self.client is self.server else f"{self.client.label} to {self.server.label}"


def programs(options, folder):
    """What there is to be measured, ours first, and a line about each that is not there."""
    found, missing = [peers.Nacre(pathlib.Path(options.build).resolve(), "")], {}
    for label, place in (("openssh-system", options.system), ("openssh-10", options.ten)):
        if place and place != "-":
            found.append(peers.OpenSsh(label, place))
        else:
            missing[label] = "not given"
    if options.dropbear:
        found.append(dropbear.Dropbear(options.dropbear, folder))
    else:
        missing["dropbear"] = "not installed"
    for program in list(found):
        reason = program.missing()
        if reason:
            missing[program.label] = reason
            found.remove(program)
    return found, missing


def joined(found):
    """Each program with itself, and ours with each OpenSSH both ways."""
    pairs = [Pair(program, program) for program in found]
    own = next((program for program in found if program.kind == "nacre"), None)
    for other in found if own else []:
        if other.label == "openssh-system":
            pairs += [Pair(own, other), Pair(other, own)]
    return pairs


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reap():
    """Waits for what servers have left to us."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return


class Session:
    """A server of a pair, and the client's command lines for it. When it has ended, cpu is what all of it took."""

    def __init__(self, bench, pair):
        bench.count += 1
        self.folder, self.pair = bench.folder / str(bench.count), pair
        self.folder.mkdir()
        self.before = cpu_of_children()
        self.context = context.Context(registry.Case("bench", None, pair.client, pair.server, None, False), self.folder, bench.shared)
        self.server = self.context.server({"LogLevel": "INFO"})

    def argv(self, command, flags=()):
        return self.context.argv(self.server, command, flags=list(flags))

    def env(self):
        env = self.context.env()
        return self.pair.client.environment(env) if self.pair.client.kind == "dropbear" else env

    def start(self, argv, stdin, stdout):
        return self.context.start("client", argv, stdin, stdout, env=self.env())

    def fail(self, what):
        print(self.context.logs(), file=sys.stderr)
        sys.exit(f"bench/peers.py: {what}")

    def end(self):
        self.server.stop()
        reap()
        shutil.rmtree(self.folder)
        return cpu_of_children() - self.before


class Bench:
    def __init__(self, folder, shared, size):
        self.folder, self.shared, self.size, self.count = folder, shared, size, 0
        self.data = folder / "data"
        self.results = []

    def make_data(self):
        with open(self.data, "wb") as file:
            for _ in range(self.size):
                file.write(os.urandom(1 << 20))

    def note(self, part, pair, key, **values):
        """Adds one round's values to the part's row for the pair."""
        same = {"part": part, "pair": pair.name, **key}
        row = next((row for row in self.results if all(row[name] == value for name, value in same.items())), None)
        if row is None:
            row = {**same, **{name: [] for name in values}}
            self.results.append(row)
        for name, value in values.items():
            row[name].append(value)

    # ---- Throughput ----

    def transfer(self, pair, command, cipher, stdin):
        """Seconds that the client runs, and CPU seconds of all processes."""
        session = Session(self, pair)
        argv = session.argv(command, ["-c", cipher])
        with open(stdin, "rb") as file:
            begin = time.monotonic()
            client = session.start(argv, file, subprocess.DEVNULL)
            code = client.popen.wait(600)
            seconds = time.monotonic() - begin
        if code != 0:
            session.fail(f"{client.shown()} gave {code}")
        return seconds, session.end()

    def throughput(self, pairs):
        for cipher in CIPHERS:
            for direction in ("up", "down"):
                for pair in pairs:
                    if pair.client.kind == "dropbear":
                        continue  # twenty times slower: it would take most of the time
                    command = "cat > /dev/null" if direction == "up" else f"cat {self.data}"
                    empty = self.transfer(pair, "true", cipher, "/dev/null")
                    full = self.transfer(pair, command, cipher, self.data if direction == "up" else "/dev/null")
                    key = {"cipher": cipher.partition("@")[0], "direction": direction}
                    self.note("throughput", pair, key, mib_s=self.size / max(full[0] - empty[0], 1e-6),
                              cpu_s_gib=max(full[1] - empty[1], 1e-6) * 1024 / self.size)

    # ---- Logins ----

    def logins(self, pair, count):
        """Wall seconds and clients' CPU seconds of so many logins, and CPU seconds of all that ran."""
        session = Session(self, pair)
        argv, env = session.argv("true"), session.env()
        quiet = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]
        seconds = used = 0.0
        for _ in range(count):
            begin = time.monotonic()
            child = os.posix_spawn(argv[0], argv, env, file_actions=quiet)
            _, status, usage = os.wait4(child, 0)
            seconds += time.monotonic() - begin
            used += usage.ru_utime + usage.ru_stime
            if status != 0:
                session.fail(f"{argv} ended with {os.waitstatus_to_exitcode(status)}")
        return seconds, used, session.end()

    def login(self, pairs):
        for pair in pairs:
            idle = self.logins(pair, 0)
            seconds, client, both = self.logins(pair, LOGINS)
            server = max(both - idle[2] - client, 0)
            self.note("login", pair, {}, rate=LOGINS / seconds, client_cpu_ms=client * 1000 / LOGINS,
                      server_cpu_ms=server * 1000 / LOGINS, cpu_ms=(client + server) * 1000 / LOGINS)

    # ---- Echo ----

    def echo(self, pairs):
        """All sessions stand at once, and take turns."""
        sessions = []
        for pair in pairs:
            session = Session(self, pair)
            client = session.start(session.argv("cat"), subprocess.PIPE, subprocess.PIPE).popen
            self.one_echo(session, client, 20)
            sessions.append((session, client))
        for _ in range(5):
            for session, client in sessions:
                self.one_echo(session, client, 1)
                times = sorted(self.one_echo(session, client, 5) for _ in range(ECHOES))
                self.note("echo", session.pair, {}, microseconds=statistics.median(times) * 1e6)
        for session, client in sessions:
            client.stdin.close()
            client.wait(20)
            session.end()

    @staticmethod
    def one_echo(session, client, limit):
        begin = time.perf_counter()
        os.write(client.stdin.fileno(), b"x")
        ready, _, _ = select.select([client.stdout], [], [], limit)
        if not ready or os.read(client.stdout.fileno(), 1) != b"x":
            session.fail(f"no echo in {limit} s")
        return time.perf_counter() - begin


def show(results):
    previous = None
    for row in sorted(results, key=lambda row: (row["part"], row.get("cipher", ""), row.get("direction", ""))):
        title = " ".join(row[name] for name in ("part", "cipher", "direction") if name in row)
        if title != previous:
            print(f"\n{title}")
            previous = title
        figures = [f"{name} {statistics.median(value):9.2f} ({min(value):.2f} to {max(value):.2f})"
                   for name, value in row.items() if isinstance(value, list)]
        print(f"  {row['pair']:26} " + "   ".join(figures))


def make_keys(folder, keygen):
    shared = keys.Shared(folder / "shared", keygen)
    shared.folder.mkdir()
    shared.make_key("user-ed25519", keys.TYPES["ed25519"])
    shared.make_key("host-ed25519", keys.TYPES["ed25519"])
    return shared


def measure(options, folder):
    found, missing = programs(options, folder)
    keygen = next((program.keygen for program in found if hasattr(program, "keygen")), None)
    if not keygen:
        sys.exit("bench/peers.py: there is nothing to measure")
    bench = Bench(folder, make_keys(folder, keygen), options.size)
    parts = options.part or PARTS
    if "throughput" in parts:
        bench.make_data()
    pairs = joined(found)
    for turn in range(options.rounds):
        for part in parts:
            if part != "echo" or turn == 0:
                getattr(bench, part)(pairs if turn % 2 == 0 else pairs[::-1])
        print(f"bench/peers.py: round {turn + 1} of {options.rounds} is done", file=sys.stderr)
    return {"programs": {program.label: program.version() for program in found}, "missing": missing,
            "size_mib": options.size, "results": bench.results}


def main():
    options = arguments()
    processes.adopt_orphans()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nacre-bench-"))
    try:
        measured = measure(options, folder)
    finally:
        processes.kill_below(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
    for label, version in {**measured["programs"], **measured["missing"]}.items():
        print(f"{label}: {version}")
    show(measured["results"])
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
