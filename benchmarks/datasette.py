"""Rows 2 and 3 with Datasette in our place: rows inserted through its API."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import commands, load, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, ratios

_MISSING = (
    "Datasette is not measured: --quick leaves it out, or it is not installed (the extra "
    "`benchmarks` brings it)."
)


#: Makes the table searchable, in the way that Datasette's documentation recommends.
_SEARCH = """
CREATE VIRTUAL TABLE commands_fts USING fts5(source, outputs, content='commands');
CREATE TRIGGER commands_ai AFTER INSERT ON commands BEGIN
    INSERT INTO commands_fts (rowid, source, outputs) VALUES (new.rowid, new.source, new.outputs);
END;
"""


@dataclass(frozen=True)
class Datasette:
    """A running Datasette, with a searchable table for commands and a token that may insert."""

    server: servers.Server

    def insert(self, count: int) -> bytes:
        """Return the bytes of a request that inserts `count` new commands."""
        who = {"Authorization": f"Bearer {self.server.token}"}
        content: Any = {"rows": commands.rows(count)}
        if count == 1:
            content = {"row": content["rows"][0]}
        path = "/commands/commands/-/insert"
        return servers.http_request(
            self.server.port, "POST", path, who, json.dumps(content).encode()
        )


@contextlib.contextmanager
def serving(folder: Path, effort: Effort) -> Iterator[Datasette | None]:
    """Run Datasette on SQLite; None where it is not measured."""
    if effort.quick or importlib.util.find_spec("datasette") is None:
        yield None
        return
    database = folder / "commands.db"
    columns = [
        f"{name} {'TEXT PRIMARY KEY' if name == 'id' else 'ANY'}" for name in commands.rows(1)[0]
    ]
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"CREATE TABLE commands ({', '.join(columns)})")
        connection.executescript(_SEARCH)
    port, secret = servers.free_port(), secrets.token_hex()
    made = subprocess.run(
        [sys.executable, "-m", "datasette", "create-token", "benchmark", "--secret", secret],
        check=True,
        capture_output=True,
        text=True,
        env=servers.environment(folder),
    )
    command = [
        *(sys.executable, "-m", "datasette", "serve", str(database), "--port", str(port)),
        *("--secret", secret, "--setting", "permissions.insert-row.id", "benchmark"),
    ]
    with servers.running(command, folder, port, "/-/versions.json") as process:
        yield Datasette(servers.Server(port, process, made.stdout.strip()))


def add(
    row: Row,
    ours: Sequence[load.Load],
    theirs: Sequence[load.Load] | None,
    *,
    batch: int,
    limit: float,
) -> None:
    """Add to `row` what Datasette needs for a command, and the goal for ours beside it."""
    if theirs is None:
        row.notes.append(_MISSING)
        return
    costs = [cost / batch for cost in load.costs(theirs)]
    rates = [batch * rate for rate in load.rates(theirs)]
    row.figures += [
        Figure(f"Datasette, insert of {batch} commands a request", rates, "/s"),
        Figure("Datasette's CPU for a command", costs, "ms"),
    ]
    row.goals.append(
        Goal("CPU, ours : Datasette", ratios(load.costs(ours), load.costs(theirs)), "", limit)
    )
