"""Row 3: durable commands a second over HTTP, in batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import commands, load, metrics, raw, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32
_BATCH = 100


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record batches of commands, beside raw inserts in batches."""
    with servers.sessions(folder) as ours, servers.mlflow(folder, effort) as mlflow:
        path = f"/sessions/{ours.new_session()}/commands"

        def record() -> bytes:
            return ours.request("POST", path, commands.body(_BATCH))

        sides: dict[str, Callable[[], Any]] = {
            "raw": lambda: raw.inserts_a_second(folder, _BATCH, effort.seconds),
            "ours": lambda: load.drive(ours.server, record, _CLIENTS, effort.seconds),
        }
        measured = alternate(sides, effort.rounds)
        inserts, loads = measured["raw"], measured["ours"]
        recorded = [_BATCH * rate for rate in load.rates(loads)]
        row = Row(f"3. Durable commands a second over HTTP, {_BATCH} a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=_BATCH)
    row.figures[:0] = [
        Figure(f"raw SQLite, synchronous=FULL, {_BATCH} inserts a commit", inserts, "/s"),
        Figure(f"ours, POST of {_BATCH} commands of 1 KB", recorded, "/s"),
        Figure(
            "our server's CPU for a command", [cost / _BATCH for cost in load.costs(loads)], "ms"
        ),
    ]
    row.goals = [Goal("ours : raw", ratios(recorded, inserts), "", 0.5, at_least=True)]
    ceiling = min(one.ceiling for one in loads) * _BATCH
    row.notes.append(f"The load generator could send {ceiling:,.0f} commands a second.")
    return row
