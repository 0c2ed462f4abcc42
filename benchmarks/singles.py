"""Row 2: durable commands a second over HTTP, one a request."""

from __future__ import annotations

import itertools
from pathlib import Path

from benchmarks import commands, load, raw, servers
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
        if mlflow is not None:
            sides["mlflow"] = lambda: _log_metrics(mlflow, effort.seconds)
        measured = alternate(sides, effort.rounds)
    row = Row("2. Durable commands a second over HTTP, one a request, 32 clients")
    row.figures = [
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
    if "mlflow" in measured:
        row.figures.append(Figure("MLflow, POST of one metric", measured["mlflow"], "/s"))
        row.figures.append(
            Figure("ours : MLflow", ratios(measured["ours"], measured["mlflow"]), "")
        )
    else:
        row.notes.append(servers.NO_MLFLOW)
    row.notes.append(
        f"The load generator could ask {min(one.ceiling for one in loads):,.0f} times a second."
    )
    return row


def _log_metrics(mlflow: servers.Mlflow, seconds: float) -> float:
    steps = itertools.count()

    def request() -> bytes:
        metric = {"key": "loss", "value": 0.5, "timestamp": 1_795_000_000_000, "step": next(steps)}
        return mlflow.request("/runs/log-metric", {"run_id": mlflow.run_id, **metric})

    return load.drive(mlflow.server, request, _CLIENTS, seconds).a_second
