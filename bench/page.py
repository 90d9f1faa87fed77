"""docs/benchmarks.md and its charts, from the figures of a run; and the same tables for the terminal."""

import datetime
import os
import pathlib
import re
import textwrap

import charts
import reasons
import targets

MAIN = ("aes128-gcm", "chacha20-poly1305")
KINDS = {"nacre": "own", "nacre to openssh-system": "mixed", "openssh-system to nacre": "mixed"}


def markdown(head, rows):
    """A table; the first column to the left, figures to the right. Widths are even, so that it reads as plain text too."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def shown(cells):
        return "| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                 for i, (cell, width) in enumerate(zip(cells, widths))) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    return "\n".join([shown(head), rule, *map(shown, rows)])


def figure(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)


def giga(rate):
    return figure(rate and rate / 1e9)


# ---- Tables, by part


def packet(found):
    tsc = float(found.context("packet", "tsc_rate") or 0)
    rows = []
    for name in found.names("packet"):
        verb, cipher, size = name.split("/")
        if verb not in ("seal", "open"):
            continue
        own, bare, openssl = (found.time("packet", f"{prefix}{name}") for prefix in ("", "botan-", "openssl-"))
        if own is None:
            continue
        cycles = own * tsc / 1e9 / int(size) if tsc else None
        rows.append((f"{verb} {cipher}", size, figure(own, "{:.0f}"), figure(cycles), giga(int(size) / own * 1e9), figure(bare, "{:.0f}"),
                     figure(targets.ratio(bare, own)), figure(openssl, "{:.0f}"), figure(targets.ratio(openssl, own))))
    head = ("packets", "data, B", "ns", "TSC/B", "GB/s", "Botan ns", "of its speed", "OpenSSL ns", "of its speed")
    note = (f"OpenSSL's libcrypto: {found.context('packet', 'openssl') or 'not installed'}. "
            "TSC/B: ticks of the time stamp counter a byte of data, as CPU time.")
    return markdown(head, rows) + "\n\n" + note


def bulk(found):
    rows = []
    for name in found.names("bulk"):
        if not name.startswith("bulk/"):
            continue
        _, cipher, how, size = name.split("/")
        rate, bound = found.rate("bulk", name), found.bound(cipher, size)
        rows.append((f"{cipher}, {how}", size, giga(rate), figure(targets.ratio(1 << 30, rate)), giga(bound),
                     figure(targets.ratio(rate, bound))))
    return markdown(("two engines, one thread", "B a call", "GB/s", "CPU s/GiB", "bound GB/s", "of the bound"), rows)


def handshake(found):
    rows = []
    for name in found.names("handshake"):
        kind, _, rest = name.partition("/")
        if kind not in ("handshake", "rekey"):
            continue
        bare = found.time("handshake", ("operations/" if kind == "handshake" else "rekey-operations/") + rest)
        own = found.time("handshake", name)
        rows.append((f"{kind} {rest}", figure(own / 1000, "{:.0f}"), figure(1e9 / own, "{:.0f}"), figure(bare and bare / 1000, "{:.0f}"),
                     figure(targets.ratio(own, bare))))
    echoes = [(name.partition("/")[2], figure(found.time("handshake", name) / 1000)) for name in found.names("handshake")
              if name.startswith("echo/")]
    return (markdown(("both sides: key exchange/host key/user key", "CPU us", "a second", "operations us", "times those"), rows) + "\n\n" +
            markdown(("a byte there and back", "CPU us"), echoes))


def memory(found):
    raw = found.raw.get("memory", {})
    rows = [(name, figure(value, "{:,.0f}" if value >= 10 else "{:.2f}")) for name, value in raw.items()]
    return markdown(("what", "bytes, or count"), rows)


def scale(found):
    kinds = {kind: found.scale(kind) for kind in ("engines", "channels")}
    counts = sorted({count for rows in kinds.values() for count in rows})
    rows = [(f"{count:,}", *(figure(kinds[kind].get(count)) for kind in kinds)) for count in counts]
    return markdown(("how many", "engines in one thread", "channels in one engine"), rows)


def cores(found):
    rows = found.cores()
    return markdown(("loops, one a core", "GB/s over loopback", "times one"),
                    [(count, giga(rate), figure(targets.ratio(rate, rows.get(1)))) for count, rate in sorted(rows.items())])


def peers(found):
    blocks = []
    rows = [(row["pair"], row["cipher"], row["direction"], figure(row["mib_s"], "{:.0f}"), figure(row["cpu_s_gib"]))
            for row in found.peers("throughput")]
    if rows:
        rows.sort(key=lambda row: (row[1], row[2]))
        blocks.append(markdown(("client to server", "cipher", "data", "MiB/s", "CPU s/GiB"), rows))
    rows = [(row["pair"], *(figure(row[name]) for name in ("rate", "client_cpu_ms", "server_cpu_ms", "cpu_ms")))
            for row in found.peers("login")]
    if rows:
        blocks.append(markdown(("a login: client to server", "a second", "client CPU ms", "server CPU ms", "both"), rows))
    rows = [(row["pair"], figure(row["microseconds"], "{:.1f}")) for row in found.peers("echo")]
    if rows:
        blocks.append(markdown(("a byte there and back: client to server", "wall us"), rows))
    programs = [f"{label}: {version}" for label, version in {**found.programs(), **found.raw.get("peers", {}).get("missing", {})}.items()]
    return "\n\n".join([*blocks, "; ".join(programs) + "."])


def instructions(found):
    raw = found.raw.get("instructions", {"counts": {}, "recorded": {}})
    return markdown(("instructions of our own code, both sides", "now", "recorded"),
                    [(name, f"{count:,}", f"{raw['recorded'].get(name, 0):,}") for name, count in raw["counts"].items()])


PARTS = {"packet": packet, "bulk": bulk, "handshake": handshake, "memory": memory, "scale": scale, "cores": cores, "peers": peers,
         "instructions": instructions}


def tables(found, parts):
    return "\n\n".join(PARTS[part](found) for part in parts) + "\n"


# ---- Charts


def packet_chart(found):
    panels = []
    for cipher, title in zip(MAIN, ("AES-128-GCM", "ChaCha20-Poly1305")):
        curves = {"bare": [], "own": [], "whole": []}
        for size in (16, 64, 256, 1024, 4096, 16384, 32768):
            for kind, prefix in (("bare", "botan-"), ("own", "")):
                seal, opened = (found.time("packet", f"{prefix}{verb}/{cipher}/{size}") for verb in ("seal", "open"))
                if seal and opened:
                    curves[kind].append((size, size / (seal + opened)))
            rate = found.bulk(cipher, "up", size)
            if rate:
                curves["whole"].append((size, rate / 1e9))
        if curves["bare"]:
            panels.append((title, curves))
    return panels and charts.by_size("How close to the bare cipher",
                                     "One thread encrypts, authenticates, verifies and decrypts each byte: higher is better", panels)


def peers_chart(found):
    panels = []
    names = {label: version.split(" ")[0].replace("_", " ") for label, version in found.programs().items()}
    names["nacre"] = "nacre"

    def label(pair):
        return " to ".join(names[program] for program in pair.split(" to "))

    def add(title, unit, rows, field):
        bars = [(label(row["pair"]), row[field], KINDS.get(row["pair"], "other")) for row in rows]
        if bars:
            panels.append((title, unit, sorted(bars, key=lambda bar: bar[1])))

    for direction, words in (("up", "to the server"), ("down", "to the client")):
        rows = [row for row in found.peers("throughput") if (row["cipher"], row["direction"]) == ("aes128-gcm", direction)]
        add(f"Moving a GiB {words}, aes128-gcm", "CPU s", rows, "cpu_s_gib")
    add("A login: connect, exchange keys, authenticate, run true, close", "CPU ms", found.peers("login"), "cpu_ms")
    return panels and charts.bars("What it costs in CPU time",
                                  "Client, server and all they start, over loopback: shorter is better", panels)


def scale_chart(found):
    curves = [("own", "engines in one thread", found.scale("engines")), ("whole", "channels in one engine", found.scale("channels"))]
    if not all(curve for _, _, curve in curves):
        return None
    return charts.by_count("What a byte costs among many",
                           "CPU time a byte, relative to one; the same bytes in all: flat is better", curves, 1.3)


# ---- The page


def processor():
    try:
        match = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
        return match[1].strip() if match else "an unnamed processor"
    except OSError:
        return "an unknown processor"


def busy(found):
    """A line about what else ran when the run began; empty where the machine was free."""
    load = (found.context("packet", "load_avg") or [0])[0]
    if load <= os.cpu_count():
        return []
    return [f"**The machine was busy with other work (load {load:.0f}): these figures are provisional.**", ""]


def chart_lines(folder, found):
    """Writes the charts; the lines that show them, and the files."""
    lines, files = [], []
    for name, words, draw in (("packets", "Throughput by packet size: the bare cipher, nacre's packets, two whole engines", packet_chart),
                              ("peers", "CPU time of a GiB and of a login: nacre, OpenSSH, mixtures, Dropbear", peers_chart),
                              ("scale", "CPU time a byte with 1 to 10,000 engines and channels", scale_chart)):
        picture = draw(found)
        if picture:
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.svg").write_text(picture)
            files.append(folder / f"{name}.svg")
            lines += [f"![{words}](benchmarks/{name}.svg)", ""]
    return lines, files


def why_short(checked):
    """The lines about targets that are short."""
    blocks = [textwrap.fill(f"- **{'; '.join(texts)}.** {words}", 130, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
              for texts, words in reasons.of(checked, targets.SHORT)]
    return ["## What is short, and why", "", *"\n".join(blocks).split("\n"), ""] if blocks else []


def write(found, checked, docs):
    """Writes the page and the charts, and answers what was written."""
    pictures, files = chart_lines(docs / "benchmarks", found)
    verdicts = [target.verdict for target in checked]
    written = f"Written by `./dev bench` on {datetime.date.today().isoformat()}: {processor()}, {os.cpu_count()} processors."
    passed = verdicts.count(targets.PASS)
    counted = f"{passed} of {len(verdicts)} pass. But for one, a target is a ratio of two things of one run, or a count."
    lines = ["# Benchmarks", "",
             f"{written} It writes this page anew for your machine.", "",
             *busy(found), *pictures, "## Targets", "",
             counted, "",
             markdown(("target", "wanted", "measured", ""), [target.row()[1:] for target in checked]), "",
             *why_short(checked), *HOW.strip().split("\n"), ""]
    for part, title in TITLES.items():
        if part in found.raw:
            lines += [f"## {title}", "", PARTS[part](found), ""]
    path = docs / "benchmarks.md"
    path.write_text("\n".join(lines).rstrip() + "\n")
    return [path, *files]


TITLES = {"packet": "Packets", "bulk": "Channel data through two engines in one thread", "handshake": "Handshakes, rekeys, echoes",
          "memory": "Memory", "scale": "Many engines, many channels", "cores": "One event loop a core",
          "peers": "The programs, beside others", "instructions": "Instructions"}

HOW = """
## How it is measured

- **packet**: whole packets in place, in batches of 256 KiB. "The bare cipher" is Botan's own calls on the same bytes: for AES-GCM
  the AEAD, for chacha20-poly1305 one ChaCha20 and one Poly1305 (SSH's composition needs a second ChaCha20 for the length), for
  AES-CTR the stream cipher and the HMAC.
- **bulk**: a client and a server engine in one thread; what one has to send is copied once into the other's buffer. The bound is
  1 / (1 / seal + 1 / open) at the same size in the same run. `up` is `write` one way, `prepared` is `prepare` and `commit` with
  nothing filled in, `both` is both ways at once.
- **handshake**: two new engines until both have authenticated, and their end; against key exchange, signatures and verifications
  called directly.
- **memory**: malloc is replaced and counts; bytes are the allocator's own count, before and after engines are destroyed.
- **scale**: turns of one full packet, round robin; the counts take turns, and each ratio is of one turn's pair.
- **peers**: a login that moves 512 MiB less a login that moves nothing; the CPU time of all processes is what the kernel says when
  they have ended. "OpenSSH" in a target is the better of those in the run.
- Time is CPU time of the thread, where one thread does all. The sides of a ratio take turns, in a random or alternating order;
  a figure is the median of the turns, and of `packet`, `bulk` and `handshake` the mean of the
  fastest eighth, as what else runs on a machine only ever adds.
- Not measured: networks with delay or loss, disks, other processors than this one.
"""
