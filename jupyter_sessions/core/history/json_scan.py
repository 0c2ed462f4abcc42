"""Check large JSON without building its values.

To build millions of values takes seconds, in which no other thread of the process runs. msgspec
skips a value a hundred times as fast, and checks its syntax, but neither that it is UTF-8 nor that
its numbers can be read. What is here works in short steps, between which other threads can run.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

#: JSON of at most this many bytes is decoded in a few milliseconds, whatever it consists of.
SMALL = 1 << 18

_STEP = 1 << 20
_MOST_NAMES = 100_000
_SPACE = re.compile(rb"[ \t\n\r]*+")
_NAME = re.compile(rb'"(?:[^"\\]|\\.){0,10000}+"')
_AFTER_NAME = re.compile(rb"[ \t\n\r]*+:[ \t\n\r]*+")
_TRAILING = re.compile(r"JSON is malformed: trailing characters \(byte (\d+)\)")
# A string, or what stands between two: long runs of it are read in pieces that end with a number.
_PART = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^"]{1,65536}+[-+.0-9eE]*+', re.DOTALL)
# Numbers that may be beyond what can be read, by their exponent or by their length.
_LONG_NUMBER = re.compile(rb"(?<![\d.])-?\d(?:[\d.]*+[eE]\+?\d{3,}+|[\d.]{300,}+(?:[eE][-+]?\d+)?)")
# The same in any text: an exponent, and of every sixteenth byte so many digits in turn that a run
# of more than 300 of them can't be missed.
_LONG_EXPONENT = re.compile(rb"[eE]\+?\d{3,}+(?:[ \t\n\r,\]}]|\Z)")
_SPARSE = 16
_SPARSE_DIGITS = re.compile(rb"[\d.]{8}")
_DIGITS = re.compile(rb"[\d.]{113}")
_MOST_DIGITS = 4_300  # of an integer: Python reads no more
_OVERLAP = 8

_skip = msgspec.json.Decoder(msgspec.Raw).decode
_read_name = msgspec.json.Decoder(str).decode


class Member(NamedTuple):
    """A member of an object: its name, and where its value stands."""

    name: str
    start: int
    end: int


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    read = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for start in range(0, len(text), _STEP):
            read(text[start : start + _STEP], final=start + _STEP >= len(text))
    except UnicodeDecodeError:
        return False
    return True


def count_strings(text: bytes) -> int:
    """Return a number between that of the strings in JSON and twice that."""
    found = 0
    for start in range(0, len(text), _STEP):
        end = start + _STEP
        found += text.count(b'"', start, end) - text.count(b'\\"', start, end)
    return found


def has_unreadable_number(text: bytes) -> bool:
    """Return whether valid JSON has a number that is too large for a reader."""
    if not (_has_long_exponent(text) or _has_many_digits(text)):
        return False
    for part in _PART.finditer(text):
        if text[part.start()] == ord('"'):
            continue
        for number in _LONG_NUMBER.finditer(text, part.start(), part.end()):
            if _is_unreadable(number[0]):
                return True
    return False


def _is_unreadable(number: bytes) -> bool:
    digits = number.removeprefix(b"-")
    if digits.isdigit():
        return len(digits) > _MOST_DIGITS
    return math.isinf(float(number))


def _has_long_exponent(text: bytes) -> bool:
    return any(
        _LONG_EXPONENT.search(text, start, start + _STEP + _OVERLAP)
        for start in range(0, len(text), _STEP)
    )


def _has_many_digits(text: bytes) -> bool:
    return any(
        _DIGITS.match(text, found.start() * _SPARSE)
        for found in _SPARSE_DIGITS.finditer(text[::_SPARSE])
    )


def read_members(text: bytes, start: int = 0) -> Iterator[Member]:
    """Yield the members of an object that starts there in valid JSON.

    Raises
    ------
    ValueError
        If a name is longer than 10,000 characters.
    """
    view = memoryview(text)
    at = _SPACE.match(text, start + 1).end()  # type: ignore[union-attr]  # it matches nothing, too
    while text[at] != ord("}"):
        name = _NAME.match(text, at)
        colon = name and _AFTER_NAME.match(text, name.end())
        if name is None or colon is None:
            raise ValueError("A name is too long.")
        end = find_end(view, colon.end())
        yield Member(_read_name(name[0]), colon.end(), end)
        at = _go_on(text, end)


def read_elements(text: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield where each element of an array stands that starts there in valid JSON."""
    view = memoryview(text)
    at = _SPACE.match(text, start + 1).end()  # type: ignore[union-attr]  # as above
    while text[at] != ord("]"):
        end = find_end(view, at)
        yield at, end
        at = _go_on(text, end)


def find_end(view: memoryview, start: int) -> int:
    """Return where the value ends that starts there in valid JSON."""
    try:
        _skip(view[start:])
    except msgspec.DecodeError as error:
        # It was skipped when msgspec read one more character.
        after = _TRAILING.fullmatch(str(error))
        if after is None:
            raise
        return start + int(after[1]) - 1
    return len(view)


def has_duplicates(text: bytes, depth: int) -> bool:
    """Return whether an object in valid JSON has two members of one name.

    Large values that are nested deeper than `depth` are not searched.

    Raises
    ------
    ValueError
        If an object has too many members to tell.
    """
    start = _SPACE.match(text).end()  # type: ignore[union-attr]  # as above
    return _has_duplicates(text, depth, start, len(text))


def _has_duplicates(text: bytes, depth: int, start: int, end: int) -> bool:
    if end - start <= SMALL:
        return _decode_and_search(text[start:end])
    if not depth:
        return False
    if text[start] == ord("{"):
        names = set()
        for member in read_members(text, start):
            if member.name in names or _has_duplicates(text, depth - 1, *member[1:]):
                return True
            names.add(member.name)
            if len(names) > _MOST_NAMES:
                raise ValueError(f"an object has more than {_MOST_NAMES:,} members")
    elif text[start] == ord("[") and depth > 1:
        return any(_has_duplicates(text, depth - 1, *each) for each in read_elements(text, start))
    return False


def _decode_and_search(text: bytes) -> bool:
    found = False

    def note(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({name for name, _ in pairs}) != len(pairs)

    json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str)
    return found


def _go_on(text: bytes, end: int) -> int:
    """Return where the next member or element starts, or the object or array ends."""
    at = _SPACE.match(text, end).end()  # type: ignore[union-attr]  # as above
    return _SPACE.match(text, at + 1).end() if text[at] == ord(",") else at  # type: ignore[union-attr]
