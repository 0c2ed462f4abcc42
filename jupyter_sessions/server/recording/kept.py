"""Attachments on disk, for a server that starts again while the kernels still live."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.local_servers import alive
from jupyter_sessions.server.recording import protocol


class Kept(msgspec.Struct):
    """An attachment as it stands on disk; `process` is the server that looks after it."""

    process: int
    told: protocol.Attach
    kernel_name: str
    label: str
    url: str | None


schemas.ready(Kept)


def keep(kept: Kept) -> None:
    """Write an attachment down."""
    path = _path(kept.told.connection_file)
    new = path.with_suffix(".new")
    with suppress(OSError):  # it records all the same, until the server ends
        new.write_bytes(msgspec.json.encode(kept))
        new.chmod(0o600)
        new.replace(path)


def forget(connection_file: str) -> None:
    """Take an attachment out."""
    with suppress(OSError):
        _path(connection_file).unlink(missing_ok=True)


def left() -> list[Kept]:
    """List the attachments of servers that are gone, whose kernels may still live."""
    found = []
    for path in sorted(paths.private("attachments").glob("*.json")):
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if kept.process != os.getpid() and alive(kept.process):
            continue
        if Path(kept.told.connection_file).exists():
            found.append(kept)
        else:
            path.unlink(missing_ok=True)
    return found


def _path(connection_file: str) -> Path:
    name = hashlib.sha256(connection_file.encode()).hexdigest()[:32]
    return paths.private("attachments") / f"{name}.json"
