"""What is written ahead of a journal: which of it stands on disk, and what is read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_sessions.client.outbox import write_ahead
from jupyter_sessions.client.outbox.write_ahead import WriteAhead

HEADER = b'{"server":null}\n'
FIRST = (b"", b"", b"begins")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Name a journal whose folder is there."""
    return tmp_path / "one.journal"


def files(journal: Path) -> list[int]:
    """Return the sizes of the files."""
    return [path.stat().st_size for path in sorted(journal.parent.glob("*.ahead"))]


def test_what_was_written_is_read_in_its_order(journal: Path) -> None:
    log = WriteAhead(journal, HEADER)
    log.begin("a", FIRST, (b"1", b"22", b"333"))
    log.append((b"", b"x" * 70_000, b"\n\0"), droppable=True)
    assert log.knows("a")
    assert [*write_ahead.read(journal)] == [
        FIRST, (b"1", b"22", b"333"), (b"", b"x" * 70_000, b"\n\0"),
    ]  # fmt: skip
    assert write_ahead.read_header(journal) is not None
    assert write_ahead.written(journal) is not None
    log.close()
    assert len([*write_ahead.read(journal)]) == 3, "a command that nobody has stays"
    write_ahead.remove(journal)
    assert files(journal) == []


@pytest.mark.parametrize("size", [6, 1 << 16])
def test_nothing_is_read_of_commands_that_were_struck_off(journal: Path, size: int) -> None:
    log = WriteAhead(journal, HEADER)
    for name in ("a", "b"):
        log.begin(name, (b"", b"", b"x" * size))
    log.strike_off("a")
    assert len([*write_ahead.read(journal)]) == 2
    log.strike_off("b")
    assert sum(files(journal)) < 1 << 16
    assert [*write_ahead.read(journal)] == []
    assert log.list_commands() == []
    log.begin("c", FIRST)
    assert [*write_ahead.read(journal)] == [FIRST]
    log.strike_off("c")
    log.close()
    assert files(journal) == []


def test_commands_that_follow_each_other_without_a_rest_do_not_pile_up(journal: Path) -> None:
    log = WriteAhead(journal, HEADER)
    for number in range(40):
        log.begin(str(number), FIRST)
        log.append((b"", b"", b"x" * 100_000), droppable=True)
        if number:
            log.strike_off(str(number - 1))
    assert len(files(journal)) <= 2
    assert sum(files(journal)) < 1_000_000
    log.strike_off("39")
    log.close()
    assert files(journal) == []


def test_what_an_earlier_command_writes_into_a_later_file_stays_with_it(journal: Path) -> None:
    log = WriteAhead(journal, HEADER)
    log.begin("early", FIRST)
    for name in ("b", "c"):
        log.append((b"", b"", b"x" * 300_000), droppable=True)
        log.begin(name, FIRST)
        log.append((b"", b"", f"late, beside {name}".encode()), droppable=True)
    for name in ("b", "c"):
        log.strike_off(name)
    found = [content for _, _, content in write_ahead.read(journal)]
    assert found.count(b"late, beside b") == found.count(b"late, beside c") == 1
    log.strike_off("early")
    assert [*write_ahead.read(journal)] == []
    assert len(files(journal)) == 1
    log.close()
    assert files(journal) == []


def test_what_a_command_puts_out_beyond_the_limit_is_dropped_and_its_end_is_not(
    journal: Path,
) -> None:
    log = WriteAhead(journal, HEADER)
    log.begin("a", FIRST)
    kept = [log.append((b"", b"", b"x" * (1 << 20)), droppable=True) for _ in range(12)]
    assert kept == sorted(kept, reverse=True)
    assert 6 <= sum(kept) <= 8
    assert log.append((b"", b"", b"ends"), droppable=False)
    assert [*write_ahead.read(journal)][-1] == (b"", b"", b"ends")
    log.close()


@pytest.mark.parametrize("cut", range(1, 16))
def test_an_entry_that_its_process_died_while_it_wrote_is_passed_over(
    journal: Path, cut: int
) -> None:
    log = WriteAhead(journal, HEADER)
    log.begin("a", FIRST)
    log.append((b"1", b"2", b"3"), droppable=True)
    log.close()
    (path,) = journal.parent.glob("*.ahead")
    path.write_bytes(path.read_bytes()[:-cut])
    assert [*write_ahead.read(journal)] == [FIRST][: 1 if cut < 16 else 0]


def test_a_disk_that_takes_nothing_raises_nothing(journal: Path) -> None:
    log = WriteAhead(journal.parent / "no folder" / "one.journal", HEADER)
    log.begin("a", FIRST)
    log.append(FIRST, droppable=True)
    log.strike_off("a")
    log.close()
