"""What the programs of bench/ have measured, under short names: one figure from the turns in each JSON file of build/bench/."""

import json
import pathlib
import statistics

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
TIMED = ("packet", "bulk", "handshake")  # parts of the program that is built on Google Benchmark


def typical(values):
    """Of CPU times, the mean of the fastest eighth: what else runs on the machine, or on the other half of a core, only ever
    adds, and to some turns nothing."""
    fastest = sorted(values)[:max(1, len(values) // 8)]
    return statistics.mean(fastest)


class Figures:
    def __init__(self, folder):
        self.raw = {}
        for path in pathlib.Path(folder).glob("*.json"):
            self.raw[path.stem] = json.loads(path.read_text())
        self.times, self.rates = {}, {}
        for part in TIMED:
            self.add_timed(part)

    def add_timed(self, part):
        times, rates = {}, {}
        runs = self.raw.get(part, {}).get("benchmarks", [])
        for run in sorted(runs, key=lambda run: (run["family_index"], run["per_family_instance_index"])):  # as they stand in the program
            if run.get("run_type") == "iteration" and not run.get("error_occurred"):
                times.setdefault(run["run_name"], []).append(run["cpu_time"] * UNITS[run["time_unit"]])
                rates.setdefault(run["run_name"], []).append(run.get("bytes_per_second"))
        self.times[part] = {name: typical(values) for name, values in times.items()}
        self.rates[part] = {name: -typical([-value for value in values]) for name, values in rates.items() if values[0] is not None}

    # ---- Programs of Google Benchmark; both sides of a ratio must come from the same part, which is one run

    def time(self, part, name):
        """CPU nanoseconds of one iteration, or None."""
        return self.times.get(part, {}).get(name)

    def rate(self, part, name):
        """Bytes in a second of CPU time, or None."""
        return self.rates.get(part, {}).get(name)

    def names(self, part):
        return list(self.times.get(part, {}))

    def context(self, part, name):
        return self.raw.get(part, {}).get("context", {}).get(name)

    def bound(self, cipher, size):
        """Bytes a second that sealing and opening alone would let through in one thread; measured with the bulk."""
        seal, opened = (self.rate("bulk", f"{verb}/{cipher}/{size}") for verb in ("seal", "open"))
        return 1 / (1 / seal + 1 / opened) if seal and opened else None

    def bulk(self, cipher, how, size):
        return self.rate("bulk", f"bulk/{cipher}/{how}/{size}")

    # ---- The other programs

    def memory(self, name):
        return self.raw.get("memory", {}).get(name)

    def scale(self, kind):
        """{count: cost a byte relative to one, the median of the rounds} for engines or channels."""
        rows = {int(name.partition("/")[2]): values for name, values in self.raw.get("scale", {}).items()
                if name.startswith(kind + "/")}
        one = rows.get(1)
        if not one:
            return {}
        return {count: statistics.median(a / b for a, b in zip(values, one)) for count, values in sorted(rows.items())}

    def cores(self):
        rows = self.raw.get("cores", {})
        return {int(name.partition("/")[2]): statistics.median(values) for name, values in rows.items()}

    def peers(self, part):
        """Rows of bench/peers.py with medians in place of lists."""
        rows = []
        for row in self.raw.get("peers", {}).get("results", []):
            if row["part"] == part:
                rows.append({name: statistics.median(value) if isinstance(value, list) else value for name, value in row.items()})
        return rows

    def peer(self, part, pair, **key):
        return next((row for row in self.peers(part) if row["pair"] == pair and all(row[n] == v for n, v in key.items())), None)

    def programs(self):
        return self.raw.get("peers", {}).get("programs", {})

    def openssh(self):
        return [label for label in self.programs() if label.startswith("openssh")]
