"""Commands on their way into a session: each id once, in order, with all that came out."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update as sql_update

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Limits
from jupyter_sessions.store import tables
from tests.conftest import Clock, Store
from tests.core.asking import (
    command,
    commands,
    do,
    join,
    log,
    record,
    recorded,
    refused,
    running,
)


def completed(store: Store, uid: str, *outputs: schemas.Output, **more: Any) -> schemas.Recording:
    """Make a recording with these outputs."""
    request = schemas.CommandRequest(source=more.pop("source", "1"), started=store.clock())
    response = schemas.CommandResponse(
        status="completed", outputs=list(outputs), finished=store.clock(), duration=0.5, **more
    )
    return schemas.Recording(id=uid, request=request, response=response)


# ---- each id once ------------------------------------------------------------------------------


def test_commands_are_numbered_from_one_in_the_order_they_came(store, code):
    assert store.record(code, "a", "b", "c") == [1, 2, 3]
    assert store.record(code, "d") == [4]
    assert [entry.source for entry in commands(store, code, order="oldest")] == list("abcd")
    assert store.record(store.new().code, "a") == [1]


def test_the_same_command_twice_changes_nothing_and_answers_the_same_number(store, code):
    first = recorded(store, "x = 1", uid="u", text="out")
    assert record(store, code, first) == [1]
    before = command(store, code, 1)
    store.clock.forward(minutes=1)
    assert record(store, code, first) == [1]
    assert command(store, code, 1) == before
    assert [event.kind for event in log(store, code)].count("command.recorded") == 1


@pytest.mark.parametrize("source", ["x = 1", "x = 2", "# long\n" * 2000])
@pytest.mark.parametrize("later", [0, -120, 120, 0.000001])
def test_the_same_id_with_another_source_or_start_is_another_command(store, code, source, later):
    first = recorded(store, "x = 1", uid="u", text="first")
    assert record(store, code, first) == [1]
    before = command(store, code, 1)
    second = recorded(store, source, uid="u", text="second", later=later)
    same = (source, later) == ("x = 1", 0)
    assert record(store, code, second, first) == ([1, 1] if same else [2, 1])
    assert record(store, code, second) == [1 if same else 2]
    if not same:
        assert command(store, code, 1) == before
        assert command(store, code, 2).summary.preview == "second"
        assert command(store, code, 2).request.source == source


def test_an_id_of_its_own_stands_for_a_command_whenever_that_says_that_it_started(store, code):
    def keyed(later: float, source: str = "x") -> schemas.Recording:
        made = recorded(store, source, uid="mine", later=later)
        return msgspec.structs.replace(made, keyed=True)

    assert record(store, code, keyed(0)) == [1]
    assert record(store, code, keyed(60)) == [1]
    assert record(store, code, keyed(60, "y")) == [2]
    assert record(store, code, recorded(store, "x", uid="mine")) == [3]


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("source", ["x = 1", "# long\n" * 2000])
def test_a_command_of_an_earlier_version_is_known_by_its_message_id(store, code, source, forgotten):
    first = recorded(store, source, uid="s_1_7", text="out")
    record(store, code, first)
    if forgotten:
        do(store, "root", api.FORGET_COMMAND, code=code, number=1)
    rename = sql_update(tables.commands).values(uid="s_1_7")
    store.dispatcher.database.write(lambda tx: tx.connection.execute(rename)).result()
    before = command(store, code, 1)
    assert record(store, code, first) == [1]
    assert record(store, code, msgspec.structs.replace(first, keyed=True)) == [1]
    assert command(store, code, 1) == before
    another = recorded(store, "y", uid="s_1_7", later=7)
    assert record(store, code, another, first) == [2, 1]
    assert record(store, code, another) == [2]
    assert command(store, code, 1) == before


def test_a_running_command_of_an_earlier_version_is_completed(store, code):
    record(store, code, running(store, "s_1_7", "sleep()"))
    rename = sql_update(tables.commands).values(uid="s_1_7")
    store.dispatcher.database.write(lambda tx: tx.connection.execute(rename)).result()
    for _ in range(2):
        assert record(store, code, recorded(store, "sleep()", uid="s_1_7", text="done")) == [1]
    assert command(store, code, 1).summary.preview == "done"


def test_the_same_id_in_another_session_is_another_command(store, code):
    other = store.new().code
    for session in (code, other):
        assert record(store, session, recorded(store, session, uid="u")) == [1]
    assert command(store, code, 1).request.source == code


def test_a_running_command_is_completed_in_place(store, code):
    assert record(store, code, running(store, "u", "sleep()"), running(store, "v")) == [1, 2]
    assert record(store, code, recorded(store, "sleep()", uid="u", text="done")) == [1]
    found = command(store, code, 1)
    assert (found.summary.status, found.summary.preview) == ("completed", "done")
    assert [entry.number for entry in commands(store, code, search="done")] == [1]
    kinds = [event.kind for event in log(store, code)][1:]
    assert kinds == ["command.started", "command.started", "command.recorded"]


def test_a_late_announcement_that_it_runs_does_not_undo_completion(store, code):
    record(store, code, recorded(store, "x", uid="u", text="done"))
    assert record(store, code, running(store, "u", "x")) == [1]
    assert command(store, code, 1).summary.status == "completed"


def versioned(recording: schemas.Recording, version: int) -> schemas.Recording:
    return msgspec.structs.replace(recording, version=version)


def test_later_outputs_of_a_thread_are_taken_over(store, code):
    early = recorded(store, "t.start()", uid="u", text="early")
    late = recorded(store, "t.start()", uid="u", text="early late", took=5)
    record(store, code, versioned(early, 3))
    record(store, code, versioned(late, 4))
    assert command(store, code, 1).summary.preview == "early late"
    assert commands(store, code, search="late")
    assert log(store, code)[-1].kind == "command.updated"


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("status", ["completed", "error", "aborted", "running"])
@pytest.mark.parametrize(("stored", "version"), [(0, 0), (2, 0), (2, 1), (2, 2)])
@pytest.mark.parametrize("ended", ["completed", "error"])
def test_a_completed_command_is_altered_by_no_word_without_a_later_version(
    store, code, ended, stored, version, status, keyed
):
    first = recorded(store, "f()", uid="u", text="result one", status=ended)
    record(store, code, versioned(first, stored))
    before, told = command(store, code, 1), log(store, code)
    second = (
        running(store, "u", "f()", schemas.Stream("stdout", "result two"), after=9)
        if status == "running"
        else recorded(store, "f()", uid="u", text="result two", status=status, took=9)
    )
    second = msgspec.structs.replace(second, version=version, keyed=keyed)
    # Keyed or not is part of the identity, so a keyed one here is the same only where all are.
    if keyed:
        record(store, code, msgspec.structs.replace(first, id="v", version=stored, keyed=True))
        before, told = command(store, code, 2), log(store, code)
        second = msgspec.structs.replace(second, id="v")
    number = 2 if keyed else 1
    for _ in range(2):
        assert record(store, code, second) == [number]
    assert command(store, code, number) == before
    assert log(store, code) == told
    assert commands(store, code, search="two") == []


@pytest.mark.parametrize(("ended", "later"), [("completed", "error"), ("error", "completed")])
def test_no_version_changes_how_a_command_ended(store, code, ended, later):
    first = recorded(store, "f()", uid="u", text="result one", status=ended)
    record(store, code, versioned(first, 1))
    before = command(store, code, 1)
    for status in (later, "aborted"):
        other = recorded(store, "f()", uid="u", text="two", status=status)
        assert record(store, code, versioned(other, 9)) == [1]
    assert command(store, code, 1) == before


def test_a_keyed_command_that_was_aborted_is_not_altered(store, code):
    def keyed(status: str, text: str) -> schemas.Recording:
        made = recorded(store, "f()", uid="u", text=text, status=status)
        return msgspec.structs.replace(made, keyed=True)

    record(store, code, keyed("aborted", "one"))
    before = command(store, code, 1)
    for each in (keyed("completed", "two"), keyed("aborted", "one two three")):
        assert record(store, code, each) == [1]
    assert command(store, code, 1) == before


def test_an_earlier_outbox_without_versions_completes_a_running_command_once(store, code):
    record(store, code, versioned(running(store, "u", "f()"), 5))
    assert record(store, code, recorded(store, "f()", uid="u", text="done")) == [1]
    assert record(store, code, recorded(store, "f()", uid="u", text="other")) == [1]
    found = command(store, code, 1).summary
    assert (found.status, found.preview) == ("completed", "done")


@pytest.mark.parametrize("state", ["running", "completed"])
def test_another_users_command_is_refused_whatever_comes_of_it(store, code, state):
    join(store, "bob")
    store.grant(code, "bob", "write")
    mine = running(store, "u", "mine") if state == "running" else recorded(store, "mine", uid="u")
    record(store, code, mine)
    for theirs in (running(store, "u", "mine"), recorded(store, "mine", uid="u", took=9)):
        with refused(errors.Conflict, match="someone else"):
            record(store, code, recorded(store, "new"), theirs, by="bob")
    found = command(store, code, 1)
    assert (found.summary.user, found.request.source) == ("root", "mine")
    assert len(commands(store, code)) == 1, "nothing of a refused batch is recorded"
    assert record(store, code, recorded(store, "bobs", uid="u"), by="bob") == [2]


# ---- batches -----------------------------------------------------------------------------------


def test_an_id_twice_in_one_batch_is_one_command(store, code):
    batch = [
        recorded(store, "a", uid="a"),
        running(store, "b", "b"),
        recorded(store, "c", uid="c"),
        recorded(store, "b", uid="b", text="done"),
    ]
    assert record(store, code, *batch) == [1, 2, 3, 2]
    assert command(store, code, 2).summary.status == "completed"
    assert do(store, "root", api.GET_SESSION, code=code).commands == 3


def test_a_batch_out_of_order_keeps_the_response(store, code):
    batch = [recorded(store, "a", uid="a", text="done"), running(store, "a", "a")]
    assert record(store, code, *batch) == [1, 1]
    assert command(store, code, 1).summary.preview == "done"


def test_a_batch_of_known_and_new_commands_answers_in_the_order_asked(store, code):
    record(store, code, recorded(store, "a", uid="a"), recorded(store, "b", uid="b"))
    batch = [recorded(store, uid, uid=uid) for uid in ("c", "b", "d", "a")]
    assert record(store, code, *batch) == [3, 2, 4, 1]


def test_a_whole_batch_at_its_limit_is_recorded(store, code):
    assert record(store, code, *(recorded(store) for _ in range(500))) == list(range(1, 501))
    assert [event.number for event in log(store, code)] == list(range(1, 501))


def test_who_records_needs_the_role_and_is_named(store, code):
    join(store, "reader", "runner", "writer")
    store.grant(code, "reader", "read")
    store.grant(code, "runner", "execute")
    store.grant(code, "writer", "write")
    for who in ("reader", "runner"):
        with refused(errors.RoleMissing, match="write"):
            store.record(code, "1", by=who)
    store.record(code, "1", by="writer")
    assert [entry.user for entry in commands(store, code)] == ["writer"]


# ---- what is kept ------------------------------------------------------------------------------

PNG = "iVBORw0KGgoAAAANSUhEUg=="


def test_outputs_come_back_as_they_were(store, code):
    outputs = [
        schemas.Stream("stdout", "a\r\x1b[31mb\x1b[0m\0c\n"),
        schemas.Stream("stderr", ["one\n", "two\n"]),
        schemas.DisplayData(
            {
                "image/png": PNG,
                "text/plain": ["<Fig", "ure>"],
                "application/json": {"a": [1.5, None]},
            },
            {"image/png": {"width": 10}, "needs_background": "light"},
        ),
        schemas.ExecuteResult({"text/html": "<script>1</script>"}, {}, 3),
        schemas.ErrorOutput("Key\0Error", "'x'", ["\x1b[0;31mTraceback\x1b[0m", ""]),
    ]
    record(store, code, completed(store, "u", *outputs))
    found = command(store, code, 1)
    assert found.response.outputs == outputs
    assert found.summary.media == [
        "stream", "image/png", "text/plain", "application/json", "text/html", "error",
    ]  # fmt: skip
    assert found.summary.outputs == 5


@pytest.mark.parametrize("size", [4_000, 4_001, 100_000])
def test_a_source_of_any_length_comes_back_whole_and_stands_cut_in_lists(store, code, size):
    source = "é" * size
    store.record(code, source)
    found = command(store, code, 1)
    assert found.request.source == source
    assert len(found.summary.source) == min(size, 4_000)
    assert found.summary.source_cut == (size > 4_000)


def test_nul_in_what_is_recorded_comes_back_as_it_was(store, code):
    moment = store.clock()
    request = schemas.CommandRequest(
        source="print('\0')", started=moment, language="p\0", kernel="k\0", notebook="n\0.ipynb"
    )
    outputs = [schemas.DisplayData({"text/\0plain": "a\0b", "text/plain": "\0"}, {"\0": 1})]
    response = schemas.CommandResponse(
        status="completed", outputs=outputs, finished=moment, duration=0.0, note="no\0te"
    )
    record(store, code, schemas.Recording(id="u", request=request, response=response))
    found = command(store, code, 1)
    assert found.request.source == "print('\0')"
    assert found.response.outputs == outputs


def test_large_outputs_lie_in_a_blob_and_lists_show_a_preview(store, code, tmp_path):
    noise = secrets.token_hex(400_000)
    store.record(code, "noise()", text=noise)
    found = command(store, code, 1)
    assert found.response.outputs == [schemas.Stream("stdout", noise)]
    assert found.summary.preview == noise[:600]
    assert found.summary.size > 800_000
    stored = [path.stat().st_size for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert stored[0] < 500_000, "compressed"


@pytest.fixture
def small(database, tmp_path):
    """Give a store that takes 10,000 bytes of outputs from one command."""
    clock = Clock()
    dispatcher = Dispatcher(database, tmp_path / "blobs", Limits(command=10_000), clock=clock)
    yield Store(dispatcher, clock)
    dispatcher.close()


def test_outputs_past_the_limit_are_cut_with_a_note(small):
    code = small.new().code
    fits = schemas.Stream("stdout", "x" * 9_000)
    figure = schemas.DisplayData({"text/html": "y" * 2_000}, {})
    record(small, code, completed(small, "u", fits, figure, fits, note="Noted before."))
    found = command(small, code, 1)
    assert found.response.outputs == [fits]
    assert found.response.note.startswith("Noted before. 2 of 3 outputs were left out")
    assert found.summary.note == found.response.note


@pytest.mark.parametrize("character", ["a", "\n", "\x1b", '"', "\\", "é", "漢", "🌧"])
def test_text_past_the_limit_is_kept_as_far_as_it_fits(small, character):
    code = small.new().code
    for shift in range(8):
        text = "x" * shift + character * 12_000
        long = schemas.Stream("stdout", text)
        record(small, code, completed(small, f"u{shift}", long, schemas.Stream("stderr", "more")))
        found = command(small, code, shift + 1)
        (kept,) = found.response.outputs
        assert text.startswith(kept.text)
        assert 10_000 - 10 < len(msgspec.json.encode(kept)) <= 10_000
        assert found.response.note.startswith(
            "Output 1 was cut and 1 of 2 outputs were left out: more than"
        )


def test_text_of_which_nothing_fits_is_left_out(small):
    code = small.new().code
    for room in range(0, 80, 7):
        filling = schemas.DisplayData({"text/plain": ""}, {})
        short = 10_000 - len(msgspec.json.encode(filling)) - room
        filling = schemas.DisplayData({"text/plain": "x" * short}, {})
        outputs = filling, schemas.Stream("stdout", "\x1b" * 50)
        record(small, code, completed(small, f"u{room}", *outputs))
        kept = small.call("root", api.LIST_COMMANDS, schemas.ListCommands(code=code)).items[0]
        assert kept.outputs == (2 if room >= 55 else 1), "49 for the stream, 6 for an escape"


def test_a_command_that_was_cut_can_still_be_read_by_a_client(small):
    code = small.new().code
    long = "n" * 1_000
    record(small, code, completed(small, "u", schemas.Stream("stdout", "x" * 20_000), note=long))
    found = command(small, code, 1)
    assert "Output 1 was cut" in found.response.note
    assert msgspec.json.decode(msgspec.json.encode(found), type=schemas.Command) == found


# ---- when --------------------------------------------------------------------------------------


def at(moment: datetime, finished: datetime | None = None) -> schemas.Recording:
    request = schemas.CommandRequest(source="1", started=moment)
    response = schemas.CommandResponse(
        status="completed", outputs=[], finished=finished or moment, duration=0.0
    )
    return schemas.Recording(id=secrets.token_hex(4), request=request, response=response)


def test_instants_of_any_time_zone_are_the_same_instant(store, code):
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-9.5)))
    record(store, code, at(moment))
    found = command(store, code, 1)
    assert found.request.started == moment
    assert found.request.started.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=12))),
        datetime(2026, 1, 1),
    ],
)
def test_an_instant_that_is_none_is_refused_and_breaks_no_list(store, code, moment):
    store.record(code, "before")
    for bad in (at(moment), at(store.clock(), moment)):
        with refused(errors.BadRequest):
            record(store, code, bad)
    with refused(errors.BadRequest):
        commands(store, code, since=moment)
    assert [entry.source for entry in commands(store, code)] == ["before"]


def test_the_first_and_the_last_instant_are_kept(store, code):
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        record(store, code, at(moment))
    assert command(store, code, 2).request.started == datetime.max.replace(tzinfo=UTC)


# ---- anything ----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
BUNDLE = st.dictionaries(TEXT, JSON, max_size=3)
OUTPUT = st.one_of(
    st.builds(schemas.Stream, TEXT, TEXT | st.lists(TEXT, max_size=3)),
    st.builds(schemas.DisplayData, BUNDLE, BUNDLE),
    st.builds(schemas.ExecuteResult, BUNDLE, BUNDLE, st.none() | st.integers(0, 2**53)),
    st.builds(schemas.ErrorOutput, TEXT, TEXT, st.lists(TEXT, max_size=3)),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=TEXT, outputs=st.lists(OUTPUT, max_size=4))
def test_whatever_is_recorded_comes_back_unaltered(store, source, outputs):
    code = do(store, "root", api.GET_SESSION, code="default").code
    uid = secrets.token_hex(8)
    (number,) = record(store, code, completed(store, uid, *outputs, source=source))
    found = command(store, code, number)
    assert found.request.source == source
    assert json.dumps(msgspec.to_builtins(found.response.outputs)) == json.dumps(
        msgspec.to_builtins(outputs)
    )
    (shown,) = commands(store, code, limit=1)
    assert shown.outputs == len(outputs)
