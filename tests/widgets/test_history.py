"""Browsing and searching the history."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.widgets import HistoryBrowser
from tests.widgets.conftest import WidgetStore, on_a_loop, until

ACTIVE = "<script>alert(1)</script>"


def test_the_newest_commands_are_listed_and_pages_are_turned(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, *(f"print({number})" for number in range(120)))
    browser = HistoryBrowser(session.code, live=False)
    assert [each.number for each in browser.commands] == list(range(120, 70, -1))
    assert browser.newer.disabled
    browser.older.click()
    browser.older.click()
    assert browser.commands[-1].number == 1
    assert browser.older.disabled
    browser.newer.click()
    assert browser.commands[0].number == 70
    browser.close()


def test_a_picked_line_shows_the_whole_command_with_its_outputs(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, "x = '<b>'\nprint(x)")
    browser = HistoryBrowser(session, live=False)
    seen: list[schemas.Command | None] = []
    browser.observe(lambda change: seen.append(change["new"]), "selected")
    browser.list.value = 1
    assert browser.selected is not None
    assert browser.selected.summary.number == 1
    assert seen == [browser.selected]
    assert "x = &#x27;&lt;b&gt;&#x27;" in browser.request.value
    shown = browser.outputs.outputs
    assert shown == ({"output_type": "stream", "name": "stdout", "text": "out\n"},)


def test_code_selects_a_command_that_is_not_on_the_page(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, *(f"{number}" for number in range(60)))
    browser = HistoryBrowser(session, live=False)
    browser.number = 2
    assert browser.list.value is None
    assert browser.selected is not None
    assert browser.selected.summary.source == "1"
    browser.number = 0
    assert browser.selected is None
    assert browser.outputs.outputs == ()


def test_a_number_that_is_none_is_told(store: WidgetStore) -> None:
    browser = HistoryBrowser(store.new(), live=False)
    browser.number = 5
    assert 'role="alert"' in browser.notice.value
    assert browser.selected is None


def test_filters_are_traits_and_fields_alike(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, "alpha", "beta")
    store.record(session.code, "alpha fails", status="error")
    browser = HistoryBrowser(session, live=False)
    browser.search_field.value = "alpha"
    assert [each.source for each in browser.commands] == ["alpha fails", "alpha"]
    browser.status = "error"
    assert [each.source for each in browser.commands] == ["alpha fails"]
    browser.search = browser.user = ""
    browser.status = None
    browser.user = "nobody-else"
    assert browser.commands == []
    assert "No matching commands" in browser.empty.value


def test_what_someone_else_put_out_can_not_reach_the_notebook(store: WidgetStore) -> None:
    session = store.new()
    output = schemas.DisplayData(
        data={"text/html": ACTIVE, "application/javascript": "alert(2)", "text/plain": "x"},
        metadata={},
    )
    store.record(session.code, "display()", outputs=[output])
    browser = HistoryBrowser(session, live=False)
    browser.number = 1
    assert browser.outputs.outputs[0]["data"]["text/html"] == ACTIVE  # one's own
    command = browser.selected
    assert command is not None
    command.summary.user = "mallory"
    browser.selected = None
    browser.selected = command
    data = browser.outputs.outputs[0]["data"]
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith('<iframe sandbox="allow-scripts"')
    assert ACTIVE not in data["text/html"]


def test_another_session_begins_anew(store: WidgetStore) -> None:
    one, other = store.new("One"), store.new("Other")
    store.record(one.code, "in one")
    store.record(other.code, "in other")
    browser = HistoryBrowser(one, live=False)
    browser.number = 1
    browser.session = other
    assert browser.selected is None
    assert [each.source for each in browser.commands] == ["in other"]
    browser.session = None
    assert browser.commands == []
    assert "Select a session" in browser.empty.value


@pytest.mark.slow
def test_commands_appear_as_they_run(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, "before")

    async def look() -> None:
        browser = HistoryBrowser(session.code)
        store.record(session.code, "while looking")
        await until(lambda: len(browser.commands) == 2, "the command did not come")
        assert browser.commands[0].source == "while looking"
        assert browser.list.options[0][1] == 2
        browser.number = 2
        named = schemas.CommandNamed(code=session.code, number=2)
        store.transport.call(api.FORGET_COMMAND, named)
        await until(
            lambda: browser.selected is not None and browser.selected.request is None,
            "that it was forgotten did not come",
        )
        assert "while looking" not in browser.request.value
        following = browser._following
        assert following is not None
        browser.close()
        await until(lambda: not following.alive, "the live view went on")

    on_a_loop(look)


def test_a_page_of_old_commands_stays_where_it_is(store: WidgetStore) -> None:
    session = store.new()
    store.record(session.code, *(f"{number}" for number in range(60)))

    async def look() -> None:
        browser = HistoryBrowser(session.code)
        browser.older_page()
        before = [each.number for each in browser.commands]
        store.record(session.code, "new")
        store.transport.call(api.FORGET_COMMAND, schemas.CommandNamed(code=session.code, number=3))
        await until(lambda: any(each.forgotten for each in browser.commands), "nothing came")
        assert [each.number for each in browser.commands] == before
        browser.close()

    on_a_loop(look)
