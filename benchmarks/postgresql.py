"""Row 11: commands recorded on PostgreSQL, beside the same on SQLite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks import commands, load, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32
_NAME = "benchmark"


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record commands on each database; count the CPU of our own process."""
    title = "11. PostgreSQL: one command a request, 32 clients, CPU of our process"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(_cluster())
        if url is None:
            return Row(title, notes=["PostgreSQL is not measured: it is not installed."])
        loads: dict[str, list[load.Load]] = {"sqlite": [], "postgresql": []}

        def side(name: str, database: str) -> load.Load:
            place = folder / name
            place.mkdir(exist_ok=True)
            if name not in running:
                running[name] = stack.enter_context(servers.sessions(place, database))
                paths[name] = f"/sessions/{running[name].new_session()}/commands"
            ours = running[name]
            loads[name].append(
                load.drive(
                    ours.server,
                    lambda: ours.request("POST", paths[name], commands.body(1)),
                    _CLIENTS,
                    effort.seconds,
                )
            )
            return loads[name][-1]

        running: dict[str, servers.Sessions] = {}
        paths: dict[str, str] = {}
        measured = alternate(
            {
                "sqlite": lambda: side("sqlite", "").cost,
                "postgresql": lambda: side("postgresql", url).cost,
            },
            effort.rounds,
        )
    return Row(
        title,
        figures=[
            Figure("SQLite, CPU a command", [one * 1e6 for one in measured["sqlite"]], "µs"),
            Figure(
                "PostgreSQL, CPU a command", [one * 1e6 for one in measured["postgresql"]], "µs"
            ),
            Figure("SQLite, commands a second", [one.a_second for one in loads["sqlite"]], "/s"),
            Figure(
                "PostgreSQL, commands a second", [one.a_second for one in loads["postgresql"]], "/s"
            ),
        ],
        goals=[
            Goal(
                "PostgreSQL : SQLite, CPU",
                ratios(measured["postgresql"], measured["sqlite"]),
                "",
                1.3,
            )
        ],
    )


@contextlib.contextmanager
def _cluster() -> Iterator[str | None]:
    """Run a PostgreSQL that syncs what it writes, and give the URL of an empty database there."""
    import psycopg

    from tests.postgresql import PostgresqlCluster, find_programs

    programs = find_programs()
    if programs is None:
        yield None
        return
    cluster = PostgresqlCluster(programs, durable=True)
    try:
        cluster.start()
        address = cluster.url.format(name="postgres").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_NAME}")
        yield cluster.url.format(name=_NAME)
    finally:
        cluster.remove()
