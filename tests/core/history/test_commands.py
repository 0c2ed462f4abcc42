"""Past commands: paged, filtered, searched, shown whole, and forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.store.types import number_in
from tests.conftest import Store
from tests.core.asking import (
    command,
    commands,
    content,
    do,
    join,
    log,
    pages,
    publish,
    record,
    recorded,
    refused,
    running,
)


def numbers(store: Store, code: str, by: str = "root", **query: object) -> list[int]:
    return [entry.number for entry in commands(store, code, by, **query)]


# ---- pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_all_pages_together_are_the_history_each_command_once(store, order):
    code = store.new().code
    for start in range(0, 1050, 350):
        record(store, code, *(recorded(store, str(start + n)) for n in range(350)))
    found = pages(
        lambda after: do(
            store, "root", api.LIST_COMMANDS, code=code, order=order, limit=100, after=after
        )
    )
    assert [len(page) for page in found] == [100] * 10 + [50]
    listed = [entry.number for page in found for entry in page]
    assert listed == sorted(range(1, 1051), reverse=order == "newest")


def test_a_page_goes_on_from_any_command_in_either_direction(store):
    code = store.new().code
    store.record(code, *map(str, range(10)))
    assert numbers(store, code, after="5", limit=3) == [4, 3, 2]
    assert numbers(store, code, after="5", limit=3, order="oldest") == [6, 7, 8]
    assert numbers(store, code, after="999") == list(range(10, 0, -1))
    assert numbers(store, code, after="999", order="oldest") == []


def test_a_full_last_page_promises_no_further_one(store):
    code = store.new().code
    store.record(code, "1", "2")
    assert do(store, "root", api.LIST_COMMANDS, code=code, limit=2).next is None


def test_a_page_stays_where_it_was_when_commands_come_in_between(store):
    code = store.new().code
    store.record(code, *map(str, range(4)))
    first = do(store, "root", api.LIST_COMMANDS, code=code, limit=2)
    store.record(code, "new")
    assert numbers(store, code, after=first.next) == [2, 1]


def test_a_cursor_that_is_none_is_refused(store):
    for after in ["", "x", "1-2", "-1", "1.5", "1e3", "\0", "9" * 40]:
        code = store.new().code
        with refused(errors.BadRequest):
            commands(store, code, after=after)


def test_no_number_however_large_leads_into_another_session(store):
    mine, other = store.new("ann").code, store.new("bob").code
    store.record(mine, "mine", by="ann")
    store.record(other, "secret", by="bob")
    for wrapped in (2**32 + 1, 2 * 2**32 + 1, 2**32, 2**53):
        for operation in (api.GET_COMMAND, api.FORGET_COMMAND):
            with refused(errors.NotFound):
                do(store, "ann", operation, code=mine, number=wrapped)
        with refused(errors.NotFound):
            do(store, "ann", api.CREATE_CAPABILITY_URL, code=mine, command=wrapped)
        for order in ("newest", "oldest"):
            found = commands(store, mine, "ann", after=str(wrapped), order=order)
            assert [entry.source for entry in found] == (["mine"] if order == "newest" else [])
            events = do(store, "ann", api.LIST_EVENTS, code=mine, after=wrapped, order=order).items
            assert {event.user for event in events} <= {"ann"}
    assert command(store, other, 1, "bob").request.source == "secret"


def test_row_numbers_of_different_sessions_never_meet():
    assert number_in(1, 2**53) < number_in(2, 0)


# ---- filters -----------------------------------------------------------------------------------


@pytest.fixture
def varied(store):
    """Give the code of a session with commands of two people, a minute apart, of each status."""
    join(store, "bob")
    code = store.new().code
    store.grant(code, "bob", "write")
    store.record(code, "one")
    store.clock.forward(minutes=1)
    store.record(code, "two", by="bob", status="error")
    store.clock.forward(minutes=1)
    store.record(code, "three", by="bob", status="aborted")
    store.clock.forward(minutes=1)
    record(store, code, running(store, "r", "four"))
    return code


def test_the_history_is_filtered_by_person_and_status_and_both(store, varied):
    assert numbers(store, varied, user="bob") == [3, 2]
    assert numbers(store, varied, user="BOB") == [3, 2], "as names are compared"
    assert numbers(store, varied, status="error") == [2]
    assert numbers(store, varied, status="running") == [4]
    assert numbers(store, varied, user="bob", status="completed") == []
    assert numbers(store, varied, user="unheard-of") == []


def test_a_strange_person_to_filter_by_has_run_nothing(store, varied):
    for user in ["\0", "bob\0", "%", "'", "bo"]:
        assert numbers(store, varied, user=user) == []


def test_since_is_inclusive_and_until_is_not(store, varied):
    second = store.clock() - timedelta(minutes=2)
    assert numbers(store, varied, since=second) == [4, 3, 2]
    assert numbers(store, varied, until=second) == [1]
    assert numbers(store, varied, since=second, until=second) == []
    elsewhere = second.astimezone(timezone(timedelta(hours=5)))
    assert numbers(store, varied, since=elsewhere) == [4, 3, 2]


def test_the_ends_of_time_are_bounds_like_any_other(store, varied):
    for bound in ["since", "until"]:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        assert len(numbers(store, varied, **{bound: first})) == (4 if bound == "since" else 0)
        assert len(numbers(store, varied, **{bound: last})) == (0 if bound == "since" else 4)


def test_filters_hold_on_every_page(store):
    join(store, "bob")
    code = store.new().code
    store.grant(code, "bob", "write")
    for n in range(12):
        store.record(code, f"x{n}", by="bob" if n % 3 else "root")
    found = pages(
        lambda after: do(
            store, "root", api.LIST_COMMANDS, code=code, user="bob", limit=3, after=after
        )
    )
    assert [entry.number for page in found for entry in page] == [12, 11, 9, 8, 6, 5, 3, 2]


# ---- search ------------------------------------------------------------------------------------


def test_all_words_are_found_each_by_its_beginning_in_source_and_output(store):
    code = store.new().code
    store.record(code, "temperature = load('seattle.csv')", text="1461 rows read")
    store.record(code, "plot(temperature)", text="<Figure>")
    assert numbers(store, code, search="temp") == [2, 1]
    assert numbers(store, code, search="TEMPERATURE rows") == [1]
    assert numbers(store, code, search="rows temperature") == [1], "in any order"
    assert numbers(store, code, search="seattle.csv") == [1]
    assert numbers(store, code, search="erature") == [], "not by its middle"
    assert numbers(store, code, search="figure seattle") == []


def test_an_error_is_found_by_its_name_and_message(store):
    code = store.new().code
    response = schemas.CommandResponse(
        status="error",
        outputs=[schemas.ErrorOutput("KeyError", "'wind_speed'", ["\x1b[31mTraceback\x1b[0m"])],
        finished=store.clock(),
        duration=0.1,
    )
    request = schemas.CommandRequest(source="df['wind']", started=store.clock())
    record(store, code, schemas.Recording(id="e", request=request, response=response))
    assert numbers(store, code, search="keyerror speed") == [1]


def test_a_search_never_leaves_its_session(store):
    codes = [store.new().code for _ in range(12)]
    for code in codes:
        store.record(code, "needle")
    for code in codes:
        assert numbers(store, code, search="needle") == [1]


def test_a_search_without_a_word_is_no_error(store):
    for text in ["", "  ", '"', "'", "*", "(", "-", "\0", ":", "''':*", "_"]:
        code = store.new().code
        store.record(code, "needle")
        assert numbers(store, code, search=text) == ([1] if text == "" else [])


def test_operators_of_the_databases_are_only_words(store):
    for text in ["AND", "needle OR x", "NEAR(a)", "words:needle", "ne* -x", "a & b"]:
        code = store.new().code
        store.record(code, "needle")
        assert numbers(store, code, search=text) == []


def test_words_of_any_script_are_found_on_each_database(store):
    for written, sought in [
        ("Straße", "STRASSE"),
        ("Ελλάδα", "ελλάδα"),
        ("über", "ÜBER"),
        ("数据分析", "数据"),
        ("température", "TEMPÉRATURE"),
        ("x² + ½", "x²"),
        ("x² + ½", "½"),
        ("١٢٣", "١٢"),
        ("𞤀𞤣𞤤𞤢𞤥", "𞤀𞤣"),
        ("Აბგ", "აბგ"),
        ("𠮷野家", "𠮷"),
        ("a𞤀b", "a𞤀b"),
        ("\u2c2fx", "\u2c2fx"),
        ("1e5", "1e5"),
        ("-17.25", "17"),
        ("mail@example.org", "example"),
        ("https://example.org/a/b?c", "c"),
        ("/usr/local/lib", "local"),
        ("snake_case_name", "case"),
        ("0x1F", "0x1f"),
    ]:
        code = store.new().code
        store.record(code, f"before {written} after", "other")
        assert numbers(store, code, search=sought) == [1]


def test_accents_make_a_difference(store):
    code = store.new().code
    store.record(code, "été")
    assert numbers(store, code, search="ete") == []


def test_a_search_and_filters_hold_together_on_every_page(store):
    code = store.new().code
    for n in range(10):
        store.record(code, "needle" if n % 2 else "hay", status="error" if n > 4 else "completed")
    found = pages(
        lambda after: do(
            store, "root", api.LIST_COMMANDS, code=code, search="needle", status="error", limit=2,
            after=after,
        )
    )  # fmt: skip
    assert [entry.number for page in found for entry in page] == [10, 8, 6]


# ---- one command -------------------------------------------------------------------------------


def test_a_command_that_is_not_there_is_not_found(store):
    code = store.new().code
    store.record(code, "1")
    with refused(errors.NotFound, match="no command 2"):
        command(store, code, 2)


def test_a_running_command_has_a_request_and_no_response(store):
    code = store.new().code
    record(store, code, running(store, "r", "sleep(60)"))
    found = command(store, code, 1)
    assert (found.summary.status, found.response) == ("running", None)
    assert found.request.source == "sleep(60)"


# ---- forgetting --------------------------------------------------------------------------------


@pytest.fixture
def shared(store):
    """Give the code of ann's session with a long command of bob, who writes, and one of ann's."""
    join(store, "bob", "cleo")
    code = store.new("ann").code
    store.grant(code, "bob", "write", by="ann")
    store.grant(code, "cleo", "admin", by="ann")
    store.record(code, "password = 'swordfish' " + "#" * 5000, by="bob", text="hunter2 " * 20_000)
    store.record(code, "1", by="ann")
    return code


def test_authors_forget_their_own_and_admins_anyones(store, shared):
    with refused(errors.RoleMissing, match="admin"):
        do(store, "bob", api.FORGET_COMMAND, code=shared, number=2)
    assert do(store, "bob", api.FORGET_COMMAND, code=shared, number=1).forgotten
    assert do(store, "cleo", api.FORGET_COMMAND, code=shared, number=2).forgotten


def test_an_author_who_may_only_read_any_more_forgets_nothing(store, shared):
    store.grant(shared, "bob", "read", by="ann")
    with refused(errors.RoleMissing):
        do(store, "bob", api.FORGET_COMMAND, code=shared, number=1)
    assert command(store, shared, 1, "ann").request is not None


def test_a_forgotten_command_keeps_its_row_and_nothing_of_its_content(store, shared):
    before = command(store, shared, 1, "bob").summary
    do(store, "bob", api.FORGET_COMMAND, code=shared, number=1)
    found = command(store, shared, 1, "ann")
    assert (found.request, found.response) == (None, None)
    summary = found.summary
    assert (summary.number, summary.user, summary.started, summary.duration, summary.status) == (
        before.number, before.user, before.started, before.duration, before.status,
    )  # fmt: skip
    assert (summary.source, summary.preview, summary.outputs, summary.size) == ("", "", 0, 0)
    assert numbers(store, shared, "ann", search="swordfish") == []
    assert numbers(store, shared, "ann", search="hunter2") == []
    assert log(store, shared, "ann")[-1].kind == "command.forgotten"


def test_what_was_forgotten_is_on_disk_no_more_after_the_store_was_tidied(store, shared, tmp_path):
    publish(store, shared, "keep.txt", content=b"keep" * 1000, by="ann")
    store.clock.forward(days=2)
    do(store, "bob", api.FORGET_COMMAND, code=shared, number=1)
    for blob in (tmp_path / "blobs").rglob("*"):
        _age(blob)
    store.dispatcher.tidy()
    left = [blob for blob in (tmp_path / "blobs").rglob("*") if blob.is_file()]
    assert len(left) == 1
    assert content(store, shared, "keep.txt", "ann") == b"keep" * 1000


def _age(path) -> None:
    import os

    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(path, (long_ago, long_ago))


def test_forgetting_twice_is_one_event(store, shared):
    for _ in range(2):
        do(store, "cleo", api.FORGET_COMMAND, code=shared, number=1)
    kinds = [event.kind for event in log(store, shared, "ann")]
    assert kinds.count("command.forgotten") == 1


def test_a_forgotten_command_does_not_come_back_by_being_recorded_again(store):
    code = store.new().code
    again = recorded(store, "secret", uid="u")
    record(store, code, again)
    do(store, "root", api.FORGET_COMMAND, code=code, number=1)
    assert record(store, code, again, recorded(store, "secret", uid="u", took=60)) == [1, 1]
    assert command(store, code, 1).request is None
    assert numbers(store, code, search="secret") == []


def test_an_archive_still_forgets(store, shared):
    do(store, "ann", api.CLOSE_SESSION, code=shared)
    assert do(store, "bob", api.FORGET_COMMAND, code=shared, number=1).forgotten
