"""Row 2: durable commands a second over HTTP, one a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import commands, load, metrics, raw, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record commands, beside raw inserts and a GET of a kilobyte."""
    with servers.sessions(folder) as ours, servers.mlflow(folder, effort) as mlflow:
        path = f"/sessions/{ours.new_session()}/commands"
        get = ours.bare_get()

        def record() -> bytes:
            return ours.request("POST", path, commands.body(1))

        sides: dict[str, Callable[[], Any]] = {
            "raw": lambda: raw.inserts_a_second(folder, 1, effort.seconds),
            "get": lambda: load.drive(ours.server, lambda: get, _CLIENTS, effort.seconds),
            "ours": lambda: load.drive(ours.server, record, _CLIENTS, effort.seconds),
        }
        measured = alternate(sides, effort.rounds)
        inserts, gets, loads = measured["raw"], measured["get"], measured["ours"]
        answers = load.rates(loads)
        row = Row("2. Durable commands a second over HTTP, one a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=1)
    row.figures[:0] = [
        Figure("raw SQLite, synchronous=FULL, one insert a commit", inserts, "/s"),
        Figure("GET of 1 KB from a bare handler in our server's process", load.rates(gets), "/s"),
        Figure("ours, POST of one command of 1 KB", answers, "/s"),
        Figure("the server's CPU for a GET", load.costs(gets), "ms"),
        Figure("the server's CPU for a command", load.costs(loads), "ms"),
    ]
    row.goals = [
        Goal("ours : raw", ratios(answers, inserts), "", 0.25, at_least=True),
        Goal("ours : GET", ratios(answers, load.rates(gets)), "", 0.8, at_least=True),
    ]
    row.notes.append(
        f"The load generator could ask {min(one.ceiling for one in loads):,.0f} times a second."
    )
    return row
