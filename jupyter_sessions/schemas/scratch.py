"""Small values that scripts keep in a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jupyter_sessions.schemas.fields import Answer, Code, Cursor, PageSize, Request, ScratchName


class ScratchEntry(Answer):
    """What is known of a scratch value: its name, its size as JSON, who set it and when."""

    name: str
    size: int
    user: str
    changed: datetime


class ScratchValue(ScratchEntry):
    """A scratch value: any JSON."""

    value: Any


class ScratchNamed(Request):
    """One value of a session's scratch space."""

    code: Code
    name: ScratchName


class SetScratch(Request):
    """A value to keep under a name, in place of what stood there; any JSON, null too."""

    code: Code
    name: ScratchName
    value: Any


class ListScratch(Request):
    """Which values of the scratch space to list, by name."""

    code: Code
    limit: PageSize = 200
    after: Cursor | None = None
