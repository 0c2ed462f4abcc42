"""A history of 100,000 commands on its pages: turned, jumped into, filtered and searched."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Integer, bindparam, func, insert, literal, null, select, text, update

from jupyter_sessions.store.database import Transaction
from jupyter_sessions.store.tables import commands, sessions, users
from jupyter_sessions.store.types import number_in
from tests.browser.conftest import Site, Visit, command
from tests.browser.conftest import text as printed
from tests.browser.test_history import numbers

MANY = 100_000
PAGE = 50
#: One in a thousand was run by the colleague, and failed.
APART = 1_000
FAILED = range(MANY - APART + 7, 0, -APART)


def _copy(transaction: Transaction, code: str) -> None:
    """Make copies of command 1, each with its own number, source and words to be found by."""
    connection = transaction.connection
    session_id = connection.scalar(select(sessions.c.id).where(sessions.c.code == code))
    colleague = connection.scalar(select(users.c.id).where(users.c.name == "colleague"))
    count = select(literal(2).label("n")).cte(recursive=True)
    count = count.union_all(select(count.c.n + 1).where(count.c.n < MANY))
    n = count.c.n
    failed = n % APART == 7
    case = func.iif
    source = func.printf("step(%d)", n)
    changed = {
        "id": n + number_in(session_id, 0),
        "number": n,
        "uid": func.printf("copy-%d", n),
        "user_id": case(failed, bindparam("colleague", colleague, Integer), commands.c.user_id),
        "status": case(failed, "error", commands.c.status),
        "source": source,
        "checksum": null(),  # as rows of early versions have it
    }
    columns = [changed.get(column.name, column) for column in commands.columns]
    first = commands.c.id == number_in(session_id, 1)
    rows = select(*columns).select_from(commands.join(count, literal(True))).where(first)
    connection.execute(insert(commands).from_select(list(commands.columns.keys()), rows))
    connection.execute(
        text(
            "INSERT INTO command_words(rowid, words) "
            "SELECT id, source FROM commands WHERE session_id = :id AND number > 1"
        ),
        {"id": session_id},
    )
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(commands=MANY))


@pytest.fixture(scope="module")
def long(site: Site) -> str:
    code = site.session("Very long", patient="read", colleague="write")
    site.record(code, command("needle = 1", printed("in a haystack")))
    site.store.dispatcher.database.write(lambda tx: _copy(tx, code)).result()
    return code


def turn(page: Page, link: str) -> None:
    before = page.url
    page.get_by_role("link", name=link).last.click()
    expect(page).not_to_have_url(before)


def test_a_long_history_is_turned_page_by_page_from_either_end_and_from_anywhere(
    site: Site, visit: Visit, long: str
) -> None:
    page = visit(site.address(long), "patient")
    expect(page.locator("[data-commands]")).to_have_text("100,000")
    first = MANY
    for _ in range(5):
        assert numbers(page) == list(range(first, first - PAGE, -1))
        turn(page, "Older")
        first -= PAGE
    page.get_by_label("Go to").fill("50000")
    page.keyboard.press("Enter")
    page.wait_for_url("**at=50000")
    assert numbers(page) == list(range(50_000, 49_950, -1))
    expect(page.locator("#c49951 .source")).to_have_text("step(49951)")
    turn(page, "Older")
    assert numbers(page) == list(range(49_950, 49_900, -1))
    turn(page, "Newer")
    turn(page, "Newer")
    assert numbers(page) == list(range(50_050, 50_000, -1))
    page.goto(site.address(long, "?order=oldest"))
    assert numbers(page) == list(range(1, 51))
    turn(page, "Later")
    assert numbers(page) == list(range(51, 101))
    page.goto(site.address(long, "?at=50"))
    assert numbers(page) == list(range(50, 0, -1))
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_a_permalink_deep_in_a_long_history_shows_its_command_and_leads_to_its_neighbours(
    site: Site, visit: Visit, long: str
) -> None:
    page = visit(site.address(long, "/commands/54321"), "patient")
    expect(page.locator("#c54321 .source")).to_have_text("step(54321)")
    expect(page.locator("#c54321 .stdout")).to_have_text("in a haystack")
    page.keyboard.press("n")
    page.wait_for_url("**/commands/54322")
    expect(page.locator("#c54322 .source")).to_have_text("step(54322)")


@pytest.mark.parametrize(("field", "choice"), [("Who", "colleague"), ("Status", "error")])
def test_the_few_of_a_person_or_status_are_found_over_a_long_history(
    site: Site, visit: Visit, long: str, field: str, choice: str
) -> None:
    page = visit(site.address(long), "patient")
    page.get_by_label(field).select_option(choice)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**status=**")
    assert numbers(page) == list(FAILED[:PAGE])
    turn(page, "Older")
    assert numbers(page) == list(FAILED[PAGE:])
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_words_are_found_over_a_long_history(site: Site, visit: Visit, long: str) -> None:
    page = visit(site.address(long), "patient")
    for words, wanted in (
        ("needle", [1]),
        ("haystack", [1]),
        ("step 54321", [54_321]),
        ("step", list(range(MANY, MANY - PAGE, -1))),
        ("step 5432", [*range(54_329, 54_319, -1), 5_432]),
    ):
        page.get_by_label("Search source and output").fill(words)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**search={words.replace(' ', '+')}&**")
        assert numbers(page) == wanted
    page.goto(site.address(long, "?search=step&user=colleague"))
    assert numbers(page) == list(FAILED[:PAGE])
