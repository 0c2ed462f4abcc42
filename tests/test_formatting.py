"""JSON for people stays of a bounded size, and is the same JSON."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.formatting import format_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_is_indented_is_the_same_json(value: object) -> None:
    dense = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    assert json.loads(format_json(dense)) == json.loads(dense)
    assert format_json(dense).decode() == json.dumps(
        json.loads(dense), indent=2, ensure_ascii=False
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * 480 + "]" * 480,
        "[" + ",".join(["[" * 480 + "]" * 480] * 200) + "]",
        '{"a":' * 300 + "1" + "}" * 300,
        "[" + "1," * 400_000 + "1]",
        '["' + '\\"[' * 100_000 + '"]',
    ],
)
def test_json_of_any_form_is_at_most_a_few_times_larger_for_people(text: str) -> None:
    started = time.process_time()
    shown = format_json(text.encode())
    assert len(shown) < 4 * len(text) + 4_096
    assert json.loads(shown) == json.loads(text)
    assert time.process_time() - started < 5
