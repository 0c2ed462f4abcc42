"""The session that a shell last made or resumed: what its next commands mean without ``-S``.

It is noted for this shell, and for those that have none of their own, with the server and user that
commands went to at that time; a session that a notebook takes up is noted in the same way. Where
commands go elsewhere by now, to another server or as somebody else, it is not meant; it is again
when they are back.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.shells import Shell, this_shell
from jupyter_sessions.client.transports import resolve

_NAMES = "last-session-"


class Noted(msgspec.Struct, kw_only=True):
    """A session, and the way to it.

    Attributes
    ----------
    code
        Its code; empty where it is gone, and the shell is to mean none.
    server
        Its server, None for the user's own store.
    user
        Who went to it.
    shell
        The shell that it was noted for, None for all.
    """

    code: str
    server: str | None
    user: str
    shell: Shell | None = None


schemas.ready(Noted)


def remember(code: str, server: str | None, user: str) -> None:
    """Note a session for this shell, and for all.

    Raises
    ------
    SessionsError
        When it can't be told where commands go now.
    """
    noted = Noted(code=code, server=server, user=user)
    for file in paths.home().glob(f"{_NAMES}*"):
        found = storage.read(file, Noted)
        if found is None or (found.shell is not None and found.shell.ended):
            with suppress(OSError):
                file.unlink()
    storage.write(_file(None), noted)
    shell = this_shell()
    if shell is not None:
        storage.write(_file(shell), msgspec.structs.replace(noted, shell=shell))


def recall() -> Noted | None:
    """Return the session that was noted for this shell, or else for all; None without one.

    Raises
    ------
    SessionsError
        As `remember`.
    """
    if not any(paths.home().glob(f"{_NAMES}*")):
        return None
    shell = this_shell()
    own = storage.read(_file(shell), Noted) if shell is not None else None
    noted = own or storage.read(_file(None), Noted)
    return noted if noted is not None and noted.code else None


def forget(code: str) -> None:
    """Forget a session; a shell that meant it does not come to mean another one by that."""
    for file in paths.home().glob(f"{_NAMES}*"):
        noted = storage.read(file, Noted)
        if noted is None or noted.code != code:
            continue
        if noted.shell is None:
            file.unlink(missing_ok=True)
        else:
            storage.write(file, msgspec.structs.replace(noted, code=""))


def _file(shell: Shell | None) -> Path:
    login = resolve.login_for()
    place = f"{login.server}\n{login.user}" if login is not None else ""
    told = f"{shell.name if shell is not None else ''}\n{place}"
    return paths.home() / f"{_NAMES}{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
