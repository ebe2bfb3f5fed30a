"""What ratios of times say: how much slower, and how sure that is."""

import collections
import dataclasses
import math
import statistics

CONFIDENCE = 0.99
# Less than this is nothing to act on.
MARGIN = 0.02
# An interval that reaches farther than this says nothing.
STABLE = 0.10

IMPROVED, REGRESSED = "improved", "regressed"
UNCHANGED, UNSTABLE = "unchanged", "unstable"
VERDICTS = (IMPROVED, REGRESSED, UNCHANGED, UNSTABLE)


@dataclasses.dataclass(frozen=True)
class Interval:
    """Where a ratio lies, and how sure that is."""

    low: float
    middle: float
    high: float
    confidence: float


def interval_of(ratios, confidence=CONFIDENCE):
    """Returns the interval in which the median of such ratios lies.

    A ratio is above the true median with the chance of a coin. So the k-th
    smallest and the k-th largest of n enclose it unless fewer than k coins of n
    fall on one side. Takes the largest k that is sure enough, at least 1: with
    few ratios the confidence is less than what is asked for, and says so.
    """
    ordered = sorted(ratios)
    count = len(ordered)
    outside = 2.0**-count  # at most k - 1 on one side
    skipped = 0
    while 2 * skipped < count - 2:
        more = outside + math.comb(count, skipped + 1) * 2.0**-count
        if 2 * more > 1 - confidence:
            break
        outside = more
        skipped += 1
    return Interval(
        ordered[skipped],
        statistics.median(ordered),
        ordered[count - 1 - skipped],
        max(0.0, 1 - 2 * outside),
    )


def verdict_of(interval, margin=MARGIN):
    """Returns what an interval of after / before says of a time."""
    if interval.low > 1 + margin:
        return REGRESSED
    if interval.high < 1 / (1 + margin):
        return IMPROVED
    if interval.low >= 1 / (1 + STABLE) and interval.high <= 1 + STABLE:
        return UNCHANGED
    return UNSTABLE


def noise_of(interval):
    """Returns how far a build seems to be from itself."""
    return max(interval.high, 1 / interval.low) - 1


def ratios_of(rounds):
    """Returns for each figure that both sides have its ratios, one a round."""
    ratios = collections.defaultdict(list)
    for before, after in rounds:
        for name in before.keys() & after.keys():
            ratios[name].append(after[name] / before[name])
    return ratios


@dataclasses.dataclass(frozen=True)
class Row:
    """What is said of one figure."""

    name: str
    before: float
    after: float
    interval: Interval
    verdict: str


def rows_of(rounds, margins):
    """Judges every figure. `margins`: of figures for which it is not usual."""
    rows = []
    for name, ratios in sorted(ratios_of(rounds).items()):
        interval = interval_of(ratios)
        before = statistics.median(a[name] for a, _ in rounds if name in a)
        after = statistics.median(b[name] for _, b in rounds if name in b)
        margin = margins.get(name, MARGIN)
        rows.append(
            Row(name, before, after, interval, verdict_of(interval, margin))
        )
    return rows
