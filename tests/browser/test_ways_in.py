"""Login form, one-time login link, logout, and where they lead."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import Site, Visit
from tests.conftest import PASSWORD
from tests.waiting import STARTED_WITHIN


def log_in(page: Page, user: str, password: str) -> None:
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_session_url_leads_through_the_login_form_to_the_page_asked_for(
    site: Site, visit: Visit
) -> None:
    code = site.session("A year of rain", bar="read")
    address = site.address(code, "?status=error&search=rain")
    page = visit(address)
    assert "/sessions/login?next=" in page.url
    log_in(page, "bar", PASSWORD)
    page.wait_for_url(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("A year of rain")
    page.goto("/sessions/")
    expect(page.get_by_role("link", name="A year of rain")).to_be_visible()


def test_a_failed_login_says_nothing_about_which_of_the_two_was_wrong(
    site: Site, visit: Visit
) -> None:
    site.person("careful")
    page = visit("/sessions/login")
    failure = page.get_by_role("alert")
    said = []
    for user, password in (("careful", "not the password"), ("nobody here", PASSWORD)):
        log_in(page, user, password)
        expect(page.get_by_label("User name")).to_have_value(user)
        expect(page.get_by_label("Password")).to_have_value("")
        said.append(failure.inner_text())
    assert said[0] == said[1]


def test_failed_logins_back_off(site: Site, visit: Visit) -> None:
    site.person("guessed")
    page = visit("/sessions/login")
    wait = 0
    deadline = time.monotonic() + STARTED_WITHIN
    while wait < 6:
        assert time.monotonic() < deadline
        log_in(page, "guessed", "wrong again")
        found = re.search(r"wait (\d+) s", page.get_by_role("alert").inner_text())
        wait = int(found[1]) if found else 0
    log_in(page, "guessed", PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("wait")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/sessions//evil.example/",
        "/sessions/../../evil",
        "/sessions/%2e%2e/%2e%2e/evil",
        "\\\\evil.example\\",
        "/\t/evil.example",
        "/sessions/\n//evil.example",
        "javascript:document.title='pwned'",
        "/sessions/\"><script>document.title='pwned'</script>",
        "/lab",
        "",
    ],
)
def test_the_login_form_leads_nowhere_but_to_our_own_pages(
    site: Site, visit: Visit, target: str
) -> None:
    site.person("led")
    page = visit("/sessions/login?" + str(httpx.QueryParams(next=target)))
    log_in(page, "led", PASSWORD)
    page.wait_for_url("**/sessions/")
    assert page.url == f"{site.url}/sessions/"
    assert "pwned" not in page.title()


def test_logging_out_ends_the_login_on_the_server_too(site: Site, visit: Visit) -> None:
    site.person("leaving")
    page = visit("/sessions/")
    log_in(page, "leaving", PASSWORD)
    page.wait_for_url("**/sessions/")
    kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert httpx.get(f"{site.url}/sessions/api/user", cookies=kept).status_code == 200
    with page.expect_response("**/logout") as answer:
        page.get_by_role("button", name="Log out").click()
    assert answer.value.header_value("Clear-Site-Data") == '"cache"'
    page.wait_for_url("**/sessions/login")
    assert httpx.get(f"{site.url}/sessions/api/user", cookies=kept).status_code == 401
    page.goto("/sessions/")
    assert "/sessions/login" in page.url


def test_the_login_cookie_is_out_of_the_reach_of_scripts(site: Site, visit: Visit) -> None:
    site.person("guarded")
    page = visit("/sessions/")
    log_in(page, "guarded", PASSWORD)
    page.wait_for_url("**/sessions/")
    login = [c for c in page.context.cookies() if c["name"].startswith("jupyter-sessions")]
    assert [(c["httpOnly"], c["sameSite"]) for c in login] == [(True, "Lax")]
    assert "jupyter-sessions" not in page.evaluate("document.cookie")


def test_a_look_at_a_one_time_way_in_does_not_use_it_up(site: Site, visit: Visit) -> None:
    code = site.session("By ticket", invited="read")
    ticket = site.store.call("invited", api.MAKE_TICKET, schemas.Nothing()).ticket
    query = httpx.QueryParams(next=f"/sessions/{code}/experiment")
    address = f"/sessions/enter?{query}#{ticket}"
    for _ in range(2):
        assert httpx.get(site.url + address).status_code == 200
    page = visit(address)
    expect(page.get_by_label("The part of the link after #")).to_be_hidden()
    assert ticket not in page.url
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(site.address(code))
    expect(page.get_by_role("heading", level=1)).to_have_text("By ticket")
    again = visit(address)
    again.get_by_role("button", name="Log in").click()
    expect(again.get_by_role("heading", level=1)).to_contain_text("used already")
    assert not [c for c in again.context.cookies() if c["name"].startswith("jupyter-sessions")]


def test_a_stranger_sees_the_same_404_for_a_session_as_for_none(site: Site, visit: Visit) -> None:
    hidden = site.session("Hidden")
    page = visit("/sessions/", "stranger")
    answers = [
        page.request.get(site.address(code, tail))
        for tail in ("", "/files", "/members", "/activity", "/commands/1", "/raw/x", "/files/x")
        for code in (hidden, "1234567890123456789012", "not-a-code")
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body() for answer in answers}) == 1
    varying = {"date", "set-cookie"}
    headers = [{k: v for k, v in a.headers.items() if k not in varying} for a in answers]
    assert all(each == headers[0] for each in headers)
    page.goto(site.address(hidden))
    expect(page.get_by_role("heading", level=1)).to_contain_text("no role in it")
    page.get_by_role("link", name="Your sessions").click()
    page.wait_for_url("**/sessions/")
