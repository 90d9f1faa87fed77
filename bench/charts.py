"""Charts as SVG, drawn by hand: lines over a logarithmic axis, and bars. Readable on light and dark pages alike."""

import html
import math

WIDTH = 860
STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; } .panel { font-weight: 600; } .small { font-size: 12px; fill: #59636e; }
  .page { fill: #ffffff; } .grid { stroke: #d1d9e0; stroke-width: 1; } .axis { stroke: #818b98; stroke-width: 1; }
  .own { stroke: #0969da; } .bare { stroke: #6e7781; } .whole { stroke: #bc4c00; } .limit { stroke: #cf222e; }
  .line { fill: none; stroke-width: 2.5; } .dashed { stroke-dasharray: 6 4; }
  .own-fill { fill: #0969da; } .bare-fill { fill: #6e7781; } .whole-fill { fill: #bc4c00; } .limit-fill { fill: #cf222e; }
  .other-fill { fill: #afb8c1; } .mixed-fill { fill: #80b3ec; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; } .page { fill: #0d1117; } .grid { stroke: #30363d; } .axis { stroke: #656c76; }
    .own { stroke: #4493f8; } .bare { stroke: #9198a1; } .whole { stroke: #f0883e; } .limit { stroke: #f85149; }
    .own-fill { fill: #4493f8; } .bare-fill { fill: #9198a1; } .whole-fill { fill: #f0883e; } .limit-fill { fill: #f85149; }
    .other-fill { fill: #59636e; } .mixed-fill { fill: #2b5b96; }
  }
"""


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def document(height, title, subtitle, parts):
    """The whole file; what the picture shows stands in its title for those who can't see it."""
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{html.escape(title)}. {html.escape(subtitle)}</title>", f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>', text(24, 34, title, "title"), text(24, 55, subtitle, "small")]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def steps(highest):
    """A scale from 0 that ends above `highest`: its marks."""
    size = 10 ** math.floor(math.log10(highest))
    step = next(size * part for part in (0.2, 0.5, 1, 2) if highest / (size * part) <= 6)
    return [step * i for i in range(math.ceil(highest / step) + 1)]


def number(value):
    return f"{value:g}" if value < 1000 else f"{value:,.0f}"


def size_name(value):
    return f"{value // 1024} KiB" if value >= 1024 else f"{value} B"


class Panel:
    """One field of lines. x is logarithmic, y begins at 0."""

    def __init__(self, left, top, width, height, xs, highest):
        self.left, self.top, self.width, self.height, self.xs = left, top, width, height, sorted(xs)
        self.marks = steps(highest)

    def x(self, value):
        low, high = math.log(self.xs[0]), math.log(self.xs[-1])
        return self.left + self.width * ((math.log(value) - low) / (high - low) if high > low else 0.5)

    def y(self, value):
        return self.top + self.height * (1 - value / self.marks[-1])

    def frame(self, x_name, names):
        parts = []
        for mark in self.marks:
            parts += [line(self.left, self.y(mark), self.left + self.width, self.y(mark), "grid"),
                      text(self.left - 8, self.y(mark) + 4, number(round(mark, 6)), "small", "end")]
        for value in self.xs:
            parts += [line(self.x(value), self.top + self.height, self.x(value), self.top + self.height + 5, "axis"),
                      text(self.x(value), self.top + self.height + 21, names(value), "small", "middle")]
        parts.append(text(self.left + self.width / 2, self.top + self.height + 42, x_name, "small", "middle"))
        return parts

    def curve(self, points, kind, dashed=False):
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        parts = [f'<polyline points="{path}" class="line {kind}{" dashed" if dashed else ""}"/>']
        return parts + [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3.5" class="{kind}-fill"/>' for x, y in points]


def legend(left, top, entries):
    """Entries beside each other: (class, dashed, words)."""
    parts, x = [], left
    for kind, dashed, words in entries:
        parts += [line(x, top - 4, x + 26, top - 4, f"line {kind}{' dashed' if dashed else ''}"), text(x + 32, top, words)]
        x += 54 + 7.4 * len(words)
    return parts


def by_size(title, subtitle, panels):
    """panels: [(name, {kind: [(bytes, GB a second)]})]; kinds are bare, own, whole."""
    entries = [("bare", True, "the bare cipher (Botan)"), ("own", False, "nacre, packets sealed and opened"),
               ("whole", False, "two whole engines")]
    parts = legend(24, 84, entries)
    room = (WIDTH - 24) / len(panels)
    for i, (name, curves) in enumerate(panels):
        points = [point for curve in curves.values() for point in curve]
        panel = Panel(24 + room * i + 34, 130, room - 74, 240, {x for x, _ in points}, max(y for _, y in points))
        parts.append(text(panel.left - 34, 113, f"{name}, GB/s of data", "panel"))
        parts += panel.frame("channel data in a packet", lambda value: number(value) if value < 1024 else f"{value // 1024}K")
        for kind, dashed, _ in entries:
            if curves.get(kind):
                parts += panel.curve(curves[kind], kind, dashed)
    return document(430, title, subtitle, parts)


def by_count(title, subtitle, curves, limit):
    """curves: [(kind, words, {count: cost relative to one})]; `limit` is drawn across."""
    points = [(x, y) for _, _, curve in curves for x, y in curve.items()]
    panel = Panel(64, 110, WIDTH - 110, 220, {x for x, _ in points}, max(limit * 1.3, *(y for _, y in points)))
    parts = legend(24, 84, [(kind, False, words) for kind, words, _ in curves] + [("limit", True, f"wanted: at most {limit}")])
    parts += panel.frame("how many", number)
    parts.append(line(panel.left, panel.y(limit), panel.left + panel.width, panel.y(limit), "line limit dashed"))
    for kind, _, curve in curves:
        parts += panel.curve(sorted(curve.items()), kind)
    return document(390, title, subtitle, parts)


def bars(title, subtitle, panels):
    """panels: [(name, unit, [(label, value, class)])]: horizontal bars, the value beside each."""
    parts, y = [], 88
    for name, unit, rows in panels:
        parts.append(text(24, y, name, "panel"))
        highest = max(value for _, value, _ in rows)
        y += 12
        for label, value, kind in rows:
            length = 470 * value / highest
            parts += [text(214, y + 15, label, "", "end"),
                      f'<rect x="224" y="{y}" width="{max(length, 1.5):.1f}" height="20" rx="3" class="{kind}-fill"/>',
                      text(224 + length + 8, y + 15, f"{value:.3g} {unit}")]
            y += 26
        y += 28
    return document(y - 18, title, subtitle, parts)
