"""The scripts that the documentation shows, run as they stand, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.test_docs import FENCED, ROOT


def scripts(page: str) -> list[str]:
    text = (ROOT / page).read_text()
    blocks = [block for language, block in FENCED.findall(text) if language == "python"]
    return [block for block in blocks if "from jupyter_sessions import connect" in block]


def printed(script: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_scripts_of_the_page_on_scripts_work_as_they_stand(tmp_path: Path) -> None:
    assert [printed(script, tmp_path) for script in scripts("docs/how-to/scripts.md")] == [
        ["Nightly run ['notes.txt', 'results/rain.json']"],
        [f"1 {_user()} rain = simulate(years=2)", "It rained."],
        ["['best', 'tries'] 0.93"],
        ["no_such_session"],
    ]


def test_the_script_of_the_readme_works_as_it_stands(tmp_path: Path) -> None:
    (script,) = scripts("README.md")
    assert printed(script, tmp_path) == []


def _user() -> str:
    import getpass

    return getpass.getuser()
