"""Write text, bytes and JSON."""

from __future__ import annotations

import json

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written, always, first_line


def to_utf8(text: str) -> bytes:
    """Encode a text as UTF-8.

    Raises
    ------
    BadRequest
        When it can't be encoded, since it holds half a surrogate pair.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(
            "The text contains half of a character (a lone surrogate), which a file can't store.",
            hint="Clean it first: text.encode('utf-8', 'replace').decode().",
        ) from error


def _text(value: object, _ending: str) -> bytes:
    return to_utf8(str(value))


def _bytes(value: object, _ending: str) -> bytes:
    return bytes(value)  # type: ignore[call-overload,no-any-return]  # `takes` saw bytes or alike


def _json(value: object, _ending: str) -> Written:
    note = describe_renamed(check_json(value))
    return Written(json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode(), note)


def describe_renamed(keys: int) -> str:
    """Say how many keys became texts; nothing for none."""
    if not keys:
        return ""
    return f"JSON keys are text, so {'1 key' if keys == 1 else f'{keys:,} keys'} became text."


def check_json(value: object) -> int:
    """Check that a value can be written as JSON; return the number of keys that are not text.

    Raises
    ------
    BadRequest
        When JSON can't represent it, or two keys would become the same.
    """
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest(
            f"The value can't be written as JSON: {first_line(error)}",
            hint="JSON has text, finite numbers, lists and dictionaries with text keys.",
        ) from error
    renamed, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            others = sum(not isinstance(key, str) for key in part)
            if others and len({_key(key) for key in part}) < len(part):
                raise BadRequest(
                    "Two keys of a dictionary would become the same text in JSON.",
                    hint="Use keys that differ as text.",
                )
            renamed += others
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return renamed


def _key(key: object) -> str:
    """Return the `json` module's form of a key."""
    return key if isinstance(key, str) else json.dumps(key)


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
