"""Which login it is to be, where there is no need for a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.addresses import port_of
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.create import Wanted
from jupyter_sessions.client.logins.finding import fits
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.selection import current_id

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
            return Decided(how, storage.learn(login, take(api.KEEP_LOGIN)))
        request = schemas.TimeLogin(idle_timeout=wanted.idle_timeout)
        timed = retry.ask(login.server, login.key, lambda http: http.call(api.TIME_LOGIN, request))
    except errors.NotSignedIn as error:
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
