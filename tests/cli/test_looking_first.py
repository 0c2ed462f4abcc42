"""Commands look before they ask, and say what is not there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation
from jupyter_sessions.cli.shell import Shell
from jupyter_sessions.client.transports.local import LocalTransport
from tests.cli.conftest import Program
from tests.conftest import Store, recording


def record(code: str, *sources: str) -> None:
    commands = [recording(source, at=datetime.now(UTC)) for source in sources]
    LocalTransport().call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=commands))


def new(program: Program) -> str:
    code: str = program("new", "Weather", "--json").json["code"]
    return code


def test_more_commands_than_there_are_may_be_a_code_that_was_cut(program: Program) -> None:
    record(new(program), "a = 1", "b = 2")
    listed = program.good("resume", "123")
    assert "b = 2" in listed
    assert "This session has 2 commands, not 123." in listed
    assert "22 digits" in listed
    assert "22 digits" not in program.good("resume", "2") + program.good("resume")
    assert "22 digits" in program("resume", "123456").err


def test_a_user_whom_nobody_knows_here_is_said_to_be_none(program: Program) -> None:
    record(new(program), "a = 1")
    said = program.good("history", "--user", "nobody-else")
    assert "There is no user nobody-else in this session" in said
    owner = program("show", "--json").json["owner"]
    assert "There is no user" not in program.good("history", "--user", owner, "--status", "error")
    assert "There is no user" not in program.good("history", "--search", "was not published")


def test_closing_a_closed_session_asks_nothing(program: Program) -> None:
    new(program)
    program.good("close", "--yes")
    refused = program("close")
    assert refused.code == errors.WrongState.exit_code
    assert "is closed" in refused.err


class Asking(Shell):
    """A shell that must not be asked anything."""

    def confirm(self, question: str) -> bool:
        raise AssertionError(question)


@pytest.mark.parametrize("operation", [api.CLOSE_SESSION, api.REMOVE_SESSION, api.FORGET_COMMAND])
def test_who_may_not_do_it_is_not_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation: api.Operation
) -> None:
    store.add("reader")
    code = store.new("root").code
    store.grant(code, "reader", "read")
    shown = store.call("reader", api.GET_SESSION, schemas.SessionNamed(code=code))
    work = Invocation(Asking(), code, None)
    monkeypatch.setattr(work, "call", lambda *_: shown)
    with pytest.raises(errors.RoleMissing, match=r"Only the owner|needs the role"):
        work.confirm(operation, "{} {}", "Nothing.")


def test_a_kernel_of_others_is_shown_without_its_folders(store: Store) -> None:
    store.add("reader")
    code = store.new("root").code
    store.grant(code, "reader", "read")
    keep = schemas.KeepPresence(
        code=code, client="c1", kind="kernel", agent="/home/root/secret plans/a.ipynb on vm"
    )
    store.call("root", api.KEEP_PRESENCE, keep)
    named = schemas.SessionNamed(code=code)
    (seen,) = store.call("reader", api.LIST_PRESENCE, named).here
    assert seen.agent == "a.ipynb on vm"
    (own,) = store.call("root", api.LIST_PRESENCE, named).here
    assert own.agent.startswith("/home/root/")
