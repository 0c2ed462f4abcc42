"""Getting a login: a key for a password, or by a key that one has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.addresses import port_of
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.model import Login, Made, Wanted
from jupyter_sessions.client.logins.selection import current_id, fits, set_current


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
        return retry.ask(server, key, lambda http: http.call(api.REFRESH_LOGIN, schemas.Nothing()))
    except errors.NotLoggedIn as error:
        if type(error) is not errors.NotLoggedIn:
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


How = Literal["using", "reconnected", "joined", "created"]


@dataclass(frozen=True)
class Decided:
    """The login that it is, how that came, and whether its idle time-out was clamped."""

    how: How
    login: Login
    clamped: bool = False


def reuse(
    wanted: Wanted,
    passed_over: Callable[[Login, str], None] = lambda _login, _why: None,
    seconds: float | None = None,
) -> Decided | None:
    """Return the current login where it fits and lives, else another stored one that does.

    Its idle clock is reset, for it is used. With no server in `wanted`, the current one alone is
    looked at.

    Parameters
    ----------
    wanted
        What it has to fit.
    passed_over
        Called with the current login, and with each that fits, if it is not it, and why not.
    seconds
        How long to wait for a server that is not there yet.

    Raises
    ------
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When its server can't be asked.
    """
    now = current_id()
    logins = storage.stored()
    current = next((login for login in logins if login.id == now), None)
    if current is not None:
        if fits(current, wanted, is_current=True):
            decided = _alive("using", current, wanted, passed_over, seconds)
            if decided is not None:
                return decided
        elif wanted.server in (None, current.server):
            passed_over(current, _conflict(current, wanted))
    if wanted.server is None:
        return None
    for login in logins:
        if login.id == now or login.over or not fits(login, wanted, is_current=False):
            continue
        decided = _alive("reconnected", login, wanted, passed_over, seconds)
        if decided is not None:
            return decided
    return None


def _alive(
    how: How,
    login: Login,
    wanted: Wanted,
    passed_over: Callable[[Login, str], None],
    seconds: float | None,
) -> Decided | None:
    def take(operation: api.Operation[schemas.Nothing, schemas.Login]) -> schemas.Login:
        return retry.wait_for(
            login.server, login.key, lambda http: http.call(operation, schemas.Nothing()), seconds
        )

    try:
        shown = take(api.CHECK_LOGIN)
        learned = storage.learn(login, shown)
        if not fits(learned, wanted, is_current=how == "using"):
            # Its group was changed elsewhere.
            passed_over(learned, _conflict(learned, wanted))
            return None
        if wanted.idle_timeout is None:
            return Decided(how, storage.learn(login, take(api.REFRESH_LOGIN)))
        request = schemas.SetLoginTimeout(idle_timeout=wanted.idle_timeout)
        timed = retry.ask(
            login.server, login.key, lambda http: http.call(api.SET_LOGIN_TIMEOUT, request)
        )
    except errors.NotLoggedIn as error:
        storage.learn(login, error)
        passed_over(login, error.message)
        return None
    return Decided(how, storage.learn(login, timed.login), timed.clamped)


def _conflict(login: Login, wanted: Wanted) -> str:
    """Say why a login is not what is wanted."""
    if wanted.server is None and wanted.port not in (None, port_of(login.server)):
        return f"its port is {port_of(login.server)}, not {wanted.port}"
    works_as = "nobody else" if login.real_user is None else login.user
    if wanted.sudo is not None and wanted.sudo != works_as:
        return f"it acts as {works_as}, not as {wanted.sudo}"
    if wanted.user is not None and wanted.user != (login.real_user or login.user):
        return f"it is {login.who}'s, not {wanted.user}'s"
    if wanted.group is not None:
        works_in = f"the group {login.group}" if login.group else "no group"
        return f"it works in {works_in}, not in {wanted.group.removeprefix('@')}"
    return f"it acts as {works_as}"
