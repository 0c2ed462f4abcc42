"""What the page on adding things prints works: applied to a copy of the package, and run there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import jupyter_sessions

ROOT = Path(__file__).parents[1]
PACKAGE = Path(jupyter_sessions.__file__).parent
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
NEW_FILE = re.compile(r"(?:# |<!-- )(jupyter_sessions/\S+)")


def sections() -> dict[str, list[tuple[str, str]]]:
    """Return the language and the text of each section's blocks."""
    text = (ROOT / "docs" / "project" / "adding.md").read_text()
    return {
        part.partition("\n")[0]: [(kind, dedent(block)) for _, kind, block in BLOCK.findall(part)]
        for part in text.split("\n## ")[1:]
    }


def apply(patch: str, root: Path) -> None:
    """Change a file as a block says: its context stands there once."""
    head, *lines = patch.splitlines()
    path = root / head.removeprefix("--- ")
    old = "\n".join(line[1:] for line in lines if line[:1] != "+")
    new = "\n".join(line[1:] for line in lines if line[:1] != "-")
    text = path.read_text()
    assert text.count(old) == 1, f"not once in {path}:\n{old}"
    path.write_text(text.replace(old, new))


def run(text: str, root: Path) -> None:
    """Run a block with the changed package."""
    home = {"PYTHONPATH": str(root), "HOME": str(root)}
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", text],
        cwd=root,
        env=os.environ | home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


@pytest.mark.timeout(300)
def test_each_example_works_in_a_copy_of_the_package(tmp_path: Path) -> None:
    left_out = shutil.ignore_patterns("labextension", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "jupyter_sessions", ignore=left_out)
    for heading, blocks in sections().items():
        ran = 0
        for language, text in blocks:
            if language == "diff":
                apply(text, tmp_path)
            elif new := NEW_FILE.match(text):
                (tmp_path / new[1]).write_text(text.partition("\n")[2])
            else:
                run(text, tmp_path)
                ran += 1
        assert ran, heading


def test_the_page_has_an_example_of_each_kind() -> None:
    assert [name.split()[-1] for name in sections()] == [
        "operation", "command", "page", "format", "widget",
    ]  # fmt: skip
