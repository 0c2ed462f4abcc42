"""Read the stored logins once for each command of a shell.

A command asks in many places which login it is for. Within `read_once` each file of the stored
logins is read at most once, until this process changes them, or asks for what others have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_sessions.client.logins.shells import Shell


@dataclass
class Known:
    """What a command has read: the folder, its files, and the shell that it runs in."""

    folder: Path | None = None
    names: list[str] | None = None
    files: dict[tuple[Path, type], Any] = field(default_factory=dict)
    shell: list[Shell | None] = field(default_factory=list)


known: ContextVar[Known | None] = ContextVar("known logins", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Read each file once in this block; other threads are not affected."""
    token = known.set(Known())
    try:
        yield
    finally:
        known.reset(token)


def refresh() -> None:
    """Forget what was read, so that the next reads see what has changed."""
    if known.get() is not None:
        known.set(Known())
