#!/usr/bin/env python3
"""How fast data moves over loopback from nacre-sshd to nacre-ssh and back, beside OpenSSH with OpenSSH in the same run.

  bench/peers.py --build BUILDDIR [--size MIB] [--rounds N] [--cipher NAME]... [--system DIR] [--ten DIR]

The programs take turns. A round is one login that moves SIZE; what a login that moves nothing takes is subtracted. CPU is user and
system time of client, server, and the cat behind it. Figures only: nothing is asserted."""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/interop"))

import context
import keys
import peers
import processes
import registry

CIPHERS = ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="BUILDDIR", default="build/release")
    parser.add_argument("--size", type=int, default=1024, metavar="MIB")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--cipher", action="append", metavar="NAME")
    parser.add_argument("--system", default=os.environ.get("NACRE_OPENSSH_SYSTEM_DIR", ""), metavar="DIR")
    parser.add_argument("--ten", default=os.environ.get("NACRE_OPENSSH_10_DIR", ""), metavar="DIR")
    return parser.parse_args()


def programs(options):
    found = [peers.Nacre(pathlib.Path(options.build).resolve(), "")]
    for label, folder in (("openssh-system", options.system), ("openssh-10", options.ten)):
        if folder and folder != "-":
            found.append(peers.OpenSsh(label, folder))
    for program in list(found):
        if program.missing():
            print(f"without {program.label}: {program.missing()}")
            found.remove(program)
    return found


def reap():
    """Waits for what servers have left to us."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    def __init__(self, folder, shared, data):
        self.folder, self.shared, self.data, self.count = folder, shared, data, 0

    def login(self, program, command, cipher, stdin):
        """Seconds that the client runs, and CPU seconds of all processes."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        case = registry.Case("bench", None, program, program, None, False)
        test = context.Context(case, folder, self.shared)
        before = cpu()
        server = test.server({"LogLevel": "INFO"})
        argv = test.argv(server, command, flags=["-c", cipher])
        with open(stdin, "rb") as file:
            begin = time.monotonic()
            client = test.start("client", argv, file, subprocess.DEVNULL)
            code = client.popen.wait(600)
            seconds = time.monotonic() - begin
        if code != 0:
            print(test.logs())
            sys.exit(f"{client.shown()} gave {code}")
        server.stop()
        reap()
        shutil.rmtree(folder)
        return seconds, cpu() - before

    def moved(self, program, direction, cipher):
        """Seconds and CPU seconds that moving the data takes."""
        up = direction == "to the server"
        command = "cat > /dev/null" if up else f"cat {self.data}"
        empty = self.login(program, "true", cipher, "/dev/null")
        full = self.login(program, command, cipher, self.data if up else "/dev/null")
        return max(full[0] - empty[0], 1e-6), max(full[1] - empty[1], 1e-6)


def table(results, found, size):
    for key in sorted({(cipher, direction) for _, cipher, direction in results}):
        cipher, direction = key
        print(f"\n{cipher}, {direction}")
        own = None
        for program in found:
            rounds = results[program.label, cipher, direction]
            speed = statistics.median(size / seconds for seconds, _ in rounds)
            spent = statistics.median(used * 1024 / size for _, used in rounds)
            slowest, fastest = min(size / seconds for seconds, _ in rounds), max(size / seconds for seconds, _ in rounds)
            line = f"  {program.label:15} {speed:7.0f} MiB/s ({slowest:.0f} to {fastest:.0f})  {spent:6.2f} CPU s/GiB"
            if own is None:
                own = (speed, spent)
            else:
                line += f"   {found[0].label} is {own[0] / speed:.2f} times as fast, with {own[1] / spent:.2f} of the CPU"
            print(line)


def main():
    options = arguments()
    found = programs(options)
    keygen = next((program.keygen for program in found if program.kind == "openssh"), None) or shutil.which("ssh-keygen")
    if not found or not keygen:
        sys.exit("bench/peers.py: there is nothing to measure" if keygen else "bench/peers.py: there is no ssh-keygen")
    processes.adopt_orphans()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nacre-bench-"))
    results = {}
    try:
        shared = keys.Shared(folder / "shared", keygen)
        shared.folder.mkdir()
        shared.make_key("user-ed25519", keys.TYPES["ed25519"])
        shared.make_key("host-ed25519", keys.TYPES["ed25519"])
        data = folder / "data"
        with open(data, "wb") as file:
            for _ in range(options.size):
                file.write(os.urandom(1 << 20))
        bench = Bench(folder, shared, data)
        for turn in range(options.rounds):
            for cipher in options.cipher or CIPHERS:
                for direction in ("to the server", "to the client"):
                    for program in found if turn % 2 == 0 else reversed(found):
                        moved = bench.moved(program, direction, cipher)
                        results.setdefault((program.label, cipher, direction), []).append(moved)
            print(f"round {turn + 1} of {options.rounds} is done", file=sys.stderr)
    finally:
        processes.kill_below(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.size} MiB a login, medians of {options.rounds} (slowest to fastest), {os.cpu_count()} processors")
    for program in found:
        print(f"  {program.label}: {program.version()}")
    table(results, found, options.size)


if __name__ == "__main__":
    main()
