"""The history in a browser: what was run, shown as it was, live, filtered, page by page."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.sync_api import Page, expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import Site, Visit, command, shown, text, wait_until

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAA"
    "AElFTkSuQmCC"
)
OTHER = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><path d="M0 0h9"/></svg>'
TABLE = (
    '<table class="dataframe"><thead><tr><th></th><th>rain</th></tr></thead>'
    "<tbody><tr><th>0</th><td>10.9</td></tr></tbody></table>"
)


def numbers(page: Page) -> list[int]:
    return [
        int(n)
        for n in page.locator("[data-number]").evaluate_all("l => l.map(e => e.dataset.number)")
    ]


@pytest.fixture(scope="module")
def variety(site: Site) -> str:
    code = site.session("Variety", reader="read", writer="write")
    error = schemas.ErrorOutput(
        ename="KeyError",
        evalue="'humidity'",
        traceback=["\x1b[31mKeyError\x1b[39m", "\x1b[32m----> 1\x1b[39m df['humidity']"],
    )
    site.record(
        code,
        command("print('hello')", text("hello\n"), text("careful\n", "stderr")),
        command("fig", shown(image__png=PIXEL, text__plain="<Figure>")),
        command("chart", shown(image__svg_xml=SVG, text__plain="<Chart>")),
        command("df", shown(text__html=TABLE, text__plain="rain")),
        command("notes", shown(text__markdown="# Findings\n\n*wet*", text__plain="x")),
        command("formula", shown(text__latex="$\\frac{a}{b}$", text__plain="a/b")),
        command("params", shown(application__json={"depth": 4}, text__plain="{}")),
        command("df['humidity']", error, status="error"),
        command("train()", text("".join(f"epoch {i}\n" for i in range(200)))),
        command("tqdm()", text("  0%\r 50%\r100%\n", "stderr")),
    )
    site.record(code, command("ls /", text("bin\n")), by="writer")
    return code


def with_version(recording: schemas.Recording, version: int) -> schemas.Recording:
    """Return a recording as a recorder that counts its reports makes it."""
    return msgspec.structs.replace(recording, version=version)


def fetched(page: Page) -> list[str]:
    """Return the images of a page that were transferred, once all are shown.

    For one that is shown from the cache after the server has confirmed it, a browser states 300
    bytes, which stand for the headers.
    """
    wait_until(page, "[...document.images].every(e => e.complete && e.naturalWidth)")
    return list(
        page.evaluate(
            "performance.getEntriesByType('resource').filter(e => e.initiatorType === 'img'"
            " && e.transferSize > 300).map(e => e.name)"
        )
    )


def test_a_second_visit_fetches_an_image_only_if_it_has_changed(site: Site, visit: Visit) -> None:
    code = site.session("Images", reader="read")
    first, other = shown(image__png=PIXEL), shown(image__png=OTHER)
    runs = [command("fig", first, uid=f"second-visit-{n}") for n in range(3)]
    site.record(code, *(with_version(each, 1) for each in runs))
    site.publish(code, "plots/a.png", base64.b64decode(PIXEL))
    page = visit(site.address(code), "reader")
    assert len(fetched(page)) == 3
    page.goto(site.address(code, "/files/plots"))
    assert len(fetched(page)) == 1
    for _ in range(2):
        page.goto(site.address(code))
        assert fetched(page) == []
        page.goto(site.address(code, "/files/plots"))
        assert fetched(page) == []
    changed = msgspec.structs.replace(runs[1].response, outputs=[other])
    site.record(code, with_version(msgspec.structs.replace(runs[1], response=changed), 2))
    site.publish(code, "plots/a.png", base64.b64decode(OTHER))
    page.goto(site.address(code))
    (only,) = fetched(page)
    assert "/commands/2/" in only
    page.goto(site.address(code, "/files/plots"))
    assert len(fetched(page)) == 1


def test_each_output_is_shown_in_its_best_form(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety, "?order=oldest"), "reader")
    expect(page.locator("#c1 .stdout")).to_have_text("hello")
    expect(page.locator("#c1 .stderr")).to_have_text("careful")
    for number, size in ((2, [10, 10]), (3, [40, 20])):
        image = page.locator(f"#c{number} img")
        image.scroll_into_view_if_needed()
        wait_until(page, "n => document.querySelector(`#c${n} img`).naturalWidth > 0", number)
        assert image.evaluate("i => [i.naturalWidth, i.naturalHeight]") == size
    found = {4: "td >> text=10.9", 5: "h1 >> text=Findings", 6: "math mfrac", 7: "text=depth"}
    for number, selector in found.items():
        frame = page.locator(f"#c{number} iframe")
        frame.scroll_into_view_if_needed()
        expect(page.frame_locator(f"#c{number} iframe").locator(selector)).to_be_visible()
    expect(page.locator("#c8 .error p")).to_have_text("KeyError: 'humidity'")
    page.locator("#c8 summary").click()
    expect(page.locator("#c8 .ansi-green-fg")).to_have_text("----> 1")
    expect(page.locator("#c10 .stderr")).to_have_text("100%")


def test_frames_are_as_high_as_their_content(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety, "/commands/4"), "reader")
    wait_until(page, "document.querySelector('iframe').style.height !== ''")
    inner = page.frame_locator("iframe").locator("html").evaluate("e => e.offsetHeight")
    assert abs(page.locator("iframe").evaluate("e => e.offsetHeight") - inner) <= 1


def test_frames_far_below_load_too_for_a_page_that_is_printed(site: Site, visit: Visit) -> None:
    code = site.session("Printed", reader="read")
    table = shown(text__html=TABLE, text__plain="x")
    long = text("line\n" * 13)
    site.record(code, *(command(f"df{n}", long, table) for n in range(30)))
    page = visit(site.address(code), "reader")
    # Frames that have loaded have told their height; the others stand as high as the style says.
    fitted = "[...document.querySelectorAll('iframe.rich')].every(e => e.style.height)"
    expect(page.locator("iframe.rich")).to_have_count(30)
    wait_until(page, fitted)
    assert page.evaluate("scrollY") == 0


def test_long_text_is_folded_and_unfolds(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety), "reader")
    last = page.locator("#c9").get_by_text("epoch 199")
    expect(last).to_be_hidden()
    page.locator("#c9").get_by_text("Show all 200 lines").click()
    expect(last).to_be_visible()


def test_source_is_highlighted_and_can_be_copied(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety, "/commands/1"), "reader")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.locator("#c1 .source .s1").first).to_contain_text("hello")
    page.locator("#c1").hover()
    page.get_by_role("button", name="Copy the source").click()
    expect(page.locator("#c1 .copier.copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "print('hello')"


def test_request_and_response_are_there_as_json(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety), "reader")
    command = page.locator("#c4")
    for which, key, value in (("request", "source", "df"), ("response", "status", "completed")):
        href = command.get_by_role("link", name=which).get_attribute("href")
        assert href is not None and href.endswith(f"/json/{which}/4.json")
        answer = page.request.get(href)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()[key] == value
    assert answer.json()["outputs"][0]["data"]["text/html"] == TABLE


def test_filters_by_person_status_and_words(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety), "reader")
    for field, choice, wanted in (("Who", "writer", [11]), ("Status", "error", [8])):
        page.get_by_label(field).select_option(choice)
        page.get_by_role("button", name="Filter", exact=True).click()
        page.wait_for_url("**status=**")
        assert numbers(page) == wanted
        page.get_by_role("link", name="Clear filters").click()
        page.wait_for_url(site.address(variety))
    page.get_by_label("Search source and output").fill("humidity")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=humidity**")
    assert numbers(page) == [8]
    page.goto(site.address(variety, "?since=2999-01-01"))
    expect(page.get_by_role("heading", name="No matching commands")).to_be_visible()


def test_commands_that_only_manage_sessions_are_shown_on_demand(site: Site, visit: Visit) -> None:
    code = site.session("Managed", watcher="read")
    site.record(code, command("%session new x"), command("a = 1"), command("%session history"))
    page = visit(site.address(code), "watcher")
    assert numbers(page) == [2]
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.record(code, command("%session view 2"), command("b = 2"))
    expect(page.locator("#c5")).to_contain_text("b = 2")
    assert numbers(page) == [5, 2]
    expect(page.locator("[data-commands]")).to_have_text("5")
    page.get_by_label("Show %session commands").check()
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**all=1**")
    assert numbers(page) == [5, 4, 3, 2, 1]
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.record(code, command("%session list"))
    expect(page.locator("#c6")).to_contain_text("%session list")


def test_a_session_with_nothing_but_session_commands_says_so(site: Site, visit: Visit) -> None:
    code = site.session("Only managed", watcher="read")
    site.record(code, command("%session new x"))
    page = visit(site.address(code), "watcher")
    page.get_by_role("link", name="Show them").click()
    expect(page.locator("#c1")).to_contain_text("%session new x")


def test_the_chart_of_durations_has_a_legend_and_needs_some_commands(
    site: Site, visit: Visit
) -> None:
    code = site.session("Charted", watcher="read")
    site.record(code, *(command(f"{n}") for n in range(4)))
    page = visit(site.address(code), "watcher")
    expect(page.locator(".strip")).to_have_count(0)
    site.record(code, command("boom", status="error"))
    page.reload()
    expect(page.locator(".reel figcaption")).to_contain_text("Duration (log scale)")
    assert page.locator(".keys-of-strip .status").all_inner_texts() == ["completed", "error"]


def test_pages_are_turned_by_number_in_both_orders(site: Site, visit: Visit) -> None:
    code = site.session("Long", walker="read")
    site.record(code, *(command(f"step({i})") for i in range(1, 131)))
    page = visit(site.address(code), "walker")
    assert numbers(page) == list(range(130, 80, -1))
    for link, wanted in (
        ("Older", range(80, 30, -1)),
        ("Older", range(30, 0, -1)),
        ("Newer", range(80, 30, -1)),
        ("Newer", range(130, 80, -1)),
    ):
        before = page.url
        page.get_by_role("link", name=link).last.click()
        expect(page).not_to_have_url(before)
        assert numbers(page) == list(wanted)
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    page.get_by_label("Go to").fill("42")
    page.keyboard.press("Enter")
    page.wait_for_url("**at=42")
    assert numbers(page)[0] == 42
    page.goto(site.address(code, "?order=oldest"))
    page.get_by_role("link", name="Later").click()
    page.wait_for_url("**after=50")
    assert numbers(page) == list(range(51, 101))


def test_a_command_has_a_permalink_with_its_neighbours(
    site: Site, visit: Visit, variety: str
) -> None:
    page = visit(site.address(variety), "reader")
    page.get_by_role("link", name="Command 8", exact=True).click()
    page.wait_for_url("**/commands/8")
    expect(page.locator("#c8")).to_contain_text("humidity")
    page.keyboard.press("p")
    page.wait_for_url("**/commands/7")
    page.keyboard.press("n")
    page.wait_for_url("**/commands/8")
    page.goto(site.address(variety, "/commands/999"))
    expect(page.get_by_role("heading", level=1)).to_have_text("This session has no command 999.")


def test_new_commands_appear_live_and_complete_themselves(site: Site, visit: Visit) -> None:
    code = site.session("Alive", watcher="read")
    site.record(code, command("first"))
    page = visit(site.address(code), "watcher")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.locator("[data-range]")).to_have_text("Command 1")
    site.record(code, command("slow()", status="running", uid="slow"))
    expect(page.locator("#c2")).to_contain_text("running")
    site.record(code, command("slow()", text("half of it"), status="running", uid="slow"))
    expect(page.locator("#c2")).to_contain_text("half of it")
    expect(page.locator("#c2")).to_contain_text("running")
    site.record(code, command("slow()", text("done at last"), uid="slow"), command("third"))
    expect(page.locator("#c2")).to_contain_text("done at last")
    expect(page.locator("#c3")).to_contain_text("third")
    assert numbers(page) == [3, 2, 1]
    expect(page.locator("[data-range]")).to_have_text("Commands 1 to 3")
    expect(page.locator("[data-commands]")).to_have_text("3")


def test_the_days_are_those_of_the_readers_time_zone(site: Site, visit: Visit) -> None:
    code = site.session("Days", watcher="read")
    instants = ["2026-03-01T10:30+00:00", "2026-03-01T12:30+00:00", "2026-03-02T10:00+00:00"]
    site.record(code, *(command(i, started=datetime.fromisoformat(i)) for i in instants))
    days = visit(site.address(code), "watcher").locator(".day")
    expect(days).to_have_text(["2 March 2026", "1 March 2026"])
    page = visit(site.address(code), "watcher", timezone_id="Pacific/Auckland")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    days = page.locator(".day")
    expect(days).to_have_text(["2 March 2026", "1 March 2026"])
    order = page.locator(".history > *").evaluate_all("l => l.map(e => e.dataset.number ?? 0)")
    assert list(map(int, order)) == [0, 3, 2, 0, 1]
    site.record(code, command("later", started=datetime(2026, 3, 2, 12, tzinfo=UTC)))
    expect(days).to_have_text(["3 March 2026", "2 March 2026", "1 March 2026"])
    page.get_by_label("Since").fill("2026-03-02")
    page.get_by_role("button", name="Filter").click()
    expect(days).to_have_text(["3 March 2026", "2 March 2026"])
    assert numbers(page) == [4, 3, 2]


def test_the_first_command_appears_live_on_an_empty_page(site: Site, visit: Visit) -> None:
    code = site.session("Empty", watcher="read")
    page = visit(site.address(code), "watcher")
    expect(page.get_by_role("heading", name="Nothing recorded yet")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.record(code, command("x = 1"))
    expect(page.locator("#c1")).to_contain_text("x = 1")
    expect(page.get_by_role("heading", name="Nothing recorded yet")).to_have_count(0)


def test_elsewhere_than_on_top_new_commands_are_only_counted(site: Site, visit: Visit) -> None:
    code = site.session("Counted", watcher="read")
    site.record(code, command("one"), command("two"))
    page = visit(site.address(code, "?search=one"), "watcher")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.record(code, command("three"), command("four"))
    page.get_by_role("link", name="2 new commands").click()
    page.wait_for_url(site.address(code))
    assert numbers(page) == [4, 3, 2, 1]


def test_a_lost_connection_comes_back_and_misses_nothing(site: Site, visit: Visit) -> None:
    code = site.session("Patchy", watcher="read")
    site.record(code, command("one"))
    page = visit("/sessions/", "watcher")
    sockets = []
    page.route_web_socket(
        "**/live?**", lambda route: (sockets.append(route), route.connect_to_server())
    )
    page.goto(site.address(code))
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    sockets[-1].close()
    site.record(code, command("meanwhile"))
    expect(page.locator("#c2")).to_contain_text("meanwhile")
    assert len(sockets) == 2


def test_a_revoked_member_is_told_and_does_not_come_back(site: Site, visit: Visit) -> None:
    code = site.session("Revoked", leaver="read")
    page = visit(site.address(code), "leaver")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.store.call("root", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["leaver"]))
    expect(page.get_by_text("You no longer have access to this session.")).to_be_visible()


def test_outputs_too_large_for_the_page_come_when_one_gets_there(site: Site, visit: Visit) -> None:
    code = site.session("Large", scroller="read")
    site.record(code, command("big()", text("head\n" + "x" * 900_000)), command("small()"))
    page = visit(site.address(code), "scroller")
    # The row is replaced as soon as it comes near, so there is none to wait for.
    page.evaluate("document.getElementById('c1').scrollIntoView()")
    expect(page.locator("#c1 .output.text")).to_contain_text("head")
    expect(page.get_by_text("Only the beginning is shown")).to_be_visible()


def test_the_history_reads_without_scripts(site: Site, visit: Visit, variety: str) -> None:
    page = visit(site.address(variety), "reader", java_script_enabled=False)
    expect(page.locator("#c1 .stdout")).to_have_text("hello")
    expect(page.locator("#c2 img")).to_be_visible()
    expect(page.locator("#c11")).to_contain_text("ls /")


def test_a_forgotten_command_keeps_its_row_and_loses_its_content(site: Site, visit: Visit) -> None:
    code = site.session("Forgotten", reader="read")
    site.record(code, command("secret = 'swordfish'", text("swordfish")))
    site.store.call("root", api.FORGET_COMMAND, schemas.CommandNamed(code=code, number=1))
    page = visit(site.address(code), "reader")
    expect(page.locator("#c1")).to_contain_text("was erased")
    assert "swordfish" not in page.content()
    assert json.loads(page.request.get(site.address(code, "/json/request/1.json")).body()) is None
