"""What the history counts is what it shows, or what it leaves out; gaps stand in it as such."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.rendering.columns import describe_source
from jupyter_sessions.core.types import KeyHolder
from tests.server.conftest import Site


def page(site: Site, who: str, code: str, query: str = "") -> str:
    answer = site.http.get(
        f"/sessions/{code}/experiment{query}", headers={"Authorization": f"Bearer {site.keys[who]}"}
    )
    assert answer.status_code == 200
    return answer.text


def counted(html: str) -> tuple[int, int, int]:
    """Return the figure of the tab, how many are shown, and how many are said not to be."""
    tab = int(re.findall(r"data-commands>([0-9,]+)<", html)[0].replace(",", ""))
    shown = len(re.findall(r'data-number="', html))
    return tab, shown, int(re.findall(r'data-left-out="([0-9]+)"', html)[0])


def test_what_is_shown_and_what_is_said_not_to_be_make_up_the_figure(site: Site) -> None:
    who = site.account()
    assert isinstance(site.store.keys[who], KeyHolder)
    code = site.store.new(who).code
    site.store.record(code, "%session new x", "a = 1", "%session members", "b = 2", by=who)
    site.store.record(code, "%session web", "%session grant x", by=who)
    html = page(site, who, code)
    assert counted(html) == (6, 2, 4)
    assert "4 <code>%session</code> commands not shown" in html
    assert "Commands 1 to 6<" in html
    assert counted(page(site, who, code, "?order=oldest")) == (6, 2, 4)
    assert counted(page(site, who, code, "?all=1")) == (6, 6, 0)
    assert counted(page(site, who, code, "?status=completed")) == (6, 2, 0)


def test_the_pages_of_a_long_history_together_account_for_every_command(site: Site) -> None:
    who = site.account()
    code = site.store.new(who).code
    sources = ["%session show" if number % 3 == 0 else f"step({number})" for number in range(160)]
    site.store.record(code, *sources[:80], by=who)
    site.store.record(code, *sources[80:], by=who)
    for order in ("newest", "oldest"):
        query, total, pages = f"?order={order}", 0, 0
        while query:
            html = page(site, who, code, query)
            _, shown, left_out = counted(html)
            total, pages = total + shown + left_out, pages + 1
            last = re.findall(r'data-number="([0-9]+)"', html)[-1]
            more = re.search(rf"after={last}\b", html)
            query = f"?order={order}&after={last}" if more else ""
        assert pages > 2
        assert total == 160


def test_a_session_of_nothing_but_management_says_so(site: Site) -> None:
    who = site.account()
    code = site.store.new(who).code
    site.store.record(code, "%session new x", by=who)
    assert "Only %session commands so far" in page(site, who, code)


def test_a_gap_stands_in_the_history_with_its_note_and_its_times(site: Site) -> None:
    who = site.account()
    code = site.store.new(who).code
    said = "Recording was interrupted: between 10:00:00 and 10:05:00 (UTC) commands may be missing."
    started = datetime(2026, 11, 30, 10, tzinfo=UTC)
    gap = schemas.Recording(
        id="gap",
        request=schemas.CommandRequest(source="", started=started),
        response=schemas.CommandResponse(
            status="aborted",
            outputs=[],
            finished=started + timedelta(minutes=5),
            duration=300.0,
            note=said,
        ),
        runner=None,
    )
    site.store.call(who, api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[gap]))
    html = page(site, who, code)
    assert said in html
    assert "5 min 00 s" in html
    assert "2026-11-30T10:00" in html
    assert 'aria-label="Source of command 1"' not in html
    (listed,) = site.store.call(who, api.LIST_COMMANDS, schemas.ListCommands(code=code)).items
    assert (listed.started, listed.duration, listed.note) == (started, 300.0, said)
    assert describe_source(listed) == f"({said})"
