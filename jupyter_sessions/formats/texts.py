"""Text, bytes and JSON."""

from __future__ import annotations

import json

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, always


def _text(value: object, _ending: str) -> bytes:
    try:
        return str(value).encode()
    except UnicodeEncodeError as error:
        raise BadRequest(
            "The text holds half a character (a lone surrogate), which no file can.",
            hint="Clean it first: text.encode('utf-8', 'replace').decode().",
        ) from error


def _bytes(value: object, _ending: str) -> bytes:
    return bytes(value)  # type: ignore[call-overload,no-any-return]  # `takes` saw bytes or alike


def _json(value: object, _ending: str) -> bytes:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest(
            f"The value can't be written as JSON: {error}.",
            hint="JSON has texts, finite numbers, lists and dictionaries with text keys.",
        ) from error


FORMATS = (
    Format(
        "Text",
        always(
            ".txt", ".md", ".html", ".csv", ".json", ".svg", ".tex", ".xml", ".yaml", ".py", ".log"
        ),
        lambda value: isinstance(value, str),
        _text,
    ),
    Format(
        "Bytes",
        always(
            ".bin",
            ".png",
            ".jpg",
            ".jpeg",
            ".webp",
            ".gif",
            ".pdf",
            ".zip",
            ".gz",
            ".nc",
            ".parquet",
        ),
        lambda value: isinstance(value, bytes | bytearray | memoryview),
        _bytes,
    ),
    Format(
        "A dictionary or list",
        always(
            ".json",
        ),
        lambda value: isinstance(value, dict | list | tuple),
        _json,
    ),
)
