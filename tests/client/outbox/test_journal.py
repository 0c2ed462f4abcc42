"""What a journal takes of the disk, however often a command that runs is told of."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.outbox import journal as journal_module
from jupyter_sessions.client.outbox.journal import Journal
from jupyter_sessions.client.outbox.journal_file import Destination
from jupyter_sessions.client.outbox.recovery import take_over_journals

TO = Destination("https://server", "ann", "1234567890123456789012")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LARGE = 1000


@pytest.fixture(autouse=True)
def _compact_small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "COMPACTED_FROM", 10 * LARGE)


def running(name: str, version: int) -> schemas.Recording:
    """The n-th version of a command that runs: it has put out so much."""
    so_far = schemas.SoFar(
        outputs=[schemas.Stream(name="stdout", text=f"{version} " + "x" * LARGE)],
        until=START + timedelta(seconds=version),
    )
    request = schemas.CommandRequest(source=name, started=START)
    return schemas.Recording(id=name, request=request, so_far=so_far)


def grown(*, delivered: bool) -> Journal:
    """Have a journal that was told of two commands, of each very often."""
    journal = Journal(TO)
    for version in range(100):
        for name in ("one", "two"):
            journal.append(running(name, version))
        journal.sync()
        if delivered:
            journal.settle(journal.head(10, 1 << 30))
        journal.compact()
    return journal


def left(journal: Journal) -> list[schemas.Recording]:
    """Return what waits in the file, for a process that comes after this one was killed."""
    path = journal.path
    assert path is not None
    copy = path.with_name("copy.journal")
    copy.write_bytes(path.read_bytes())
    taken = Journal.take_over(copy, TO)
    found = [msgspec.json.decode(taken.read(slot)) for slot in taken.head(10, 1 << 30)]
    taken.close()
    return [msgspec.convert(each, schemas.Recording) for each in found]


@pytest.mark.parametrize("delivered", [True, False])
def test_a_journal_does_not_grow_by_what_is_told_again_and_again(delivered: bool) -> None:
    journal = grown(delivered=delivered)
    assert journal.path is not None
    assert journal.path.stat().st_size < 15 * LARGE
    ended = left(journal)
    assert [each.id for each in ended] == ["one", "two"]
    for each in ended:
        assert each.response is not None
        assert each.response.status == "aborted"
        assert each.response.outputs == running("", 99).so_far.outputs
    journal.close()


def test_what_waits_is_read_and_delivered_after_the_file_was_written_anew() -> None:
    journal = grown(delivered=False)
    slots = journal.head(10, 1 << 30)
    read = [msgspec.json.decode(journal.read(slot), type=schemas.Recording) for slot in slots]
    assert read == [running("one", 99), running("two", 99)]
    journal.settle(slots)
    assert journal.waiting == 0
    journal.append(running("three", 1))
    assert {each.id for each in left(journal)} == {"one", "two", "three"}
    journal.close()


def test_that_a_session_takes_nothing_is_still_known_after_the_file_was_written_anew() -> None:
    journal = Journal(TO)
    journal.append(running("one", 1))
    hold = journal.hold(errors.SessionDisabled("It is.", hint="Wait."))
    for version in range(2, 100):
        journal.append(running("one", version))
        journal.sync()
        journal.compact()
    path = journal.path
    assert path is not None
    assert path.stat().st_size < 15 * LARGE
    journal.close()
    taken = Journal.take_over(path, TO)
    assert taken.held == hold
    taken.close()


def test_where_the_file_cannot_be_written_anew_it_stays_and_loses_nothing(state: Path) -> None:
    journal = Journal(TO)
    journal.append(running("one", 1))
    journal.sync()
    assert journal.path is not None
    journal.path.with_suffix(".new").mkdir()  # stands in the way
    for version in range(2, 30):
        journal.append(running("one", version))
        journal.sync()
        journal.compact()
    [slot] = journal.head(10, 1 << 30)
    assert msgspec.json.decode(journal.read(slot), type=schemas.Recording) == running("one", 29)
    [ended] = left(journal)
    assert ended.response is not None
    assert ended.response.outputs == running("", 29).so_far.outputs


def test_journals_are_delivered_in_the_order_in_which_they_began_whatever_the_clock_says(
    state: Path,
) -> None:
    begun = [Journal(TO) for _ in range(3)]
    for number, journal in enumerate(begun):
        journal.append(ended(f"{number}", "x", number))
    paths = [journal.path for journal in begun if journal.path is not None]
    older = state / "outbox" / "0123456789abcdef.journal"  # of the version before
    older.write_bytes(paths[2].read_bytes())
    for journal in begun:
        journal.close()
    for path, written in zip([older, *paths], (400, 300, 200, 100), strict=True):
        os.utime(path, (written, written))
    found = list(take_over_journals(TO.server, TO.user, None))
    assert [journal.path for journal in found] == [older, *paths]
    for journal in found:
        journal.close()


# ---- message ids that clients share, and journals of the version that knew commands by them


def ended(name: str, source: str, after: int, text: str = "") -> schemas.Recording:
    """A command that was started `after` some seconds, and has ended."""
    started = START + timedelta(seconds=after)
    outputs = [schemas.Stream(name="stdout", text=text)] if text else []
    response = schemas.CommandResponse(
        status="completed", outputs=outputs, finished=started, duration=0.0
    )
    request = schemas.CommandRequest(source=source, started=started)
    return schemas.Recording(id=name, request=request, response=response)


def test_commands_of_one_message_id_wait_side_by_side() -> None:
    journal = Journal(TO)
    sent = [ended("s_1_7", "a", 0), ended("s_1_7", "b", 0), ended("s_1_7", "a", 1)]
    for each in sent:
        journal.append(each)
    later = ended("s_1_7", "b", 0, "more")
    journal.append(later)
    assert journal.waiting == 3
    assert left(journal) == [sent[0], later, sent[2]]
    journal.close()


def test_a_journal_of_the_version_before_is_read_whole() -> None:
    """It knew commands by their ids: what one replaced in its memory still stands in its file."""
    journal = Journal(TO)
    lost, kept = ended("s_1_7", "a", 0), ended("s_1_7", "b", 9)
    for each in (lost, kept, ended("s_1_8", "c", 10)):
        journal.append(each)
        journal.sync()
    assert journal.path is not None
    text = journal.path.read_bytes()
    settled = text.index(b'{"id":"s_1_8"')
    journal.path.write_bytes(text + b'{"delivered":[%d]}\n' % settled)
    assert left(journal) == [lost, kept]
    journal.close()
