#!/usr/bin/env python3
"""What becomes of figures: verdicts of targets, tables and charts, from a made-up run. Fails when one of them is wrong."""

import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import figures
import page
import reasons
import targets


def timed(times):
    """A file of Google Benchmark's: {name: CPU nanoseconds of each turn}; the size is the last part of the name."""
    runs = []
    for family, (name, values) in enumerate(times.items()):
        size = int(name.rpartition("/")[2]) if name.rpartition("/")[2].isdigit() else 1
        runs += [{"run_name": name, "run_type": "iteration", "family_index": family, "per_family_instance_index": 0, "cpu_time": value,
                  "time_unit": "ns", "bytes_per_second": size / value * 1e9} for value in values]
    return {"context": {"openssl": "not installed", "tsc_rate": "1e9"}, "benchmarks": runs}


def packets(own, bare):
    return {f"{prefix}{verb}/aes128-gcm/{size}": turns for size in (64, 1024, 16384, 32768) for verb in ("seal", "open")
            for prefix, turns in (("", own), ("botan-", bare))}


RUN = {
    "packet": timed(packets([104, 110, 105, 900], [96, 99, 97, 98])),
    "bulk": timed({"bulk/aes128-gcm/up/32768": [300], "bulk/aes128-gcm/both/32768": [250], "seal/aes128-gcm/32768": [100],
                   "open/aes128-gcm/32768": [100]}),
    "memory": {"many/engines": 50_000, "many/heap": 256 << 20, "allocations/packet/aes128-gcm": 0,
               "allocations/packet/chacha20-poly1305": 0.5, "allocations/packet/aes128-ctr": 0},
    "scale": {"engines/1": [1.0, 2.0, 1.0], "engines/10000": [1.2, 2.4, 9.0], "channels/1": [1.0], "channels/10000": [1.4]},
    "peers": {"programs": {"nacre": "nacre-ssh 1", "openssh-system": "OpenSSH_9.2p1 D", "openssh-10": "OpenSSH_10.0p2 D"}, "missing": {},
              "results": [{"part": "login", "pair": pair, "rate": [rate], "client_cpu_ms": [1], "server_cpu_ms": [1], "cpu_ms": [cpu]}
                          for pair, rate, cpu in (("nacre", 100, 2), ("openssh-system", 4, 20), ("openssh-10", 10, 10))]},
}


class Verdicts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            for part, value in RUN.items():
                (pathlib.Path(folder) / f"{part}.json").write_text(json.dumps(value))
            cls.found = figures.Figures(folder)
        cls.checked = {(target.part, target.text): target for target in targets.check(cls.found, list(targets.ALL))}

    def target(self, part, words):
        return next(target for (its_part, text), target in self.checked.items() if its_part == part and words in text)

    def test_a_slow_turn_does_not_count(self):
        self.assertAlmostEqual(self.target("packet", "aes128-gcm, 16 KiB").measured, 96 / 104)
        self.assertEqual(self.target("packet", "aes128-gcm, 16 KiB").verdict, targets.SHORT)
        self.assertEqual(self.target("packet", "aes128-gcm, 1 KiB").verdict, targets.PASS)

    def test_what_was_not_measured_is_neither(self):
        self.assertEqual(self.target("packet", "chacha20-poly1305, 64 B").verdict, targets.MISSING)
        self.assertEqual(self.target("peers", "Dropbear").verdict, targets.MISSING)
        self.assertEqual(self.target("instructions", "").verdict, targets.MISSING)

    def test_bulk_is_held_against_seal_and_open_together(self):
        self.assertAlmostEqual(self.target("bulk", "aes128-gcm: of the speed").measured, 200 / 300)

    def test_counts(self):
        self.assertAlmostEqual(self.target("memory", "100,000").measured, 512)
        self.assertEqual(self.target("memory", "allocations").verdict, targets.SHORT)

    def test_scale_compares_turn_by_turn(self):
        self.assertAlmostEqual(self.target("scale", "engines").measured, 1.2)
        self.assertEqual(self.target("scale", "channels").verdict, targets.SHORT)

    def test_peers_are_held_against_the_better(self):
        self.assertAlmostEqual(self.target("peers", "logins a second against OpenSSH").measured, 10)
        self.assertAlmostEqual(self.target("peers", "CPU of a login").measured, 0.2)

    def test_reasons_are_of_targets_there_are(self):
        for part, _ in reasons.REASONS:
            self.assertTrue(any(part in text for _, text in self.checked), part)

    def test_what_is_short_has_its_reason(self):
        shown = reasons.of(self.checked.values(), targets.SHORT)
        self.assertIn(["logins a second against OpenSSH"], [texts for texts, _ in shown])
        self.assertNotIn("CPU of a login", str(shown))

    def test_page_and_charts(self):
        with tempfile.TemporaryDirectory() as folder:
            written = page.write(self.found, list(self.checked.values()), pathlib.Path(folder))
            self.assertEqual([path.name for path in written], ["benchmarks.md", "packets.svg", "peers.svg", "scale.svg"])
            text = written[0].read_text()
            self.assertIn("10,000 engines in one thread", text)
            for path in written[1:]:
                self.assertIn(f"benchmarks/{path.name}", text)
                self.assertEqual(xml.etree.ElementTree.parse(path).getroot().tag, "{http://www.w3.org/2000/svg}svg")


if __name__ == "__main__":
    unittest.main()
