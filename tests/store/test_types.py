"""Lists as one parameter: however long, they are found as a list in SQL would find them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import users
from jupyter_sessions.store.types import is_in

COLUMNS = [column.name for column in users.columns]
INSERT = CompiledStatement(insert(users), columns=COLUMNS)
BY_NUMBER = CompiledStatement(select(users.c.id).where(is_in(users.c.id, "numbers")))
BY_NAME = CompiledStatement(select(users.c.id).where(is_in(users.c.name, "names")))
NAMES = ["plain", "é'\"%", "[1, 2]", "", "null", "12"]


@pytest.fixture
def filled(store):
    rows = [
        {
            **dict.fromkeys(COLUMNS),
            "id": number, "name": name, "folded": name, "display_name": "",
            "administrator": False, "disabled": False, "created": datetime.now(UTC),
        }
        for number, name in enumerate(NAMES, 2**33)
    ]  # fmt: skip
    store.write(lambda tx: INSERT.run(tx.connection, rows)).result()
    return store


@pytest.mark.parametrize("wanted", [set(), {2**33}, {1, 2, 2**33 + 5}, set(range(5_000))])
def test_numbers_are_found_whatever_how_many(filled, wanted):
    rows = filled.read(lambda tx: BY_NUMBER.rows(tx.connection, numbers=wanted)).result()
    assert {row.id for row in rows} == wanted & set(range(2**33, 2**33 + len(NAMES)))


@pytest.mark.parametrize("wanted", [[], NAMES[:1], NAMES, ["none", *NAMES[3:]]])
def test_texts_are_found_whatever_is_in_them(filled, wanted):
    rows = filled.read(lambda tx: BY_NAME.rows(tx.connection, names=wanted)).result()
    assert {NAMES[row.id - 2**33] for row in rows} == set(wanted) & set(NAMES)
