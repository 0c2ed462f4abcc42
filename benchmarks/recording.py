"""Row 1: what recording costs a cell, on the kernel's main thread."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from benchmarks import servers
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
_WITHIN = 60.0  # seconds


def measure(effort: Effort, folder: Path) -> Row:
    """Run the same cell over and over with recording on and off, in turn, in one kernel.

    Each measurement has its time rather than a number of pairs, so that a busy machine has fewer
    of them, which the width of what is likely tells, and not a row that takes for ever.
    """
    cells = _CELLS_QUICK if effort.quick else _CELLS
    most = _SECONDS_QUICK if effort.quick else _SECONDS
    with _Kernel.started(folder) as kernel, servers.mlflow(folder, effort) as mlflow:
        kernel.run("from benchmarks import in_kernel; in_kernel.measure_cells()")
        spaced = kernel.toggled("recording", cells, most, pause=_PAUSE)
        queued = kernel.toggled("recording", cells, 0.4 * most, pause=0.0)
        history = kernel.toggled("history", cells, 0.4 * most, pause=_PAUSE)
        nothing = kernel.toggled("nothing", cells, 0.4 * most, pause=_PAUSE)
        metrics = (
            kernel.ask(
                f"in_kernel.log_metrics('{mlflow.server.url}', '{mlflow.run_id}', {_METRICS})"
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


class _Kernel:
    """A kernel of its own."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path) -> Iterator[_Kernel]:
        """Start one, with all of its files in `folder`."""
        manager = KernelManager(kernel_name="python3")
        environment = servers.environment(folder) | {"IPYTHONDIR": str(folder / "ipython")}
        with (folder / "kernel.log").open("wb") as log:
            manager.start_kernel(cwd=str(folder), stdout=log, stderr=log, env=environment)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(_WITHIN)
            yield cls(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel()

    def run(self, code: str, times: int = 1, pause: float = 0.0) -> None:
        """Run a cell, `times` over: each after the other has ended and a pause, or in a queue."""
        ids = []
        for _ in range(times):
            ids.append(self._client.execute(code))
            if pause:
                self._reply(ids.pop())
                time.sleep(pause)
        for sent in ids:
            self._reply(sent)

    def ask(self, expression: str) -> list[float]:
        """Return what an expression gives."""
        sent = self._client.execute("", user_expressions={"asked": expression})
        asked = self._reply(sent)["user_expressions"]["asked"]
        if asked["status"] != "ok":
            raise RuntimeError("\n".join(asked["traceback"]))
        return msgspec.json.decode(asked["data"]["text/plain"], type=list[float])

    def toggled(self, what: str, cells: int, seconds: float, pause: float) -> _Toggled:
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
                self.run(f"in_kernel.TOGGLES['{what}'][{place}]()")
                self.run("in_kernel.times.clear()")
                self.run(_CELL, cells, pause)
                medians[place] = [1e6 * one for one in self.ask("in_kernel.medians()")]
            if number:  # the first pair warms up
                (clock_on, cpu_on), (clock_off, cpu_off) = medians[0], medians[1]
                found.off.append(clock_off)
                found.cpu_off.append(cpu_off)
                found.more.append(clock_on - clock_off)
                found.more_cpu.append(cpu_on - cpu_off)
        self.run(f"in_kernel.TOGGLES['{what}'][1]()")
        return found

    def _reply(self, sent: str) -> dict[str, object]:
        while True:
            message = self._client.get_shell_msg(timeout=_WITHIN)
            if message["parent_header"].get("msg_id") == sent:
                content: dict[str, object] = message["content"]
                if content["status"] != "ok":
                    raise RuntimeError("\n".join(content["traceback"]))
                return content
