"""How things are timed: side by side, in turn, and told with how far the rounds lay apart."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_LOOPS = 40


@dataclass(frozen=True)
class Effort:
    """How much a row may take.

    Attributes
    ----------
    rounds
        How often each side is measured.
    seconds
        How long a side under load is measured in each round.
    quick
        Whether to see only that everything runs.
    """

    rounds: int
    seconds: float
    quick: bool


FULL = Effort(rounds=7, seconds=2.0, quick=False)
QUICK = Effort(rounds=2, seconds=0.3, quick=True)


def alternate(
    sides: Mapping[str, Callable[[], T]], rounds: int, warm_up: bool = True
) -> dict[str, list[T]]:
    """Measure every side once a round, in an order that turns, so that drift hits all alike.

    Parameters
    ----------
    sides
        What measures once, by name.
    rounds
        How often.
    warm_up
        Whether each is first run once without being counted.

    Returns
    -------
    dict of str to list
        Each side's measurements, one a round.
    """
    names = list(sides)
    if warm_up:
        for measure in sides.values():
            measure()
    measured: dict[str, list[T]] = {name: [] for name in names}
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            measured[name].append(sides[name]())
    return measured


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return one ratio a round: what shook a whole round falls out of it."""
    return [one / other for one, other in zip(above, below, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all don't exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def middle(values: Sequence[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


def likely_median(values: Sequence[float]) -> tuple[float, float]:
    """Return between which two of the values the true median lies, with a likelihood of 95 %."""
    ordered = sorted(values)
    reach = 0.98 * math.sqrt(len(ordered))
    middle_place = (len(ordered) - 1) / 2
    low, high = math.floor(middle_place - reach), math.ceil(middle_place + reach)
    return ordered[max(0, low)], ordered[min(len(ordered) - 1, high)]


def noise() -> str:
    """Tell how much else this machine does: its load, and how unevenly a fixed loop runs."""
    times = []
    for _ in range(_LOOPS):
        begin = time.perf_counter()
        for _ in range(100_000):
            pass
        times.append(time.perf_counter() - begin)
    slower = percentile(times, 90) / min(times) - 1
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, load {load:.1f}, one in ten fixed loops {slower:.0%} slower"
