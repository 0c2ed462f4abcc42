"""All of it without a mouse: the palette, shortcuts, settings, menus and lists."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import command
from tests.lab.conftest import Lab, Sit

IN_PALETTE = {
    "show-panel", "create", "join", "refresh", "switch-login", "attach", "pause", "detach",
    "show-command", "publish-output", "toggle-command-numbers", "publish-files",
}  # fmt: skip

ABOUT_THEM = """async () => {
    const {commands} = window.jupyterapp;
    const ids = commands.listCommands().filter(id => id.startsWith('jupyter-sessions:'));
    return Promise.all(ids.map(async id => [id, (await commands.describedBy(id)).args]));
}"""


def test_each_command_describes_its_arguments(sit: Sit) -> None:
    found: dict[str, Any] = dict(sit("alice").page.evaluate(ABOUT_THEM))
    assert {f"jupyter-sessions:{name}" for name in IN_PALETTE} <= found.keys()
    for name, arguments in found.items():
        assert arguments and arguments["type"] == "object", name
        assert all(each["description"] for each in arguments["properties"].values()), name


def test_a_session_is_found_and_looked_at_without_a_mouse(lab: Lab, sit: Sit) -> None:
    code = lab.session("By keyboard one")
    lab.session("By keyboard two")
    lab.record(code, *(command(f"step({number})") for number in (1, 2, 3)))
    desk = sit("alice")
    page, press = desk.page, desk.page.keyboard.press
    expect(
        page.locator(".jp-Launcher")
    ).to_be_focused()  # it takes the keyboard once, when it comes
    press("Control+Alt+e")
    panel = page.get_by_role("region", name="Experiments")
    expect(panel).to_be_visible()
    search = panel.get_by_label("Search sessions")
    search.focus()
    page.keyboard.type("By keyboard")
    rows = panel.locator(".jp-Sessions-session")
    expect(rows).to_have_count(2)
    for _ in range(5):  # three kinds of sessions, the list, its first row
        press("Tab")
    expect(rows.nth(0)).to_be_focused()
    press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    ring = rows.nth(1).evaluate("node => getComputedStyle(node).outlineStyle")
    assert ring == "solid"
    press("ArrowUp")
    expect(rows.nth(0)).to_be_focused()
    press("End")
    expect(rows.nth(1)).to_be_focused()
    press("Home")
    expect(rows.nth(0)).to_be_focused()
    press("Enter")
    tab = desk.tab("By keyboard one")
    tab.get_by_role("tab", name="History").focus()
    press("ArrowRight")
    expect(tab.get_by_role("tab", name="Web space")).to_be_focused()
    expect(tab.get_by_role("tab", name="Web space")).to_have_attribute("aria-selected", "true")
    press("ArrowLeft")
    tab.get_by_label("Go to command number").focus()
    page.keyboard.type("3")
    press("Enter")
    entries = tab.get_by_role("article")
    expect(entries.nth(0)).to_be_focused()
    press("ArrowDown")
    expect(entries.nth(1)).to_be_focused()
    press("Tab")
    expect(entries.nth(1).get_by_role("button").first).to_be_focused()

    desk.run("jupyter-sessions:create")
    expect(page.get_by_label("Label", exact=True)).to_be_focused()
    press("Escape")
    expect(page.locator(".jp-Dialog")).to_have_count(0)

    press("Control+Shift+c")
    page.locator(".lm-CommandPalette-input:focus").fill("New Session…")
    press("Enter")
    expect(page.get_by_label("Label", exact=True)).to_be_focused()
    page.keyboard.type("By keyboard three")
    press("Enter")
    desk.tab("By keyboard three")


def test_shortcuts_menus_status_bar_and_settings_serve_a_recorded_notebook(
    lab: Lab, sit: Sit
) -> None:
    lab.session("Served")
    desk = sit("alice")
    page = desk.page
    desk.panel()
    expect(desk.panel()).to_contain_text("Served")
    notebook = desk.open_notebook(lab.notebook("served.ipynb", "print('served')"))
    status = page.locator("#jp-main-statusbar .jp-SessionsRecording-button")
    expect(status).to_have_text("Not recorded")
    status.focus()
    page.keyboard.press("Enter")
    page.locator(".lm-Menu").get_by_role("menuitem", name="Record into Served").click()
    expect(status).to_contain_text("Served")
    desk.run_cell(notebook)
    cell = notebook.locator(".jp-CodeCell").first
    expect(cell).to_have_attribute("data-jp-sessions-command", "1")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Alt+p")
    expect(status).to_contain_text("paused")
    page.keyboard.press("Control+Alt+p")
    expect(status).not_to_contain_text("paused")

    desk.run("jupyter-sessions:toggle-command-numbers")
    expect(cell).not_to_have_attribute("data-jp-sessions-command", "1")
    desk.run("jupyter-sessions:toggle-command-numbers")
    expect(cell).to_have_attribute("data-jp-sessions-command", "1")

    cell.locator(".jp-OutputArea-child").click(button="right")
    menu = page.locator(".lm-Menu")
    expect(menu.get_by_role("menuitem", name="Show This Command")).to_be_visible()
    menu.get_by_role("menuitem", name="Publish This Output").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(desk.tab("Served").get_by_role("treeitem", name="command-1")).to_be_visible()
    desk.run("docmanager:open", path="served.ipynb")
    cell.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Alt+h")
    expect(desk.tab("Served").get_by_role("article").first).to_be_focused()

    (lab.work / "shared.txt").write_text("from the file browser")
    desk.run("filebrowser:activate")
    desk.run("filebrowser:refresh")
    page.locator(".jp-DirListing-item", has_text="shared.txt").click(button="right")
    page.locator(".lm-Menu").get_by_role("menuitem", name="Publish to a Session").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Show", exact=True).last.click()
    expect(desk.tab("Served").get_by_role("treeitem", name="shared.txt")).to_be_visible()
