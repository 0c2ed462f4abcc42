"""Widths, colours and keys: what holds on every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visit, command, shown, text
from tests.browser.test_history import PIXEL, TABLE

PHONE = {"width": 360, "height": 740}
PAGES = (
    "",
    "?status=error&search=nothing",
    "/commands/2",
    "/files",
    "/files/data/a%20table%20with%20a%20long%20name%20that%20goes%20on%20and%20on.csv",
    "/members",
    "/activity",
    "/nowhere",
)


@pytest.fixture(scope="module")
def furnished(site: Site) -> str:
    code = site.session(
        "Averyveryverylongwordwithoutanyplacetobreakit in a label that goes on for long",
        onlooker="write",
    )
    wide = TABLE.replace("<td>", "<td>" + "wide " * 60)
    site.record(
        code,
        command("print('x' * 500)", text("x" * 500)),
        command("y" * 300, shown(text__html=wide, text__plain="x"), shown(image__png=PIXEL)),
        command("last = " + "z" * 300),
    )
    site.publish(
        code, "data/a table with a long name that goes on and on.csv", b"a,b\n" + b"x" * 400 + b",1"
    )
    return code


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_no_page_scrolls_sideways_on_a_phone(site: Site, visit: Visit, furnished: str) -> None:
    page = visit("/sessions/", "onlooker", viewport=PHONE)
    assert not scrolls_sideways(page)
    for tail in PAGES:
        page.goto(site.address(furnished, tail))
        assert not scrolls_sideways(page), tail
    for tail in ("login?again=1", "enter?ticket=x"):
        page.goto(f"/sessions/{tail}")
        assert not scrolls_sideways(page), tail


#: Pairs of neighbours, one below the other, that stand less than 8 pixels apart.
_TOO_CLOSE = """[...document.querySelectorAll('main .button, main .source-frame')].flatMap(e => {
  const box = e.getBoundingClientRect();
  return [e.previousElementSibling, e.nextElementSibling].filter(Boolean).filter(other => {
    const there = other.getBoundingClientRect();
    const gap = Math.max(there.top - box.bottom, box.top - there.bottom);
    return there.height && gap > -1 && gap < 8;
  }).map(other => `${e.textContent.trim()} | ${other.outerHTML}`);
})"""


def test_buttons_and_boxes_touch_nothing_above_or_below(site: Site, visit: Visit) -> None:
    code = site.session("Spaced", keeper="admin")
    for tail in ("login", "enter?ticket=x", "join", f"{code}/experiment/members"):
        page = visit(f"/sessions/{tail}", "keeper" if code in tail else None)
        expect(page.locator("main").locator(".button, .source-frame").first).to_be_visible()
        assert page.evaluate(_TOO_CLOSE) == [], tail


def test_filters_are_folded_on_a_phone_until_asked_for(
    site: Site, visit: Visit, furnished: str
) -> None:
    page = visit(site.address(furnished), "onlooker", viewport=PHONE)
    who, fold = page.get_by_label("Who"), page.get_by_text("Filters", exact=True)
    expect(page.get_by_label("Search source and output")).to_be_visible()
    expect(who).to_be_hidden()
    fold.click()
    expect(who).to_be_visible()
    page.goto(site.address(furnished, "?status=error"))
    expect(who).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(who).to_be_visible()
    expect(fold).to_be_hidden()


def test_light_and_dark_follow_the_system_until_one_chooses(
    site: Site, visit: Visit, furnished: str
) -> None:
    page = visit(site.address(furnished, "/commands/2"), "onlooker", color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    ink = page.frame_locator("iframe").locator("body")
    pale = ink.evaluate("e => getComputedStyle(e).color")
    page.get_by_role("button", name="Light or dark").click()
    light = page.evaluate(paper)
    assert light != dark
    expect(ink).not_to_have_css("color", pale)
    page.reload()
    assert page.evaluate(paper) == light
    expect(ink).not_to_have_css("color", pale)
    page.keyboard.press("t")
    assert page.evaluate(paper) == dark


def test_the_keyboard_walks_searches_opens_and_helps(
    site: Site, visit: Visit, furnished: str
) -> None:
    page = visit(site.address(furnished), "onlooker")
    current = page.locator("[data-item].current")
    for key, number in (("j", "3"), ("j", "2"), ("j", "1"), ("j", "1"), ("k", "2")):
        page.keyboard.press(key)
        expect(current).to_have_attribute("data-number", number)
    page.keyboard.press("/")
    search = page.get_by_label("Search source and output")
    expect(search).to_be_focused()
    page.keyboard.type("j?")
    expect(search).to_have_value("j?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/commands/3")


def test_the_first_tab_stop_leads_past_the_header(site: Site, visit: Visit, furnished: str) -> None:
    page = visit(site.address(furnished), "onlooker")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_pages_have_landmarks_one_heading_and_a_language(
    site: Site, visit: Visit, furnished: str
) -> None:
    page = visit("/sessions/", "onlooker")
    for address in ("/sessions/", *(site.address(furnished, tail) for tail in PAGES)):
        page.goto(address)
        for landmark in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(landmark)).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("[style]:not(iframe), main script, [onclick]").count() == 0


def test_printing_leaves_out_what_only_a_screen_needs(
    site: Site, visit: Visit, furnished: str
) -> None:
    page = visit(site.address(furnished), "onlooker")
    page.emulate_media(media="print")
    expect(page.locator("#c1 .source")).to_be_visible()
    for control in (".top", ".filters", ".tabs", ".halves"):
        expect(page.locator(control).first).to_be_hidden()
