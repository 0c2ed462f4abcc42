"""Row 3: durable commands a second over HTTP, in batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import commands, datasette, load, metrics, servers
from benchmarks.raw import RawCommands
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32
_BATCH = 100


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record batches, beside the same rows from C and Datasette's insert."""
    with (
        closing(RawCommands(folder / "raw", _BATCH)) as raw,
        servers.sessions(folder) as ours,
        datasette.serving(folder, effort) as peer,
        servers.mlflow(folder, effort) as mlflow,
    ):
        path = f"/sessions/{ours.new_session()}/commands"

        def record() -> bytes:
            return ours.request("POST", path, commands.body(_BATCH))

        sides: dict[str, Callable[[], Any]] = {
            "raw": lambda: raw.insert(effort.seconds / 2),
            "ours": lambda: load.drive(ours.server, record, _CLIENTS, effort.seconds),
        }
        if peer is not None:
            sides["datasette"] = lambda: load.drive(
                peer.server, lambda: peer.insert(_BATCH), _CLIENTS, effort.seconds
            )
        measured = alternate(sides, effort.rounds)
        inserts, loads = measured["raw"], measured["ours"]
        row = Row(f"3. Durable commands a second over HTTP, {_BATCH} a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=_BATCH)
    recorded = [_BATCH * rate for rate in load.rates(loads)]
    costs = [cost / _BATCH for cost in load.costs(loads)]
    bare = [1e3 * one.cost for one in inserts]
    row.figures[:0] = [
        Figure(
            f"SQLite, the same rows by executemany, {_BATCH} a commit",
            [one.a_second for one in inserts],
            "/s",
        ),
        Figure(f"ours, POST of {_BATCH} commands of 1 KB", recorded, "/s"),
        Figure("CPU for the rows of a command by executemany", bare, "ms"),
        Figure("our server's CPU for a command", costs, "ms"),
    ]
    row.goals = [Goal("CPU, ours : executemany", ratios(costs, bare), "", 2)]
    datasette.add(row, loads, measured.get("datasette"), batch=_BATCH, limit=0.8)
    ceiling = min(one.ceiling for one in loads) * _BATCH
    row.notes.append(f"The load generator could send {ceiling:,.0f} commands a second.")
    return row
