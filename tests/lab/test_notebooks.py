"""A notebook's recording: attached, paused and ended in two clicks, seen by the other at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.lab.conftest import Desk, Lab, Sit


def choose(desk: Desk, notebook: Locator, item: str) -> None:
    notebook.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button").click()
    desk.page.locator(".lm-Menu").get_by_role("menuitem", name=item).click()


def test_a_notebook_is_recorded_paused_and_let_go_in_two_clicks_each(lab: Lab, sit: Sit) -> None:
    lab.session("Of the notebook", bob="read")
    bobs = sit("bob").open_session("Of the notebook")
    alice = sit("alice")
    alice.panel()
    notebook = alice.open_notebook(lab.notebook("recorded.ipynb", "print(6 * 7)"))
    button = notebook.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button")
    expect(button).to_have_text("Not recorded")
    choose(alice, notebook, "Record into Of the notebook")
    expect(button).to_contain_text("Of the notebook")
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    expect(alice.panel().get_by_role("img", name="The active notebook records")).to_be_visible()
    alice.run_cell(notebook)
    expect(bobs.locator("[data-number='1']")).to_contain_text("print(6 * 7)")
    expect(bobs.locator("[data-number='1']")).to_contain_text("42")
    expect(notebook.locator(".jp-CodeCell").first).to_have_attribute(
        "data-jp-sessions-command", "1"
    )
    choose(alice, notebook, "Pause Recording")
    expect(button).to_contain_text("paused")
    choose(alice, notebook, "Resume Recording")
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    choose(alice, notebook, "Stop Recording")
    expect(button).to_have_text(re.compile("Not recorded"))
