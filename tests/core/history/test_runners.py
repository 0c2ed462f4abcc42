"""Whose a command is that a Jupyter server has recorded for several people."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import Identified
from tests.conftest import Store, recording

SERVER = Identified("anna", vouches=True)
ANNA = Identified("anna")


@pytest.fixture
def code(house: Store) -> str:
    """Give a session of Anna's, in which Ben may write and Cleo only read."""
    house.keys |= {"anna": ANNA, "ben": Identified("ben"), "cleo": Identified("cleo")}
    for name in ("ben", "cleo", "anna"):
        session = house.new(name)  # so that they are known here
    house.grant(session.code, "ben", "write", by="anna")
    house.grant(session.code, "cleo", "read", by="anna")
    return str(session.code)


def record(house: Store, credentials: Identified, code: str, uid: str, **more: object) -> int:
    """Record a command as someone, and return its number."""
    command = recording("1 + 1", at=house.clock(), uid=uid)
    for name, value in more.items():
        setattr(command, name, value)
    request = schemas.RecordCommands(code=code, commands=[command])
    answer = house.dispatcher.submit(api.RECORD_COMMANDS, request, credentials).result()
    number: int = answer.numbers[0]
    return number


def user(house: Store, code: str, number: int) -> str:
    """Return who has run a command."""
    named = schemas.CommandNamed(code=code, number=number)
    found: str = house.call("anna", api.GET_COMMAND, named).summary.user
    return found


@pytest.mark.parametrize(
    ("runner", "shown"),
    [("anna", "anna"), ("ben", "ben"), ("cleo", ""), ("stranger", ""), (None, "")],
)
def test_the_servers_word_counts_of_who_may_write_and_nobody_takes_anothers_place(
    house: Store, code: str, runner: str | None, shown: str
) -> None:
    number = record(house, SERVER, code, "one", runner=runner)
    assert user(house, code, number) == shown


@pytest.mark.parametrize("runner", ["ben", "cleo", None])
def test_nobody_elses_word_counts(house: Store, code: str, runner: str | None) -> None:
    assert user(house, code, record(house, ANNA, code, "one", runner=runner)) == ""
    assert user(house, code, record(house, ANNA, code, "two", runner="anna")) == "anna"


def test_a_command_is_completed_as_whose_it_was(house: Store, code: str) -> None:
    begun = record(house, SERVER, code, "one", runner="ben", response=None)
    house.call("anna", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["ben"]))
    assert record(house, SERVER, code, "one", runner="ben") == begun
    assert user(house, code, begun) == "ben"
    with pytest.raises(errors.Conflict):
        record(house, ANNA, code, "one")


def test_a_command_of_nobody_known_is_completed_by_who_records_it(house: Store, code: str) -> None:
    begun = record(house, ANNA, code, "one", runner=None, response=None)
    assert record(house, ANNA, code, "one", runner=None) == begun
    named = schemas.CommandNamed(code=code, number=begun)
    assert house.call("anna", api.GET_COMMAND, named).summary.status == "completed"


def test_nobody_can_be_the_unknown_user(house: Store, code: str) -> None:
    record(house, SERVER, code, "one", runner=None)
    accounts = house.call("root", api.LIST_ACCOUNTS, schemas.ListAccounts()).items
    assert "" not in {each.name for each in accounts}
    with pytest.raises(errors.SessionsError):
        request = schemas.NewSession()
        house.dispatcher.submit(api.CREATE_SESSION, request, Identified("")).result()
