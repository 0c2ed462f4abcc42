"""``jupyter sessions demo``: what a stranger sees first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import nbformat
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli import shell
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.demo import analysis
from tests.demo.comparing import assert_stored_is_shown
from tests.ports import free_port
from tests.waiting import STARTED_WITHIN


@pytest.fixture(autouse=True)
def _home_exists(home: Path) -> None:
    home.mkdir()


@pytest.fixture
def demo(home: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_sessions", "demo"),
            *(f"--port={free_port()}", f"--output={tmp_path / 'executed.ipynb'}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    # Its kernel and its server hold its pipes open, too.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if last in line:
            return printed
    assert process.stderr is not None
    raise AssertionError(printed + process.stderr.read())


def test_the_demo_records_publishes_and_serves(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    printed = until(demo, "press Ctrl-C")
    code = re.search(r"Seattle weather  \((\d{22})\)", printed)
    assert code
    assert "error, as intended" in printed
    assert "figures/temperatures.png" in printed
    address = re.search(r"session +(http\S+)", printed)
    way_in = re.search(r"log in +(http\S+)", printed)
    assert address
    assert way_in
    assert address[1].endswith(f"/sessions/{code[1]}/experiment")

    # The login link works once, and leads to the session.
    with httpx.Client(follow_redirects=True) as browser:
        form = browser.get(way_in[1])
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.text))
        fields["ticket"] = way_in[1].partition("#")[2]
        headers = {"Origin": address[1].partition("/sessions/")[0]}
        entered = browser.post(form.url.copy_with(query=None), data=fields, headers=headers)
        assert entered.status_code == 200
        assert entered.url.path == f"/sessions/{code[1]}/experiment"
        assert "Seattle weather" in entered.text

    # What the session's page shows first is a figure, and not the error.
    listed = schemas.ListCommands(code=code[1], managing=False, limit=1)
    (newest,) = LocalTransport().call(api.LIST_COMMANDS, listed).items
    assert newest.status == "completed"
    assert "image/png" in newest.media

    # What is stored is what the notebook shows, output for output.
    assert_stored_is_shown(code[1], tmp_path / "executed.ipynb")

    demo.send_signal(signal.SIGINT)
    assert demo.wait(STARTED_WITHIN) == 0
    assert demo.stderr is not None
    assert "IPKernelApp" not in demo.stderr.read()


def test_the_demo_can_stop_after_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = ["%load_ext jupyter_sessions\n%session new Short", "1 + 1", "'the last cell'"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    nbformat.write(notebook, tmp_path / "short.ipynb")
    monkeypatch.setattr(analysis, "NOTEBOOK", tmp_path / "short.ipynb")
    assert shell.run(["demo", "--no-serve"]) == 0
    printed = capsys.readouterr().out
    assert "3/3" in printed
    assert re.search(r"commands +2, of which 0", printed)

    for typed, told in ((["show"], "Short"), (["history"], "the last cell")):
        assert shell.run(typed) == 0
        assert told in capsys.readouterr().out


def test_a_cell_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    monkeypatch.setattr(analysis, "NOTEBOOK", tmp_path / "broken.ipynb")
    assert shell.run(["demo", "--no-serve"]) == 1
    assert "division by zero" in capsys.readouterr().err


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(errors.BadRequest, match="vega_datasets") as caught:
        analysis.check_extra()
    assert "jupyter_sessions[demo]" in caught.value.hint


def test_the_notebook_needs_no_network_and_holds_no_outputs() -> None:
    notebook = nbformat.read(analysis.NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any("http" in cell.source.replace("http://www.w3.org", "") for cell in code)
