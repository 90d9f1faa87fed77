"""What nacre wants of itself, and whether it is so. A target is a ratio of two things of one run, or a count."""

import dataclasses

PASS, SHORT, MISSING = "pass", "short", "not measured"


@dataclasses.dataclass
class Target:
    part: str
    text: str
    sign: str  # ">=" or "<="
    wanted: float
    measured: float | None
    unit: str = ""

    @property
    def verdict(self):
        if self.measured is None:
            return MISSING
        good = self.measured >= self.wanted if self.sign == ">=" else self.measured <= self.wanted
        return PASS if good else SHORT

    def shown(self, value):
        if value is None:
            return "-"
        text = f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.3g}"
        return f"{text} {self.unit}".rstrip()

    def row(self):
        bound = "at least" if self.sign == ">=" else "at most"
        return self.part, self.text, f"{bound} {self.shown(self.wanted)}", self.shown(self.measured), self.verdict


def ratio(a, b):
    return a / b if a is not None and b else None


def least(values):
    values = list(values)
    return None if not values or None in values else min(values)


def most(values):
    values = list(values)
    return None if not values or None in values else max(values)


def packet(figures):
    for cipher in ("aes128-gcm", "aes256-gcm", "chacha20-poly1305", "aes128-ctr+hmac-sha2-256-etm"):
        for wanted, title, sizes in ((0.95, "16 KiB and more", (16384, 32768)), (0.85, "1 KiB", (1024,)), (0.60, "64 B", (64,))):
            ratios = [ratio(figures.time("packet", f"botan-{verb}/{cipher}/{size}"), figures.time("packet", f"{verb}/{cipher}/{size}"))
                      for verb in ("seal", "open") for size in sizes]
            yield Target("packet", f"{cipher}, {title}: of the speed of Botan's own calls", ">=", wanted, least(ratios))


def bulk(figures):
    for cipher in ("aes128-gcm", "aes256-gcm", "chacha20-poly1305"):
        ratios = [ratio(figures.bulk(cipher, how, 32768), figures.bound(cipher, 32768)) for how in ("up", "both")]
        yield Target("bulk", f"{cipher}: of the speed of sealing and opening alone", ">=", 0.85, least(ratios))
    # The only figure of another day: 0.45 of 1.1, which the better of Go's ssh and libssh took for the same in memory.
    rate = figures.bulk("aes128-gcm", "up", 32768)
    yield Target("bulk", "aes128-gcm: CPU seconds a GiB, both engines", "<=", 0.5, ratio(1 << 30, rate))


def handshake(figures):
    for method in ("curve25519-sha256", "mlkem768x25519-sha256"):
        kind = f"{method}/ed25519/ed25519"
        cost = ratio(figures.time("handshake", f"handshake/{kind}"), figures.time("handshake", f"operations/{kind}"))
        yield Target("handshake", f"{method}, ed25519: times the CPU of the public-key operations alone", "<=", 1.2, cost)
    for cipher in ("aes128-gcm", "chacha20-poly1305"):
        yield Target("handshake", f"{cipher}: a byte there and back, CPU of both engines", "<=", 3.0,
                     ratio(figures.time("handshake", f"echo/{cipher}"), 1000), "us")


def memory(figures):
    ciphers = ("aes128-gcm", "chacha20-poly1305", "aes128-ctr")
    yield Target("memory", "an idle authenticated server engine, the largest of three ciphers", "<=", 8192,
                 most(figures.memory(f"server/idle/{cipher}") for cipher in ciphers), "bytes")
    yield Target("memory", "the same after 1 GB and with a channel", "<=", 8192,
                 most(figures.memory(f"server/idle-after-1GB/{cipher}") for cipher in ciphers), "bytes")
    yield Target("memory", "allocations for each packet of data", "<=", 0,
                 most(figures.memory(f"allocations/packet/{cipher}") for cipher in ciphers))
    count, heap = (figures.memory(f"many/{what}") for what in ("engines", "heap"))
    yield Target("memory", "100,000 idle server engines", "<=", 1024, ratio(heap, count and count / 100_000 * (1 << 20)), "MiB")


def scale(figures):
    for kind, title in (("engines", "engines in one thread"), ("channels", "channels in one engine")):
        yield Target("scale", f"10,000 {title}: CPU a byte against one", "<=", 1.3, figures.scale(kind).get(10_000))


def peers(figures):
    """Against the better OpenSSH of the run."""
    openssh = figures.openssh() or ["openssh-system"]

    def against(part, field, best, labels=openssh, **key):
        own = figures.peer(part, "nacre", **key)
        others = [row[field] for label in labels if (row := figures.peer(part, label, **key))]
        return ratio(own and own[field], best(others) if others else None)

    for cipher, speed, cpu in (("aes128-gcm", 3.0, 0.45), ("chacha20-poly1305", 2.5, 0.5)):
        for direction, title in (("up", "to the server"), ("down", "to the client")):
            key = {"cipher": cipher, "direction": direction}
            yield Target("peers", f"{cipher}, {title}: throughput against OpenSSH", ">=", speed, against("throughput", "mib_s", max, **key))
            yield Target("peers", f"{cipher}, {title}: CPU a GiB against OpenSSH", "<=", cpu,
                         against("throughput", "cpu_s_gib", min, **key))
    yield Target("peers", "logins a second against OpenSSH", ">=", 20, against("login", "rate", max))
    yield Target("peers", "logins a second against Dropbear", ">=", 4, against("login", "rate", max, ["dropbear"]))
    yield Target("peers", "CPU of a login against OpenSSH, both sides", "<=", 0.3, against("login", "cpu_ms", min))
    yield Target("peers", "a byte there and back against OpenSSH, wall time", "<=", 0.6, against("echo", "microseconds", min))


def instructions(figures):
    raw = figures.raw.get("instructions", {})
    pairs = [(raw["counts"].get(name), old) for name, old in raw.get("recorded", {}).items()] if raw else []
    growth = most(ratio(new, old) for new, old in pairs) if pairs else None
    yield Target("instructions", "our own, the most grown count against the recorded one", "<=", 1.03, growth)


ALL = {"packet": packet, "bulk": bulk, "handshake": handshake, "memory": memory, "scale": scale, "peers": peers,
       "instructions": instructions}


def check(figures, parts):
    return [target for part in parts if part in ALL for target in ALL[part](figures)]


def table(targets):
    rows = [("part", "target", "wanted", "measured", ""), *(target.row() for target in targets)]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
