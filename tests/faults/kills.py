"""SIGKILL, at any moment: of servers, of PostgreSQL, of one of two servers on one database."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing, new_postgresql_database
from tests.faults.oracle import Counts
from tests.faults.stage import stage
from tests.postgresql import PostgresqlCluster, find_programs
from tests.waiting import until

_WRITERS = 4


@contextmanager
def cluster() -> Iterator[PostgresqlCluster]:
    """Give a PostgreSQL that syncs what it writes."""
    programs = find_programs()
    if programs is None:
        missing("PostgreSQL (initdb)")
    made = PostgresqlCluster(programs, durable=True)
    try:
        made.start()
        yield made
    finally:
        made.remove()


def kill_servers(rounds: int, seed: int, database: str | None = None) -> Counts:
    """Kill a server so many times while it is written to, on SQLite or a database that is named."""
    kind = f"killed servers on {'PostgreSQL' if database else 'SQLite'}"
    with tempfile.TemporaryDirectory() as folder, stage(kind, seed, Path(folder), database) as made:
        (port,) = made.ports
        with made.writing(_WRITERS):
            for _ in range(rounds):
                made.start(port)
                try:
                    made.until_more()
                    time.sleep(made.random.uniform(0, 0.05))
                finally:
                    made.kill(port)
                made.oracle.note_fault("SIGKILL of the server")
                if made.oracle.counts.wrong:
                    break
        return made.compare()


def kill_servers_on_postgresql(rounds: int, seed: int) -> Counts:
    """Kill a server on PostgreSQL so many times."""
    with cluster() as postgresql, new_postgresql_database(postgresql.url) as database:
        return kill_servers(rounds, seed, database)


def end_postgresql(rounds: int, seed: int) -> Counts:
    """Kill and stop PostgreSQL under a server in all ways, and start it again each time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster() as postgresql,
        new_postgresql_database(postgresql.url) as database,
        stage("ends of PostgreSQL", seed, Path(folder), database) as made,
    ):
        made.start(made.ports[0])
        with made.writing(_WRITERS):
            made.until_more()
            for _ in range(rounds):
                way = made.random.choice(["kill", "backend", "backend", "fast", "immediate"])
                match way:
                    case "kill":
                        postgresql.kill()
                    case "backend":
                        choice = made.random.random()
                        until(lambda choice=choice: postgresql.kill_backend(choice))
                    case "fast":
                        postgresql.stop(signal.SIGINT)
                    case _:
                        postgresql.stop(signal.SIGQUIT)
                made.oracle.note_fault(
                    {
                        "kill": "SIGKILL of all of PostgreSQL",
                        "backend": "SIGKILL of a process of PostgreSQL",
                    }.get(way, f"{way} shutdown of PostgreSQL")
                )
                time.sleep(made.random.uniform(0, 0.1))
                if way != "backend":
                    postgresql.start()
                made.until_more(2)
                time.sleep(made.random.uniform(0, 0.1))
                if made.oracle.counts.wrong:
                    break
        return made.compare()


def kill_one_of_two_servers(rounds: int, seed: int) -> Counts:
    """Kill either of two servers on one PostgreSQL; those who write go on at the other."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster() as postgresql,
        new_postgresql_database(postgresql.url) as database,
        stage("two servers on one PostgreSQL", seed, Path(folder), database, servers=2) as made,
    ):
        for port in made.ports:
            made.start(port)
        with made.writing(_WRITERS):
            made.until_more()
            for _ in range(rounds):
                port = made.random.choice(made.ports)
                made.kill(port)
                made.oracle.note_fault("SIGKILL of one of two servers")
                made.until_more(2)
                made.start(port)
                made.until_more()
                time.sleep(made.random.uniform(0, 0.1))
                if made.oracle.counts.wrong:
                    break
        return made.compare()
