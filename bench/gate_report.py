"""What bench/gate.py shows: text, docs/benchmarks.md and .svg, the README."""

import itertools
import math
import pathlib
import sys

from gates import AT_LEAST

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scripts"))

from marked import put  # noqa: E402

SUMMARY = {
    "lifecycle, times faster than ddtrace":
        ("2 B empty, memo on", "64 B structure, memo on", "512 B text, memo on",
         "4096 B structure, memo on", "recorded, memo on"),
    "lifecycle, times faster than the naive port": ("64 B structure, memo on",),
    "lookup hit, times faster than ddtrace": ("1000 live calls", "1000000 live calls"),
    "fingerprint, part of the speed of simdjson's DOM":
        ("4096 B structure", "4096 B text"),
    "bytes of a live call, part of ddtrace's": ("64 B of arguments",),
}


def figure(value):
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def bound(result, limit):
    return "-" if limit is None else f"{result.row.bound} {figure(limit)}"


def time(ns):
    if ns is None:
        return "-"
    return f"{figure(ns)} ns" if ns < 1000 else f"{figure(ns / 1000)} us"


def grouped(results):
    return itertools.groupby(results_by_group(results), lambda r: r.row.group)


def results_by_group(results):
    order = list(dict.fromkeys(result.row.group for result in results))
    return sorted(results, key=lambda result: order.index(result.row.group))


def cells(result):
    low, high = min(result.ratios), max(result.ratios)
    return [result.row.name, figure(result.median), f"{figure(low)}..{figure(high)}",
            bound(result, result.row.gate), bound(result, result.row.stretch),
            result.verdict]


def head(facts):
    return (f"spanlink {facts['commit']}, ddtrace {facts['ddtrace']}, "
            f"{facts['processor']}; {facts['rounds']} rounds of engine - peer - engine, "
            f"{facts['seconds']} s each.")


def text_of(facts, results, shown):
    lines = [head(facts)]
    for group, members in grouped(results):
        lines.append(f"\n{group}")
        for result in members:
            name, median, span, gate, stretch, verdict = cells(result)
            lines.append(f"  {name:30} {median:>7} {span:>15}  {gate:>8} {stretch:>8}  "
                         f"{verdict}")
    lines.append("")
    lines += [f"  {name}: {figure(value)}" for name, value in shown.items()]
    return "\n".join(lines)


def table(results):
    text = ("| | median | min..max | gate | stretch | |\n"
            "|---|---|---|---|---|---|\n")
    for group, members in grouped(results):
        text += f"| **{group}** | | | | | |\n"
        text += "".join(
            "| " + " | ".join(cells(result)) + " |\n" for result in members)
    return text


def shown_table(shown):
    return "| | |\n|---|---|\n" + "".join(
        f"| {name} | {figure(value)} |\n" for name, value in shown.items())


def summary(facts, results):
    text = "| | measured | aim |\n|---|---|---|\n"
    for group, names in SUMMARY.items():
        for result in results:
            if result.row.group == group and result.row.name in names:
                text += (f"| {group}: {result.row.name} | {figure(result.median)} | "
                         f"{bound(result, result.row.gate)} |\n")
    gated = [result for result in results if result.row.gate is not None]
    failed = sum(result.verdict == "FAILED" for result in gated)
    return (text + f"\n{len(gated) - failed} of {len(gated)} aims reached, at "
            f"{facts['commit']}, beside ddtrace {facts['ddtrace']}.\n")


# The picture: how many times faster than ddtrace, on a scale of powers.

LEFT, WIDTH, STEP, TOP = 240, 420, 22, 46
END = 770  # of the figures
LARGEST = 1000


def x_of(ratio):
    return LEFT + WIDTH * math.log10(max(ratio, 1)) / math.log10(LARGEST)


def svg(facts, results):
    rows = [r for r in results if r.row.bound == AT_LEAST and r.row.group.endswith(
        "times faster than ddtrace")]
    height = TOP + STEP * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="10" y="20" font-size="14">How many times faster than ddtrace '
        f"{facts['ddtrace']} (bars: median; | gate; thin: min..max)</text>",
    ]
    for power in (1, 10, 100, 1000):
        x = x_of(power)
        parts.append(f'<line x1="{x:.0f}" y1="{TOP - 8}" x2="{x:.0f}" '
                     f'y2="{height - 26}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{height - 10}" text-anchor="middle">'
                     f"{power}x</text>")
    for number, result in enumerate(rows):
        parts += bar(result, TOP + STEP * number)
    return "\n".join([*parts, "</svg>", ""])


def bar(result, y):
    kind = result.row.group.partition(",")[0].partition(" ")[0]
    color = "#c0392b" if result.verdict == "FAILED" else "#2e7d5b"
    end = x_of(result.median)
    yield (f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{kind}, '
           f"{result.row.name}</text>")
    yield (f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="14" '
           f'fill="{color}"/>')
    yield (f'<line x1="{x_of(min(result.ratios)):.1f}" y1="{y + 7}" '
           f'x2="{x_of(max(result.ratios)):.1f}" y2="{y + 7}" stroke="black"/>')
    missed = "missed: " if result.verdict == "FAILED" else ""
    yield (f'<text x="{END}" y="{y + 11}" text-anchor="end">{missed}'
           f"{figure(result.median)}</text>")
    if result.row.gate is not None:
        x = x_of(result.row.gate)
        yield (f'<line x1="{x:.1f}" y1="{y - 3}" x2="{x:.1f}" y2="{y + 17}" '
               'stroke="black" stroke-width="2"/>')


# Writing.


def write(root, facts, results, shown):
    document = root / "docs/benchmarks.md"
    put(document, "facts", head(facts) + "\n")
    put(document, "ratios", table(results))
    put(document, "shown", shown_table(shown))
    put(root / "README.md", "benchmarks", summary(facts, results))
    (root / "docs/benchmarks.svg").write_text(svg(facts, results))
