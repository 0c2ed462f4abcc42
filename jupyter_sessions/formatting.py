"""Values as text for people to read."""

from __future__ import annotations

import re

import msgspec

#: JSON that is larger, nested deeper, or larger once indented stays as it is: 200 kB of nested
#: brackets would become 180 MB.
_LARGEST = 400_000
_DEEPEST = 64
_LARGEST_INDENTED = 4_000_000
_INDENT = 2
_QUOTE = ord('"')

# A string without an end reaches to the end of the text: no part of it is read twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z|\\\Z)|[\[\]{},]', re.DOTALL)


def format_json(text: bytes) -> bytes:
    """Indent JSON for people to read, if it stays of a bounded size.

    Parameters
    ----------
    text
        JSON, without any space between its tokens.

    Returns
    -------
    bytes
        The same JSON: indented, or as it is where it is very large or nested very deep.
    """
    return msgspec.json.format(text, indent=_INDENT) if can_be_indented(text) else text


def can_be_indented(text: bytes) -> bool:
    """Tell whether JSON is neither too large nor nested too deep to be indented."""
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
