"""``jupyter sessions outbox``: nothing that was recorded is lost, and people see where it is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.outbox import journal_file
from jupyter_sessions.client.outbox.journal import Journal
from jupyter_sessions.client.outbox.journal_file import Destination
from jupyter_sessions.client.transports.local import LocalTransport
from tests.cli.conftest import Program
from tests.cli.test_shell import new
from tests.conftest import recording


def left(code: str, *sources: str, refused: bool = False) -> None:
    """Leave commands in the outbox, as a kernel that ended does."""
    transport = LocalTransport()
    journal = Journal(Destination(None, transport.user, code))
    for source in sources:
        journal.append(recording(source, at=datetime.now(UTC)))
    if refused:
        for slot in journal.head(100, 1 << 30):
            journal.refuse(slot, errors.TooLarge("Too much.", hint="Less."))
    journal.close()


def sources(program: Program, code: str) -> list[str]:
    page = program("history", "-S", code, "--json").json
    return [each["source"] for each in reversed(page["items"])]


def test_an_empty_outbox_says_so(program: Program) -> None:
    assert "All recorded commands are in their sessions." in program.good("outbox")
    assert program("outbox", "--json").json == []


def test_what_a_closed_session_did_not_take_is_shown_and_goes_into_another(
    program: Program,
) -> None:
    code = new(program)
    program.good("close", "-S", code, "--yes")
    left(code, "late = 1", "late + 1")
    assert sources(program, code) == []
    (told,) = program("outbox", "--json").json
    assert (told["state"], told["commands"], told["source"]) == ("held", 2, "late = 1")
    assert told["why"]["code"] == "wrong_state"
    assert "read-only archive" in program.good("outbox", code)
    assert program("outbox", "--deliver").code == 1
    other = new(program, "Another")
    assert "Moved" in program.good("outbox", code, "--into", other)
    assert sources(program, other) == ["late = 1", "late + 1"]
    assert program("outbox", "--json").json == []


def test_what_a_removed_session_did_not_take_arrives_once_it_is_restored(program: Program) -> None:
    code = new(program)
    program.good("remove", "-S", code, "--yes")
    left(code, "x = 1")
    program.good("list")
    (told,) = program("outbox", "--json").json
    assert told["state"] == "held"
    program.good("restore", "-S", code)
    assert "Delivered: 1 command." in program.good("outbox", "--deliver")
    assert sources(program, code) == ["x = 1"]


def test_what_was_refused_for_good_is_delivered_on_demand(program: Program) -> None:
    code = new(program)
    left(code, "a", "b", refused=True)
    assert sources(program, code) == []
    (told,) = program("outbox", "--json").json
    assert (told["state"], told["commands"], told["why"]["message"]) == ("refused", 2, "Too much.")
    program.good("outbox", "--deliver")
    assert sources(program, code) == ["a", "b"]
    assert program("outbox", "--json").json == []


def test_discarding_asks_first_and_keeps_what_it_was_not_told_of(program: Program) -> None:
    one, two = new(program, "one"), new(program, "two")
    left(one, "a", refused=True)
    left(two, "b", refused=True)
    refused = program("outbox", one, "--discard")
    assert refused.code == errors.BadRequest.exit_code
    assert len(program("outbox", "--json").json) == 2
    program.good("outbox", one, "--discard", "--yes")
    (told,) = program("outbox", "--json").json
    assert told["session"] == two


def test_nothing_is_moved_into_a_session_that_takes_nothing(program: Program) -> None:
    code, closed = new(program), new(program, "closed")
    program.good("close", "-S", closed, "--yes")
    left(code, "a", refused=True)
    assert program("outbox", "--into", closed).code == errors.WrongState.exit_code
    assert program("outbox", "--deliver", "--discard").code == errors.BadRequest.exit_code
    (told,) = program("outbox", "--json").json
    assert told["session"] == code


_KERNEL = """
import sys, time
from datetime import UTC, datetime
from jupyter_sessions import schemas
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.client.outbox.delivery import OutboxDelivery

request = schemas.CommandRequest(source="sleep(1000)", started=datetime.now(UTC))
delivery = OutboxDelivery(LocalTransport(), sys.argv[1])
delivery.send(schemas.Recording(id="endless", request=request))
assert delivery.flush(90)
print("running", flush=True)
time.sleep(1000)
"""


def test_the_next_command_ends_what_a_killed_kernel_was_running(program: Program) -> None:
    code = new(program)
    with subprocess.Popen(
        [sys.executable, "-c", _KERNEL, code], stdout=subprocess.PIPE, text=True
    ) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "running\n"
        named = schemas.CommandNamed(code=code, number=1)
        status = LocalTransport().call(api.GET_COMMAND, named).summary.status
        assert status == "running"
        assert program("history", "--json").json["items"][0]["status"] == "running"
        kernel.send_signal(signal.SIGKILL)
    assert program("history", "--json").json["items"][0]["status"] == "aborted"
    told = json.loads(program.good("response", "1"))
    assert "ended first" in told["note"]


@pytest.mark.parametrize("torn", [b"", b"\xff\n", b'{"server"'])
def test_a_journal_that_can_not_be_read_stops_no_command(program: Program, torn: bytes) -> None:
    code = new(program)
    left(code, "a")
    (journal_file.folder() / "torn.journal").write_bytes(torn)
    assert sources(program, code) == ["a"]
    assert program("outbox", "--json").json == []
