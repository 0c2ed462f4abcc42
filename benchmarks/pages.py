"""Row 5: a page of the history, at any depth of a long one."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import filled, load, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

PAGE = 50
COMMANDS = 1_000_000
COMMANDS_QUICK = 20_000
_RUNS = 10_000


def measure(effort: Effort, folder: Path) -> Row:
    """Have one client ask for pages at the newest end, in the middle, at the oldest, anywhere."""
    count = COMMANDS_QUICK if effort.quick else COMMANDS
    database, code = filled.store(count)
    filled.hold_in_memory(database)
    with (
        servers.sessions(folder, f"sqlite:///{database}") as ours,
        servers.mlflow(folder, effort) as mlflow,
    ):

        def page(after: int) -> bytes:
            return ours.request("GET", f"/sessions/{code}/commands?limit={PAGE}&after={after}")

        depths: dict[str, Callable[[], bytes]] = {
            "newest": lambda: page(count + 1),
            "middle": lambda: page(count // 2),
            "oldest": lambda: page(PAGE + 1),
            "anywhere": lambda: page(random.randint(PAGE + 1, count + 1)),
        }
        get = ours.bare_get()
        asked = {"get": lambda: get, **depths}

        half = effort.seconds / 2
        sides = {
            name: partial(load.drive, ours.server, request, 1, half)
            for name, request in asked.items()
        }
        if mlflow is not None:
            mlflow.copy_run(folder, _RUNS)
            search = mlflow.request("/runs/search", {"experiment_ids": ["0"], "max_results": PAGE})
            sides["mlflow"] = partial(load.drive, mlflow.server, lambda: search, 1, half)
        loads = alternate(sides, effort.rounds)
    measured = {name: load.latencies(each) for name, each in loads.items()}
    row = Row(f"5. A page of {PAGE} commands at any depth of {count:,}")
    row.figures = [
        Figure("GET of 1 KB from a bare handler in our server's process", measured["get"], "ms"),
        *(Figure(f"ours, {depth}", measured[depth], "ms") for depth in depths),
        Figure("the server's CPU for a GET", load.costs(loads["get"]), "ms"),
        Figure("the server's CPU for a page, anywhere", load.costs(loads["anywhere"]), "ms"),
    ]
    slowest = max(depths, key=lambda depth: sum(ratios(measured[depth], measured["get"])))
    costs = ratios(load.costs(loads["anywhere"]), load.costs(loads["get"]))
    row.goals = [
        Goal("CPU, a page anywhere : GET", costs, "", 1.5),
        Goal(f"clock, {slowest} : GET", ratios(measured[slowest], measured["get"]), "", 1.5),
    ]
    if "mlflow" in measured:
        row.figures.append(
            Figure(f"MLflow search_runs, {PAGE} of {_RUNS:,} runs", measured["mlflow"], "ms")
        )
    else:
        row.notes.append(servers.NO_MLFLOW)
    row.notes.append(
        "The database's file was read once before, so that the system holds of it what it can."
    )
    row.notes.append("One client; the median time from a request to the end of its answer.")
    return row
