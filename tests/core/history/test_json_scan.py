"""Large JSON is checked as it is when it is decoded, without being decoded."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.core.history import json_scan

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)
INDENTS = st.sampled_from([None, 1])


def encode(value: Any, indent: int | None) -> bytes:
    return json.dumps(value, indent=indent, allow_nan=False).encode()


@given(st.dictionaries(st.text(max_size=9), ANY_JSON, max_size=6), INDENTS, INDENTS)
def test_the_members_of_an_object_are_found(
    value: dict[str, Any], indent: int | None, around: int | None
) -> None:
    text = encode([value], indent)
    start = text.index(b"{")
    found = {
        each.name: json.loads(text[each.start : each.end])
        for each in json_scan.read_members(text, start)
    }
    assert found == json.loads(text)[0]
    elements = json_scan.read_elements(encode([*found.values()], around), 0)
    values = encode([*found.values()], around)
    assert [json.loads(values[slice(*each)]) for each in elements] == json.loads(values)


NUMBERS = (
    "1e308", "1e309", "-1E+400", "1e-400", "0.1", "1e0000000000000000001", "9" * 400, "7" * 4_301,
    "7" * 5_000, f"-{'7' * 5_000}", f"0.{'1' * 6_000}", f"{'1' * 2_000}e-1999", f"{'1' * 2_000}e9",
    f"{'9' * 308}.0", f"{'9' * 310}.0",
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:24])
@pytest.mark.parametrize("before", ["", "1.5,", '"e999",', "[],", "123456789012345,"])
def test_a_number_is_refused_when_it_could_not_be_read(number: str, before: str) -> None:
    for times in (1, 40, 20_000):
        text = f"[{before * times}{number} ]".encode()
        try:
            msgspec.json.decode(text)
            readable = True
        except msgspec.ValidationError:
            readable = False
        assert json_scan.has_unreadable_number(text) is not readable
        assert not json_scan.has_unreadable_number(f'["{number}", "[{number}]"]'.encode())


@pytest.mark.parametrize(
    ("text", "doubled"),
    [
        ('{"a": 1, "b": HERE}', False),
        ('{"a": 1, "b": HERE, "a": 2}', True),
        ('{"a": 1, "b": HERE, "\\u0061": 2}', True),
        ('[{"a": HERE}, {"a": 1}]', False),
        ('[{"a": HERE}, {"a": {"c": 1, "c": 2}}]', True),
        ('{"a": {"b": {"c": HERE, "c": 1}}}', True),
        ('{"a": {"b": {"d": {"c": HERE, "c": 1}}}}', False),  # deeper than is asked
    ],
)
def test_doubled_names_are_found_around_large_values(text: str, doubled: bool) -> None:
    for large in ('"x"', f'"{"x" * json_scan.SMALL}"', f"[{'[],' * json_scan.SMALL}0]"):
        found = json_scan.has_duplicates(text.replace("HERE", large).encode(), 3)
        assert found is doubled or (len(large) < 9 and '"d"' in text)


def test_bytes_that_are_no_text_are_found_wherever_they_are() -> None:
    text = ("x" * 1_048_575 + "é" + "y" * 10).encode()
    assert json_scan.is_utf8(text)
    assert json_scan.is_utf8(b"")
    assert not json_scan.is_utf8(text[:-10][:-1])
    assert not json_scan.is_utf8(text + b"\xff")


@pytest.mark.parametrize("piece", ["[],", "1.2345678,", f"{'1' * 1_800},", '"e1234 ",', "1e300,"])
def test_the_time_that_it_takes_grows_as_the_text_does(piece: str) -> None:
    def spent(size: int) -> float:
        text = f"[{piece * (size // len(piece))}0]".encode()
        started = time.thread_time()
        json_scan.has_unreadable_number(text)
        return time.thread_time() - started

    short = min(spent(500_000) for _ in range(5))
    assert min(spent(4_000_000) for _ in range(3)) < 0.05 + 30 * short
