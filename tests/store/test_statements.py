"""Prepared statements: they do what SQLAlchemy does with the same statement, values and rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import users

COLUMNS = [column.name for column in users.columns]
INSERT = CompiledStatement(insert(users), columns=COLUMNS)
BY_NAME = CompiledStatement(select(users).where(users.c.name == bindparam("name")))
AWAKE = CompiledStatement(
    select(users.c.id).where(~users.c.disabled, users.c.display_name == "%s ? :x")
)
WHEN = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def user(number: int, **more: object) -> dict[str, object]:
    """Return the values of a row."""
    return {
        **dict.fromkeys(COLUMNS),
        "id": number, "name": f"u{number}", "folded": f"u{number}", "display_name": "%s ? :x",
        "administrator": False, "disabled": False, "created": WHEN, **more,
    }  # fmt: skip


def test_values_and_rows_are_converted_as_sqlalchemy_does(store):
    rows = [user(1, administrator=True), user(2, last_login=WHEN), user(3, name="é'\"%")]
    store.write(lambda tx: INSERT.run(tx.connection, rows)).result()
    for name in ("u1", "u2", "é'\"%"):
        (prepared,) = store.read(
            lambda tx, name=name: BY_NAME.rows(tx.connection, name=name)
        ).result()
        plain = store.read(
            lambda tx, name=name: tx.connection.execute(
                select(users).where(users.c.name == name)
            ).one()
        ).result()
        assert {c: getattr(prepared, c) for c in COLUMNS} == dict(plain._mapping)
        assert type(prepared.administrator) is bool


def test_constants_in_a_statement_are_kept(store):
    store.write(lambda tx: INSERT.run(tx.connection, [user(1), user(2, disabled=True)])).result()
    rows = store.read(lambda tx: AWAKE.rows(tx.connection)).result()
    assert [row.id for row in rows] == [1]


def test_an_update_changes_each_row_that_is_named(store):
    statement = CompiledStatement(
        update(users)
        .where(users.c.id == bindparam("user_id"))
        .values(last_login=bindparam("last_login"))
    )
    store.write(lambda tx: INSERT.run(tx.connection, [user(1), user(2), user(3)])).result()
    changes = [{"user_id": 1, "last_login": WHEN}, {"user_id": 3, "last_login": WHEN}]
    store.write(lambda tx: statement.run(tx.connection, changes)).result()
    found = store.read(
        lambda tx: (
            tx.connection.execute(select(users.c.last_login).order_by(users.c.id)).scalars().all()
        )
    ).result()
    assert found == [WHEN, None, WHEN]


def test_the_same_statement_serves_several_databases(sqlite, postgresql_database):
    from jupyter_sessions.store.database import Database

    for url in (sqlite, postgresql_database, sqlite):
        store = Database(url)
        store.write(lambda tx: tx.connection.execute(text("DELETE FROM users"))).result()
        store.write(lambda tx: INSERT.run(tx.connection, [user(1)])).result()
        assert store.read(lambda tx: len(BY_NAME.rows(tx.connection, name="u1"))).result() == 1
        store.close()


def test_the_drivers_failures_come_as_sqlalchemys(store):
    def insert_twice(transaction) -> None:
        with pytest.raises(IntegrityError):
            INSERT.run(transaction.connection, [user(1), user(1)])
        raise KeyError("rolled back")

    with pytest.raises(KeyError):
        store.write(insert_twice).result()

    def ask_nonsense(transaction) -> None:
        nowhere = CompiledStatement(select(text("nothing")).select_from(text("nowhere")))
        with pytest.raises((OperationalError, ProgrammingError)):
            nowhere.rows(transaction.connection)
        raise KeyError("rolled back")

    with pytest.raises(KeyError):
        store.write(ask_nonsense).result()


def test_a_value_that_is_missing_is_an_error_and_not_null(store):
    def forget_one(transaction) -> None:
        values = user(1)
        del values["password_hash"]
        INSERT.run(transaction.connection, [values])

    with pytest.raises(KeyError, match="password_hash"):
        store.write(forget_one).result()
