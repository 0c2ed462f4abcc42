"""The grammar of terminals' escape sequences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.cli.values import printable
from jupyter_sessions.escape_sequences import (
    BEGUN,
    SEQUENCE,
    parse_graphics,
    parse_parameters,
    remove_sequences,
)

SEQUENCES = [
    "\x1b[m", "\x1b[38:2::1:2:3m", "\x1b[?1049h", "\x1b[>4;2m", "\x1b[ q", "\x1b[2K",
    "\x1b(B", "\x1b)0", "\x1b#8", "\x1b%G", "\x1b7", "\x1b8", "\x1b=", "\x1bM", "\x1bc",
    "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x1bPq#0\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\",
]  # fmt: skip


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_is_one_and_its_beginnings_may_become_one(sequence: str) -> None:
    match = SEQUENCE.match(sequence + "7")
    assert match is not None
    assert match[0] == sequence
    assert remove_sequences(f"a{sequence}b") == "ab"
    for end in range(1, len(sequence)):
        assert BEGUN.search("a" + sequence[:end]) is not None
    assert BEGUN.search("a" + sequence) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    json.loads((Path(__file__).parent / "fixtures" / "formatting.json").read_text())[
        "terminal_texts"
    ],
)
def test_sequences_are_removed_as_in_jupyterlab(text: str, plain: str) -> None:
    assert remove_sequences(text) == plain


@given(st.text(alphabet="\x1b[]PX^_()m;:?0\\ \x07K1B"))
def test_what_can_be_seen_holds_no_escape_character(text: str) -> None:
    assert "\x1b" not in remove_sequences(text)


def test_parameters_may_be_left_out_and_have_parts() -> None:
    assert parse_parameters("38:2::1:2:3;1;") == [[38, 2, None, 1, 2, 3], [1], [None]]
    assert len(parse_parameters(";" * 10_000)) == 32
    assert parse_parameters("9" * 10_000) == [[999_999_999]]


@pytest.mark.parametrize(
    ("parameters", "changes"),
    [
        ("", [(0,)]),
        ("1;31", [(1,), (31,)]),
        ("38;5;196;1", [(38, 5, 196), (1,)]),
        ("48:5:196;1", [(48, 5, 196), (1,)]),
        ("38:2::1:2:3;3", [(38, 2, 1, 2, 3), (3,)]),
        ("38:2:1:2:3", [(38, 2, 1, 2, 3)]),
        ("58;2;1;3;4;1", [(58, 2, 1, 3, 4), (1,)]),
        ("4:3", [(4, 3)]),
        ("38", []),
        ("38;5", []),
        ("38;2;1;2", []),
        ("38:2", []),
    ],
)
def test_the_changes_of_a_look_are_told_apart(
    parameters: str, changes: list[tuple[int, ...]]
) -> None:
    assert list(parse_graphics(parameters)) == changes


def test_a_shell_is_shown_colours_and_no_remains_of_other_sequences() -> None:
    shown = printable("\x1b[38:2::1:2:3mred\x1b[0m\x1b(B\x1b[2J\x1b]52;c;cm0=\x07 \x1b")
    assert shown == "\x1b[38:2::1:2:3mred\x1b[0m ␛"
