"""Row 2: durable commands a second over HTTP, one a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, datasette, load, metrics, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record commands, beside a GET of a kilobyte and Datasette's insert."""
    with (
        servers.sessions(folder) as ours,
        datasette.serving(folder, effort) as peer,
        servers.mlflow(folder, effort) as mlflow,
    ):
        path = f"/sessions/{ours.new_session()}/commands"
        get = ours.bare_get()

        def record() -> bytes:
            return ours.request("POST", path, commands.body(1))

        sides: dict[str, Callable[[], load.Load]] = {
            "get": lambda: load.drive(ours.server, lambda: get, _CLIENTS, effort.seconds),
            "ours": lambda: load.drive(ours.server, record, _CLIENTS, effort.seconds),
        }
        if peer is not None:
            sides["datasette"] = lambda: load.drive(
                peer.server, lambda: peer.insert(1), _CLIENTS, effort.seconds
            )
        measured = alternate(sides, effort.rounds)
        gets, loads = measured["get"], measured["ours"]
        row = Row("2. Durable commands a second over HTTP, one a request, 32 clients")
        metrics.measure(row, mlflow, effort, clients=_CLIENTS, batch=1)
    row.figures[:0] = [
        Figure("GET of 1 KB from a bare handler in our server's process", load.rates(gets), "/s"),
        Figure("ours, POST of one command of 1 KB", load.rates(loads), "/s"),
        Figure("the server's CPU for a GET", load.costs(gets), "ms"),
        Figure("the server's CPU for a command", load.costs(loads), "ms"),
    ]
    row.goals = [
        Goal(
            "CPU, GET : ours", ratios(load.costs(gets), load.costs(loads)), "", 0.85, at_least=True
        )
    ]
    datasette.add(row, loads, measured.get("datasette"), batch=1, limit=0.2)
    row.notes.append(
        f"The load generator could ask {min(one.ceiling for one in loads):,.0f} times a second."
    )
    return row
