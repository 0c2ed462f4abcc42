"""A real kernel that runs cells one by one, and a real IPython in a terminal."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import nbformat
from nbclient import NotebookClient

from tests.databases import copy_new_database
from tests.terminals import EOF, spawn


class Cell:
    """A cell that was run."""

    def __init__(self, cell: Any) -> None:
        self.outputs: list[Any] = cell.outputs

    @property
    def text(self) -> str:
        """All text, of streams, displays and errors."""
        return "\n".join(self._texts())

    def _texts(self) -> list[str]:
        texts: list[str] = []
        stream = ""  # whose text the last one is
        for output in self.outputs:
            if output.output_type == "stream" and output.name == stream:
                texts[-1] += output.text  # a kernel may send a line in pieces
                continue
            stream = output.name if output.output_type == "stream" else ""
            if stream:
                texts.append(output.text)
            elif output.output_type == "error":
                texts.append("\n".join([f"{output.ename}: {output.evalue}", *output.traceback]))
            else:
                texts.append(output.data.get("text/plain", ""))
        return texts

    @property
    def html(self) -> str:
        """All HTML."""
        return "".join(
            output.data.get("text/html", "") for output in self.outputs if "data" in output
        )

    @property
    def error(self) -> Any:
        """The error that it ended with, or None."""
        return next((each for each in self.outputs if each.output_type == "error"), None)


class Kernel:
    """A kernel in a home of its own.

    Parameters
    ----------
    home
        The folder of its data.
    environment
        What is set for it besides.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        names = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "RUNTIME")}
        self._environment = os.environ | names | {"IPYTHONDIR": str(home / "ipython")} | environment
        home.mkdir(exist_ok=True)
        if not (home / "data" / "sessions").exists():
            copy_new_database(home / "data" / "sessions")
        self._home = home
        self._client: Any = NotebookClient(
            nbformat.v4.new_notebook(), kernel_name="python3", allow_errors=True, timeout=90
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(
            self._client.setup_kernel(env=self._environment, cwd=str(self._home))
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, source: str) -> Cell:
        """Run a cell."""
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        return Cell(cell)

    def good(self, source: str) -> Cell:
        """Run a cell that goes well."""
        cell = self(source)
        assert cell.error is None, cell.text
        return cell

    def begin(self, source: str) -> None:
        """Start a cell, and leave it running."""
        self._client.kc.execute(source)

    def payload(self, source: str) -> list[dict[str, Any]]:
        """Run a cell, and return what it asks of the front end besides outputs."""
        replies: list[Any] = []
        self._client.on_cell_executed = lambda **said: replies.append(said["execute_reply"])
        self.good(source)
        self._client.on_cell_executed = None
        payload: list[dict[str, Any]] = replies[0]["content"]["payload"]
        return payload

    def complete(self, line: str) -> dict[str, Any]:
        """Press Tab at the end of a line."""
        asked = self._client.kc.complete(line, len(line))
        content: dict[str, Any] = self._client.wait_for_reply(asked)["content"]
        return content


class Terminal:
    """IPython in a terminal."""

    def __init__(self, home: Path, **environment: str) -> None:
        self._process = spawn(
            sys.executable,
            ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"],
            env=os.environ
            | {"IPYTHONDIR": str(home / "ipython"), "TERM": "dumb", "NO_COLOR": "1"}
            | environment,
            rows=50,
            columns=160,
        )
        self._process.expect(r"In \[1\]: ")

    def type(self, line: str, *answers: tuple[str, str]) -> str:
        """Type a line, give these answers to these questions, and return what was printed."""
        self._process.sendline(line)
        printed = ""
        for question, answer in answers:
            self._process.expect_exact(question)
            printed += self._process.before
            self._process.sendline(answer)
        self._process.expect(r"In \[\d+\]: ")
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed + self._process.before)

    def end(self) -> None:
        """Leave, and wait until it has ended."""
        self._process.sendline("exit")
        self._process.expect(EOF)
        self._process.close()
