"""Logins stored on the user's disk: one file each, private to the user.

A file's name is generated and what it says is JSON, so nothing in a server's, a user's or a key's
name can lead out of the folder or into another login. Files are written under a temporary name and
renamed; who reads sees the old one or the new one, whole.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_sessions import api, errors, folders, model

FOLDER_VARIABLE = "JUPYTER_SESSIONS_DIR"
_CURRENT = "current"
_LOCK_TIMEOUT = 10.0


class Login(msgspec.Struct, kw_only=True, frozen=True):
    """A key for a server, and who it stands for.

    Attributes
    ----------
    id
        The name of its file, without ``.json``.
    server
        The server's base URL.
    user
        Who one is there.
    key
        The secret; never shown by ``repr``.
    label
        On what the login is used, as the server shows it.
    created, expires
        Instants; `expires` is None for a login without an end.
    """

    id: str
    server: str
    user: str
    key: str
    label: str
    created: datetime
    expires: datetime | None

    def __repr__(self) -> str:
        return f"Login({self.id!r}, {self.user!r} at {self.server!r})"

    @property
    def expired(self) -> bool:
        """Whether its time is over by this machine's clock."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class _Current(msgspec.Struct, kw_only=True):
    """What the file of the current login says."""

    id: str


model.ready(Login, _Current)


def folder() -> Path:
    """Return the folder of the stored logins, made private to the user on first use.

    The environment variable ``JUPYTER_SESSIONS_DIR`` names another.

    Raises
    ------
    StoreUnusable
        When it can't be made.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    try:
        if not named:
            return folders.private("logins")
        path = Path(named).expanduser()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise _unusable(error) from error
    return path


def log_in(server: str, user: str, password: str, label: str = "") -> Login:
    """Exchange a password for a key, store the login and make it the current one.

    The password is sent only to what has answered as a sessions server.

    Raises
    ------
    WrongPassword, TooManyTries
        When the server refuses.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When there is no sessions server to ask.
    StoreUnusable
        When the login can't be stored here.
    """
    from jupyter_sessions.client.http import Http

    folder()
    transport = Http(server)
    try:
        transport.call(api.CHECK_HEALTH, model.Nothing())
        made = transport.call(api.LOG_IN, model.LogIn(user=user, password=password, label=label))
    finally:
        transport.close()
    login = Login(
        id=secrets.token_hex(8),
        server=server,
        user=made.user,
        key=made.key,
        label=label,
        created=datetime.now(UTC),
        expires=made.login.expires,
    )
    with _locked() as where:
        _write(where / f"{login.id}.json", login)
        _write(where / _CURRENT, _Current(id=login.id))
    return login


def log_out(login: Login) -> None:
    """End a login at its server and forget it here.

    It is forgotten here even where the server can't be told.

    Raises
    ------
    SessionsError
        When the server could not be told: the key stays valid there until it expires.
    """
    from jupyter_sessions.client.http import Http

    transport = Http(login.server, login.key, login.user)
    try:
        transport.call(api.LOG_OUT, model.Nothing())
    except errors.NotSignedIn:
        return  # the key was not valid any more
    except errors.SessionsError as error:
        until = f"until {login.expires:%Y-%m-%d %H:%M} UTC" if login.expires else "there"
        raise type(error)(
            f"The login is forgotten here, but its key stays valid {until}: {error.message}",
            hint=error.hint,
        ) from error
    finally:
        transport.close()
        forget(login)


def forget(login: Login) -> None:
    """Remove a stored login from this disk; its key stays valid at the server."""
    with _locked() as where:
        (where / f"{login.id}.json").unlink(missing_ok=True)
        if _current_id(where) == login.id:
            (where / _CURRENT).unlink(missing_ok=True)


def stored() -> list[Login]:
    """Return all stored logins, the newest first; files that are none are passed over."""
    try:
        files = list(folder().glob("*.json"))
    except OSError as error:
        raise _unusable(error) from error
    logins = [login for login in map(_read, files) if login]
    return sorted(logins, key=lambda login: login.created, reverse=True)


def current() -> Login | None:
    """Return the current login, None where there is none."""
    where = folder()
    name = _current_id(where)
    return _read(where / f"{name}.json") if name else None


def set_current(login: Login | None) -> None:
    """Make a stored login the current one; None for none."""
    with _locked() as where:
        if login is None:
            (where / _CURRENT).unlink(missing_ok=True)
        else:
            _write(where / _CURRENT, _Current(id=login.id))


def find(server: str, user: str | None = None) -> Login | None:
    """Return the login to use at a server: the current one where it fits, else the newest.

    Parameters
    ----------
    server
        The server's base URL.
    user
        Who one wants to be there; None for anyone.

    Returns
    -------
    Login or None
        One that has not expired, if there is one.
    """
    fitting = [
        login
        for login in stored()
        if login.server == server and user in (None, login.user) and not login.expired
    ]
    now = _current_id(folder())
    return next((login for login in fitting if login.id == now), fitting[0] if fitting else None)


def _current_id(where: Path) -> str | None:
    try:
        name = msgspec.json.decode((where / _CURRENT).read_bytes(), type=_Current).id
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return name if name.isalnum() else None


def _read(file: Path) -> Login | None:
    try:
        login = msgspec.json.decode(file.read_bytes(), type=Login)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    # A file that was copied under another name would be removed under the wrong one.
    return login if login.id == file.stem else None


@contextmanager
def _locked() -> Iterator[Path]:
    from filelock import FileLock, Timeout

    where = folder()
    try:
        with FileLock(where / ".lock", _LOCK_TIMEOUT, 0o600, poll_interval=0.005):
            yield where
    except Timeout as error:
        raise errors.StoreBusy(
            "Another process holds the stored logins.", hint="Try again in a moment."
        ) from error
    except OSError as error:
        raise _unusable(error) from error


def _write(file: Path, content: msgspec.Struct) -> None:
    temporary = file.with_name(f".{secrets.token_hex(8)}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(msgspec.json.encode(content))
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _unusable(error: Exception) -> errors.StoreUnusable:
    return errors.StoreUnusable(
        f"The folder of the stored logins can't be used: {error}.",
        hint=f"Make your home folder writable, or name another folder in {FOLDER_VARIABLE}.",
    )
