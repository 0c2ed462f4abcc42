"""Create a login from a password or a key, or reuse a stored one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import login_context
from jupyter_sessions.client.addresses import get_port
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.model import Login, Made, Wanted
from jupyter_sessions.client.logins.selection import current_id, fits, set_current


def create(wanted: Wanted, password: str, code: str = "") -> Made:
    """Exchange a password, and the code of a second factor, for a key, and store the login.

    The password is sent only to a server that has identified itself as a sessions server.

    Raises
    ------
    WrongPassword, AccountDisabled, TooManyTries, Forbidden, NotFound
        When the server refuses.
    SecondFactorNeeded, WrongCode
        When the account requires a code, or a different one.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When the sessions server can't be reached or verified.
    StoreUnusable
        When the login can't be stored here.
    """
    if wanted.server is None or wanted.user is None:
        raise errors.BadRequest("To log in, you need a server and a user.", hint="Name both.")
    storage.last()  # check the folder before anything is sent
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


def read_login_of_key(server: str, key: str, seconds: float | None = None) -> schemas.Login:
    """Return the login that a key belongs to; this counts as a use of the login.

    Parameters
    ----------
    server
        The server's base URL.
    key
        The key. It is sent only to a server that has identified itself as a sessions server.
    seconds
        How long to wait for a server that is still starting.

    Raises
    ------
    LoginExpired, LoginRevoked, LoginUnknown
        When the server does not accept the key.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When the sessions server can't be reached or verified.
    """
    retry.reach(server, seconds)
    try:
        return retry.ask(server, key, lambda http: http.call(api.REFRESH_LOGIN, schemas.Nothing()))
    except errors.NotLoggedIn as error:
        if type(error) is not errors.NotLoggedIn:
            raise
        raise errors.LoginUnknown(
            f"The key does not belong to any login on {server}.",
            hint="Check the key, and the server's address.",
        ) from error


def join(server: str, key: str, seconds: float | None = None) -> Login:
    """Store the login that a key belongs to; a key that is already stored remains one login.

    See `shown_by`.
    """
    shown = read_login_of_key(server, key, seconds)
    login_context.refresh()  # that may have taken long
    same = (
        login for login in storage.stored() if (login.server, login.number) == (server, shown.id)
    )
    login = next(same, None) or by_key(server, key, shown)
    return storage.keep(
        msgspec.structs.replace(login.apply_info(shown), stored_key=key, in_keyring=False)
    )


def log_in(server: str, user: str, password: str, label: str = "") -> Login:
    """Exchange a password for a key, store the login and make it current; see `create`."""
    made = create(Wanted(server=server, user=user, label=label), password)
    set_current(made.login)
    return made.login


def by_key(server: str, key: str, info: schemas.Login) -> Login:
    """Build a login from the server's description; it is not stored."""
    return Login(
        id=secrets.token_hex(8),
        server=server,
        user=info.user,
        label=info.label,
        created=info.created or datetime.now(UTC),
        expires=None,
        stored_key=key,
    ).apply_info(info)


How = Literal["using", "reconnected", "joined", "created"]


@dataclass(frozen=True)
class Decided:
    """A login, how it was chosen, and whether the server shortened its idle time-out."""

    how: How
    login: Login
    clamped: bool = False


def reuse(
    wanted: Wanted,
    passed_over: Callable[[Login, str], None] = lambda _login, _why: None,
    seconds: float | None = None,
) -> Decided | None:
    """Return the current login if it fits and is valid, else another stored login that does.

    This counts as a use and resets its idle time-out. If `wanted` names no server, only the current
    login is considered.

    Parameters
    ----------
    wanted
        The required properties.
    passed_over
        Called with each login that is not used although it is current or fits, and the reason.
    seconds
        How long to wait for a server that is still starting.

    Raises
    ------
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When its server can't be asked.
    """
    login_context.refresh()  # another process may have stored one meanwhile
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
    """Explain how a login differs from what is wanted."""
    if wanted.server is None and wanted.port not in (None, get_port(login.server)):
        return f"its port is {get_port(login.server)}, not {wanted.port}"
    works_as = "nobody else" if login.real_user is None else login.user
    if wanted.sudo is not None and wanted.sudo != works_as:
        return f"it acts as {works_as}, not as {wanted.sudo}"
    if wanted.user is not None and wanted.user != (login.real_user or login.user):
        return f"it is {login.who}'s, not {wanted.user}'s"
    if wanted.group is not None:
        works_in = f"the group {login.group}" if login.group else "no group"
        return f"it works in {works_in}, not in {wanted.group.removeprefix('@')}"
    return f"it acts as {works_as}"
