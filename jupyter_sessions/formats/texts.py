"""Write text, bytes and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import (
    Format,
    Written,
    always,
    first_line,
    is_a,
    join_notes,
    list_some,
)

# The integers that fit into 64 bits, with or without a sign.
_INT64, _UINT64 = -(2**63), 2**64 - 1
_JSON_TYPES = frozenset((dict, list, str, int, float, bool, type(None)))
#: The types whose text in Python is a value of this type again.
_TEXT_TYPES = _JSON_TYPES | {bytes, complex, set, tuple}
# A note has no more characters of the names of fields than these.
_MAX_FIELDS = 60


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


def _text(value: object, ending: str) -> Written:
    text = str(value)
    notes = [
        "" if is_a(value, "numpy.str_") else describe_text_types(value),
        _describe_invalid(text) if ending == ".json" else "",
    ]
    return Written(to_utf8(text), join_notes(*notes))


def _describe_invalid(text: str) -> str:
    """Say that a text is not JSON; nothing if it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return "The text is not valid JSON; it was published as it is."
    return ""


def _bytes(value: Any, _ending: str) -> Written:
    note = ""
    if isinstance(value, memoryview) and (value.format != "B" or value.ndim != 1):
        note = (
            f"The file only has the bytes, not their format ({value.format}) and shape "
            f"{value.shape}."
        )
    return Written(bytes(value), note)


def _json(value: object) -> Written:
    notes = [describe_renamed(check_json(value)), _describe_long(value), describe_types(value)]
    data = json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode()
    return Written(data, join_notes(*notes))


def _plain(value: object, ending: str) -> Written:
    """Write a value of Python itself, as JSON or as Python displays it."""
    if ending == ".json":
        return _json(value)
    from IPython.lib import pretty

    # The display shows the first thousand items; a file has room for all.
    shown: str = pretty.pretty(value, max_seq_length=0)  # type: ignore[no-untyped-call]
    return Written(to_utf8(shown), describe_text_types(value))


def _is_number(value: object) -> bool:
    # NumPy derives durations from integers.
    return isinstance(value, int | float | complex) or (
        is_a(value, "numpy.number") and not is_a(value, "numpy.timedelta64")
    )


def _number(value: Any, ending: str) -> Written:
    return _plain(value.item() if is_a(value, "numpy.generic") else value, ending)


def _set(value: object, ending: str) -> Written:
    if ending == ".json":
        raise BadRequest(
            "JSON has no sets, so a set can't be written as .json.",
            hint="Publish a list of its items: items = sorted(…), or choose .txt.",
        )
    return _plain(value, ending)


def _describe_long(value: object) -> str:
    """Say that some integers are longer than most readers of JSON accept, if any are."""
    long = any(type(part) is int and not _INT64 <= part <= _UINT64 for part in _each_part(value))
    return "It has integers beyond 64 bits, which many readers of JSON refuse or round." * long


def describe_types(value: object) -> str:
    """Say which types JSON doesn't have and what became of them; nothing if it has all."""
    changed = dict.fromkeys(filter(None, map(_describe_type, _each_part(value, keys=True))))
    if not changed:
        return ""
    return f"JSON doesn't have all its types: {list_some(changed)}."


def describe_text_types(value: object) -> str:
    """Say which types a text doesn't have; nothing if its text in Python is the value again."""
    return describe_text_only(
        kind.__name__ for kind in map(type, _each_part(value, keys=True)) if kind not in _TEXT_TYPES
    )


def describe_text_only(names: Iterable[str]) -> str:
    """Say of which types a file only has the text; nothing for none."""
    found = list(dict.fromkeys(names))
    if not found:
        return ""
    if len(found) == 1:
        return f"A text file can't store the type {found[0]}, only its text."
    return f"A text file can't store the types {list_some(found)}, only their text."


def _describe_type(part: object) -> str:
    kind = type(part)
    if kind in _JSON_TYPES:
        return ""
    if isinstance(part, Enum):
        return f"{kind.__name__} became its value"
    if isinstance(part, dict):
        return f"{kind.__name__} became a dictionary"
    if isinstance(part, str | int | float) and not is_a(part, "numpy.generic"):
        return f"{kind.__name__} became a {'text' if isinstance(part, str) else 'number'}"
    if not isinstance(part, list | tuple):
        return ""
    fields = ", ".join(map(str, getattr(part, "_fields", ())))
    if len(fields) > _MAX_FIELDS:
        fields = f"{fields[:_MAX_FIELDS]}…"
    without = f" without the names of its fields ({fields})" if fields else ""
    return f"{kind.__name__} became a list{without}"


def _each_part(value: object, *, keys: bool = False) -> Iterator[object]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += part.values()
            if keys:
                waiting += part
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part


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
    renamed = 0
    for part in _each_part(value):
        if isinstance(part, dict):
            others = sum(not isinstance(key, str) for key in part)
            if others and len({_key(key) for key in part}) < len(part):
                raise BadRequest(
                    "Two keys of a dictionary would become the same text in JSON.",
                    hint="Use keys that differ as text.",
                )
            renamed += others
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
        "A dictionary, list or tuple",
        always(".json", ".txt"),
        lambda value: isinstance(value, dict | list | tuple),
        _plain,
    ),
    Format("None", always(".txt", ".json"), lambda value: value is None, _plain),
    Format(
        "A Boolean value",
        always(".txt", ".json"),
        lambda value: isinstance(value, bool) or is_a(value, "numpy.bool"),
        _number,
    ),
    Format("A number", always(".txt", ".json"), _is_number, _number),
    Format("A set", always(".txt", ".json"), lambda v: isinstance(v, set | frozenset), _set),
)
