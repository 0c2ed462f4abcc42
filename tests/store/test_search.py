"""Full-text search: the same words, and the same answers, on each database."""

from __future__ import annotations

import itertools
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from jupyter_sessions.store import search
from jupyter_sessions.store.database import Database, Transaction
from jupyter_sessions.store.tables import commands, sessions, users
from jupyter_sessions.store.types import number_in, rows_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Indexed:
    """Sessions with commands that are nothing but their text."""

    def __init__(self, url: str) -> None:
        self.store = Database(url)
        self.store.write(self._begin).result()
        self._numbers = itertools.count(1)

    def _begin(self, transaction: Transaction) -> None:
        connection = transaction.connection
        connection.execute(
            insert(users).values(
                id=1, name="u", folded="u", display_name="", administrator=False, disabled=False,
                created=NOW,
            )
        )  # fmt: skip
        for number in (1, 2):
            connection.execute(
                insert(sessions).values(
                    id=number, code=str(number), label="", description="", owner_id=1,
                    created=NOW, last_used=NOW, disabled=False, commands=0, events=0,
                    last_command="",
                )
            )  # fmt: skip

    def put(self, content: str, session: int = 1) -> int:
        """Index a new command, and return its row number."""
        number = next(self._numbers)
        id_ = number_in(session, number)

        def work(transaction: Transaction) -> int:
            self._insert(transaction.connection, id_, session, number)
            search.index(transaction, {id_: content})
            return id_

        return self.store.write(work).result()

    def _insert(self, connection: Connection, id_: int, session: int, number: int) -> None:
        connection.execute(
            insert(commands).values(
                id=id_, session_id=session, number=number, uid=str(number), user_id=1,
                status="completed", started=NOW, language="", kernel="", notebook="",
                source="", preview="", media="", output_count=0, size=0, note="", forgotten=False,
            )
        )  # fmt: skip

    def found(self, query: str, session: int = 1) -> list[int]:
        """Return the row numbers of the commands that a search finds."""

        def work(transaction: Transaction) -> list[int]:
            condition = search.found(transaction, rows_in(session), query)
            if condition is None:
                return []
            asked = select(commands.c.id).where(condition).order_by(commands.c.id)
            return list(transaction.connection.execute(asked).scalars())

        return self.store.read(work).result()

    def forget(self, *ids: int) -> None:
        """Take commands out of the index again."""
        self.store.write(lambda transaction: search.forget(transaction, list(ids))).result()


@pytest.fixture
def indexed(database):
    found = Indexed(database)
    yield found
    found.store.close()


@pytest.fixture
def both(sqlite, postgresql_database):
    found = [Indexed(sqlite), Indexed(postgresql_database)]
    yield found
    for one in found:
        one.store.close()


LETTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.text(LETTERS, min_size=1, max_size=20) | st.text(
    "aAβΒßſ1²½_-'\"\\:*&|!() İıǅ\0é中𞤀", max_size=20
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=TEXT, query=TEXT)
@example(content="a²b ½ x𞤀y", query="x𞤀")
@example(content="İstanbul", query="istanbul")
@example(content="\u1e9e", query="ss")
@example(content="a\u0301b", query="b")
@example(content="a\u19b0b \u1cf2", query="a\u19b0")
def test_both_databases_find_the_same(both, content, query):
    put = [one.put(content) for one in both]
    for asked in (query, content, content[:3]):
        answers = [put_id in one.found(asked) for one, put_id in zip(both, put, strict=True)]
        assert answers[0] == answers[1]
        wanted, there = search.words(asked), search.words(content)
        expected = bool(wanted) and all(
            any(word.startswith(sought) for word in there) for sought in wanted
        )
        assert answers[0] == expected


def test_every_letter_and_digit_of_unicode_is_found_as_a_word(indexed):
    letters = [chr(point) for point in range(0x110000) if chr(point).isalnum()]
    id_ = indexed.put(" ".join(letters[:45_000]))
    for start in range(0, 45_000, 1_500):
        sample = letters[start]
        assert indexed.found(sample) == [id_], f"U+{ord(sample):04X} {unicodedata.name(sample, '')}"


def test_a_search_stays_in_its_session(indexed):
    first, second = indexed.put("needle", 1), indexed.put("needle", 2)
    assert indexed.found("needle", 1) == [first]
    assert indexed.found("needle", 2) == [second]
    assert indexed.found("needle", 3) == []


def test_what_is_forgotten_is_found_no_more_and_can_be_indexed_anew(indexed):
    gone, kept = indexed.put("needle in hay"), indexed.put("needle in straw")
    indexed.forget(gone)
    assert indexed.found("needle") == [kept]

    def again(transaction: Transaction) -> None:
        search.index(transaction, {gone: "thread"})

    indexed.store.write(again).result()
    assert indexed.found("thread") == [gone]
    assert indexed.found("hay") == []


LONG = {
    "one word": "x" * 5_000,
    "accents": "é" * 5_000,
    "many words": " ".join(f"w{n}" for n in range(60_000)),
    "no spaces": "中" * 200_000,
    "letters that grow": "ΐ" * 200_000,
}


@pytest.mark.parametrize("content", LONG.values(), ids=LONG.keys())
def test_very_long_text_is_indexed_by_its_beginning(indexed, content):
    id_ = indexed.put(content)
    assert indexed.found(search.words(content)[0]) == [id_]


def test_a_query_of_very_many_words_is_no_error(indexed):
    id_ = indexed.put(" ".join(f"w{n}" for n in range(500)))
    assert indexed.found(" ".join(f"w{n}" for n in range(125))) == [id_]
