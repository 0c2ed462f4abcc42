"""Recordings as JSON, whatever the recorded program printed."""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_sessions import schemas


def encoded(recording: schemas.Recording) -> bytes:
    """Write a recording as JSON that the server reads.

    A program may print half of a character or numbers that JSON can't hold: what can't be written
    as it is, is written as text.

    Raises
    ------
    ValueError, TypeError, RecursionError
        When even that does not go.
    """
    try:
        return msgspec.json.encode(recording)
    except (ValueError, OverflowError, TypeError):
        plain = _plain(msgspec.to_builtins(recording, str_keys=True, enc_hook=repr))
        return msgspec.json.encode(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value
