"""Format values as text for people to read."""

from __future__ import annotations

import re

import msgspec

#: JSON stays as it is if it is larger than this, nested deeper, or larger once indented: 200 kB of
#: nested brackets would become 180 MB.
_LARGEST = 400_000
_DEEPEST = 64
_LARGEST_INDENTED = 4_000_000
_INDENT = 2
_QUOTE = ord('"')

# An unterminated string extends to the end of the text, so no part of it is read twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z|\\\Z)|[\[\]{},]', re.DOTALL)


def format_json(text: bytes) -> bytes:
    """Indent JSON for people to read, as long as the result has a bounded size.

    Parameters
    ----------
    text
        JSON without space between its tokens.

    Returns
    -------
    bytes
        The indented JSON, or `text` itself if it is very large or very deeply nested.
    """
    return msgspec.json.format(text, indent=_INDENT) if can_be_indented(text) else text


def can_be_indented(text: bytes) -> bool:
    """Return whether JSON is small and flat enough to be indented."""
    if len(text) > _LARGEST:
        return False
    depth, size = 0, len(text)
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] == _QUOTE:
            continue
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        size += 1 + _INDENT * depth
        if depth > _DEEPEST or size > _LARGEST_INDENTED:
            return False
    return True
