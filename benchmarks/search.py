"""Row 6: a page of what a search finds in a long history."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import quote

from benchmarks import filled, load, servers
from benchmarks.pages import COMMANDS, COMMANDS_QUICK, PAGE
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

#: What is looked for, by how much of it there is.
_SEARCHES = {
    "in every command": "precipitation",
    "in every command, two words": "weather month",
    "in every command, by its beginning": "precip",
    "in one command": "{middle:012d}",
    "nowhere": "snowfall",
}


def measure(effort: Effort, folder: Path) -> Row:
    """Have one client ask for the newest page of what is found, beside one without a search."""
    count = COMMANDS_QUICK if effort.quick else COMMANDS
    database, code = filled.store(count)
    filled.hold_in_memory(database)
    with servers.sessions(folder, f"sqlite:///{database}") as ours:
        path = f"/sessions/{code}/commands?limit={PAGE}"

        def found(words: str) -> bytes:
            return ours.request("GET", f"{path}&search={quote(words.format(middle=count // 2))}")

        asked = {name: found(words) for name, words in _SEARCHES.items()}
        asked["page"] = ours.request("GET", path)
        half = effort.seconds / 2
        sides = {
            name: partial(load.drive, ours.server, lambda request=request: request, 1, half)
            for name, request in asked.items()
        }
        loads = alternate(sides, effort.rounds)
    measured = {name: load.latencies(each) for name, each in loads.items()}
    row = Row(f"6. A page of {PAGE} of what a search finds in {count:,} commands")
    row.figures = [
        Figure("a page without a search", measured["page"], "ms"),
        *(Figure(f"found {name}", measured[name], "ms") for name in _SEARCHES),
    ]
    slowest = max(_SEARCHES, key=lambda name: sum(measured[name]))
    row.goals = [
        Goal(f"found {slowest} : page", ratios(measured[slowest], measured["page"]), "", 10)
    ]
    row.notes.append("One client; the median time from a request to the end of its answer.")
    return row
