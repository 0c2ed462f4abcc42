from __future__ import annotations

import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.outbox import delivery as outbox_module
from jupyter_sessions.client.outbox import journal as journal_module
from jupyter_sessions.client.outbox import recovery
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.outbox.journal import Journal
from jupyter_sessions.client.outbox.journal_file import Destination, Failure, Lines
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.client.transports.local import LocalTransport
from tests.client.scripted_server import Answer, Asked, ScriptedServer
from tests.waiting import STARTED_WITHIN, until

CODE = "1234567890123456789012"
OTHER = "2234567890123456789012"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def command(name: str, text: str | None = "out", seconds: float = 1.0) -> schemas.Recording:
    """A command that printed `text`, or, with None, still runs and has printed something."""
    response, so_far = None, None
    if text is None:
        begun = [schemas.Stream(name="stdout", text="so far")]
        so_far = schemas.SoFar(outputs=begun, until=START + timedelta(seconds=seconds))
    else:
        response = schemas.CommandResponse(
            status="completed",
            outputs=[schemas.Stream(name="stdout", text=text)],
            finished=START + timedelta(seconds=seconds),
            duration=seconds,
        )
    request = schemas.CommandRequest(source=f"run({name!r})", started=START)
    return schemas.Recording(id=name, request=request, response=response, so_far=so_far)


@pytest.fixture
def deliveries(server: ScriptedServer) -> Iterator[Callable[..., OutboxDelivery]]:
    """Makes deliveries that try again soon, and stops them."""
    made: list[OutboxDelivery] = []
    transports: list[HttpTransport] = []

    def make(
        code: str = CODE, *, user: str = "ann", read_timeout: float = 5.0, doubted_for: float = 0.0
    ) -> OutboxDelivery:
        transports.append(HttpTransport(server.url, "key", user, read_timeout=read_timeout))
        made.append(
            OutboxDelivery(
                transports[-1], code, first_wait=0.01, longest_wait=0.05, look_around=0.05,
                doubted_for=doubted_for,
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for delivery in made:
        delivery.close(0)
    for transport in transports:
        transport.close()


def in_outbox(state: Path, ending: str) -> list[Path]:
    return sorted((state / "outbox").glob(f"*.{ending}"))


def refused(state: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in in_outbox(state, "refused")
        for line in file.read_text().splitlines()
    ]


def names_of(asked: Asked) -> list[str]:
    return [told["id"] for told in json.loads(asked.body)["commands"]]


def fail_for(bad: Callable[[list[str]], errors.SessionsError | None]) -> Callable[..., Any]:
    def script(asked: Asked) -> Answer | None:
        if not asked.path.endswith("/commands"):
            return None
        error = bad(names_of(asked))
        return Answer.error(error) if error else None

    return script


# ---- when all goes well


def test_commands_arrive_in_order_and_leave_nothing_behind(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    delivery = deliveries()
    names = [f"c{number}" for number in range(500)]
    for name in names:
        delivery.send(command(name))
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == names
    assert server.recorded["c7"] == command("c7")
    assert (delivery.waiting, delivery.problem) == (0, None)
    assert delivery.close(STARTED_WITHIN)
    assert list((state / "outbox").iterdir()) == []


def test_a_batch_holds_at_most_100_commands_and_8_mb(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    server.stop()
    delivery = deliveries()
    for number in range(250):
        delivery.send(command(f"small{number}"))
    for number in range(5):
        delivery.send(command(f"large{number}", "x" * 3_000_000))
    delivery.send(command("huge", "x" * 20_000_000))
    delivery.send(command("last"))
    server.start()
    assert delivery.flush(STARTED_WITHIN)
    batches = [asked for asked in server.asked if asked.path.endswith("/commands")]
    assert max(len(names_of(asked)) for asked in batches) == 100
    assert all(len(asked.body) <= 8 << 20 or names_of(asked) == ["huge"] for asked in batches)
    assert len(server.recorded) == 257
    assert len(server.recorded["huge"].response.outputs[0].text) == 20_000_000  # type: ignore[union-attr]  # it has one


def test_of_versions_that_wait_only_the_newest_is_sent_and_in_the_place_of_the_first(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    server.stop()
    delivery = deliveries()
    delivery.send(command("a", None))
    delivery.send(command("b"))
    until(lambda: delivery.problem)
    delivery.send(command("a", "early"))
    delivery.send(command("a", "late", seconds=2))
    assert delivery.waiting == 2
    server.start()
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["a", "b"]
    assert server.recorded["a"] == command("a", "late", seconds=2)
    batches = [names_of(asked) for asked in server.asked if asked.path.endswith("/commands")]
    assert ["a", "b"] in batches
    assert all(len(names) == len(set(names)) for names in batches)


def test_a_version_that_comes_while_the_older_one_is_on_its_way_is_sent_too(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    delivery = deliveries()

    def script(asked: Asked) -> None:
        if asked.path.endswith("/commands") and not server.recorded:
            delivery.send(command("a", "done"))

    server.script = script
    delivery.send(command("a", None))
    until(lambda: server.recorded.get("a") == command("a", "done"))
    assert delivery.flush(STARTED_WITHIN)
    assert server.deliveries == 2


def test_what_json_cannot_hold_is_recorded_as_text(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    recording = command("odd", "half \ud800 of it")
    data = {"application/json": {"big": 2**70, 1: ("a", float("nan"))}, "x/y": object}
    recording.response.outputs.append(schemas.DisplayData(data=data, metadata={}))  # type: ignore[union-attr]  # it has one
    delivery = deliveries()
    delivery.send(recording)
    assert delivery.flush(STARTED_WITHIN)
    stream, display = server.recorded["odd"].response.outputs  # type: ignore[union-attr]  # it has one
    assert stream.text == "half ? of it"  # type: ignore[union-attr]  # it is a stream
    assert display.data == {  # type: ignore[union-attr]  # it is one
        "application/json": {"big": str(2**70), "1": ["a", None]},
        "x/y": "<class 'object'>",
    }


def test_what_waits_is_private_and_on_disk_rather_than_in_memory(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    server.stop()
    delivery = deliveries()
    for number in range(20):
        delivery.send(command(f"c{number}", "x" * 1_000_000))
    files = list((state / "outbox").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((state / "outbox").stat().st_mode) == 0o700
    assert sum(file.stat().st_size for file in files) > 20_000_000
    assert all(slot.content is None for slot in delivery._own._waiting.values())


# ---- a server that is away, busy or out of sorts


@pytest.mark.parametrize(
    "error",
    [
        errors.StoreBusy,
        errors.StoreFull,
        errors.StoreUnusable,
        errors.TooManyTries,
        errors.NotLoggedIn,
        errors.Forbidden,
        errors.NotASessionsServer,
    ],
)
def test_what_passes_is_waited_for_and_told(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    state: Path,
    error: type[errors.SessionsError],
) -> None:
    server.script = fail_for(lambda names: error("Not now.", hint="Wait."))
    delivery = deliveries()
    delivery.send(command("a"))
    delivery.send(command("b"))
    until(lambda: delivery.problem)
    assert delivery.problem == "2 commands are not recorded yet: Not now. Wait."
    until(lambda: len(server.asked) > 12)  # it does not give up
    assert not delivery.flush(0.1)
    server.script = lambda asked: None
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["a", "b"]
    assert delivery.problem is None
    assert refused(state) == []


def test_a_server_that_goes_and_comes_back_loses_and_repeats_nothing(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    delivery = deliveries()
    names = []
    for round_ in range(4):
        for number in range(20):
            names.append(f"{round_}-{number}")
            delivery.send(command(names[-1]))
        server.stop()
        for number in range(20, 40):
            names.append(f"{round_}-{number}")
            delivery.send(command(names[-1]))
        until(lambda: delivery.problem)
        assert "can't be reached" in delivery.problem
        server.start()
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == names


def test_a_flush_tries_again_at_once_however_long_the_wait(server: ScriptedServer) -> None:
    server.stop()
    http = HttpTransport(server.url, "key", "ann")
    delivery = OutboxDelivery(http, CODE, first_wait=1000, longest_wait=1000)
    delivery.send(command("a"))
    until(lambda: delivery.problem)
    server.start()
    assert delivery.flush(STARTED_WITHIN)
    delivery.close(STARTED_WITHIN)
    http.close()


def test_closing_keeps_to_its_time_though_the_server_hangs_and_the_next_delivery_delivers(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    server.script = lambda asked: Answer(hang=True)
    delivery = deliveries(read_timeout=STARTED_WITHIN)
    delivery.send(command("a"))
    until(lambda: server.asked)
    assert not delivery.close(0.2)
    assert len(server.asked) == 1
    assert any(thread.is_alive() for thread in delivery._threads)  # it still waits for the answer
    server.stop()
    server.script = lambda asked: None
    server.start()
    deliveries()
    until(lambda: "a" in server.recorded)
    until(lambda: in_outbox(state, "journal") == [])


@pytest.mark.parametrize("size", [40_000_000, 200_000_000])
def test_a_command_larger_than_what_memory_may_hold_goes_over_the_disk(size: int) -> None:
    transport = LocalTransport()
    session = transport.call(api.CREATE_SESSION, schemas.NewSession())
    delivery = OutboxDelivery(transport, session.code)
    delivery.send(command("a", text="x" * size))
    assert delivery.flush(STARTED_WITHIN)
    assert delivery.problem is None
    request = schemas.CommandNamed(code=session.code, number=1)
    recorded = transport.call(api.GET_COMMAND, request)
    assert recorded.summary.status == "completed"
    assert recorded.summary.size > size
    delivery.close(STARTED_WITHIN)


# ---- refusals


@pytest.mark.parametrize(
    "error",
    [
        errors.BadRequest,
        errors.TooLarge,
        errors.Conflict,
    ],
)
def test_what_is_refused_for_good_is_kept_with_the_reason_and_told(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    state: Path,
    error: type[errors.SessionsError],
) -> None:
    server.script = fail_for(lambda names: error("Never.", hint="No."))
    delivery = deliveries()
    delivery.send(command("a"))
    delivery.send(command("b"))
    assert delivery.flush(STARTED_WITHIN)
    kept = refused(state)
    assert [line["recording"]["id"] for line in kept] == ["a", "b"]
    assert kept[0]["error"] == {"code": error.code, "message": "Never.", "hint": "No."}
    assert kept[0]["to"] == {"server": server.url, "user": "ann", "session": CODE}
    (file,) = in_outbox(state, "refused")
    assert delivery.problem == "2 commands are not recorded: Never."
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server.script = lambda asked: None
    delivery.send(command("c"))
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["c"]
    assert delivery.problem == "2 commands are not recorded: Never."


@pytest.mark.parametrize(
    "error",
    [errors.SessionDisabled, errors.RoleMissing, errors.NoSuchSession, errors.WrongState],
)
def test_what_a_session_does_not_take_waits_and_is_tried_again_more_and_more_rarely(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    state: Path,
    error: type[errors.SessionsError],
) -> None:
    server.script = fail_for(lambda names: error("Not now.", hint="Ask."))
    delivery = deliveries()
    delivery.send(command("a"))
    delivery.send(command("b"))
    assert not delivery.flush(STARTED_WITHIN)
    assert delivery.problem == "2 commands are not recorded yet: Not now. Ask."
    until(lambda: len(server.asked) == 5)
    (told,) = recovery.survey()
    assert (told.state, told.commands, told.session) == ("held", 2, CODE)
    assert told.why == Failure(error.code, "Not now.", "Ask.")
    assert refused(state) == []
    server.script = lambda asked: None
    until(lambda: list(server.recorded) == ["a", "b"])
    # The server has them before the delivery has read that it does.
    until(lambda: delivery.problem is None)
    assert recovery.survey() == []


def test_a_flush_tries_a_session_that_took_nothing_at_once_and_waits_for_no_later_try(
    server: ScriptedServer,
) -> None:
    server.script = fail_for(lambda names: errors.SessionDisabled("Not now."))
    delivery = OutboxDelivery(HttpTransport(server.url, "key", "ann"), CODE, first_wait=600)
    delivery.send(command("a"))
    assert not delivery.flush(STARTED_WITHIN)
    asked = len(server.asked)
    assert not delivery.flush(STARTED_WITHIN)
    assert len(server.asked) == asked + 1
    server.script = lambda asked: None
    assert delivery.flush(STARTED_WITHIN)
    delivery.close(STARTED_WITHIN)


def test_what_a_session_did_not_take_is_tried_again_as_rarely_by_the_next_process(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    server.script = fail_for(lambda names: errors.NoSuchSession())
    delivery = OutboxDelivery(HttpTransport(server.url, "key", "ann"), OTHER, first_wait=600)
    delivery.send(command("a"))
    assert not delivery.close(STARTED_WITHIN)
    server.script = lambda asked: None
    patient = OutboxDelivery(HttpTransport(server.url, "key", "ann"), CODE, first_wait=600)
    patient.send(command("b"))
    assert patient.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["b"]
    patient.deliver_orphaned(STARTED_WITHIN, held=False)
    assert list(server.recorded) == ["b"]
    patient.deliver_orphaned(STARTED_WITHIN, held=True)
    assert list(server.recorded) == ["b", "a"]
    patient.close(STARTED_WITHIN)


@pytest.mark.parametrize("error", [errors.BadRequest, errors.InternalError])
def test_one_poisonous_command_is_put_aside_and_the_others_arrive(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    state: Path,
    error: type[errors.SessionsError],
) -> None:
    server.script = fail_for(lambda names: error("Ouch.", hint="") if "c50" in names else None)
    server.stop()
    delivery = deliveries()
    names = [f"c{number}" for number in range(120)]
    for name in names:
        delivery.send(command(name))
    server.start()
    assert delivery.flush(STARTED_WITHIN)
    names.remove("c50")
    assert list(server.recorded) == names
    assert [line["recording"]["id"] for line in refused(state)] == ["c50"]


def test_a_command_that_a_healthy_server_never_answers_is_put_aside(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    def script(asked: Asked) -> Answer | None:
        hang = asked.path.endswith("/commands") and "slow" in names_of(asked)
        return Answer(hang=True) if hang else None

    server.script = script
    delivery = deliveries(read_timeout=0.5)
    for name in ("a", "slow", "b"):
        delivery.send(command(name))
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["a", "b"]
    assert [line["recording"]["id"] for line in refused(state)] == ["slow"]


def test_a_network_that_cuts_every_delivery_for_a_while_puts_no_command_aside(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    def script(asked: Asked) -> Answer | None:
        return Answer(hang=True) if asked.path.endswith("/commands") else None

    server.script = script
    delivery = deliveries(read_timeout=0.05, doubted_for=600.0)
    delivery.send(command("a"))
    until(lambda: len(server.asked) > 6 * outbox_module.TRIES)
    assert (delivery.waiting, refused(state)) == (1, [])
    server.script = lambda asked: None
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["a"]


def test_no_command_is_put_aside_while_the_whole_server_fails(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    server.script = lambda asked: Answer.error(errors.InternalError("Broken.", hint=""))
    delivery = deliveries()
    delivery.send(command("a"))
    until(lambda: len(server.asked) > 6 * outbox_module.TRIES)
    assert (delivery.waiting, refused(state)) == (1, [])


# ---- processes that end

_SENDER = textwrap.dedent(
    """
    import sys
    from jupyter_sessions.client.transports.http import HttpTransport
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from tests.client.outbox.test_delivery import command

    url, code, prefix, count = sys.argv[1:]
    transport = HttpTransport(url, "key", "ann")
    delivery = OutboxDelivery(transport, code, first_wait=0.01, longest_wait=0.05)
    for number in range(int(count)):
        name = f"{prefix}-{number}"
        delivery.send(command(name, None))
        delivery.send(command(name))
        print(name, flush=True)  # sent: from here on it must arrive
    print("all", flush=True)
    sys.stdin.read()
    """
)


@contextmanager
def sender(server: ScriptedServer, prefix: str, count: int) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", _SENDER, server.url, CODE, prefix, str(count)]
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_file_with_nothing_in_it_is_removed_once_its_process_is_gone(
    deliveries: Callable[..., OutboxDelivery], state: Path
) -> None:
    (state / "outbox").mkdir(parents=True)
    ended, damaged, living, nobodys = (state / "outbox" / f"{name}.journal" for name in "abcd")
    for file in (ended, ended.with_suffix(".lock"), nobodys):
        file.touch()
    damaged.write_bytes(b"not a header\n")
    damaged.with_suffix(".lock").touch()
    lines = Lines(living, b"{}\n")
    lines.append(b"{}")
    lines.clear()
    deliveries()
    until(lambda: not ended.exists())
    assert in_outbox(state, "journal") == [damaged, living, nobodys]
    lines.close(remove=False)
    until(lambda: not living.exists())
    assert in_outbox(state, "journal") == [damaged, nobodys]


def test_nothing_sent_is_lost_or_out_of_order_however_often_the_sender_is_killed(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    chance = random.Random(7)
    sent: dict[int, list[str]] = {}
    for round_ in range(12):
        with sender(server, str(round_), 10_000) as process:
            if round_ % 3 == 2:
                server.stop()
            sent[round_] = []
            for _ in range(chance.randrange(1, 400)):
                sent[round_].append(process.stdout.readline().strip())
            process.send_signal(signal.SIGKILL)
            sent[round_] += process.stdout.read().split()
        if round_ % 3 == 2:
            server.start()
    delivery = deliveries()
    until(lambda: in_outbox(state, "journal") == [])
    assert delivery.problem is None
    for round_, names in sent.items():
        arrived = [name for name in server.recorded if name.startswith(f"{round_}-")]
        # The last one may have been sent without having been told of.
        assert arrived[: len(names)] == names
        assert len(arrived) <= len(names) + 1
    told = {name for names in sent.values() for name in names}
    for name, recording in server.recorded.items():
        if recording.response.status == "aborted":
            assert name not in told
        else:
            assert recording == command(name)


def test_two_processes_deliver_side_by_side_and_neither_touches_the_others_journal(
    server: ScriptedServer, state: Path
) -> None:
    server.stop()
    with sender(server, "x", 50) as one, sender(server, "y", 50) as two:
        for process in (one, two):
            until(lambda process=process: process.stdout.readline().strip() == "all")
        assert len(in_outbox(state, "journal")) == 2
        server.start()
        until(lambda: len(server.recorded) == 100)
    for prefix in ("x", "y"):
        arrived = [name for name in server.recorded if name.startswith(prefix)]
        assert arrived == [f"{prefix}-{number}" for number in range(50)]
    assert server.deliveries <= 102  # each may have had a first version on its way


def test_a_command_that_ran_when_its_process_died_is_completed_as_aborted(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    code = _SENDER.replace("delivery.send(command(name))", "delivery.flush(90)")
    arguments = [sys.executable, "-c", code, server.url, CODE, "run", "1"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=Path(__file__).parents[3]
    ) as process:
        until(lambda: "run-0" in server.recorded)
        assert server.recorded["run-0"].response is None
        process.stdout.readline()
        process.kill()
    deliveries()
    until(lambda: server.recorded["run-0"].response is not None)
    response = server.recorded["run-0"].response
    assert response.status == "aborted"
    assert response.outputs == [schemas.Stream(name="stdout", text="so far")]
    assert server.recorded["run-0"].so_far is None
    assert response.duration > 0
    assert "ended first" in response.note
    until(lambda: in_outbox(state, "journal") == [])


def _leave_behind(server: str | None, user: str, code: str, *recordings: schemas.Recording) -> None:
    journal = Journal(Destination(server, user, code))
    for recording in recordings:
        journal.append(recording)
    journal.close()


def test_only_what_goes_to_the_same_server_as_the_same_user_is_taken_over(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    _leave_behind(server.url, "ann", OTHER, command("other-session"))
    _leave_behind(server.url, "bob", CODE, command("other-user"))
    _leave_behind("https://h", "ann", CODE, command("other-server"))
    _leave_behind(None, "ann", CODE, command("in-process"))
    (state / "outbox" / "broken.journal").write_bytes(b"\xff\n")
    (state / "outbox" / "empty.journal").touch()
    delivery = deliveries()
    delivery.send(command("mine"))
    assert delivery.flush(STARTED_WITHIN)
    until(lambda: len(server.recorded) == 2)
    assert set(server.recorded) == {"other-session", "mine"}
    until(lambda: len(in_outbox(state, "journal")) == 6)  # one is the delivery's own
    assert {asked.path.split("/")[2] for asked in server.asked} == {CODE, OTHER}


def test_what_was_left_behind_goes_before_what_is_new(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    _leave_behind(server.url, "ann", CODE, command("old1"), command("old2"))
    server.stop()
    delivery = deliveries()
    delivery.send(command("new"))
    until(lambda: delivery.problem)
    server.start()
    until(lambda: len(server.recorded) == 3)
    assert list(server.recorded) == ["old1", "old2", "new"]
    assert delivery.flush(STARTED_WITHIN)


def test_a_disabled_session_holds_up_no_other_one(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    _leave_behind(server.url, "ann", OTHER, command("old1"), command("old2"))
    disabled = errors.SessionDisabled("Its owner disabled it.")
    server.script = lambda asked: Answer.error(disabled) if OTHER in asked.path else None
    delivery = deliveries()
    delivery.send(command("new"))
    until(lambda: list(server.recorded) == ["new"])
    assert refused(state) == []
    server.script = lambda asked: None
    until(lambda: list(server.recorded) == ["new", "old1", "old2"])


def test_a_line_torn_by_the_death_of_its_writer_is_passed_over(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    _leave_behind(server.url, "ann", CODE, command("a"), command("b"), command("c"))
    (file,) = in_outbox(state, "journal")
    header, a, b, c = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(header + a + bytes(100) + b"\n" + b + c[:-1])
    deliveries()
    until(lambda: in_outbox(state, "journal") == [])
    assert list(server.recorded) == ["a", "b"]
    assert refused(state) == []


def test_what_was_delivered_before_its_process_died_is_not_delivered_again(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    journal = Journal(Destination(server.url, "ann", CODE))
    for number in range(10):
        journal.append(command(f"c{number}"))
    journal.settle(journal.head(6, 1 << 20))
    journal.close()
    deliveries()
    until(lambda: in_outbox(state, "journal") == [])
    assert list(server.recorded) == [f"c{number}" for number in range(6, 10)]


def test_a_closed_delivery_still_takes_commands_for_the_next_one(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    delivery = deliveries()
    delivery.close(STARTED_WITHIN)
    delivery.send(command("late"))
    assert delivery.waiting == 1


# ---- a disk that takes nothing


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_what_waits_in_memory_arrives(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    server.stop()
    delivery = deliveries()
    delivery.send(command("before"))
    with full_disk():
        delivery.send(command("during"))
        assert "The outbox can't be written (File too large)" in str(delivery.problem)
        server.start()
        assert delivery.flush(STARTED_WITHIN)
        assert delivery.problem is None
    delivery.send(command("after"))
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["before", "during", "after"]
    assert delivery.problem is None


def test_what_waited_in_memory_goes_to_the_disk_as_soon_as_that_takes_it(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer
) -> None:
    server.stop()
    delivery = deliveries()
    delivery.send(command("before"))
    with full_disk():
        delivery.send(command("during"))
    delivery.send(command("after"))
    assert "outbox can't" not in str(delivery.problem)
    delivery.close(0)
    server.start()
    deliveries()
    until(lambda: len(server.recorded) == 3)
    assert list(server.recorded) == ["before", "during", "after"]


def test_a_line_that_the_disk_took_half_of_is_taken_back(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    server.stop()
    delivery = deliveries()
    delivery.send(command("before"))
    (file,) = in_outbox(state, "journal")
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 50, hard[1]))
    try:
        delivery.send(command("during", "x" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, hard)
    delivery.send(command("after"))
    delivery.close(0)
    server.start()
    deliveries()
    until(lambda: len(server.recorded) == 3)
    assert all(recording.response for recording in server.recorded.values())


def test_what_no_disk_and_no_memory_takes_is_told_as_lost(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "MEMORY", 2_000)
    server.stop()
    delivery = deliveries()
    with full_disk():
        for number in range(10):
            delivery.send(command(f"c{number}", "x" * 300))
        assert " are lost: File too large." in str(delivery.problem)
        waiting = delivery.waiting
        assert 0 < waiting < 10
    server.start()
    assert delivery.flush(STARTED_WITHIN)
    assert len(server.recorded) == waiting


def test_an_outbox_that_cannot_be_made_raises_nothing(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    delivery = deliveries()
    assert delivery.flush(STARTED_WITHIN)
    (state / "outbox").parent.mkdir(parents=True, exist_ok=True)
    (state / "outbox").write_text("no folder")
    delivery.send(command("a"))
    assert delivery.flush(STARTED_WITHIN)
    assert list(server.recorded) == ["a"]


def test_what_is_refused_waits_while_the_disk_cannot_keep_it(
    deliveries: Callable[..., OutboxDelivery], server: ScriptedServer, state: Path
) -> None:
    server.script = fail_for(lambda names: errors.Conflict("Never.", hint="No."))
    delivery = deliveries()
    with full_disk():
        delivery.send(command("a"))
        until(lambda: "can't be put aside" in str(delivery.problem))
        assert delivery.waiting == 1
    until(lambda: refused(state))
    assert delivery.flush(STARTED_WITHIN)


# ---- cost


def test_sending_does_not_wait_for_the_disk_or_the_server(
    deliveries: Callable[..., OutboxDelivery],
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.script = lambda asked: Answer(hang=True)
    sent, waited = threading.Event(), []

    def slow_sync(descriptor: int) -> None:
        waited.append(sent.wait(STARTED_WITHIN))

    monkeypatch.setattr(os, "fsync", slow_sync)
    delivery = deliveries(read_timeout=0.3)
    for number in range(100):
        delivery.send(command(f"c{number}"))
    sent.set()
    until(lambda: waited)
    assert all(waited)
