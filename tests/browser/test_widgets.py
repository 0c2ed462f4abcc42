"""The widgets in a real JupyterLab: a person picks, selects, shares and publishes by clicks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.browser.prefixed_lab import jupyterlab, wait_for_kernel
from tests.conftest import PASSWORD

PATIENCE = 120_000  # milliseconds: a kernel starts


@pytest.fixture
def lab(home: Path, tmp_path: Path) -> Iterator[str]:
    """Start a JupyterLab on a home of its own, and give the address of a notebook in it."""
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "table.csv").write_text("a,b\n1,2\n")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%load_ext jupyter_sessions\n%session ui")],
        metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
    )
    nbformat.write(notebook, work / "work.ipynb")
    command = (sys.executable, "-m", "jupyterlab")
    with jupyterlab(command, tmp_path / "lab.log", work, os.environ | {"HOME": str(home)}) as base:
        yield f"{base}/lab/tree/work.ipynb?token=secret"


@pytest.mark.timeout(600)
def test_a_session_is_picked_looked_into_shared_and_published_to(
    lab: str, chromium: Browser
) -> None:
    store = LocalTransport()
    session = store.call(api.CREATE_SESSION, schemas.NewSession(label="Seattle <weather>"))
    store.call(api.CREATE_SESSION, schemas.NewSession(label="Another"))
    store.call(api.ADD_ACCOUNT, schemas.NewAccount(name="bar", password=PASSWORD))
    now = session.created
    recording = schemas.Recording(
        id="one",
        request=schemas.CommandRequest(source="print('rain <b>')", started=now),
        response=schemas.CommandResponse(
            status="completed",
            outputs=[schemas.Stream(name="stdout", text="rain <b>\n")],
            finished=now,
            duration=0.5,
        ),
    )
    store.call(api.RECORD_COMMANDS, schemas.RecordCommands(code=session.code, commands=[recording]))

    context = chromium.new_context(viewport={"width": 1400, "height": 1400})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(lab)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
    wait_for_kernel(lab.partition("/lab/")[0])
    page.locator(".jp-Cell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    panel = page.locator(".jupyter-sessions-widget").first
    lists = panel.locator(".jupyter-sessions-lines select:visible")
    expect(lists).to_have_count(1, timeout=PATIENCE)

    lists.select_option(index=0)  # something was recorded into it last
    expect(panel).to_contain_text("Seattle <weather>")
    lists = panel.locator(".jupyter-sessions-lines select:visible")
    expect(lists.locator("option")).to_have_count(1)
    lists.select_option(index=0)
    expect(panel.locator(".jp-OutputArea-output")).to_contain_text("rain <b>")

    tabs = panel.locator(".jupyter-widget-tab .lm-TabBar-tab")
    tabs.filter(has_text="Members").click()
    page.get_by_placeholder("User or @group").fill("bar")
    panel.locator("button:visible", has_text="Add").click()
    expect(panel).to_contain_text("bar holds read.")
    panel.locator("button:visible", has_text="write").last.click()
    expect(panel).to_contain_text("bar holds write.")
    cut = "each => each.scrollWidth > each.offsetWidth"
    names = panel.locator(".jupyter-sessions-role:visible", has_text="execute")
    assert [name.evaluate(cut) for name in names.all()] == [False, False]

    tabs.filter(has_text="Web space").click()
    page.get_by_placeholder("Variable, file or folder").fill("table.csv")
    panel.locator("button:visible", has_text="Publish").first.click()
    expect(panel).to_contain_text("Published table.csv.")
    context.close()

    members = store.call(api.LIST_MEMBERS, schemas.SessionNamed(code=session.code)).members
    assert {each.user: each.roles for each in members}["bar"] == ["read", "write"]
    files = store.call(api.LIST_FILES, schemas.ListFiles(code=session.code)).items
    assert [each.path for each in files] == ["table.csv"]
    store.close()
