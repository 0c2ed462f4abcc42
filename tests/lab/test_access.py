"""Everyone can use it: axe finds nothing serious, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect

from jupyter_sessions import api, schemas
from tests.browser.conftest import command, shown, text
from tests.lab.conftest import Desk, Lab, Sit

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"

# Not what a menu is made of: that is JupyterLab's.
OURS = "#jupyter-sessions-panel, .jp-SessionsTab, .jp-SessionsRecording, .jp-Dialog"
PARTS = ("History", "Web space", "Members", "Activity")
NARROW, WIDE = ViewportSize(width=400, height=800), ViewportSize(width=1400, height=900)


def serious(page: Page) -> list[str]:
    """Return what axe finds in all of ours that is in view."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate(
        """async ours => {
            const include = [...document.querySelectorAll(ours)].filter(n => n.offsetParent);
            if (!include.length) throw new Error('nothing of ours is in view');
            const of = {resultTypes: ['violations'], iframes: false};
            return (await axe.run({include}, of)).violations;
        }""",
        OURS,
    )
    return [
        f"{each['id']}: {node['html'][:150]} {node['failureSummary'][:300]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def part(desk: Desk, name: str) -> None:
    desk.page.get_by_role("tab", name=name).click()
    expect(desk.page.locator(".jp-Sessions-loading:visible")).to_have_count(0)


def test_axe_finds_nothing_serious_in_any_part_light_or_dark_wide_or_narrow(
    lab: Lab, sit: Sit
) -> None:
    code = lab.session("Accessible", bob="read", ida="write admin")
    table = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    failure = schemas.ErrorOutput(ename="KeyError", evalue="'x'", traceback=["KeyError: 'x'"])
    lab.record(code, command("print('hello')", text("hello\n")))
    lab.record(code, command("frame", shown(text__html=table, text__plain="a")))
    lab.record(code, command("d['x']", failure, status="error"), by="ida")
    lab.publish(code, "figures/rain.csv", b"a,b\n1,2\n")
    closed = lab.session("An archive")
    lab.store.call("alice", api.CLOSE_SESSION, schemas.SessionNamed(code=closed))
    desk = sit("alice")
    page = desk.page
    notebook = desk.open_notebook(lab.notebook("accessible.ipynb", "1"))
    found: dict[str, list[str]] = {}

    def look(what: str) -> None:
        found[f"{theme}, {size['width']}: {what}"] = serious(page)

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        desk.run("apputils:change-theme", theme=theme)
        expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_have_count(1)
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            desk.panel()
            look("panel")
            page.get_by_role("button", name="Join").first.click()
            page.get_by_label("Session URL or code").fill("nonsense")
            look("dialog to join")
            page.keyboard.press("Escape")
            desk.run("jupyter-sessions:create")
            expect(page.get_by_label("Label", exact=True)).to_be_focused()
            look("dialog of a new session")
            page.keyboard.press("Escape")
            expect(page.locator(".jp-Dialog")).to_have_count(0)
            if size is NARROW:
                desk.run("application:toggle-left-area")
            desk.run("jupyter-sessions:open", code=code)
            for name in PARTS:
                part(desk, name)
                if name == "Web space":
                    page.get_by_role("treeitem", name="figures").first.click()
                look(name)
            desk.run("docmanager:open", path="accessible.ipynb")
            expect(notebook).to_be_visible()
            if size is WIDE:  # where its item is not behind the toolbar's dots
                look("notebook")
    assert {where: what for where, what in found.items() if what} == {}
