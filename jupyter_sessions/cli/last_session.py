"""Remember the session that a shell last created or resumed, for commands without ``-S``.

It is stored for this shell and globally, for shells without one of their own, together with the
server and user that commands used at that time. A session that a notebook resumes is stored in the
same way. The session applies only while commands go to the same server as the same user.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.logins import selection, storage
from jupyter_sessions.client.logins.shells import Shell

_NAMES = "last-session-"


class Noted(msgspec.Struct, kw_only=True):
    """A session, and where it was used.

    Attributes
    ----------
    code
        Its code; empty if it is gone, and the shell has no current session.
    server
        Its server; None for the user's own store.
    user
        The user who accessed it.
    label
        Its label at that time.
    shell
        The shell for which it was stored; None for all.
    """

    code: str
    server: str | None
    user: str
    label: str = ""
    shell: Shell | None = None


schemas.ready(Noted)


def remember(code: str, server: str | None, user: str, label: str = "") -> None:
    """Store a session for this shell, and globally.

    Raises
    ------
    SessionsError
        When the transport that commands use can't be determined.
    """
    noted = Noted(code=code, server=server, user=user, label=label)
    for file in paths.home().glob(f"{_NAMES}*"):
        found = storage.read(file, Noted)
        if found is None or (found.shell is not None and found.shell.ended):
            with suppress(OSError):
                file.unlink()
    storage.write(_file(None), noted)
    shell = storage.this_shell()
    if shell is not None:
        storage.write(_file(shell), msgspec.structs.replace(noted, shell=shell))


def recall() -> Noted | None:
    """Return the session of this shell, or else the global one; None without one.

    Raises
    ------
    SessionsError
        As `remember`.
    """
    if not any(paths.home().glob(f"{_NAMES}*")):
        return None
    shell = storage.this_shell()
    own = storage.read(_file(shell), Noted) if shell is not None else None
    noted = own or storage.read(_file(None), Noted)
    return noted if noted is not None and noted.code else None


def relabel(code: str, label: str) -> None:
    """Note a session's new label wherever the session is stored."""
    for file in paths.home().glob(f"{_NAMES}*"):
        noted = storage.read(file, Noted)
        if noted is not None and noted.code == code:
            storage.write(file, msgspec.structs.replace(noted, label=label))


def forget(code: str) -> None:
    """Forget a session; a shell that used it does not switch to the global session."""
    for file in paths.home().glob(f"{_NAMES}*"):
        noted = storage.read(file, Noted)
        if noted is None or noted.code != code:
            continue
        if noted.shell is None:
            file.unlink(missing_ok=True)
        else:
            storage.write(file, msgspec.structs.replace(noted, code=""))


def _file(shell: Shell | None) -> Path:
    login = selection.choose_login()
    place = f"{login.server}\n{login.user}" if login is not None else ""
    told = f"{shell.name if shell is not None else ''}\n{place}"
    return paths.home() / f"{_NAMES}{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
