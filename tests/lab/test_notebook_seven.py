"""The front end in Notebook 7: a notebook is recorded there, and its session a click away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.lab.conftest import Complaints, Lab, start_lab
from tests.waiting import STARTED_WITHIN

# Notebook 7.6 says this by itself, without our extension, too: its keyboard shortcuts ask for the
# schema of a settings plugin that has none.
OF_NOTEBOOK = r"Cannot read properties of undefined \(reading 'schema'\)"


@pytest.fixture
def seven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("seven"), "notebook") as lab:
        yield lab


def test_a_notebook_is_recorded_in_notebook_seven_and_its_session_opens_beside_it(
    chromium: Browser, complaints: Complaints, seven: Lab
) -> None:
    complaints.meant.append(OF_NOTEBOOK)
    code = seven.session("In Notebook 7")
    with chromium.new_context(base_url=seven.url) as context:
        context.set_default_timeout(STARTED_WITHIN * 1_000)
        context.add_cookies([{"name": "person", "value": "alice", "url": seven.url}])
        page = context.new_page()
        complaints.watch(page)
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(f"/notebooks/{seven.notebook('seven.ipynb', 'print(6 * 7)')}")
        button = page.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button")
        button.click()
        page.locator(".lm-Menu").get_by_role("menuitem", name="Record into In Notebook 7").click()
        expect(button.locator(".jp-mod-recording")).to_be_visible()
        page.locator(".jp-Cell .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        cell = page.locator(".jp-CodeCell").first
        expect(cell).to_have_attribute("data-jp-sessions-command", "1")
        page.evaluate("void window.jupyterapp.commands.execute('jupyter-sessions:show-panel')")
        panel = page.get_by_role("region", name="Experiments")
        with context.expect_page() as opened:
            panel.locator(".jp-Sessions-session", has_text="In Notebook 7").click()
        expect(opened.value).to_have_url(f"{seven.url}/sessions/{code}/experiment")
        expect(opened.value.get_by_text("print(6 * 7)").first).to_be_visible()
        page.goto("/tree")
        expect(page.locator(".jp-FileBrowser:visible").first).to_be_visible()
    assert complaints.unexpected() == []
    assert [
        each for each in told if "failed to activate" in each and "jupyter-sessions" in each
    ] == []
