"""Where logins are stored, and that nobody else looks in."""

from __future__ import annotations

import itertools
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from tests.client.logins.conftest import put


@pytest.mark.parametrize(
    ("directory", "user_directory", "jupyters"), list(itertools.product([False, True], repeat=3))
)
def test_the_first_folder_that_is_named_is_taken(
    directory: bool,
    user_directory: bool,
    jupyters: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home of a user"))
    monkeypatch.delenv("JUPYTER_DATA_DIR")
    expected = tmp_path / "home of a user" / ".local" / "share" / "jupyter" / "sessions" / "logins"
    if jupyters:
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
        expected = tmp_path / "data" / "sessions" / "logins"
    if user_directory:
        monkeypatch.setenv(logins.USER_FOLDER_VARIABLE, str(tmp_path / "users"))
        expected = tmp_path / "users" / "logins"
    if directory:
        monkeypatch.setenv(logins.FOLDER_VARIABLE, str(tmp_path / "directory"))
        expected = tmp_path / "directory"
    put("https://h")
    assert logins.folder() == expected
    assert stat.S_IMODE(expected.stat().st_mode) == 0o700
    assert len(list(expected.glob("*.json"))) == 1


def test_a_variable_that_is_empty_names_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logins.FOLDER_VARIABLE, "")
    monkeypatch.setenv(logins.USER_FOLDER_VARIABLE, "")
    assert logins.folder() == state / "logins"


def test_platformdirs_are_used_where_jupyter_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTER_DATA_DIR")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    code = "from jupyter_sessions.client import logins; print(logins.folder())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "xdg" / "jupyter" / "sessions" / "logins")


@pytest.mark.parametrize("command", [["logins"], ["login", "h"], ["key"], ["list"]])
def test_a_home_that_cannot_be_written_is_a_clear_error(command: list[str]) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_sessions", *command],
        env={**bare, "HOME": "/proc/nowhere"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == errors.StoreUnusable.exit_code
    assert "Traceback" not in done.stderr
    assert "/proc/nowhere" in done.stderr
    assert "HOME" in done.stderr


def test_a_user_without_any_home_is_told_so() -> None:
    # As in a container whose user's number the system does not know.
    code = (
        "import pwd; pwd.getpwuid = lambda _: {}['nobody']\n"
        "from jupyter_sessions.cli.shell import main; main(['logins'])"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    del bare["HOME"]
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True)
    assert done.returncode == errors.StoreUnusable.exit_code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Set HOME" in done.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folder_that_others_could_read_are_made_private() -> None:
    login = put("https://h")
    logins.set_current(login)
    where = logins.folder()
    where.chmod(0o755)
    for file in where.iterdir():
        file.chmod(0o644)
    assert logins.current() == login
    assert logins.stored() == [login]
    assert mode(where) == 0o700
    assert mode(where / f"{login.id}.json") == mode(where / "current") == 0o600


@pytest.mark.parametrize("how", ["with other things in it", "of everybody"])
def test_a_folder_that_is_open_for_its_own_reasons_is_left_so_and_refused(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755 if how == "with other things in it" else 0o1777)
    if how == "with other things in it":
        (shared / "thesis.tex").touch()
    before = mode(shared)
    monkeypatch.setenv(logins.FOLDER_VARIABLE, str(shared))
    with pytest.raises(errors.StoreUnusable, match="Other users can read"):
        put("https://h")
    assert mode(shared) == before
