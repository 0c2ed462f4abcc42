"""``jupyter sessions``, on a home of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions.cli import shell


@dataclass
class Ran:
    """What a program printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass
class Program:
    """``jupyter sessions`` in one folder: all of it but the start of a process."""

    folder: Path

    def __call__(self, *arguments: str, input: str = "") -> Ran:  # noqa: A002
        out, err, given = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(3))
        given.write(input)
        given.seek(0)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr("sys.stdin", given)
            patch.chdir(self.folder)
            code = shell.run(list(arguments))
        for stream in (out, err):
            stream.flush()
        return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]

    def good(self, *arguments: str, **more: str) -> str:
        """Run a command that goes well, and return what it prints."""
        ran = self(*arguments, **more)
        assert ran.code == 0, ran.err
        return ran.out


class Process(Program):
    """``jupyter sessions`` as a process of its own."""

    def __call__(self, *arguments: str, input: str = "") -> Ran:  # noqa: A002
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_sessions", *arguments],
            input=input,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=os.environ,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(own_store: None, tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture
def program(folder: Path) -> Program:
    return Program(folder)


@pytest.fixture
def process(folder: Path) -> Process:
    return Process(folder)
