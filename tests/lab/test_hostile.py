"""What others put out and publish, hostile as it may be, reaches nothing in someone's JupyterLab.

No command of JupyterLab runs, no request leaves to another origin, the window stays where it is.
"""

from __future__ import annotations

import json

from playwright.sync_api import Frame, Locator, Page, expect

from jupyter_sessions import schemas
from tests.browser.conftest import command, shown, text
from tests.browser.test_hostile import Catcher, thief
from tests.lab.conftest import Desk, Lab, Sit
from tests.waiting import until

# A button that JupyterLab's own documents may have, to run a command of it.
BUTTON = (
    '<button id="press" data-commandlinker-command="steal" data-commandlinker-args="{}">'
    "press</button>"
)


def fetching(there: str) -> str:
    """Return HTML that has things fetched without any script."""
    return (
        f'<img src="{there}/image"><img srcset="{there}/srcset"><div style="background:'
        f'url({there}/background)">x</div><link rel="stylesheet" href="{there}/linked">'
        f"<style>@import url({there}/imported); body {{ background: url({there}/styled) }}</style>"
        f'<video poster="{there}/poster"></video><audio src="{there}/audio"></audio>'
        f'<iframe src="{there}/framed"></iframe><object data="{there}/object"></object>'
        f'<embed src="{there}/embedded"><svg><image href="{there}/svg"/></svg>'
    )


def drawing(there: str) -> str:
    """Return an SVG image that has things fetched, and holds script."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50">'
        f'<style>@import url({there}/svg-imported);</style><image href="{there}/svg-image"/>'
        f'<foreignObject width="50" height="50"><img xmlns="http://www.w3.org/1999/xhtml" '
        f'src="{there}/svg-foreign"/></foreignObject><script>top.stolen = true; '
        f'fetch("{there}/svg-script"); location = "{there}/svg-away"</script>'
        '<rect width="50" height="50" onload="top.stolen = true"/></svg>'
    )


def hostile(lab: Lab, catcher: Catcher) -> dict[str, schemas.Output]:
    """Return outputs that try to get out, by what they are."""
    there = catcher[0]
    away = f"<p>away</p><script>location = '{there}/away'</script>"
    links = "".join(
        f'<a id="{target}" href="{there}/{target}" target="_{target}">{target}</a> '
        for target in ("self", "top", "parent", "blank")
    )
    form = f'<form action="{there}/form" target="_top"><button id="send">send</button></form>'
    return {
        "button": shown(text__html=BUTTON, text__plain="x"),
        "fetching": shown(text__html=f"{BUTTON}{fetching(there)}", text__plain="x"),
        "script": shown(text__html=f"<script>{thief(lab, catcher)}</script>", text__plain="x"),  # type: ignore[arg-type]  # a URL is all it needs
        "away": shown(text__html=away, text__plain="x"),
        "refresh": shown(
            text__html=f'<meta http-equiv="refresh" content="0;url={there}/refresh">.'
        ),
        "links": shown(text__html=f"{links}{form}", text__plain="x"),
        "markdown": shown(
            text__markdown=f"![a]({there}/markdown) [go]({there}/go)\n\n{BUTTON}{fetching(there)}"
        ),
        "latex": shown(
            text__latex=rf"$\href{{{there}/href}}{{x}} \includegraphics{{{there}/latex}}$ {BUTTON}"
        ),
        "svg": shown(image__svg_xml=drawing(there), text__plain="x"),
        "json": shown(application__json={"<img>": f'<img src="{there}/json">{BUTTON}'}),
        "javascript": shown(application__javascript=f"top.stolen = true; '{there}'"),
        "png": shown(
            image__png=f'"><img src="{there}/png">', text__plain=f'"><img src="{there}/">'
        ),
        "plain": shown(text__plain=f'{BUTTON}<img src="{there}/plain">'),
        "stream": text(f'\x1b[31m{BUTTON}<img src="{there}/stream">\x1b[0m\n'),
        "error": schemas.ErrorOutput(
            ename="E", evalue="", traceback=[f'{BUTTON}<img src="{there}/error">']
        ),
    }


def guard(page: Page) -> None:
    """Have a command that the outputs try to run."""
    page.evaluate(
        "window.jupyterapp.commands.addCommand('steal', {execute: () => { window.stolen = true; }})"
    )


def content(row: Locator) -> Frame:
    """Return the document that holds the content of an output, inside the server's page."""
    row.locator("iframe").scroll_into_view_if_needed()
    outer = row.locator("iframe").element_handle().content_frame()
    assert outer is not None
    inner = outer.wait_for_selector("iframe")
    assert inner is not None
    frame = inner.content_frame()
    assert frame is not None
    return frame


def assert_untouched(desk: Desk, catcher: Catcher) -> None:
    """See that nothing got out, once it has had a moment to."""
    desk.page.wait_for_timeout(1_000)
    assert catcher[1] == []
    assert desk.page.url.partition("?")[0] == f"{desk.lab.url}/lab/workspaces/{desk.name}"
    assert desk.page.evaluate("window.stolen") is None
    assert "owned" not in desk.page.title()
    assert len(desk.page.context.pages) == 1


def test_no_output_of_others_runs_a_command_sends_a_request_or_leads_the_window_away(
    lab: Lab, sit: Sit, catcher: Catcher
) -> None:
    code = lab.session("Hostile", bob="read")
    outputs = hostile(lab, catcher)
    lab.record(code, *(command(name, output) for name, output in outputs.items()))
    desk = sit("bob")
    desk.page.set_viewport_size({"width": 1_280, "height": 4_000})  # so that all is in view
    guard(desk.page)
    tab = desk.open_session("Hostile")
    rows = {
        name: tab.locator(f"[data-number='{number}']") for number, name in enumerate(outputs, 1)
    }
    framed = [
        *("button", "fetching", "script", "away", "refresh", "links"),
        *("markdown", "latex", "svg", "json"),
    ]
    for name in reversed(framed):
        rows[name].scroll_into_view_if_needed()
        expect(rows[name].locator("iframe")).to_have_count(1)
        content(rows[name])
    for name in ("png", "plain", "stream", "error", "javascript"):
        expect(rows[name].locator("iframe")).to_have_count(0)
    report = content(rows["script"]).locator("#report")
    seen = json.loads(report.text_content() or "")
    assert seen == dict.fromkeys(seen, "refused")
    # What a person presses does no harm either.
    for name in ("button", "fetching", "markdown"):
        buttons = content(rows[name]).locator("#press")
        if buttons.count():
            buttons.first.click()
    for name in ("links", "markdown"):
        for link in content(rows[name]).locator("a:not(#self)").all():
            link.click()
    content(rows["links"]).locator("#send").click()
    content(rows["links"]).locator("#self").click()
    for name in ("plain", "stream", "error"):
        assert rows[name].locator("button:has-text('press')").count() == 0
        expect(rows[name]).to_contain_text("data-commandlinker-command")
    assert_untouched(desk, catcher)


def test_no_published_file_of_others_sends_a_request_or_leads_the_window_away(
    lab: Lab, sit: Sit, catcher: Catcher
) -> None:
    code, there = lab.session("Hostile files", bob="read"), catcher[0]
    files = {
        "away.html": f"<p>x</p><script>location = '{there}/file'</script>",
        "fetching.html": f"{BUTTON}{fetching(there)}",
        "drawing.svg": drawing(there),
        "notes.md": f"![x]({there}/md) {BUTTON}{fetching(there)}",
        "data.json": json.dumps({"x": fetching(there)}),
    }
    for name, held in files.items():
        lab.publish(code, name, held.encode())
    desk = sit("bob")
    guard(desk.page)
    tab = desk.open_session("Hostile files")
    tab.get_by_role("tab", name="Web space").click()
    for name in files:
        tab.get_by_role("treeitem", name=name).click()
        expect(tab.locator("section.jp-SessionsFile")).to_have_attribute("aria-label", name)
        content(tab.locator("section.jp-SessionsFile"))
        assert_untouched(desk, catcher)


def test_a_drawing_and_a_table_are_seen_in_their_frames_as_high_as_they_are(
    lab: Lab, sit: Sit
) -> None:
    code = lab.session("Drawn")
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="212"><rect/></svg>'
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(12))
    lab.record(
        code,
        command("draw", shown(image__svg_xml=svg, text__plain="x")),
        command("table", shown(text__html=f"<table>{rows}</table>", text__plain="x")),
        command("prose", shown(text__markdown="**strong** $x^2$")),
    )
    tab = sit("alice").open_session("Drawn")
    drawn = content(tab.locator("[data-number='1']"))
    assert drawn.wait_for_function(
        "document.querySelector('img').naturalWidth === 300 && "
        "document.querySelector('img').complete"
    )
    frame = tab.locator("[data-number='1'] iframe")
    until(lambda: 212 <= frame.bounding_box()["height"] <= 260, "the frame's height")
    table = content(tab.locator("[data-number='2']"))
    expect(table.locator("td")).to_have_count(12)
    whole = "document.documentElement.scrollHeight <= innerHeight"
    assert table.wait_for_function(whole)
    expect(content(tab.locator("[data-number='3']")).locator("strong")).to_have_text("strong")
