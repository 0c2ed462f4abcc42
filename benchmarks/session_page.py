"""Row 13: a session's page of 50 commands beside the API's list of the same commands."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import filled, load, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

PAGE = 50
COMMANDS = 20_000


def measure(effort: Effort, folder: Path) -> Row:
    """Have one client ask for the page and the list in turn."""
    database, code = filled.store(COMMANDS)
    filled.hold_in_memory(database)
    with servers.sessions(folder, f"sqlite:///{database}") as ours:

        def listed(after: int) -> bytes:
            return ours.request("GET", f"/sessions/{code}/commands?limit={PAGE}&after={after}")

        def shown(at: int) -> bytes:
            return servers.http_request(
                ours.server.port,
                "GET",
                f"/sessions/{code}/experiment?at={at}",
                {"Authorization": f"Bearer {ours.key}"},
            )

        newest = COMMANDS
        asked: dict[str, Callable[[], bytes]] = {
            "list": lambda: listed(newest + 1),
            "page": lambda: shown(newest),
            "new page": lambda: shown(random.randint(PAGE, newest)),
        }
        sides = {
            name: partial(load.drive, ours.server, request, 1, effort.seconds, workers=True)
            for name, request in asked.items()
        }
        loads = alternate(sides, effort.rounds)
    measured = {name: load.latencies(each) for name, each in loads.items()}
    costs = {name: load.costs(each) for name, each in loads.items()}
    row = Row(f"13. A session's page of {PAGE} commands beside the API's list of the same")
    row.figures = [
        Figure("the API's list", measured["list"], "ms"),
        Figure("the page", measured["page"], "ms"),
        Figure("a page whose content nobody has seen yet", measured["new page"], "ms"),
        Figure("CPU of the server and its workers for the list", costs["list"], "ms"),
        Figure("CPU of the server and its workers for the page", costs["page"], "ms"),
        Figure("CPU of the server and its workers for a new page", costs["new page"], "ms"),
        Figure("a new page : list", ratios(measured["new page"], measured["list"]), ""),
        Figure("a new page : list, CPU", ratios(costs["new page"], costs["list"]), ""),
    ]
    row.goals = [
        Goal("the page : list", ratios(measured["page"], measured["list"]), "", 3),
        Goal("the page : list, CPU", ratios(costs["page"], costs["list"]), "", 3),
    ]
    row.notes.append(
        "One client; the median time from a request to the end of its answer. The page shows all "
        "outputs, the list none."
    )
    return row
