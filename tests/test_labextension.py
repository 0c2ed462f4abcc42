"""The front end's own checks, in the one test command: lint, unit tests, and how much it loads."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "labextension"
BUILT = ROOT / "jupyter_sessions" / "labextension"
AT_START = 100_000  # bytes, gzipped


def jlpm(*arguments: str) -> None:
    if shutil.which("node") is None:
        missing("Node.js")
    program = Path(sys.executable).with_name("jlpm")
    places = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    done = subprocess.run(
        [program, *arguments],
        cwd=SOURCES,
        env=os.environ | {"PATH": places, "FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    described = json.loads((SOURCES / "package.json").read_text())
    needed = described["dependencies"] | described["devDependencies"]
    if not all((SOURCES / "node_modules" / name).is_dir() for name in needed):
        jlpm("install", "--immutable")


@pytest.mark.timeout(600)
def test_the_front_end_passes_its_lint() -> None:
    jlpm("lint")


def test_the_lint_finds_what_is_wrong_in_styles(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.css"
    wrong.write_text(".jp-a {\n  colr: red;\n}\n")
    with pytest.raises(AssertionError, match="property-no-unknown"):
        jlpm("stylelint", str(wrong), "--config-basedir", ".", "--config", "package.json")


@pytest.mark.timeout(600)
def test_the_front_end_passes_its_unit_tests() -> None:
    jlpm("test")


def test_no_more_is_loaded_at_start_than_is_promised() -> None:
    entry = BUILT / json.loads((BUILT / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    found = entry.read_text()
    # The entry names its chunks; what is loaded on use alone is among them, so that the sum is more
    # than what JupyterLab loads at start.
    chunks = [chunk for chunk in (BUILT / "static").glob("*.js") if chunk != entry]
    assert all(re.search(rf"\b{chunk.stem.split('.')[0]}\b", found) for chunk in chunks)
    loaded = sum(len(gzip.compress(file.read_bytes())) for file in [entry, *chunks])
    assert loaded <= AT_START
