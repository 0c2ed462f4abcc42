"""The lines that the documentation has programs of others say, as they are printed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sessions import api
from tests.conftest import PASSWORD
from tests.server.conftest import Site

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(site: Site, program: list[str], folder: Path, **more: str) -> str:
    environment = {**os.environ, **more, "SERVER": site.server.url}
    done = subprocess.run(
        program, env=environment, cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("page", "below"), [("http", ""), ("xmlrpc", "xmlrpc")])
def test_the_ten_lines_work_as_they_stand(
    site: Site, tmp_path: Path, page: str, below: str
) -> None:
    code = site.session()
    site.store.record(code, "rain = load()", by="writer")
    (lines,) = blocks(f"reference/{page}.md", "python")
    assert len([line for line in lines.splitlines() if line]) <= 11
    url = f"{site.server.url}{api.PREFIX}/sessions/{code}/{below}"
    printed = run(
        site,
        [sys.executable, "-c", lines],
        tmp_path,
        SESSION_URL=url,
        SESSION_KEY=site.keys["writer"],
    )
    assert printed.splitlines() == ["A session", "3 writer rain = load()"]
    assert site.ask("reader", api.GET_SCRATCH, code=code, name="best-score").json()["value"] == 0.93
    downloaded = site.ask("reader", api.DOWNLOAD_FILE, code=code, path="notes.txt")
    assert downloaded.content == b"It rained."


def test_a_shell_works_in_a_session_with_curl_alone(site: Site, tmp_path: Path) -> None:
    code = site.session()
    site.store.record(code, "rain = load()", by="writer")
    lines = "\n".join(blocks("how-to/other-languages.md", "bash"))
    printed = run(
        site,
        ["bash", "-euo", "pipefail", "-c", lines],
        tmp_path,
        SESSION_URL=f"{site.server.url}{api.PREFIX}/sessions/{code}/",
        SESSION_USER="writer",
        PASSWORD=PASSWORD,
    )
    for secret in ("key", "session.curl"):
        assert (tmp_path / secret).stat().st_mode & 0o077 == 0
    digest = site.ask("reader", api.GET_FILE, code=code, path="notes.txt").json()["sha256"]
    assert printed.splitlines() == ["A session", "4", digest, "rain = load()", "4"]
    found = site.ask("reader", api.GET_COMMAND, code=code, number=4).json()
    assert found["request"]["source"] == "simulate --years 4"
    assert found["response"]["outputs"][0]["text"] == "done\n"
