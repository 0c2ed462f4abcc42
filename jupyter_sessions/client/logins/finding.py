"""Finding the stored login that fits: for a command, for who logs in, by what one calls it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress

from jupyter_sessions import errors
from jupyter_sessions.client.addresses import parse_address, port_of
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.create import Wanted
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.selection import current_id

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
