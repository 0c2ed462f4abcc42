"""Row 11: commands recorded on PostgreSQL, beside the same on SQLite."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import commands, load, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_CLIENTS = 32
_NAME = "benchmark"


def measure(effort: Effort, folder: Path) -> Row:
    """Have 32 clients record commands on each database; count the CPU of our own process."""
    title = "11. PostgreSQL: one command a request, 32 clients, CPU of our process"
    with _cluster() as url:
        if url is None:
            return Row(title, notes=["PostgreSQL is not measured: it is not installed."])
        places = {"sqlite": folder / "sqlite", "postgresql": folder / "postgresql"}
        for place in places.values():
            place.mkdir()
        with (
            servers.sessions(places["sqlite"]) as sqlite,
            servers.sessions(places["postgresql"], url) as postgresql,
        ):
            measured = alternate(
                {"sqlite": _record(sqlite, effort), "postgresql": _record(postgresql, effort)},
                effort.rounds,
            )
    cpu = {name: load.costs(loads) for name, loads in measured.items()}
    rate = {name: load.rates(loads) for name, loads in measured.items()}
    return Row(
        title,
        figures=[
            Figure("SQLite, CPU a command", cpu["sqlite"], "ms"),
            Figure("PostgreSQL, CPU a command", cpu["postgresql"], "ms"),
            Figure("SQLite, commands a second", rate["sqlite"], "/s"),
            Figure("PostgreSQL, commands a second", rate["postgresql"], "/s"),
        ],
        goals=[Goal("PostgreSQL : SQLite, CPU", ratios(cpu["postgresql"], cpu["sqlite"]), "", 1.3)],
    )


def _record(ours: servers.Sessions, effort: Effort) -> Callable[[], load.Load]:
    """Return what records commands into a new session for a while."""
    path = f"/sessions/{ours.new_session()}/commands"

    def request() -> bytes:
        return ours.request("POST", path, commands.body(1))

    return lambda: load.drive(ours.server, request, _CLIENTS, effort.seconds)


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
