"""Row 3: durable commands a second over HTTP, in batches."""

from __future__ import annotations

from pathlib import Path

from benchmarks import commands, load, metrics, raw, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32
_BATCH = 100


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record batches of commands, beside raw inserts in batches."""
    with servers.sessions(folder) as ours, servers.mlflow(folder, effort) as mlflow:
        path = f"/sessions/{ours.new_session()}/commands"
        loads: list[load.Load] = []

        def record() -> float:
            loads.append(
                load.drive(
                    ours.server,
                    lambda: ours.request("POST", path, commands.body(_BATCH)),
                    _CLIENTS,
                    effort.seconds,
                )
            )
            return loads[-1].a_second * _BATCH

        sides = {
            "raw": lambda: raw.inserts_a_second(folder, _BATCH, effort.seconds),
            "ours": record,
        }
        measured = alternate(sides, effort.rounds)
        row = Row(f"3. Durable commands a second over HTTP, {_BATCH} a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=_BATCH)
    row.figures[:0] = [
        Figure(f"raw SQLite, synchronous=FULL, {_BATCH} inserts a commit", measured["raw"], "/s"),
        Figure(f"ours, POST of {_BATCH} commands of 1 KB", measured["ours"], "/s"),
        Figure("our server's CPU for a command", [one.cost * 1e6 / _BATCH for one in loads], "µs"),
    ]
    row.goals = [
        Goal("ours : raw", ratios(measured["ours"], measured["raw"]), "", 0.5, at_least=True)
    ]
    ceiling = min(one.ceiling for one in loads) * _BATCH
    row.notes.append(f"The load generator could send {ceiling:,.0f} commands a second.")
    return row
