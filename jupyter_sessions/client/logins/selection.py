"""Which login is the current one: for this kernel, for this shell, or for all.

A kernel keeps its own in its environment, where what it starts finds it; a shell's is in a file
called after the shell. Where there is neither, the one for all counts. What was chosen stays chosen
when its login is gone, here as for all, until one chooses anew: nobody goes on as somebody else
without having said so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.logins import home as names
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.files import locked, read, write
from jupyter_sessions.client.logins.home import folder
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.shells import Shell, this_shell

LOGIN_VARIABLE = "JUPYTER_SESSIONS_LOGIN"


#: What can have a current login of its own.
Place = Literal["kernel", "shell"]

#: What stands for no login at all: the user's own store.
OWN: Final = "own"


class _Pointer(msgspec.Struct, kw_only=True):
    """What the file of a current login says."""

    id: str
    server: str | None = None
    shell: Shell | None = None


schemas.ready(_Pointer)


@dataclass(frozen=True)
class Choice:
    """What was chosen: a login by its name, or `OWN`.

    Attributes
    ----------
    id
        The login's name.
    server
        Its server, where that is known.
    here
        Whether it was chosen for this kernel or shell alone.
    """

    id: str
    server: str | None
    here: bool

    @property
    def stands(self) -> bool:
        """Whether it is still there; the own store always is."""
        return self.id == OWN or storage.by_id(self.id) is not None

    @property
    def login(self) -> Login | None:
        """The stored login, None for the own store.

        Raises
        ------
        LoginGone
            When it is not stored any more.
        """
        if self.id == OWN:
            return None
        login = storage.by_id(self.id)
        if login is not None:
            return login
        here = " --here" if self.here else ""
        raise errors.LoginGone(
            f"The login chosen {'here' if self.here else 'for all'} is not stored any more: it was "
            "logged out, or it ended.",
            hint=f"Log in again, or choose another: `switch LOGIN{here}`, or `switch --own{here}` "
            "for your own store; `logins` lists them."
            + (f" {LOGIN_VARIABLE} names it." if LOGIN_VARIABLE in os.environ else ""),
        )


def chosen() -> Choice | None:
    """Return what was chosen, here or else for all; None where nothing was."""
    named = os.environ.get(LOGIN_VARIABLE)
    if named:
        id_, _, server = named.partition("@")
        return Choice(id_, server or None, here=True)
    where = folder()
    shell = this_shell() if any(where.glob(f"{names.PIN}*")) else None
    pinned = _pointer(_pin(where, shell)) if shell else None
    pointer = pinned or _pointer(where / names.CURRENT)
    return Choice(pointer.id, pointer.server, here=pinned is not None) if pointer else None


def current() -> Login | None:
    """Return the current login, None for one's own store.

    Raises
    ------
    LoginGone
        When the one that was chosen is not stored any more.
    """
    choice = chosen()
    return choice.login if choice else None


def current_id() -> str | None:
    """Return the name of the current login, whether it is stored or not; None without one."""
    choice = chosen()
    return choice.id if choice and choice.id != OWN else None


def set_current(login: Login | Literal["own"] | None) -> None:
    """Make a stored login, or the own store, the current one wherever nothing else is chosen.

    None takes the choice back.
    """
    with locked() as where:
        if login is None:
            (where / names.CURRENT).unlink(missing_ok=True)
        else:
            write(where / names.CURRENT, _pointing(login))


def set_here(login: Login | Literal["own"] | None, place: Place) -> bool:
    """Make a stored login, or the own store, the current one of this kernel or shell.

    None to go with the others.

    Returns
    -------
    bool
        Whether it is so now: some shells can't be told apart, and what the user has put into the
        environment of a shell stays there.
    """
    id_ = login if login is None or isinstance(login, str) else login.id
    if place == "kernel":
        if login is None:
            os.environ.pop(LOGIN_VARIABLE, None)
        else:
            os.environ[LOGIN_VARIABLE] = (
                login if isinstance(login, str) else f"{login.id}@{login.server}"
            )
        return True
    shell = this_shell()
    if shell is not None:
        with locked() as where:
            _drop_ended(where)
            file = _pin(where, shell)
            if login is None:
                file.unlink(missing_ok=True)
            else:
                write(file, _pointing(login, shell))
    named = os.environ.get(LOGIN_VARIABLE, "").partition("@")[0]
    if id_ is None:
        return not named
    return named == id_ if named else shell is not None


def choose_where_none_is(login: Login, place: Place) -> None:
    """Make a login the current one where nothing is chosen, or what was chosen is gone.

    Elsewhere one goes on being who one was.
    """
    choice = chosen()
    if choice is not None and choice.stands:
        return
    if choice is not None and choice.here:
        set_here(login, place)
    else:
        set_current(login)


def _pointing(login: Login | Literal["own"], shell: Shell | None = None) -> _Pointer:
    if isinstance(login, str):
        return _Pointer(id=login, shell=shell)
    return _Pointer(id=login.id, server=login.server, shell=shell)


def _pin(where: Path, shell: Shell) -> Path:
    return where / f"{names.PIN}{shell.name}"


def _pointer(file: Path) -> _Pointer | None:
    pointer = read(file, _Pointer)
    return pointer if pointer and storage.is_id(pointer.id) else None


def _drop_ended(where: Path) -> None:
    for file in where.glob(f"{names.PIN}*"):
        pointer = read(file, _Pointer)
        if pointer is None or pointer.shell is None or pointer.shell.ended:
            with suppress(OSError):
                file.unlink()
