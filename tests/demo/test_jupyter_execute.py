"""A real notebook through the command ``jupyter execute``, recorded from its first cell on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.demo import analysis
from tests.demo.comparing import assert_stored_is_shown, command


def test_what_jupyter_execute_shows_is_stored(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    notebook = tmp_path / "weather.ipynb"
    shutil.copy(analysis.NOTEBOOK, notebook)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--output=executed", notebook],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    page = LocalTransport().call(api.LIST_SESSIONS, schemas.ListSessions(search="Seattle weather"))
    (session,) = page.items
    assert_stored_is_shown(session.code, tmp_path / "executed.ipynb")
    recorded = command(session.code, 1)
    assert recorded.request is not None
    assert recorded.request.notebook == "", "jupyter execute tells its kernel of no notebook"
