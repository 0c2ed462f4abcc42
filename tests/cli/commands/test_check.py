"""`jupyter sessions check` says what is damaged, and what is known to be, whoever found it."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_sessions import paths
from tests.cli.conftest import Program


def test_the_last_check_is_shown_without_another(program: Program) -> None:
    assert "Nothing was checked yet. Nothing is known to be damaged." in program.good(
        "check", "--last"
    )
    code = program("new", "Damaged", "--json").json["code"]
    (program.folder / "a.bin").write_bytes(content := os.urandom(50_000))
    sha256 = program("publish", "a.bin", "--json").json["sha256"]
    blob = Path(paths.own_blobs()) / sha256[:2] / sha256[2:]
    blob.write_bytes(content[:-1])
    checked = program("check")
    assert checked.code == 39
    problem = f"The file 'a.bin' in session {code} is damaged."
    assert f"1 of 2 are damaged or missing. {problem}" in checked.err
    blob.write_bytes(content)
    last = program("check", "--last")
    assert last.code == 39
    assert f"Last checked just now. 1 are damaged or missing. {problem}" in last.err
    program.good("check")
    assert "Last checked just now. Nothing is known to be damaged." in program.good(
        "check", "--last"
    )
