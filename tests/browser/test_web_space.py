"""The web space, members and activity in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from playwright.sync_api import expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import Site, Visit, command, wait_until
from tests.browser.test_history import PIXEL, TABLE

CSV = b"station,rain\nSea-Tac,10.9\nBoeing Field,8.1\n"


@pytest.fixture(scope="module")
def published(site: Site) -> str:
    code = site.session("Published", reader="read", ada="write execute")
    site.record(code, command("publish()"))
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}},
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": "# A notebook, $x^2$"},
            {
                "cell_type": "code",
                "metadata": {},
                "execution_count": 1,
                "source": "df",
                "outputs": [
                    {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}},
                    {"output_type": "execute_result", "metadata": {}, "execution_count": 1,
                     "data": {"text/html": TABLE}},
                ],
            },
        ],
    }  # fmt: skip
    files = {
        "data/rain.csv": CSV,
        "analysis of rain #1?.ipynb": json.dumps(notebook).encode(),
        "notes.md": b"# Notes\n\nSome *words*.",
        "train.py": b"def train():\n    return 1\n",
        "params.json": b'{"depth":4}',
        "report/index.html": b"<link rel=stylesheet href=style.css><h1>Report</h1>"
        b"<body><script src=app.js></script>",
        "report/style.css": b"h1 { color: rgb(1, 2, 3) }",
        "report/app.js": b"document.body.append('its script ran')",
        "weights.bin": bytes(1000),
    }
    for path, content in files.items():
        site.publish(code, path, content)
    return code


def test_folders_are_browsed_to_a_preview_and_a_download(
    site: Site, visit: Visit, published: str
) -> None:
    page = visit(site.address(published, "/files"), "reader")
    page.get_by_role("link", name="data", exact=True).click()
    page.get_by_role("link", name="rain.csv").click()
    page.wait_for_url("**/files/data/rain.csv")
    preview = page.frame_locator("iframe")
    expect(preview.locator("td.number").first).to_have_text("10.9")
    expect(page.locator("code.digest")).to_have_text(hashlib.sha256(CSV).hexdigest())
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "rain.csv"
    assert download.value.path().read_bytes() == CSV
    page.get_by_role("navigation", name="Folders").get_by_role("link", name="Web space").click()
    page.wait_for_url("**/experiment/files")


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("analysis of rain #1?.ipynb", "h1 >> text=A notebook"),
        ("analysis of rain #1?.ipynb", "math msup"),
        ("analysis of rain #1?.ipynb", "td >> text=10.9"),
        ("notes.md", "em >> text=words"),
        ("train.py", ".nf >> text=train"),
        ("params.json", "text=depth"),
    ],
)
def test_files_have_previews(
    site: Site, visit: Visit, published: str, name: str, selector: str
) -> None:
    page = visit(site.address(published, "/files"), "reader")
    page.get_by_role("link", name=name).click()
    expect(page.frame_locator("iframe").locator(selector).first).to_be_visible()


def test_a_published_page_keeps_its_own_style_and_script(
    site: Site, visit: Visit, published: str
) -> None:
    page = visit(site.address(published, "/files/report/index.html"), "reader")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("its script ran")).to_be_visible()
    assert frame.locator("h1").evaluate("e => getComputedStyle(e).color") == "rgb(1, 2, 3)"


def test_what_is_not_there_says_so(site: Site, visit: Visit, published: str) -> None:
    page = visit(site.address(published, "/files/no/such.png"), "reader")
    expect(page.get_by_role("heading", level=1)).to_contain_text("no/such.png")
    page.get_by_role("link", name="Back to the session").click()
    page.wait_for_url(site.address(published))
    page.goto(site.address(published, "/files/weights.bin"))
    expect(page.get_by_text("This kind of file can't be previewed.")).to_be_visible()


def test_members_stand_owner_first_with_what_they_may_do(
    site: Site, visit: Visit, published: str
) -> None:
    page = visit(site.address(published, "/members"), "reader")
    rows = page.locator(".members li")
    expect(rows.first).to_contain_text("root")
    expect(rows.first.locator(".chip")).to_have_text(["owner"])
    expect(rows.filter(has_text="ada").locator(".chip")).to_have_text(["write", "execute"])


def test_activity_tells_what_happened_in_words_and_leads_there(
    site: Site, visit: Visit, published: str
) -> None:
    page = visit(site.address(published, "/activity"), "reader")
    lines = page.locator(".event")
    expect(lines.filter(has_text="created the session")).to_have_count(1)
    expect(lines.filter(has_text="granted roles to").first).to_contain_text("ada")
    expect(lines.filter(has_text="publish()")).to_contain_text("ran command 1")
    lines.filter(has_text="published").get_by_role("link", name="data/rain.csv").click()
    page.wait_for_url("**/files/data/rain.csv")


def test_the_list_finds_sessions_and_separates_mine_from_shared(site: Site, visit: Visit) -> None:
    site.session("Tides of the Sound", lister="read")
    site.store.new(owner="lister", label="My own tides")
    page = visit("/sessions/", "lister")
    titles = page.locator(".sessions h2 a")
    for link, wanted in (
        ("Mine", ["My own tides"]),
        ("Shared with me", ["Tides of the Sound"]),
        ("All", ["My own tides", "Tides of the Sound"]),
    ):
        page.get_by_role("link", name=link, exact=True).click()
        expect(titles).to_have_text(wanted)
    page.get_by_label("Search sessions").fill("sound")
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["Tides of the Sound"])
    page.get_by_role("link", name="Removed", exact=True).click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_cards_tell_sessions_of_one_name_apart(site: Site, visit: Visit) -> None:
    first, second = (site.session("Twins", sibling="read") for _ in range(2))
    request = schemas.UpdateSession(code=second, description="The second try, with wind")
    site.store.call("root", api.UPDATE_SESSION, request)
    page = visit("/sessions/?search=twins", "sibling")
    cards = page.locator(".sessions li")
    expect(cards.first).to_contain_text("The second try, with wind")
    expect(cards.first).to_contain_text(second)
    expect(cards.last).to_contain_text(first)
    expect(cards.last).to_contain_text("created on")


def test_images_of_a_folder_are_shown_small_from_capability_urls(site: Site, visit: Visit) -> None:
    code = site.session("Gallery", looker="read")
    for name in ("a", "b"):
        site.publish(code, f"figures/{name}.png", base64.b64decode(PIXEL))
    site.publish(code, "figures/large.png", b"x" * 2_000_001)
    page = visit(site.address(code, "/files/figures"), "looker")
    pictures = page.locator(".gallery img")
    expect(pictures).to_have_count(2)
    wait_until(page, "[...document.querySelectorAll('.gallery img')].every(e => e.naturalWidth)")
    redirects = page.request.get(site.url + pictures.first.get_attribute("src"), max_redirects=0)
    assert "/sessions/w/" in redirects.headers["location"]
    page.get_by_label("Images").get_by_role("link", name="b.png").click()
    page.wait_for_url("**/files/figures/b.png")


def test_folders_and_the_tab_say_how_many_files_there_are(site: Site, visit: Visit) -> None:
    code = site.session("Counted files", looker="read")
    for path in ("figures/a.txt", "figures/deep/b.txt", "c.txt"):
        site.publish(code, path, b"x")
    page = visit(site.address(code, "/files"), "looker")
    expect(page.get_by_role("link", name="Web space 3")).to_be_visible()
    row = page.locator(".files tr").filter(has_text="figures")
    expect(row).to_contain_text("2 files")
    expect(row).to_contain_text("root")


def test_activity_says_once_that_a_command_ran_and_that_it_failed(site: Site, visit: Visit) -> None:
    code = site.session("Busy", looker="read")
    site.record(code, command("slow()", status="running", uid="s"))
    site.record(code, command("slow()", status="error", uid="s"))
    site.record(code, command("more()", status="running", uid="m"))
    page = visit(site.address(code, "/activity"), "looker")
    lines = page.locator(".event")
    expect(lines.filter(has_text="slow()")).to_contain_text("ran command 1 failed")
    expect(lines.filter(has_text="more()")).to_contain_text("started command 2")
    expect(page.locator(".activity .day")).to_have_count(1)
    expect(lines.first.locator("time")).to_have_text(re.compile(r"^\d{1,2}:\d\d"))


def test_who_is_turned_away_is_told_who_they_are(site: Site, visit: Visit) -> None:
    code = site.session("Closed to most", runner="execute")
    for who in ("stranger", "runner"):
        page = visit(site.address(code), who)
        expect(page.get_by_text(f"You are logged in as {who}.")).to_be_visible()


def test_an_empty_list_says_how_to_begin(visit: Visit) -> None:
    page = visit("/sessions/", "beginner")
    expect(page.get_by_text("%session new")).to_be_visible()


def test_a_group_is_a_member_and_sessions_made_in_it_say_so(site: Site, visit: Visit) -> None:
    for name in ("grouper", "fellow"):
        site.person(name)
    lab = schemas.NewGroup(name="lab", roles=["read", "write"], owners=["grouper", "fellow"])
    site.store.call("root", api.ADD_GROUP, lab)
    site.store.call("grouper", api.SWITCH_GROUP, schemas.SwitchGroup(group="lab"))
    code = site.store.new("grouper", label="Rain in the lab").code
    site.store.grant(code, site.person("ada"), by="grouper")
    page = visit("/sessions/?which=shared", "fellow")
    row = page.locator(".sessions li").filter(has_text="Rain in the lab")
    expect(row.get_by_text("@lab")).to_be_visible()
    expect(row.locator(".role")).to_have_text(["write"])
    row.get_by_role("link", name="Rain in the lab").click()
    expect(page.locator(".experiment .facts")).to_contain_text("@lab")
    people = page.locator("form select[name=user] option")
    expect(people.filter(has_text="@lab")).to_have_count(0)
    expect(people.filter(has_text="grouper")).to_have_count(1)
    page.get_by_role("link", name="Members").click()
    rows = page.locator(".members li")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("grouper")
    expect(rows.nth(1).get_by_role("heading")).to_have_text("@lab")
    expect(rows.nth(1)).to_contain_text("Everyone in the group")
    expect(rows.nth(1).locator(".chip")).to_have_text(["write"])
    page.get_by_role("link", name="Activity").click()
    expect(page.locator(".event").last).to_contain_text("created the session lab")
    out = schemas.GroupUsers(name="lab", users=["fellow"])
    site.store.call("grouper", api.REMOVE_GROUP_USERS, out)
    page.reload()
    expect(page.get_by_text("Rain in the lab")).to_have_count(0)
