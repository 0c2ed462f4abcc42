"""Evaluate conditional and range requests for content with a strong ETag (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from typing import NamedTuple

from tornado.httputil import HTTPHeaders

from jupyter_sessions import errors

# One range. Several in one request are answered with the whole content, as RFC 9110 allows.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,99})-([0-9]{0,99})[ \t]*", re.IGNORECASE)
_ETAG = re.compile(r'(W/)?("[^"]*")')


class ByteRange(NamedTuple):
    """The bytes from `start` up to, but not including, `stop`."""

    start: int
    stop: int


def make_etag(version: str) -> str:
    """Return the strong ETag of a version of some content."""
    return f'"{version}"'


def is_unmodified(headers: HTTPHeaders, etag: str) -> bool:
    """Tell whether the caller already has the content (``If-None-Match``, compared weakly)."""
    wanted = headers.get("If-None-Match", "").strip()
    return wanted == "*" or any(found[2] == etag for found in _ETAG.finditer(wanted))


def read_range(headers: HTTPHeaders, size: int, etag: str) -> ByteRange | None:
    """Return the part of the content that a request wants; None for all of it.

    Parameters
    ----------
    headers
        The request's headers.
    size
        The content's size in bytes.
    etag
        Its strong ETag. An ``If-Range`` that differs from it wants the whole content.

    Raises
    ------
    RangeNotSatisfiable
        If no byte of the range exists.
    """
    wanted = _RANGE.fullmatch(headers.get("Range", "").strip())
    # Clients that send a range with each request expect an empty file to come as one.
    if wanted is None or not size or headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = wanted.groups()
    if not first and not last:
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None  # invalid, which is not the same as not satisfiable
    if start >= size:
        raise errors.RangeNotSatisfiable.from_size(size)
    return ByteRange(start, stop)


def format_content_range(part: ByteRange, size: int) -> str:
    """Return a ``Content-Range`` header."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"
