"""Row 12: the list of sessions of somebody who has a thousand."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks import commands, load, servers
from benchmarks.pages import PAGE
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_SESSIONS = 1_000
_SESSIONS_QUICK = 50


def measure(effort: Effort, folder: Path) -> Row:
    """Ask for the first page of the list of sessions, beside a page of a session's commands."""
    half = effort.seconds / 2
    count = _SESSIONS_QUICK if effort.quick else _SESSIONS
    with servers.sessions(folder) as ours:
        for _ in range(count - 1):
            ours.new_session()
        code = ours.new_session()
        for _ in range(2):
            ours.client.post(
                f"/sessions/api/sessions/{code}/commands",
                content=commands.body(PAGE),
                headers={"Content-Type": "application/json"},
            ).raise_for_status()
        asked = {
            "page": ours.request("GET", f"/sessions/{code}/commands?limit={PAGE}"),
            "list": ours.request("GET", f"/sessions?limit={PAGE}"),
        }
        measured = alternate(
            {
                name: partial(load.drive, ours.server, lambda request=request: request, 1, half)
                for name, request in asked.items()
            },
            effort.rounds,
        )
        size = len(ours.client.get(f"/sessions/api/sessions?limit={PAGE}").content)
    cpu = {name: load.costs(loads) for name, loads in measured.items()}
    clock = {name: load.latencies(loads) for name, loads in measured.items()}
    return Row(
        f"12. The first {PAGE} of {count:,} sessions",
        figures=[
            Figure(f"{PAGE} commands, CPU", cpu["page"], "ms"),
            Figure(f"{PAGE} sessions, CPU", cpu["list"], "ms"),
            Figure(f"{PAGE} commands", clock["page"], "ms"),
            Figure(f"{PAGE} sessions", clock["list"], "ms"),
        ],
        goals=[
            Goal("sessions : commands, CPU", ratios(cpu["list"], cpu["page"]), "", 2),
            Goal("sessions : commands", ratios(clock["list"], clock["page"]), "", 2),
        ],
        notes=[f"One client; the list's answer has {size:,} bytes."],
    )
