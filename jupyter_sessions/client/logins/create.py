"""Getting a login: a key for a password, or by a key that one has."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.selection import set_current


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The login that someone wants; what is None may be any, or the server's default.

    Attributes
    ----------
    server
        The server's base URL.
    port
        The port of a server that is not named.
    user
        Whose password opens it.
    group
        In which sessions are to be made.
    sudo
        Whom to act as.
    idle_timeout
        How long it is to live unused, in minutes.
    label, agent
        On what it is used, and by which program.
    """

    server: str | None = None
    port: int | None = None
    user: str | None = None
    group: str | None = None
    sudo: str | None = None
    idle_timeout: int | None = None
    label: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Made:
    """A login that was made; `clamped` where the server gave less time than was asked for."""

    login: Login
    clamped: bool


def create(wanted: Wanted, password: str, code: str = "") -> Made:
    """Exchange a password, and the code of a second factor, for a key, and store the login.

    The password is sent only to what has answered as a sessions server.

    Raises
    ------
    WrongPassword, AccountDisabled, TooManyTries, Forbidden, NotFound
        When the server refuses.
    SecondFactorNeeded, WrongCode
        When the account asks for a code, or for another one.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When there is no sessions server to ask.
    StoreUnusable
        When the login can't be stored here.
    """
    if wanted.server is None or wanted.user is None:
        raise errors.BadRequest("A login needs a server and a user.", hint="Name both.")
    storage.last()  # the folder is there, or nothing is sent
    server = wanted.server
    retry.reach(server)
    request = schemas.LogIn(
        user=wanted.user,
        password=password,
        code=code,
        group=wanted.group,
        idle_timeout=wanted.idle_timeout,
        agent=wanted.agent,
        label=wanted.label,
        sudo=wanted.sudo,
    )
    made = retry.ask(server, None, lambda http: http.call(api.LOG_IN, request))
    try:
        return Made(storage.keep(by_key(server, made.key, made.login)), made.clamped)
    except errors.StoreUnusable:
        # Nobody has its key, so nobody could end it.
        with suppress(errors.SessionsError):
            retry.ask(server, made.key, lambda http: http.call(api.LOG_OUT, schemas.Nothing()))
        raise


def shown_by(server: str, key: str, seconds: float | None = None) -> schemas.Login:
    """Ask which login a key stands for; that is a use of it.

    Parameters
    ----------
    server
        The server's base URL.
    key
        The key. It is sent only to what has answered as a sessions server.
    seconds
        How long to wait for a server that is not there yet.

    Raises
    ------
    LoginExpired, LoginRevoked, LoginUnknown
        When the key lets nobody in there.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When there is no sessions server to ask.
    """
    retry.reach(server, seconds)
    try:
        return retry.ask(server, key, lambda http: http.call(api.KEEP_LOGIN, schemas.Nothing()))
    except errors.NotSignedIn as error:
        if type(error) is not errors.NotSignedIn:
            raise
        raise errors.LoginUnknown(
            f"That is no key of a login to {server}.", hint="Check it, and the server's address."
        ) from error


def join(server: str, key: str, seconds: float | None = None) -> Login:
    """Take up the login that a key stands for, and store it; a key that is stored stays one login.

    See `shown_by`.
    """
    shown = shown_by(server, key, seconds)
    same = (
        login for login in storage.stored() if (login.server, login.number) == (server, shown.id)
    )
    login = next(same, None) or by_key(server, key, shown)
    return storage.keep(
        msgspec.structs.replace(login.as_shown(shown), stored_key=key, in_keyring=False)
    )


def log_in(server: str, user: str, password: str, label: str = "") -> Login:
    """Exchange a password for a key, store the login and make it the current one; see `create`."""
    made = create(Wanted(server=server, user=user, label=label), password)
    set_current(made.login)
    return made.login


def by_key(server: str, key: str, shown: schemas.Login) -> Login:
    """Make a login of what its server shows of it; it is not stored."""
    return Login(
        id=secrets.token_hex(8),
        server=server,
        user=shown.user,
        label=shown.label,
        created=shown.created or datetime.now(UTC),
        expires=None,
        stored_key=key,
    ).as_shown(shown)
