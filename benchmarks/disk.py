"""Row 8: what a recorded notebook takes on disk, beside its file."""

from __future__ import annotations

import getpass
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import nbformat

from benchmarks import servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, ratios
from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import SystemUser

#: So often a notebook is recorded, to find what its rows take: a database grows by whole pages.
_TIMES = 20


def measure(effort: Effort, folder: Path) -> Row:
    """Run the demo's notebook once, and record its cells in stores of their own."""
    notebook = folder / "executed.ipynb"
    subprocess.run(
        [sys.executable, "-m", "jupyter_sessions", "demo", "--no-serve", f"--output={notebook}"],
        env=servers.environment(folder),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    cells = [_recording(cell) for cell in nbformat.read(notebook, 4).cells if "outputs" in cell]
    file = notebook.stat().st_size / 1024
    taken = [_taken(folder / f"store-{number}", cells) for number in range(effort.rounds)]
    row = Row("8. Disk for a recorded notebook")
    row.figures = [
        Figure("the demo's notebook with its outputs, as .ipynb", [file], "KiB"),
        Figure(f"its {len(cells)} commands in a session", taken, "KiB"),
    ]
    row.goals = [Goal("in the session : as .ipynb", ratios(taken, [file] * len(taken)), "", 0.5)]
    row.notes.append(
        f"Its blobs, and a {_TIMES}th of what the database grows by {_TIMES} such sessions."
    )
    return row


def _recording(cell: Any) -> schemas.Recording:
    now = datetime.now(UTC)
    outputs = [msgspec.convert(dict(each), schemas.Output) for each in cell.outputs]
    return schemas.Recording(
        id=secrets.token_hex(16),
        request=schemas.CommandRequest(source=cell.source, started=now, notebook="executed.ipynb"),
        response=schemas.CommandResponse(
            status="error"
            if any(each.output_type == "error" for each in cell.outputs)
            else "completed",
            outputs=outputs,
            finished=now,
            duration=0.1,
        ),
    )


def _taken(folder: Path, cells: list[schemas.Recording]) -> float:
    """Return how many KiB a notebook's cells take in a store that is in use."""
    folder.mkdir()
    credentials = SystemUser(getpass.getuser())
    database = folder / "sessions.db"

    def record(times: int) -> int:
        store = Dispatcher(f"sqlite:///{database}", folder / "blobs")
        for _ in range(times):
            session = store.submit(
                api.CREATE_SESSION, schemas.NewSession(label="disk"), credentials
            )
            request = schemas.RecordCommands(code=session.result().code, commands=cells)
            store.submit(api.RECORD_COMMANDS, request, credentials).result()
        store.close()
        return database.stat().st_size

    first = record(1)
    rows = (record(_TIMES) - first) / _TIMES
    # The same contents again are the same blobs: those of the first time are counted, once.
    blobs = sum(path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file())
    return (rows + blobs) / 1024
