"""Row 2: durable commands a second over HTTP, one a request."""

from __future__ import annotations

from pathlib import Path

from benchmarks import commands, load, metrics, raw, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record commands, beside raw inserts and a GET of a kilobyte."""
    with servers.sessions(folder) as ours, servers.mlflow(folder, effort) as mlflow:
        path = f"/sessions/{ours.new_session()}/commands"
        get = ours.bare_get()
        loads: list[load.Load] = []
        gets: list[load.Load] = []

        def record() -> float:
            loads.append(
                load.drive(
                    ours.server,
                    lambda: ours.request("POST", path, commands.body(1)),
                    _CLIENTS,
                    effort.seconds,
                )
            )
            return loads[-1].a_second

        def bare() -> float:
            gets.append(load.drive(ours.server, lambda: get, _CLIENTS, effort.seconds))
            return gets[-1].a_second

        sides = {
            "raw": lambda: raw.inserts_a_second(folder, 1, effort.seconds),
            "get": bare,
            "ours": record,
        }
        measured = alternate(sides, effort.rounds)
        row = Row("2. Durable commands a second over HTTP, one a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=1)
    row.figures[:0] = [
        Figure("raw SQLite, synchronous=FULL, one insert a commit", measured["raw"], "/s"),
        Figure("GET of 1 KB from a bare handler in our server's process", measured["get"], "/s"),
        Figure("ours, POST of one command of 1 KB", measured["ours"], "/s"),
        Figure("the server's CPU for a GET", [one.cost * 1e6 for one in gets], "µs"),
        Figure("the server's CPU for a command", [one.cost * 1e6 for one in loads], "µs"),
    ]
    row.goals = [
        Goal("ours : raw", ratios(measured["ours"], measured["raw"]), "", 0.25, at_least=True),
        Goal("ours : GET", ratios(measured["ours"], measured["get"]), "", 0.8, at_least=True),
    ]
    row.notes.append(
        f"The load generator could ask {min(one.ceiling for one in loads):,.0f} times a second."
    )
    return row
