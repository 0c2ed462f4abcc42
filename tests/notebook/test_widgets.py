"""``%session ui``, and what code gets, displayed in a real kernel."""

from __future__ import annotations

import time
from pathlib import Path

from tests.notebook.conftest import Start
from tests.notebook.kernels import Terminal
from tests.waiting import STARTED_WITHIN

VIEW = "application/vnd.jupyter.widget-view+json"
PROGRAM = """
from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports import resolve
ask = resolve.transport().call
code = ask(api.LIST_SESSIONS, schemas.ListSessions()).items[0].code
"""


def test_the_panel_is_displayed_and_recorded_as_text(start: Start) -> None:
    kernel = start()
    kernel.good('%session new "Seattle"')
    kernel.good("print('a cell')")
    cell = kernel.good("%session ui")
    (shown,) = [each for each in cell.outputs if each.output_type == "display_data"]
    assert VIEW in shown.data
    assert shown.data["text/plain"] == "session panel: Seattle"
    again = kernel("%session view 2")
    deadline = time.monotonic() + STARTED_WITHIN
    while "session panel: Seattle" not in again.text:  # it comes once the cell has ended
        assert time.monotonic() < deadline, again.text
        again = kernel("%session view 2")
    assert all(VIEW not in each.get("data", {}) for each in again.outputs)


def test_the_panel_follows_the_kernel_that_it_is_in(start: Start) -> None:
    kernel = start()
    kernel.good('%session new "Seattle"')
    kernel.good(
        PROGRAM + "from jupyter_sessions.widgets import SessionPanel\npanel = SessionPanel(code)"
    )
    kernel.good("print('seen live')")
    kernel.good(
        "import asyncio\n"
        "for _ in range(600):\n"
        "    if any('seen live' in each.source for each in panel.browser.commands): break\n"
        "    await asyncio.sleep(0.1)\n"
        "else: raise AssertionError('it did not come')"
    )
    kernel.good("panel.close()")


def test_a_terminal_has_no_widgets_and_says_so(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.type("%load_ext jupyter_sessions")
    assert "Widgets need a notebook" in terminal.type("%session ui")
    terminal.end()


def test_what_code_gets_has_a_rich_and_a_plain_display(start: Start) -> None:
    kernel = start()
    kernel.good('%session new "Two <b>"')
    kernel.good("print('<i>out')")
    kernel.good("open('f.txt', 'w').write('x')")
    kernel.good("%session publish f.txt")
    kernel.good(PROGRAM)
    session = kernel.good("ask(api.GET_SESSION, schemas.SessionNamed(code=code))")
    assert "Two &lt;b&gt;" in session.html
    assert "Two <b>" in session.text
    command = kernel.good("ask(api.GET_COMMAND, schemas.CommandNamed(code=code, number=1))")
    assert "&lt;i&gt;out" in command.html
    assert "<i>out" in command.text
    page = kernel.good("ask(api.LIST_COMMANDS, schemas.ListCommands(code=code))")
    assert "<table" in page.html
    assert "print(" in page.text
    file = kernel.good("ask(api.GET_FILE, schemas.FileNamed(code=code, path='f.txt'))")
    assert "text/plain" in file.html
    assert "SHA-256" in file.text
    kernel.good("%unload_ext jupyter_sessions")
    plain = kernel.good("ask(api.GET_SESSION, schemas.SessionNamed(code=code))")
    assert plain.html == ""
