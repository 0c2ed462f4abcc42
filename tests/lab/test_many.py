"""A thousand sessions and a hundred thousand commands scroll: few of them exist at a time."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec
from playwright.sync_api import Locator, Page, expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import command, wait_until
from tests.lab.conftest import Lab, Sit

SESSIONS, COMMANDS, AT_ONCE = 1_000, 100_000, 2_000
FEW = 100  # rows
HANG = 2_000  # ms: a pause that one would take for a defect

WATCH = """() => {
    window.longest = 0;
    new PerformanceObserver(list => list.getEntries().forEach(each => {
        window.longest = Math.max(window.longest, each.duration);
    })).observe({type: 'longtask'});
}"""


def fill(lab: Lab) -> None:
    """Have one person own all of them, by way of the store itself."""
    calls, credentials = [], lab.store.credentials("mona")
    for number in range(1, SESSIONS):
        request = schemas.NewSession(label=f"Experiment {number:04}")
        calls.append(lab.store.dispatcher.submit(api.CREATE_SESSION, request, credentials))
    code = lab.session("Very long", owner="mona")
    one = command("")
    for first in range(1, COMMANDS, AT_ONCE):
        recordings = [
            msgspec.structs.replace(
                one,
                id=f"many-{number}",
                request=msgspec.structs.replace(one.request, source=f"step({number})"),
            )
            for number in range(first, first + AT_ONCE)
        ]
        asked = schemas.RecordCommands(code=code, commands=recordings)
        calls.append(lab.store.dispatcher.submit(api.RECORD_COMMANDS, asked, credentials))
    for call in calls:
        call.result()


def scroll(rows: Locator, part: float) -> None:
    """Bring a part of a list into view."""
    rows.evaluate("(node, part) => { node.scrollTop = part * node.scrollHeight; }", part)


def longest(page: Page) -> float:
    """Return the longest time for which the page stood still, in milliseconds."""
    found: float = page.evaluate("window.longest")
    return found


def test_the_sessions_and_the_commands_of_one_who_has_many_scroll(lab: Lab, sit: Sit) -> None:
    fill(lab)
    desk = sit("mona")
    page = desk.page
    page.evaluate(WATCH)
    panel = desk.panel()
    sessions = panel.get_by_role("group", name="Sessions", exact=True)
    rows = sessions.locator(".jp-Sessions-session")
    expect(rows.first).to_contain_text("Very long")
    expect(rows.nth(1)).to_contain_text(f"Experiment {SESSIONS - 1:04}")
    for read in range(200, SESSIONS + 1, 100):
        scroll(sessions, 1)
        expect(sessions.locator(f"[aria-setsize='{read}']").first).to_be_attached()
    scroll(sessions, 1)
    expect(rows.last).to_contain_text("Experiment 0001")
    scroll(sessions, 0.5)
    expect(sessions.locator("[aria-posinset='500']")).to_contain_text("Experiment 0501")
    assert rows.count() < FEW

    scroll(sessions, 0)
    tab = desk.open_session("Very long")
    history = tab.get_by_role("group", name="History", exact=True)
    commands = history.locator("[data-number]")
    expect(history.locator(f"[data-number='{COMMANDS}']")).to_contain_text(f"step({COMMANDS})")
    for part in (0.5, 0.123, 0.987):
        scroll(history, part)
        there = round((1 - part) * COMMANDS)
        expect(history.locator(f"[data-number='{there}']")).to_contain_text(f"step({there})")
        wait_until(page, "() => !document.querySelector('.jp-SessionsCommand.jp-mod-unread')")
        said = [
            re.search(r"(\d+)[\s\S]*step\((\d+)\)", each) for each in commands.all_inner_texts()
        ]
        numbers = [int(each[1]) for each in said if each]
        assert [int(each[2]) for each in said if each] == numbers
        assert len(numbers) == len(said) < FEW
        assert all(one - other == 1 for one, other in pairwise(numbers))
    tab.get_by_label("Go to command number").fill("1234")
    page.keyboard.press("Enter")
    expect(history.locator("[data-number='1234']")).to_be_in_viewport()
    expect(history.locator("[data-number='1234']")).to_contain_text("step(1234)")
    page.keyboard.press("End")
    expect(history.locator("[data-number='1']")).to_be_in_viewport()
    expect(history.locator("[data-number='1']")).to_contain_text("step(1)")
    assert commands.count() < FEW
    assert longest(page) < HANG
