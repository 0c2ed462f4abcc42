"""A check of all that is stored finds what is damaged, and says whose it is."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.store.tables import commands
from tests.conftest import Store
from tests.waiting import until

LARGE = secrets.token_hex(300_000)


def check(store: Store) -> list[str]:
    """Check all, and return what is wrong."""
    problems: list[str] = []
    after: str | None = ""
    while after is not None:
        found = store.call("root", api.CHECK_STORE, schemas.CheckStore(after=after))
        problems, after = problems + found.problems, found.next
    return problems


def publish(store: Store, code: str, path: str, content: bytes) -> Path:
    file = store.call(
        "root", api.PUBLISH_FILE, schemas.PublishFile(code=code, path=path), upload=content
    )
    return Path(store.dispatcher.blobs.place) / file.sha256[:2] / file.sha256[2:]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_sound_store_is_sound(store: Store) -> None:
    code = store.new().code
    store.record(code, "print(1)", text="small")
    store.record(code, "print(2)", text=LARGE)
    publish(store, code, "a.bin", secrets.token_bytes(50_000))
    assert check(store) == []


def test_what_is_damaged_or_missing_is_found_and_said_whose_it_is(store: Store) -> None:
    code = store.new().code
    store.record(code, "print(1)", text="small " * 300)
    store.record(code, "print(2)", text=LARGE)
    flip(publish(store, code, "flipped.bin", secrets.token_bytes(50_000)))
    publish(store, code, "gone.bin", secrets.token_bytes(50_000)).unlink()

    def harm(transaction):
        row = transaction.connection.execute(
            select(commands.c.id, commands.c.outputs).where(commands.c.number == 1)
        ).one()
        harmed = bytearray(row.outputs)
        harmed[len(harmed) // 2] ^= 1
        transaction.connection.execute(
            update(commands).where(commands.c.id == row.id).values(outputs=bytes(harmed))
        )
        return transaction.connection.execute(
            select(commands.c.outputs_blob).where(commands.c.number == 2)
        ).scalar_one()

    sha256 = store.dispatcher.database.write(harm).result()
    flip(Path(store.dispatcher.blobs.place) / sha256[:2] / sha256[2:])
    assert sorted(check(store)) == [
        f"The file 'flipped.bin' in session {code} is damaged.",
        f"The file 'gone.bin' in session {code} is missing.",
        f"The output of command 1 in session {code} is damaged.",
        f"The output of command 2 in session {code} is damaged.",
    ]
    for number in (1, 2):
        with pytest.raises(errors.ContentDamaged, match=f"command {number} in session {code}"):
            store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=number))
    resumed = store.call("root", api.RESUME_SESSION, schemas.ResumeSession(code=code, commands=5))
    notes = [command.response.note for command in resumed.commands]
    assert all("is damaged in the store" in note for note in notes)
    assert all(command.response.outputs == [] for command in resumed.commands)


@pytest.mark.parametrize("column", ["source", "preview"])
def test_damage_to_the_text_of_a_row_is_found_and_not_given_out(store: Store, column: str) -> None:
    code = store.new().code
    store.record(code, "before = 1", "print('é☂')", "a\0b", "x = 1\n" * 2_000, text="small é ☂")
    store.call("root", api.FORGET_COMMAND, schemas.CommandNamed(code=code, number=1))
    assert check(store) == []

    def harm(transaction):
        for number in (2, 4):
            row = transaction.connection.execute(
                select(commands).where(commands.c.number == number)
            ).one()
            had = getattr(row, column)
            harmed = chr(ord(had[3]) ^ 1).join((had[:3], had[4:]))
            transaction.connection.execute(
                update(commands).where(commands.c.id == row.id).values({column: harmed})
            )

    store.dispatcher.database.write(harm).result()
    assert check(store) == [
        f"The source of command {number} in session {code} is damaged." for number in (2, 4)
    ]
    with pytest.raises(errors.ContentDamaged, match="the source of command 2"):
        store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=2))
    whole = store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=3))
    assert whole.request.source == "a\0b"


def test_text_that_is_not_even_utf_8_is_found_by_the_check(store: Store) -> None:
    code = store.new().code
    store.record(code, "print(1)", "print(2)", text="x")

    def harm(transaction) -> bool:
        if transaction.is_sqlite:  # PostgreSQL takes no such text
            transaction.connection.execute(
                text("UPDATE commands SET source = CAST(x'70ff72' AS TEXT) WHERE number = 1")
            )
        return transaction.is_sqlite

    harmed = store.dispatcher.database.write(harm).result()
    assert check(store) == [f"The source of command 1 in session {code} is damaged."] * harmed


def test_rows_of_earlier_versions_have_no_checksum_and_are_taken_as_they_are(store: Store) -> None:
    code = store.new().code
    store.record(code, "print(1)", text="x")
    store.dispatcher.database.write(
        lambda transaction: transaction.connection.execute(update(commands).values(checksum=None))
    ).result()
    assert check(store) == []
    store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=1))


def health(store: Store) -> schemas.Health:
    answer: schemas.Health = store.call("nobody", api.CHECK_HEALTH, schemas.Nothing())
    return answer


def known(store: Store) -> schemas.StoreDamage:
    answer: schemas.StoreDamage = store.call("root", api.LIST_DAMAGE, schemas.Nothing())
    return answer


def test_health_tells_what_a_check_found_in_whichever_process_it_ran(store: Store) -> None:
    code = store.new().code
    assert (health(store).checked, health(store).damaged) == (None, 0)
    blob = publish(store, code, "a.bin", secrets.token_bytes(50_000))
    publish(store, code, "gone.bin", secrets.token_bytes(50_000)).unlink()
    flip(blob)
    found = check(store)
    other = Dispatcher(str(store.dispatcher.database.url), store.dispatcher.blobs.place)
    try:
        after = Store(other, other._clock)
        assert health(after).damaged == len(found) == 2
        assert health(after).checked is not None
        listed = known(after)
        assert sorted(item.problem for item in listed.items) == sorted(found)
        assert {item.session for item in listed.items} == {code}
        flip(blob)
        check(after)
        assert [item.problem for item in known(store).items] == [
            f"The file 'gone.bin' in session {code} is missing."
        ]
    finally:
        other.close()


def test_a_check_that_was_not_finished_notes_what_it_found_and_no_time(store: Store) -> None:
    code = store.new().code
    flip(publish(store, code, "a.bin", secrets.token_bytes(50_000)))
    first = store.call("root", api.CHECK_STORE, schemas.CheckStore(after=""))
    store.call("root", api.CHECK_STORE, schemas.CheckStore(after=first.next))
    assert (health(store).checked, health(store).damaged) == (None, 1)


def test_damage_that_a_read_meets_is_known_and_so_is_its_repair(store: Store) -> None:
    code = store.new().code
    content = secrets.token_bytes(50_000)
    flip(publish(store, code, "a.bin", content))
    publish(store, code, "gone.bin", secrets.token_bytes(50_000)).unlink()
    store.record(code, "print(1)", "print(2)", text="small " * 300)

    def harm(transaction) -> None:
        rows = update(commands).where(commands.c.number == 1).values(source="print(3)")
        transaction.connection.execute(rows)
        row = transaction.connection.execute(select(commands).where(commands.c.number == 2)).one()
        rows = update(commands).where(commands.c.id == row.id)
        transaction.connection.execute(rows.values(outputs=row.outputs[:-3]))

    store.dispatcher.database.write(harm).result()
    for path in ("a.bin", "gone.bin"):
        named = schemas.FileNamed(code=code, path=path)
        _, blob = store.call("root", api.DOWNLOAD_FILE, named)
        with pytest.raises((errors.ContentDamaged, errors.NotFound)):
            list(store.dispatcher.blobs.stream(blob))
    listed = store.call("root", api.LIST_COMMANDS, schemas.ListCommands(code=code, order="oldest"))
    with pytest.raises(errors.ContentDamaged):
        store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=2))
    assert listed.items[0].source == listed.items[0].preview == ""
    assert "damaged" in listed.items[0].note
    assert listed.items[1].source == "print(2)"
    until(lambda: health(store).damaged == 4, "the notes of what was read")
    assert sorted(item.problem for item in known(store).items) == [
        f"The file 'a.bin' in session {code} is damaged.",
        f"The file 'gone.bin' in session {code} is missing.",
        f"The output of command 2 in session {code} is damaged.",
        f"The source of command 1 in session {code} is damaged.",
    ]
    publish(store, code, "again.bin", content)
    until(lambda: health(store).damaged == 3, "the note of the repair")
    store.call("root", api.FORGET_COMMAND, schemas.CommandNamed(code=code, number=1))
    store.call("root", api.UNPUBLISH_FILE, schemas.FileNamed(code=code, path="gone.bin"))
    assert health(store).damaged == 1, "what was forgotten or unpublished no longer counts"


def test_nothing_shows_a_damaged_source_as_if_it_were_sound(store: Store) -> None:
    code = store.new().code
    store.record(code, "secret = 1", text="x")
    store.dispatcher.database.write(
        lambda tx: tx.connection.execute(update(commands).values(source="secret = 2"))
    ).result()
    events = store.call("root", api.LIST_EVENTS, schemas.ListEvents(code=code))
    (recorded,) = [event.command for event in events.items if event.command]
    resumed = store.call("root", api.RESUME_SESSION, schemas.ResumeSession(code=code, commands=5))
    (command,) = resumed.commands
    shown = [recorded.source, command.summary.source, command.request.source]
    assert shown == ["", "", ""]
    assert "damaged" in command.response.note


def test_only_an_administrator_may_ask_whose_is_damaged(store: Store) -> None:
    with pytest.raises(errors.SessionsError):
        store.call("nobody", api.LIST_DAMAGE, schemas.Nothing())


def test_a_place_that_is_none_is_refused(store: Store) -> None:
    for place in ("elsewhere", "blobs:", "outputs:x@1", "outputs:" + "9" * 30, "outputs:1@"):
        with pytest.raises(errors.BadRequest):
            store.call("root", api.CHECK_STORE, schemas.CheckStore(after=place))
