"""Real kernels with recording on, and what they told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_sessions import schemas
from tests.waiting import STARTED_WITHIN, until

START = """
import msgspec
from jupyter_sessions import recorder

_refused = []

# IPython empties the user's namespace before the last commands are told.
def _tell(recording, encode=msgspec.json.encode, refused=_refused):
    if recording.request.source in refused:
        raise OSError("refused")
    with open({recordings!r}, "ab") as file:
        file.write(encode(recording) + b"\\n")

recording = recorder.record(get_ipython(), _tell, **{options!r})
"""


@dataclass
class Recordings:
    """The recordings that a kernel has told, in a file that outlives it."""

    path: Path
    options: dict[str, object] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The cell that begins recording."""
        return START.format(recordings=str(self.path), options=self.options).strip()

    def all(self) -> list[schemas.Recording]:
        """Every recording, in the order they were told."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=schemas.Recording) for line in lines]

    def commands(self) -> dict[str, schemas.Recording]:
        """The last word on each command, by its source, in the order of their starts."""
        return {recording.request.source: recording for recording in self.all()}

    def outputs(self, source: str) -> list[dict[str, object]]:
        """The outputs of a command, as nbformat has them."""
        response = self.commands()[source].response
        assert response is not None
        return msgspec.to_builtins(response.outputs)

    def wait_for(
        self, condition: Callable[[Recordings], bool], seconds: float = STARTED_WITHIN
    ) -> None:
        """Wait until `condition` holds of what was told."""
        until(lambda: condition(self), self.all, within=seconds)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the kernels away from the home folder of whoever runs the tests."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path / "told.jsonl")


@pytest.fixture
def run(recordings: Recordings) -> Iterator[Callable[..., list[nbformat.NotebookNode]]]:
    """Run sources as a notebook with recording on; return its cells as nbclient shows them."""

    def run_notebook(*sources: str, **options: object) -> list[nbformat.NotebookNode]:
        recordings.options = options
        cells = [nbformat.v4.new_code_cell(source) for source in (recordings.start, *sources)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(notebook, timeout=120, allow_errors=True).execute()
        assert cells[0].outputs == []
        return notebook.cells[1:]

    return run_notebook
