"""What the tests of the store share: an open database, and programs of other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_sessions.store.database import Database
from tests.conftest import missing

Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def store(database: str) -> Iterator[Database]:
    """Give an open database, on each that we know."""
    opened = Database(database)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """Give the URL of an SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path / 'store' / 'sessions.db'}"


@pytest.fixture
def program() -> Iterator[Program]:
    """Start Python programs of other processes; they are ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(source: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of its own with 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], capture_output=True
    )
    if mounted.returncode:
        missing("The right to mount a small disk (run as root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
