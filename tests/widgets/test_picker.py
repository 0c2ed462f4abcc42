"""Picking a session, and making one."""

from __future__ import annotations

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.widgets import SessionPicker
from tests.conftest import Serve
from tests.widgets.conftest import WidgetStore


def test_picking_a_line_selects_its_session(store: WidgetStore) -> None:
    session, _ = store.new("Seattle weather"), store.new("Another")
    picker = SessionPicker()
    seen: list[str] = []
    picker.observe(lambda change: seen.append(change["new"].label), "selected")
    assert [each.label for each in picker.sessions] == ["Another", "Seattle weather"]
    picker.list.value = session.code
    assert picker.selected is not None
    assert picker.selected.code == session.code
    assert seen == ["Seattle weather"]
    picker.close()


def test_code_that_selects_a_session_marks_its_line(store: WidgetStore) -> None:
    session = store.new()
    picker = SessionPicker()
    picker.selected = session
    assert picker.list.value == session.code


def test_a_label_is_shown_in_one_line_and_no_character_can_break_it(store: WidgetStore) -> None:
    store.new("two lines \u202e<b>")
    line, _ = SessionPicker().list.options[0]
    assert "\u202e" not in line
    assert "<b>" in line  # the front end makes it text


def test_a_new_session_is_made_and_picked(store: WidgetStore) -> None:
    store.new("Old")
    picker = SessionPicker()
    picker.label_field.value = "  New one "
    picker.new.click()
    assert picker.selected is not None
    assert picker.selected.label == "New one"
    assert picker.label_field.value == ""
    assert [each.label for each in picker.sessions] == ["New one", "Old"]


def test_searching_lists_what_is_found_and_says_where_nothing_is(store: WidgetStore) -> None:
    store.new("Seattle weather")
    store.new("Something else")
    picker = SessionPicker()
    picker.search_field.value = "seattle"
    assert [each.label for each in picker.sessions] == ["Seattle weather"]
    picker.search = "no such word"
    assert picker.sessions == []
    assert picker.list.layout.display == "none"
    assert "No matching sessions" in picker.empty.value


def test_an_empty_store_says_what_to_do(home: object) -> None:
    picker = SessionPicker()
    assert "type a label" in picker.empty.value
    assert picker.text() == "0 sessions"


def test_more_than_a_page_is_fetched_when_asked_for(store: WidgetStore) -> None:
    for number in range(103):
        store.new(f"Session {number}")
    picker = SessionPicker()
    assert len(picker.sessions) == 100
    assert picker.more.layout.display != "none"
    picker.more.click()
    assert len(picker.sessions) == 103
    assert picker.more.layout.display == "none"


def test_a_session_is_opened_by_its_code(store: WidgetStore) -> None:
    session = store.new("By code")
    picker = SessionPicker()
    picker.which.value = "shared"
    assert picker.sessions == []
    picker.address_field.value = session.code
    picker.open.click()
    assert picker.selected is not None
    assert picker.selected.label == "By code"


@pytest.mark.parametrize("typed", ["9" * 22, "nonsense <img src=x>"])
def test_what_can_not_be_opened_is_told_in_the_widget(store: WidgetStore, typed: str) -> None:
    store.new()
    picker = SessionPicker()
    picker.address_field.value = typed
    picker.open.click()
    assert 'role="alert"' in picker.notice.value
    assert "<img" not in picker.notice.value
    assert picker.selected is None
    assert picker.address_field.value == typed


def test_a_url_of_another_server_needs_a_login_there(store: WidgetStore) -> None:
    store.new()
    picker = SessionPicker()
    with pytest.raises(errors.NoLogin):
        picker.open_session("https://example.org/sessions/1234567890123456789012/experiment")
    assert isinstance(picker.transport, LocalTransport)


def test_ones_own_server_is_taken_by_its_url(store: WidgetStore, serve: Serve) -> None:
    served = serve()
    session = store.new("At the server")
    picker = SessionPicker()
    opened = picker.open_session(f"{served.url}/sessions/{session.code}/experiment")
    assert opened.label == "At the server"
    assert picker.selected == opened
