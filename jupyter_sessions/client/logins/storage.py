"""The stored logins: one file each, under a generated name.

What a file says is JSON, so nothing in a server's, a user's or a key's name can lead out of the
folder or into another login.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import timedelta

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.logins import home as names
from jupyter_sessions.client.logins import keyring
from jupyter_sessions.client.logins.files import locked, read, write
from jupyter_sessions.client.logins.home import folder, unusable
from jupyter_sessions.client.logins.model import Login

_NOTED_EVERY = timedelta(minutes=1)
_ID = re.compile(r"[0-9A-Za-z]{1,64}")


class Names(msgspec.Struct, kw_only=True):
    """Server and user of the last login, which are the defaults of the next."""

    server: str
    user: str


schemas.ready(Names)


def is_id(text: str) -> bool:
    """Tell whether a text can be the name of a stored login."""
    return bool(_ID.fullmatch(text))


def stored() -> list[Login]:
    """Return all stored logins, the newest first; files that are none are passed over."""
    where = folder()
    try:
        found = [name for name in os.listdir(where) if name.endswith(names.ENDING)]  # noqa: PTH208  # ten times as fast
    except OSError as error:
        raise unusable(error) from error
    read_ = (by_id(name.removesuffix(names.ENDING)) for name in found)
    return sorted(filter(None, read_), key=lambda login: login.created, reverse=True)


def by_id(id_: str) -> Login | None:
    """Return the stored login of that name, None without one."""
    if not is_id(id_):
        return None
    login = read(folder() / f"{id_}{names.ENDING}", Login)
    # A file that was copied under another name would be removed under the wrong one.
    return login if login is not None and login.id == id_ else None


def keep(login: Login) -> Login:
    """Store a login, its key in the keyring if the user wants that, and return it as stored.

    Its server and user are the defaults of the next login.
    """
    if login.stored_key is not None and keyring.wanted():
        keyring.put(login.id, login.stored_key)
        login = msgspec.structs.replace(login, stored_key=None, in_keyring=True)
    with locked() as where:
        write(where / f"{login.id}{names.ENDING}", login, lasting=True)
        write(where / names.LAST, Names(server=login.server, user=login.real_user or login.user))
    return login


def remove(login: Login) -> None:
    """Remove the file of a login, and its key from the keyring; it stays valid at the server.

    Where it was chosen it stays so, and nothing takes its place by itself.
    """
    with locked() as where:
        (where / f"{login.id}{names.ENDING}").unlink(missing_ok=True)
    if login.in_keyring:
        with suppress(errors.StoreUnusable):  # it is worth nothing without the file
            keyring.drop(login.id)


def learn(login: Login, told: schemas.Login | errors.SessionsError | None) -> Login:
    """Have a stored login say what its server says of it now.

    Parameters
    ----------
    login
        The login.
    told
        The login as the server shows it, its group for instance; why the server refuses it; or None
        where the server has taken it once more. Its use alone is written down once a minute.
    """
    learned = login.as_told(told)
    if _is_same(learned, login):
        return login
    with locked() as where:
        file = where / f"{login.id}{names.ENDING}"
        known = read(file, Login)
        if known is not None:  # what was forgotten meanwhile stays so
            write(file, known.as_told(told), lasting=True)
    return learned


def _is_same(one: Login, other: Login) -> bool:
    if one.last_used and other.last_used and abs(one.last_used - other.last_used) < _NOTED_EVERY:
        one = msgspec.structs.replace(one, last_used=other.last_used)
    return one == other


def last() -> Names | None:
    """Return server and user of the last login, None before the first."""
    return read(folder() / names.LAST, Names)
