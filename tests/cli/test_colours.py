"""Colours only where a terminal wants them, and errors that name the session they are about."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.cli.conftest import Program
from tests.cli.test_shell import new
from tests.conftest import recording
from tests.terminals import EOF, spawn


def record_failure(code: str) -> None:
    failed = recording("f()", at=datetime.now(UTC))
    traceback = ["\x1b[31mValueError\x1b[0m  Traceback", "line 1", "line 2", "ValueError: a\nb"]
    failed.response.outputs = [
        schemas.Stream(name="stdout", text="\x1b[32mgreen\x1b[0m\n"),
        schemas.ErrorOutput(ename="ValueError", evalue="a\nb", traceback=traceback),
    ]
    LocalTransport().call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[failed]))


def in_terminal(*typed: str, **environment: str) -> str:
    wanted = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    more: dict[str, Any] = {"env": wanted | {"TERM": "xterm"} | environment}
    terminal = spawn(sys.executable, ["-m", "jupyter_sessions", *typed], **more)
    terminal.expect(EOF)
    terminal.close()
    return str(terminal.before)


def test_colours_come_only_to_a_terminal_that_wants_them(program: Program) -> None:
    record_failure(new(program))
    for typed in (["view", "1"], ["view", "99"]):
        assert "\x1b[" in in_terminal(*typed)
        assert "\x1b[" not in in_terminal(*typed, NO_COLOR="1")
        assert "\x1b[" not in in_terminal(*typed, TERM="dumb")
        piped = program(*typed)
        assert "\x1b[" not in piped.out + piped.err


def test_resuming_shows_an_error_in_two_lines_and_view_shows_its_traceback(
    program: Program,
) -> None:
    code = new(program)
    record_failure(code)
    resumed = program.good("resume", code)
    assert "green\nValueError: a⏎b\n(For the traceback, type view 1.)\n" in resumed
    assert "line 2" not in resumed
    assert "line 2" in program.good("view", "1")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        (["view", "9"], errors.NotFound),
        (["get", "x.csv"], errors.NotFound),
        (["enable"], errors.WrongState),
    ],
)
def test_an_error_about_the_current_session_names_it(
    program: Program, typed: list[str], kind: type[errors.SessionsError]
) -> None:
    code = new(program, "Rain in Seattle")
    refused = program(*typed)
    assert refused.code == kind.exit_code
    assert f"The current session is Rain in Seattle ({code})." in refused.err
    assert "The current session" not in program(*typed, "-S", code).err
