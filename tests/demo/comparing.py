"""An executed notebook beside what its session holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import nbformat

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport


def assert_stored_is_shown(code: str, executed: Path) -> None:
    """Compare each command with its cell, output for output; the first cell makes the session."""
    notebook = nbformat.read(executed, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][1:]
    for number, cell in enumerate(cells, 1):
        recorded = command(code, number)
        assert recorded.request is not None
        assert recorded.response is not None
        assert recorded.request.source == cell.source
        assert recorded.request.execution_count == cell.execution_count
        stored = msgspec.to_builtins(recorded.response.outputs)
        assert [_joined(each) for each in stored] == [_joined(each) for each in cell.outputs], (
            number
        )
    session = LocalTransport().call(api.GET_SESSION, schemas.SessionNamed(code=code))
    assert session.commands == len(cells)


def command(code: str, number: int) -> schemas.Command:
    """Get a command."""
    return LocalTransport().call(api.GET_COMMAND, schemas.CommandNamed(code=code, number=number))


def _joined(output: Any) -> Any:
    """An output as nbformat means it: text in lines or in one piece, floats as JSON has them."""
    if isinstance(output, dict):
        return {name: _joined(value) for name, value in output.items() if name != "transient"}
    if isinstance(output, list) and all(isinstance(line, str) for line in output):
        return "".join(output)
    return output
