"""A store with a session of many commands, filled once through the store's own code and kept."""

from __future__ import annotations

import getpass
import hashlib
import shutil
import tempfile
from pathlib import Path

import msgspec

import jupyter_sessions
from benchmarks import commands
from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import SystemUser

_BATCH = 2_000
_AHEAD = 4  # batches under way at a time, so that preparing and writing overlap


def store(count: int) -> tuple[Path, str]:
    """Return the database's file and the session's code; the first time takes minutes.

    Parameters
    ----------
    count
        How many commands the session has.
    """
    schema = hashlib.sha256()
    for file in sorted(
        Path(jupyter_sessions.__file__).parent.glob("store/migrations/versions/*.py")
    ):
        schema.update(file.read_bytes())
    kept = Path(tempfile.gettempdir()) / "jupyter-sessions-benchmark-stores"
    folder = kept / f"{count}-{schema.hexdigest()[:12]}"
    if not folder.exists():
        filling = folder.with_suffix(".filling")
        shutil.rmtree(filling, ignore_errors=True)
        filling.mkdir(mode=0o700, parents=True)
        (filling / "code").write_text(fill(filling, count))
        filling.rename(folder)
    return folder / "sessions.db", (folder / "code").read_text()


def hold_in_memory(file: Path) -> None:
    """Read a file once: a disk that is waited for would be measured instead of a page."""
    with file.open("rb") as opened:
        while opened.read(1 << 22):
            pass


def fill(folder: Path, count: int) -> str:
    """Make a store in a folder, with a session of so many commands; return the session's code."""
    dispatcher = Dispatcher(f"sqlite:///{folder / 'sessions.db'}", folder / "blobs")
    credentials = SystemUser(getpass.getuser())
    try:
        made = dispatcher.submit(api.CREATE_SESSION, schemas.NewSession(label="many"), credentials)
        code: str = made.result().code
        waiting = []
        for first in range(0, count, _BATCH):
            read = msgspec.json.decode(commands.body(min(_BATCH, count - first)), type=_Body)
            request = schemas.RecordCommands(code=code, commands=read.commands)
            waiting.append(dispatcher.submit(api.RECORD_COMMANDS, request, credentials))
            if len(waiting) == _AHEAD:
                waiting.pop(0).result()
        for future in waiting:
            future.result()
        return code
    finally:
        dispatcher.close()


class _Body(msgspec.Struct):
    commands: list[schemas.Recording]
