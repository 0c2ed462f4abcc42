"""Schemas for scratch values: small JSON values that scripts keep in a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jupyter_sessions.schemas.fields import Answer, Code, Cursor, PageSize, Request, ScratchName


class ScratchEntry(Answer):
    """A scratch value without its content: its name, its size as JSON, who set it and when."""

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
    """A value to store under a name; any JSON, including null. It replaces an existing value."""

    code: Code
    name: ScratchName
    value: Any


class ListScratch(Request):
    """Which scratch values to list, by name."""

    code: Code
    limit: PageSize = 200
    after: Cursor | None = None
