"""Whose a command is that a Jupyter server has recorded for several people."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import Identified
from tests.conftest import Store, recording

SERVER = Identified("anna", vouches=True)
ANNA = Identified("anna")


@pytest.fixture
def code(store: Store) -> str:
    """Give a session of Anna's, in which Ben may write and Cleo only read."""
    store.keys |= {"anna": ANNA, "ben": Identified("ben"), "cleo": Identified("cleo")}
    for name in ("ben", "cleo", "anna"):
        session = store.new(name)  # so that they are known here
    store.grant(session.code, "ben", "write", by="anna")
    store.grant(session.code, "cleo", "read", by="anna")
    return str(session.code)


def record(store: Store, credentials: Identified, code: str, uid: str, **more: object) -> int:
    """Record a command as someone, and return its number."""
    command = recording("1 + 1", at=store.clock(), uid=uid)
    for name, value in more.items():
        setattr(command, name, value)
    request = schemas.RecordCommands(code=code, commands=[command])
    answer = store.dispatcher.submit(api.RECORD_COMMANDS, request, credentials).result()
    number: int = answer.numbers[0]
    return number


def user(store: Store, code: str, number: int) -> str:
    """Return who has run a command."""
    named = schemas.CommandNamed(code=code, number=number)
    found: str = store.call("anna", api.GET_COMMAND, named).summary.user
    return found


@pytest.mark.parametrize(
    ("runner", "shown"),
    [("anna", "anna"), ("ben", "ben"), ("cleo", ""), ("stranger", ""), (None, "")],
)
def test_the_servers_word_counts_of_who_may_write_and_nobody_takes_anothers_place(
    store: Store, code: str, runner: str | None, shown: str
) -> None:
    number = record(store, SERVER, code, "one", runner=runner)
    assert user(store, code, number) == shown


@pytest.mark.parametrize("runner", ["ben", "cleo", None])
def test_nobody_elses_word_counts(store: Store, code: str, runner: str | None) -> None:
    assert user(store, code, record(store, ANNA, code, "one", runner=runner)) == ""
    assert user(store, code, record(store, ANNA, code, "two", runner="anna")) == "anna"


def test_a_command_is_completed_as_whose_it_was(store: Store, code: str) -> None:
    begun = record(store, SERVER, code, "one", runner="ben", response=None)
    store.call("anna", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["ben"]))
    assert record(store, SERVER, code, "one", runner="ben") == begun
    assert user(store, code, begun) == "ben"
    with pytest.raises(errors.Conflict):
        record(store, ANNA, code, "one")


def test_a_command_of_nobody_known_is_completed_by_who_records_it(store: Store, code: str) -> None:
    begun = record(store, ANNA, code, "one", runner=None, response=None)
    assert record(store, ANNA, code, "one", runner=None) == begun
    named = schemas.CommandNamed(code=code, number=begun)
    assert store.call("anna", api.GET_COMMAND, named).summary.status == "completed"


def test_nobody_can_be_the_unknown_user(store: Store, code: str) -> None:
    record(store, SERVER, code, "one", runner=None)
    accounts = store.call("root", api.LIST_ACCOUNTS, schemas.ListAccounts()).items
    assert "" not in {each.name for each in accounts}
    with pytest.raises(errors.SessionsError):
        request = schemas.NewSession()
        store.dispatcher.submit(api.CREATE_SESSION, request, Identified("")).result()
