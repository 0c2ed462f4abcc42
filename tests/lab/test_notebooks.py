"""A notebook's recording: attached, paused and ended in two clicks, seen by the other at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import command, text
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


def test_a_recording_outlives_a_restarted_and_a_dead_kernel_whose_command_is_aborted(
    lab: Lab, sit: Sit
) -> None:
    lab.session("Of a kernel")
    desk = sit("alice")
    desk.panel()
    notebook = desk.open_notebook(
        lab.notebook(
            "killed.ipynb", "import time; time.sleep(600)", "print('after')", "import os, time"
        )
    )
    button = notebook.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button")
    choose(desk, notebook, "Record into Of a kernel")
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    desk.run_cell(notebook, 0)
    tab = desk.open_session("Of a kernel")
    expect(tab.locator("[data-number='1']")).to_contain_text("running")

    desk.run("docmanager:open", path="killed.ipynb")
    desk.run("notebook:restart-kernel")
    desk.page.locator(".jp-Dialog").locator(".jp-mod-accept").click()
    desk.open_session("Of a kernel")
    # Jupyter interrupts what runs first, and the kernel says so.
    expect(tab.locator("[data-number='1']")).to_contain_text("KeyboardInterrupt")

    # It dies by itself, and Jupyter starts it again.
    desk.open_notebook("killed.ipynb")
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    notebook.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    desk.page.keyboard.press("Control+End")
    # A kernel tells of what it begins in a thread of its own: it must live until that is out.
    desk.page.keyboard.type("; time.sleep(1); os._exit(1)")
    desk.run_cell(notebook, 2)
    desk.page.locator(".jp-Dialog").locator(".jp-mod-accept").click()
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")).to_be_visible()
    expect(button.locator(".jp-mod-recording")).to_be_visible()
    desk.run_cell(notebook, 1)
    desk.open_session("Of a kernel")
    expect(tab.locator("[data-number='2']")).to_contain_text("aborted")
    expect(tab.locator("[data-number='3']")).to_contain_text("after")


def test_a_bash_kernel_is_recorded_and_goes_over_to_another_session_in_two_clicks(
    lab: Lab, sit: Sit
) -> None:
    lab.session("First of bash")
    lab.session("Second of bash", bob="read")
    bobs = sit("bob").open_session("Second of bash")
    desk = sit("alice")
    desk.panel()
    notebook = desk.open_notebook(lab.notebook("shell.ipynb", "echo $((6*7))", kernel="bash"))
    choose(desk, notebook, "Record into First of bash")
    button = notebook.locator(".jp-NotebookPanel-toolbar .jp-SessionsRecording-button")
    expect(button).to_contain_text("First of bash")
    choose(desk, notebook, "Record into Second of bash")
    expect(button).to_contain_text("Second of bash")
    desk.run_cell(notebook)
    expect(bobs.locator("[data-number='1']")).to_contain_text("echo $((6*7))")
    expect(bobs.locator("[data-number='1']")).to_contain_text("42")
    expect(bobs.locator("[data-number='2']")).to_have_count(0)
    record = desk.open_session("First of bash").get_by_role("button", name="Record shell.ipynb")
    record.click()
    expect(desk.page.locator("#jp-main-statusbar")).to_contain_text("First of bash")
    expect(record).to_have_count(0)  # it does already


def test_a_command_of_a_colleague_is_inserted_run_again_copied_linked_and_published(
    lab: Lab, sit: Sit
) -> None:
    code = lab.session("To take from", bob="write")
    lab.record(code, command("print('taken over')", text("taken over\n")))
    desk = sit("bob", permissions=["clipboard-read", "clipboard-write"])
    tab = desk.open_session("To take from")
    row = tab.get_by_role("group", name="Command 1", exact=True)
    insert = row.get_by_role("button", name="Insert into the active notebook")
    expect(insert).to_have_attribute("title", re.compile("Open a notebook first"))
    notebook = desk.open_notebook(lab.notebook("taking.ipynb", "1"))
    desk.open_session("To take from")
    insert.click()
    expect(notebook.locator(".jp-Cell")).to_have_count(2)
    expect(notebook.locator(".jp-Cell").nth(1)).to_contain_text("print('taken over')")
    desk.open_session("To take from")
    row.get_by_role("button", name="Run again in the active notebook").click()
    expect(notebook.locator(".jp-Cell")).to_have_count(3)
    expect(notebook.locator(".jp-Cell").nth(2).locator(".jp-OutputArea")).to_contain_text(
        "taken over"
    )

    def copied() -> object:
        return desk.page.evaluate("navigator.clipboard.readText()")

    desk.open_session("To take from")
    row.get_by_role("button", name="Copy the source").click()
    expect(desk.page.get_by_text("The source was copied.").first).to_be_visible()
    assert copied() == "print('taken over')"
    row.get_by_role("button", name="Copy permalink").click()
    expect(desk.page.get_by_text("The permalink was copied.").first).to_be_visible()
    permalink = str(copied()).replace("//localhost:", "//127.0.0.1:")
    assert permalink == f"{lab.url}/sessions/{code}/experiment/commands/1"
    row.get_by_role("button", name="Publish outputs").click()
    desk.page.locator(".jp-Dialog").get_by_role("button", name="Publish").click()
    alice = sit("alice").open_session("To take from")
    alice.get_by_role("tab", name="Web space").click()
    alice.get_by_role("treeitem", name="outputs").click()
    alice.get_by_role("treeitem", name="command-1").click()
    expect(alice.get_by_role("button", name="command 1")).to_be_visible()
