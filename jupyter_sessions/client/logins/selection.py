"""Which login is the current one: for this kernel, for this shell, or for all.

A kernel keeps its own in its environment, where what it starts finds it; a shell's is in a file
called after the shell. Where there is neither, the one for all counts. What was chosen stays chosen
when its login is gone, here as for all, until one chooses anew: nobody goes on as somebody else
without having said so.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.addresses import parse_address, port_of
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins import storage as names
from jupyter_sessions.client.logins.model import Login, Wanted
from jupyter_sessions.client.logins.shells import Shell, this_shell
from jupyter_sessions.client.logins.storage import folder, locked, read, write

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


_SHOWN = 8  # characters of a login's name that lists show


def find(server: str, user: str | None = None, really: str | None = None) -> Login | None:
    """Return the login to use at a server: the current one where it fits, else the newest.

    Parameters
    ----------
    server
        The server's base URL.
    user
        Who one wants to be there; None for anyone.
    really
        With a user, who is to act as that; None for the user alone.

    Returns
    -------
    Login or None
        One that has not ended, if there is one.
    """
    fitting = [
        login
        for login in storage.stored()
        if login.server == server and not login.over
        if user is None or (user, really) == (login.user, login.real_user)
    ]
    now = current_id()
    return next((login for login in fitting if login.id == now), fitting[0] if fitting else None)


def fits(login: Login, wanted: Wanted, *, is_current: bool) -> bool:
    """Tell whether a login is what someone wants.

    One that acts as somebody else fits who asks for that; if nobody is named, the current one does.
    """
    if wanted.server not in (None, login.server):
        return False
    if wanted.server is None and wanted.port not in (None, port_of(login.server)):
        return False
    if wanted.group is not None and not _same(wanted.group.removeprefix("@"), login.group):
        return False
    if wanted.sudo is not None:
        who = wanted.user is None or _same(wanted.user, login.real_user)
        return who and login.real_user is not None and _same(wanted.sudo, login.user)
    if wanted.user is None:
        return is_current or login.real_user is None
    return login.real_user is None and _same(wanted.user, login.user)


def named(text: str) -> Login:
    """Return the stored login that someone means: by its name in the list, label or address.

    Parameters
    ----------
    text
        The first characters of its name, its label, or ``[USER@]SERVER[:PORT]``.

    Raises
    ------
    NoLogin
        When there is none.
    BadRequest
        When there are several.
    """
    logins = storage.stored()
    found = [login for login in logins if login.id == text]
    found = found or [login for login in logins if text and login.id.startswith(text)]
    found = found or [login for login in logins if text and login.label == text]
    with suppress(errors.BadAddress):
        found = found or at(text, logins)
    if not found:
        raise errors.NoLogin(
            f"No stored login is called {text!r}.",
            hint="`logins` lists them: name one by its id, its label, or USER@SERVER.",
        )
    if len(found) > 1:
        which = ", ".join(f"{short(login)} ({login.who} at {login.server})" for login in found[:5])
        raise errors.BadRequest(
            f"{len(found)} stored logins are called {text!r}: {which}{' …' * (len(found) > 5)}.",
            hint="Name one by its id.",
        )
    return found[0]


def short(login: Login) -> str:
    """Return as much of a login's name as lists show."""
    return login.id[:_SHOWN]


def at(text: str, logins: Sequence[Login]) -> list[Login]:
    """Return those of some logins that are at ``[USER@]SERVER[:PORT]``.

    Raises
    ------
    BadAddress
        When that is no address.
    """
    address = parse_address(text)
    theirs = [login for login in logins if address.user is None or _same(address.user, login.user)]
    exact = [login for login in theirs if login.server == address.server]
    if exact or "://" in text:
        return exact
    # Without a scheme one means what is there, by whichever it is reached.
    return [login for login in theirs if _bare(login.server) == _bare(address.server or "")]


def _bare(server: str) -> str:
    return server.partition("://")[2]


def _same(one: str, other: str | None) -> bool:
    # As servers compare names.
    return other is not None and _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
