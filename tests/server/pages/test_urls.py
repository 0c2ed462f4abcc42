"""Links lead where they should, and nowhere else; nonsense in a query does nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions import schemas
from jupyter_sessions.server.pages import meanings
from jupyter_sessions.server.pages.history import read_view, turn
from jupyter_sessions.server.pages.urls import Links


def test_names_in_urls_are_quoted() -> None:
    links = Links("/hub/user/")
    assert links.files("1", "a b/c?#%.csv") == (
        "/hub/user/sessions/1/experiment/files/a%20b/c%3F%23%25.csv"
    )
    assert links.history("1", user="a&b", status="") == "/hub/user/sessions/1/experiment?user=a%26b"


@given(st.text(max_size=40) | st.text(alphabet="/\\.:%2eE?#\t\n sesion@", max_size=40))
def test_only_pages_of_ours_are_led_to(tail: str) -> None:
    links = Links("/")
    for target in (tail, "/" + tail, "/sessions/" + tail):
        led = links.own(target)
        assert led.startswith("/sessions/")
        assert not set(led) & set('\\\t\n\r "<>')
        assert "//" not in led.partition("?")[0].partition("#")[0]


def test_a_session_url_with_its_query_is_led_to() -> None:
    target = "/sessions/1234/experiment?status=error&search=a%20b#c12"
    assert Links("/").own(target) == target


def test_nonsense_in_a_query_is_as_if_it_were_not_there() -> None:
    nonsense = {"order": "up", "status": "fine", "since": "soon", "after": "-1", "at": "x" * 99}
    view = read_view(nonsense)
    assert view.query() == read_view({}).query()
    assert view.live
    assert read_view({"at": "7"}).after == 8
    assert read_view({"at": "7", "order": "oldest"}).after == 6


@pytest.mark.parametrize(
    ("zone", "begins"),
    [("780", "2026-11-21T11:00"), ("-210", "2026-11-22T03:30"), ("841", "2026-11-22T00:00")],
)
def test_a_day_begins_when_it_does_where_the_visitor_is(zone: str, begins: str) -> None:
    asked: list[datetime] = []

    async def fetch(**fields: Any) -> schemas.Page[schemas.CommandSummary]:
        asked.append(fields["since"])
        return schemas.Page(items=[], next=None)

    asyncio.run(turn(read_view({"since": "2026-11-22", "zone": zone}), fetch))
    assert asked == [datetime.fromisoformat(f"{begins}+00:00")]


def test_a_day_before_all_days_is_as_if_it_were_not_there() -> None:
    assert not read_view({"since": "0001-01-01", "zone": "60"}).filtered


def test_jupyterlab_says_of_roles_and_states_what_the_pages_say() -> None:
    source = (Path(__file__).parents[3] / "labextension/src/text/roles.ts").read_text()
    said = [*meanings.ROLES.values(), *meanings.STATES.values()]
    assert [each for each in said if each not in source] == []
