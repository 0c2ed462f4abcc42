"""Select the current login: for this kernel, for this shell, or globally.

A kernel stores its choice in its environment, which its child processes inherit. A shell's choice
is in a file named after the shell. Without either, the global choice applies. A choice remains when
its login is gone, until the user chooses again: nobody continues as another user without having
said so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.addresses import Address, get_port, parse_address, same_server
from jupyter_sessions.client.local_servers import is_own
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.model import Login, Wanted
from jupyter_sessions.client.logins.shells import Shell
from jupyter_sessions.client.logins.storage import folder, locked, read, write
from jupyter_sessions.names import fold_name

LOGIN_VARIABLE = "JUPYTER_SESSIONS_LOGIN"


#: Places that can have a current login of their own.
Place = Literal["kernel", "shell"]


#: Stands for no login: the user's own store.
OWN: Final = "own"
#: The environment variable that names the server to use.
SERVER_VARIABLE = "JUPYTER_SESSIONS_URL"


class _Pointer(msgspec.Struct, kw_only=True):
    """The content of a current login's file."""

    id: str
    server: str | None = None
    shell: Shell | None = None


schemas.ready(_Pointer)


@dataclass(frozen=True)
class Choice:
    """A choice: a login by its ID, or `OWN`.

    Attributes
    ----------
    id
        The login's ID.
    server
        Its server, if known.
    here
        Whether it was chosen only for this kernel or shell.
    """

    id: str
    server: str | None
    here: bool

    @property
    def stands(self) -> bool:
        """Whether the login is still stored; the own store always is."""
        return self.id == OWN or storage.by_id(self.id) is not None

    @property
    def login(self) -> Login | None:
        """The stored login, or None for the own store.

        Raises
        ------
        LoginGone
            When the login is no longer stored.
        """
        if self.id == OWN:
            return None
        login = storage.by_id(self.id)
        if login is not None:
            return login
        here = " --here" if self.here else ""
        others = f" To use another login, type `switch LOGIN{here}`; `logins` lists them."
        raise errors.LoginGone(
            "You are logged out.",
            hint=f"Log in again, or type `switch --own{here}` to use your local sessions."
            + (others if storage.stored() else "")
            + (f" {LOGIN_VARIABLE} names the old login." if LOGIN_VARIABLE in os.environ else ""),
        )


def chosen() -> Choice | None:
    """Return the choice for this place or else the global one; None if there is none."""
    named = os.environ.get(LOGIN_VARIABLE)
    if named:
        id_, _, server = named.partition("@")
        return Choice(id_, server or None, here=True)
    where = folder()
    pinned_here = any(name.startswith(storage.PIN) for name in storage.list_names(where))
    shell = storage.this_shell() if pinned_here else None
    pinned = _pointer(_pin(where, shell)) if shell else None
    pointer = pinned or _pointer(where / storage.CURRENT)
    return Choice(pointer.id, pointer.server, here=pinned is not None) if pointer else None


def current() -> Login | None:
    """Return the current login, or None for the own store.

    Raises
    ------
    LoginGone
        When the chosen login is no longer stored.
    """
    choice = chosen()
    return choice.login if choice else None


def current_id() -> str | None:
    """Return the ID of the current login, stored or not; None without one."""
    choice = chosen()
    return choice.id if choice and choice.id != OWN else None


def id_for_all() -> str | None:
    """Return the name of what was chosen for all, stored or not; None where nothing was."""
    pointer = _pointer(folder() / storage.CURRENT)
    return pointer.id if pointer else None


def set_current(login: Login | Literal["own"] | None) -> None:
    """Make a stored login, or the own store, the global current login.

    None removes the choice.
    """
    with locked() as where:
        if login is None:
            (where / storage.CURRENT).unlink(missing_ok=True)
        else:
            write(where / storage.CURRENT, _pointing(login))


def set_here(login: Login | Literal["own"] | None, place: Place) -> bool:
    """Make a stored login, or the own store, current for this kernel or shell only.

    None returns to the global choice.

    Returns
    -------
    bool
        Whether the choice took effect: some shells can't be distinguished, and the user's own
        setting in a shell's environment takes precedence.
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
    shell = storage.this_shell()
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


def choose_if_none(login: Login, place: Place) -> None:
    """Make a login current where nothing is chosen, or the chosen login is gone.

    Existing choices remain.
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
    return where / f"{storage.PIN}{shell.name}"


def _pointer(file: Path) -> _Pointer | None:
    pointer = storage.look_up(file, _Pointer)
    return pointer if pointer and storage.is_id(pointer.id) else None


def _drop_ended(where: Path) -> None:
    for file in where.glob(f"{storage.PIN}*"):
        pointer = read(file, _Pointer)
        if pointer is None or pointer.shell is None or pointer.shell.ended:
            with suppress(OSError):
                file.unlink()


_ID_LENGTH = 8  # characters of a login's ID in lists


def find(server: str, user: str | None = None, really: str | None = None) -> Login | None:
    """Return the login to use at a server: the current one if it fits, else the newest.

    Parameters
    ----------
    server
        The server's base URL.
    user
        The user name at the server; None for any.
    really
        With a user, the real user who acts as them; None for the user's own login.

    Returns
    -------
    Login or None
        A login that has not ended, if there is one.
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
    """Tell whether a login has the wanted properties.

    A login under sudo fits only if that user is wanted, or if it is current and no user is named.
    """
    if wanted.server not in (None, login.server):
        return False
    if wanted.server is None and wanted.port not in (None, get_port(login.server)):
        return False
    if wanted.group is not None and not _same(wanted.group.removeprefix("@"), login.group):
        return False
    if wanted.sudo is not None:
        who = wanted.user is None or _same(wanted.user, login.real_user)
        return who and login.real_user is not None and _same(wanted.sudo, login.user)
    if wanted.user is None:
        return is_current or login.real_user is None
    return login.real_user is None and _same(wanted.user, login.user)


def find_login(text: str) -> Login:
    """Return the stored login that a text identifies: by ID, label or address.

    Parameters
    ----------
    text
        The first characters of its ID, its label, or ``[USER@]SERVER[:PORT]``.

    Raises
    ------
    NoLogin
        When no login matches.
    BadRequest
        When several logins match.
    """
    logins = storage.stored()
    found = [login for login in logins if login.id == text]
    found = found or [login for login in logins if text and login.id.startswith(text)]
    found = found or [login for login in logins if text and login.label == text]
    with suppress(errors.BadAddress):
        found = found or select_by_address(text, logins)
    if not found:
        raise errors.NoLogin(
            f"No stored login matches {text!r}.",
            hint="List them with `logins`, and name one by its id, its label, or USER@SERVER.",
        )
    if len(found) > 1:
        which = ", ".join(f"{short(login)} ({login.who} at {login.server})" for login in found[:5])
        raise errors.BadRequest(
            f"{len(found)} stored logins match {text!r}: {which}{' …' * (len(found) > 5)}.",
            hint="Name one by its id.",
        )
    return found[0]


def short(login: Login) -> str:
    """Return the short form of a login's ID, as in lists."""
    return login.id[:_ID_LENGTH]


def select_by_address(text: str, logins: Sequence[Login]) -> list[Login]:
    """Return those of some logins that are at ``[USER@]SERVER[:PORT]``.

    Raises
    ------
    BadAddress
        When the address is not valid.
    """
    address = parse_address(text)
    theirs = [login for login in logins if address.user is None or _same(address.user, login.user)]
    exact = [login for login in theirs if login.server == address.server]
    if exact or "://" in text:
        return exact
    # Without a scheme, any login there matches, over http or https.
    return [login for login in theirs if _bare(login.server) == _bare(address.server or "")]


def _bare(server: str) -> str:
    return server.partition("://")[2]


def _same(one: str, other: str | None) -> bool:
    # Compare names as servers do.
    return other is not None and fold_name(one) == fold_name(other)


def choose_login(server: str | None = None) -> Login | None:
    """Choose the stored login for a server, or for none given; None for in-process access.

    The first available of these is used: `server`, the environment variable
    ``JUPYTER_SESSIONS_URL``, the current login.

    Raises
    ------
    NoLogin
        When the given server is not the user's own, and no login for it is stored.
    LoginGone
        When the chosen login is no longer stored, and no server is given.
    BadAddress
        When the server is not a valid address.
    """
    for named in (server, os.environ.get(SERVER_VARIABLE)):
        if named and named.strip():
            return find_login_at(parse_address(named))
    return current()


def find_login_at(address: Address) -> Login | None:
    """Return the stored login for an address; None for the user's own store.

    Raises
    ------
    NoLogin, BadAddress
        As `choose_login`.
    """
    if address.server is None:
        return choose_login()
    if address.user is None:
        choice = chosen()
        if choice is not None and choice.id == OWN and is_own(address.server):
            return None
        if choice is not None and (
            choice.server is None or same_server(address.server, choice.server)
        ):
            _ = choice.login  # a choice that is gone is not replaced
    login = find(address.server, address.user)
    if login:
        return login
    if address.user is None and is_own(address.server):
        return None
    there = f"{address.user}@{address.server}" if address.user else address.server
    raise errors.NoLogin(
        f"You are not logged in to {there}.",
        hint=f"Log in: type `%session login {there}` in a notebook, or `jupyter "
        f"sessions login {there}` in a shell.",
    )
