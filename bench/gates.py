"""What `./dev bench --gate` measures, and what is asked of each figure."""

import dataclasses
import math
import statistics

ENGINE, PEERS, DDTRACE = "engine", "peers", "ddtrace"
AT_LEAST, AT_MOST = ">=", "<="


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison: a ratio of the times of two cases, and its bounds.

    A ratio to be AT_LEAST something is peer / engine: how many times faster the
    engine is; one to be AT_MOST something is engine / peer.
    """

    group: str
    name: str
    engine: str  # the case
    peer: tuple[str, str]  # the program, the case
    bound: str = AT_LEAST
    gate: float | None = None
    stretch: float | None = None

    def ratio(self, engine, peer):
        return peer / engine if self.bound == AT_LEAST else engine / peer


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured for a row: ratios, one a round, and nanoseconds."""

    row: Row
    ratios: list[float]
    engine: float | None = None
    peer: float | None = None

    @property
    def median(self):
        return statistics.median(self.ratios)

    @property
    def verdict(self):
        return verdict_of(self.row, self.median)


def verdict_of(row, value):
    """Returns "stretch", "gate", "FAILED", or "shown" for a row without bounds."""
    if row.stretch is not None and meets(row.bound, value, row.stretch):
        return "stretch"
    if row.gate is None:
        return "shown"
    return "gate" if meets(row.bound, value, row.gate) else "FAILED"


def meets(bound, value, limit):
    if math.isnan(value):
        return False
    return value >= limit if bound == AT_LEAST else value <= limit


MEMO = {"half": "memo on", "all": "memo off"}


def lifecycle_rows(recorded):
    """A whole call, beside ddtrace and the naive port."""
    gates = {
        2: {"empty": (150, 300)},
        64: {"structure": (50, 100), "text": (50, 100)},
        512: {"structure": (20, 45), "text": (35, 70)},
        4096: {"structure": (14, 35), "text": (14, 35)},
        65536: {"structure": (None, 18), "text": (None, 18)},
    }
    naive = {64: (9, 15), 4096: (14, 30), 65536: (14, 30)}
    for respaced, memo in MEMO.items():
        for size, shapes in gates.items():
            for shape, (gate, stretch) in shapes.items():
                texts = f"{shape}-{size}-{respaced}" if size > 2 else f"empty-{respaced}"
                name = f"{size} B {shape}, {memo}"
                case = f"lifecycle {texts} 0"
                yield Row("lifecycle, times faster than ddtrace", name, case,
                          (DDTRACE, case), AT_LEAST, gate, stretch)
                if size in naive:
                    yield Row("lifecycle, times faster than the naive port", name,
                              case, (PEERS, f"lifecycle {texts}"), AT_LEAST,
                              *naive[size])
        if recorded:
            case = f"lifecycle recorded-{respaced} 0"
            yield Row("lifecycle, times faster than ddtrace", f"recorded, {memo}",
                      case, (DDTRACE, case))
            yield Row("lifecycle, times faster than the naive port",
                      f"recorded, {memo}", case,
                      (PEERS, f"lifecycle recorded-{respaced}"))


def growth_rows(short, vast):
    """How it goes on with many live calls; with ten million if `vast`."""
    lookups = {1000: (45, 75), 100_000: (18, 30), 1_000_000: (10, 20)}
    for live, (gate, stretch) in lookups.items():
        if short and live > 100_000:
            continue
        case = f"lookup structure-64-half {live}"
        yield Row("lookup hit, times faster than ddtrace", f"{live} live calls", case,
                  (DDTRACE, case), AT_LEAST, gate, stretch)
        yield Row("lookup hit, times of one find in boost's map",
                  f"{live} live calls", case, (PEERS, f"boost {live}"), AT_MOST)
    few = "lookup structure-64-half 1000"
    if not short:
        yield Row("lookup hit, times of one among 1000", "1000000 live calls",
                  "lookup structure-64-half 1000000", (ENGINE, few), AT_MOST, 5, 3)
    for live in (10, 1000, 100_000, 1_000_000, 10_000_000):
        if live > (100_000 if short else 10_000_000 if vast else 1_000_000):
            continue
        yield Row("lifecycle of 64 B, times of one alone", f"beside {live} live calls",
                  f"lifecycle structure-64-half {live}",
                  (ENGINE, "lifecycle structure-64-half 0"), AT_MOST)


def part_rows():
    """Parts of the work."""
    for shape, gate, stretch in (("structure", 0.5, 0.9), ("text", 0.65, 1.1)):
        for size in (64, 512, 4096, 65536):
            texts = f"{shape}-{size}-half"
            # By the whole size; short texts cost a start on both sides.
            yield Row("fingerprint, part of the speed of simdjson's DOM",
                      f"{size} B {shape}", f"fingerprint {texts}",
                      (PEERS, f"simdjson {texts}"), AT_LEAST, gate, stretch)
    for listeners, gate, stretch in ((1, 2, 1.5), (0, 0.8, 0.6)):
        yield Row("dispatch, times of a virtual call", f"{listeners} listeners",
                  f"dispatch {listeners}", (ENGINE, "virtual"), AT_MOST, gate, stretch)
    yield Row("two threads, times the calls of one", "64 B, different scopes",
              "threads structure-64-half 2", (ENGINE, "threads structure-64-half 1"),
              AT_LEAST, 1.6, 1.9)


def rows(recorded, short, vast):
    return [*lifecycle_rows(recorded), *part_rows(), *growth_rows(short, vast)]


# What is measured once.
ALLOCATIONS = Row("allocations of a signal, when it has settled in", "64 B",
                  "allocations structure-64-half", (ENGINE, ""), AT_MOST, 0, 0)


def memory_row(size):
    return Row("bytes of a live call, part of ddtrace's", f"{size} B of arguments",
               f"memory structure-{size}-half", (DDTRACE, ""), AT_MOST, 1 / 4, 1 / 6.5)


# Of arguments of 4 KiB and of 64 B.
SIZE_MATTERS = Row("bytes of a live call, times those at 64 B",
                   "4096 B of arguments", "memory", (ENGINE, ""), AT_MOST, 1.05, 1.05)
