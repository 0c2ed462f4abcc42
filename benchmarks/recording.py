"""Row 1: what recording costs a cell, on the kernel's main thread."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import msgspec

from benchmarks import servers
from benchmarks.kernels import Kernel
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, likely_median

_CELL = "print(sum(range(100))); 2 + 2"
_CELLS = 14
_CELLS_QUICK = 6
# Seconds of the row for what is held to the goal; the other measurements take a share of it.
_SECONDS = 50.0
_SECONDS_QUICK = 1.0
_FEWEST = 4  # pairs, however slow the machine
# Seconds between cells, as a person's are never back to back: the last one is stored by then.
_PAUSE = 0.02
_METRICS = 50


def measure(effort: Effort, folder: Path) -> Row:
    """Run the same cell over and over with recording on and off, in turn, in one kernel.

    Each measurement has its time rather than a number of pairs, so that a busy machine has fewer
    of them, which the width of what is likely tells, and not a row that takes for ever.
    """
    cells = _CELLS_QUICK if effort.quick else _CELLS
    most = _SECONDS_QUICK if effort.quick else _SECONDS
    with Kernel.started(folder) as kernel, servers.mlflow(folder, effort) as mlflow:
        kernel.run("from benchmarks import in_kernel; in_kernel.measure_cells()")
        spaced = _toggle(kernel, "recording", cells, most, pause=_PAUSE)
        queued = _toggle(kernel, "recording", cells, 0.4 * most, pause=0.0)
        history = _toggle(kernel, "history", cells, 0.4 * most, pause=_PAUSE)
        nothing = _toggle(kernel, "nothing", cells, 0.4 * most, pause=_PAUSE)
        metrics = (
            kernel.ask(
                f"in_kernel.log_metrics('{mlflow.server.url}', '{mlflow.run_id}', {_METRICS})",
                list[float],
            )
            if mlflow is not None
            else []
        )
    row = Row("1. What recording costs a cell, on the kernel's main thread")
    row.figures = [
        Figure("a cell that is not recorded", spaced.off, "µs"),
        Figure("a cell that is not recorded, CPU on the main thread", spaced.cpu_off, "µs"),
        Figure("recording, on against off, by the clock", spaced.more, "µs"),
        Figure("the same of cells in a queue", queued.more, "µs"),
        Figure("the same of cells in a queue, CPU on the main thread", queued.more_cpu, "µs"),
        Figure("IPython's own history, on against off, by the clock", history.more, "µs"),
        Figure("the same, CPU on the main thread", history.more_cpu, "µs"),
        Figure("nothing, on against off, CPU on the main thread", nothing.more_cpu, "µs"),
    ]
    row.goals = [
        Goal("recording, on against off, CPU on the main thread", spaced.more_cpu, "µs", 25)
    ]
    if metrics:
        row.figures.append(
            Figure("MLflow log_metric to a local server", [1e6 * one for one in metrics], "µs")
        )
    else:
        row.notes.append(servers.NO_MLFLOW)
    low, high = likely_median(spaced.more_cpu)
    row.notes.append(
        f"The true median lies between {low:.0f} and {high:.0f} µs with a likelihood of 95 %, "
        f"by {len(spaced.more_cpu)} pairs of {cells} cells with recording and as many without."
    )
    row.notes.append("Into a session of the user's own store, in the kernel's own process.")
    return row


class _Toggled(msgspec.Struct):
    """Microseconds of a cell, pair by pair: by the clock, and of CPU on the main thread.

    Attributes
    ----------
    off, cpu_off
        Without what is toggled.
    more, more_cpu
        How many more with it.
    """

    off: list[float] = []
    cpu_off: list[float] = []
    more: list[float] = []
    more_cpu: list[float] = []


def _toggle(kernel: Kernel, what: str, cells: int, seconds: float, pause: float) -> _Toggled:
    """Run a few cells with and a few without, for some seconds, in an order that turns.

    Many short pairs, for what else the machine does drifts within seconds.
    """
    found = _Toggled()
    until = time.monotonic() + seconds
    for number in itertools.count():
        if number > _FEWEST and time.monotonic() > until:
            break
        medians = {}
        for place in (1, 0) if number % 2 else (0, 1):
            kernel.run(f"in_kernel.TOGGLES['{what}'][{place}]()")
            kernel.run("in_kernel.times.clear()")
            kernel.run(_CELL, cells, pause)
            medians[place] = [1e6 * one for one in kernel.ask("in_kernel.medians()", list[float])]
        if number:  # the first pair warms up
            (clock_on, cpu_on), (clock_off, cpu_off) = medians[0], medians[1]
            found.off.append(clock_off)
            found.cpu_off.append(cpu_off)
            found.more.append(clock_on - clock_off)
            found.more_cpu.append(cpu_on - cpu_off)
    kernel.run(f"in_kernel.TOGGLES['{what}'][1]()")
    return found
