"""When two names are the same, and who is a guest."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.names import GUEST_MARK, fold_name, remove_guest_mark

ANY = st.text(st.characters(), max_size=60)


def test_folding_a_folded_character_changes_nothing() -> None:
    changed = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if fold_name(fold_name(chr(point))) != fold_name(chr(point))
    ]
    assert changed == []


@given(ANY)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


@pytest.mark.parametrize(
    "alike",
    [
        ("foo", "FOO"),
        ("foo", "ｆｏｏ"),
        ("é", "e\u0301"),
        ("straße", "STRASSE"),
        ("ﬁt", "fit"),
        ("K", "k"),
    ],
)
def test_names_that_look_the_same_fold_the_same(alike: tuple[str, str]) -> None:
    assert fold_name(alike[0]) == fold_name(alike[1])


@given(ANY)
def test_plain_names_fold_as_all_others_do(text: str) -> None:
    normalized = unicodedata.normalize("NFKC", text).casefold()
    assert fold_name(text) == unicodedata.normalize("NFKC", normalized)


def test_only_the_mark_of_a_guest_is_removed() -> None:
    assert remove_guest_mark(f"{GUEST_MARK}ben") == "ben"
    assert remove_guest_mark("guest.ben") == "guest.ben"
