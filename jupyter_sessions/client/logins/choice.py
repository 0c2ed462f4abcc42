"""Which login is the current one: for this kernel, for this shell, or for all.

A kernel keeps its own in its environment, where what it starts finds it; a shell's is in a file
called after the shell. Where there is neither, the one for all counts. A kernel or shell whose own
login is gone is told so: it never goes on as somebody else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_sessions import errors, model
from jupyter_sessions.client.logins import home as names
from jupyter_sessions.client.logins import store
from jupyter_sessions.client.logins.files import locked, read, write
from jupyter_sessions.client.logins.home import folder
from jupyter_sessions.client.logins.login import Login
from jupyter_sessions.client.logins.shells import Shell, this_shell

LOGIN_VARIABLE = "JUPYTER_SESSIONS_LOGIN"


#: What can have a current login of its own.
Place = Literal["kernel", "shell"]


class _Pointer(msgspec.Struct, kw_only=True):
    """What the file of a current login says."""

    id: str
    shell: Shell | None = None


model.ready(_Pointer)


def current() -> Login | None:
    """Return the current login, None where there is none.

    Raises
    ------
    NoLogin
        When this kernel or shell has its own, and that is not stored any more.
    """
    own = _own_id()
    if own is None:
        name = _pointed_to(folder() / names.CURRENT)
        return store.by_id(name) if name else None
    login = store.by_id(own[0])
    if login is None:
        raise errors.NoLogin(
            f"The login that is current in this {own[1]} is not stored any more.",
            hint="Log in, or choose another: `switch LOGIN --here`; `logins` lists them."
            + (f" {LOGIN_VARIABLE} names it." if LOGIN_VARIABLE in os.environ else ""),
        )
    return login


def current_id() -> str | None:
    """Return the name of the current login, whether it is stored or not; None without one."""
    own = _own_id()
    return own[0] if own else _pointed_to(folder() / names.CURRENT)


def set_current(login: Login | None) -> None:
    """Make a stored login the current one wherever there is no other; None for none."""
    with locked() as where:
        if login is None:
            (where / names.CURRENT).unlink(missing_ok=True)
        else:
            write(where / names.CURRENT, _Pointer(id=login.id))


def set_here(login: Login | None, place: Place) -> bool:
    """Make a stored login the current one of this kernel or shell; None to go with the others.

    Returns
    -------
    bool
        Whether it is so now: some shells can't be told apart, and what the user has put into the
        environment of a shell stays there.
    """
    if place == "kernel":
        if login is None:
            os.environ.pop(LOGIN_VARIABLE, None)
        else:
            os.environ[LOGIN_VARIABLE] = login.id
        return True
    shell = this_shell()
    if shell is not None:
        with locked() as where:
            _drop_ended(where)
            file = _pin(where, shell)
            if login is None:
                file.unlink(missing_ok=True)
            else:
                write(file, _Pointer(id=login.id, shell=shell))
    if login is None:
        return not os.environ.get(LOGIN_VARIABLE)
    return os.environ.get(LOGIN_VARIABLE, login.id) == login.id and (
        shell is not None or LOGIN_VARIABLE in os.environ
    )


def forget(login: Login) -> None:
    """Remove a stored login from this disk; its key stays valid at the server.

    Here and for all there is no current login in its place.
    """
    store.remove(login)
    with locked() as where:
        if _pointed_to(where / names.CURRENT) == login.id:
            (where / names.CURRENT).unlink(missing_ok=True)
        shell = this_shell()
        if shell is not None and _pointed_to(_pin(where, shell)) == login.id:
            _pin(where, shell).unlink(missing_ok=True)
    if os.environ.get(LOGIN_VARIABLE) == login.id:
        del os.environ[LOGIN_VARIABLE]


def _own_id() -> tuple[str, str] | None:
    """Return the login that this kernel or shell has as its own, and which of the two it is."""
    named = os.environ.get(LOGIN_VARIABLE)
    if named:
        return named, "kernel or shell"
    where = folder()
    shell = this_shell() if any(where.glob(f"{names.PIN}*")) else None
    pinned = _pointed_to(_pin(where, shell)) if shell else None
    return (pinned, "shell") if pinned else None


def _pin(where: Path, shell: Shell) -> Path:
    return where / f"{names.PIN}{shell.name}"


def _pointed_to(file: Path) -> str | None:
    pointer = read(file, _Pointer)
    return pointer.id if pointer and store.is_id(pointer.id) else None


def _drop_ended(where: Path) -> None:
    for file in where.glob(f"{names.PIN}*"):
        pointer = read(file, _Pointer)
        if pointer is None or pointer.shell is None or pointer.shell.ended:
            with suppress(OSError):
                file.unlink()
