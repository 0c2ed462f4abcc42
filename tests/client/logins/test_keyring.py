"""Keys in a keyring: for who asks for it, and then not in the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from tests.client.logins.conftest import KEY, Accounts, put


class Notebook(KeyringBackend):
    """A keyring on paper: no desktop is there to hold one."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, paper: Path) -> None:
        self.paper = paper
        super().__init__()

    def _read(self) -> dict[str, str]:
        return dict(json.loads(self.paper.read_text())) if self.paper.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.paper.write_text(json.dumps(self._read() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError
        self.paper.write_text(json.dumps(kept))


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keyring"
    before = keyring.get_keyring()
    keyring.set_keyring(Notebook(path))
    monkeypatch.setenv(logins.KEYRING_VARIABLE, "yes")
    yield path  # type: ignore[misc]
    keyring.set_keyring(before)


def test_the_key_is_in_the_keyring_and_not_in_the_file(accounts: Accounts, paper: Path) -> None:
    login = logins.log_in(accounts.server.url, "ann", "pw")
    (stored,) = logins.stored()
    assert stored.in_keyring
    assert login.key == stored.key
    assert login.key.startswith(KEY)
    for file in logins.folder().iterdir():
        assert KEY.encode() not in file.read_bytes()
    assert login.key in paper.read_text()


def test_a_login_that_is_forgotten_is_out_of_the_keyring(accounts: Accounts, paper: Path) -> None:
    logins.log_out(logins.log_in(accounts.server.url, "ann", "pw"))
    assert paper.read_text() == "{}"
    assert accounts.asked("/logout") == 1


def test_a_key_that_the_keyring_has_lost_is_a_clear_error(paper: Path) -> None:
    login = put("https://h")
    paper.unlink()
    with pytest.raises(errors.StoreUnusable, match="no longer in the keyring"):
        _ = login.key


@pytest.mark.parametrize("said", ["", "0", "no", "False", "off"])
def test_nobody_who_did_not_ask_has_keys_there(
    said: str, paper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logins.KEYRING_VARIABLE, said)
    assert not put("https://h").in_keyring
    assert not paper.exists()


def test_without_a_keyring_nothing_is_stored_in_the_open(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logins.KEYRING_VARIABLE, "yes")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    code = (
        "from jupyter_sessions.client import logins\n"
        f"logins.log_in({accounts.server.url!r}, 'ann', 'pw')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "StoreUnusable" in done.stderr
    assert "keyring can't be used" in done.stderr
    assert logins.stored() == []
    made, ended = accounts.server.asked[-2:]
    assert (made.path, ended.path) == ("/login", "/logout")
    assert ended.authorization is not None
