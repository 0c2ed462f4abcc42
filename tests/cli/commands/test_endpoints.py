"""`http-url`, `xmlrpc-url` and `dispose` as one types them in a shell."""

from __future__ import annotations

import pytest

from jupyter_sessions import errors
from tests.cli.conftest import Program
from tests.conftest import Serve

NEVER_GIVEN = "9" * 22


def new(program: Program) -> str:
    code: str = program("new", "Weather", "--json").json["code"]
    return code


@pytest.mark.parametrize(("command", "end"), [("http-url", "/"), ("xmlrpc-url", "/xmlrpc")])
def test_the_url_of_a_served_session_is_printed_alone(
    program: Program, serve: Serve, command: str, end: str
) -> None:
    code = new(program)
    unserved = program(command, code)
    assert (unserved.code, unserved.out) == (errors.ServerUnreachable.exit_code, "")
    assert "jupyter sessions serve" in unserved.err
    server = serve()
    url = f"{server.url.replace('127.0.0.1', 'localhost')}/sessions/api/sessions/{code}{end}"
    assert program.good(command, code) == f"{url}\n"
    assert program(command, code, "--json").json == {"url": url}
    assert program.good(command) == f"{url}\n"
    unknown = program(command, NEVER_GIVEN)
    assert (unknown.code, unknown.out) == (errors.NoSuchSession.exit_code, "")


def test_dispose_removes_without_asking_and_what_is_removed_can_be_restored(
    program: Program,
) -> None:
    code = new(program)
    assert "removed" in program.good("dispose", code)
    assert program("exists", code).code == 1
    again = program("dispose", code)
    assert again.code == errors.WrongState.exit_code
    program.good("restore", "-S", code)
    assert program("exists", code).code == 0


def test_dispose_is_silent_for_the_default_session_which_stays(program: Program) -> None:
    assert program.good("dispose", "default") == ""
    code = program("show", "-S", "default", "--json").json["code"]
    assert program.good("dispose", code) == ""
    assert program.good("dispose", "default") == ""
    assert program("exists", code).code == 0


def test_dispose_of_an_unknown_code_is_an_error(program: Program) -> None:
    assert program("dispose", NEVER_GIVEN).code == errors.NoSuchSession.exit_code
