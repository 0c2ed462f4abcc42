"""Check or end many logins at their servers concurrently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.model import Login, read_end

State = Literal["stored", "active", "expired", "revoked", "unknown", "unreachable"]
T = TypeVar("T")

_MAX_CONCURRENT = 16
_ANSWERS_WITHIN = 10.0  # seconds


@dataclass(frozen=True)
class Checked:
    """A login, its server's answer, and the error if there is one."""

    login: Login
    state: State
    why: errors.SessionsError | None = None


def as_stored(login: Login) -> Checked:
    """Return what is known about a login without a request."""
    doubt = errors.LoginExpired(
        "It may have expired: this machine last used it too long ago.",
        hint="To ask its server, run `logins --check`.",
    )
    return Checked(login, login.over or "stored", doubt if login.doubtful else None)


def check(logins: Sequence[Login]) -> list[Checked]:
    """Check all `logins` at their servers concurrently; this does not count as a use.

    Nothing changes, except that logins are marked as ended or not ended.

    Returns
    -------
    list of Checked
        One for each login, in the same order.
    """

    def look(login: Login) -> schemas.Login:
        return retry.ask(
            login.server,
            login.key,
            lambda http: http.call(api.CHECK_LOGIN, schemas.Nothing()),
            within=_ANSWERS_WITHIN,
        )

    answers = list(zip(logins, _ask_servers(logins, look), strict=True))
    for login, told in answers:
        if login.apply_answer(told).ended != login.ended:
            storage.learn(login, told)
    return [
        Checked(login, _state(told), told)
        if isinstance(told, errors.SessionsError)
        else Checked(login.apply_info(told), told.state)
        for login, told in answers
    ]


def end(logins: Sequence[Login]) -> list[Checked]:
    """End logins at their servers concurrently, and remove them here.

    They are removed even if the server can't be reached.

    Returns
    -------
    list of Checked
        The logins whose keys remain valid, and why.
    """

    def out(login: Login) -> schemas.Done:
        return retry.ask(
            login.server,
            login.key,
            lambda http: http.call(api.LOG_OUT, schemas.Nothing()),
            within=_ANSWERS_WITHIN,
        )

    told = _ask_servers(logins, out)
    for login in logins:
        storage.remove(login)
    return [
        Checked(login, _state(said), said)
        for login, said in zip(logins, told, strict=True)
        # An invalid key needs no request.
        if isinstance(said, errors.SessionsError) and not isinstance(said, errors.NotLoggedIn)
    ]


def log_out(login: Login) -> None:
    """End a login at its server and remove it here.

    It is removed here even if the server can't be reached.

    Raises
    ------
    SessionsError
        When the server could not be reached: the key remains valid there until it expires.
    """
    for left in end([login]):
        assert left.why is not None  # noqa: S101  # for the type checker
        raise type(left.why)(
            f"The login is forgotten here, but its key stays valid {login.good_until}: "
            f"{left.why.message}",
            hint=left.why.hint,
        ) from left.why


def _state(error: errors.SessionsError) -> State:
    return read_end(error) or "unreachable"


def _ask_servers(
    logins: Sequence[Login], question: Callable[[Login], T]
) -> Iterable[T | errors.SessionsError]:
    """Check each login; a server that did not answer once is not waited for again."""
    from concurrent.futures import ThreadPoolExecutor

    first: dict[str, Login] = {}
    for login in logins:
        first.setdefault(login.server, login)
    away: dict[str, errors.SessionsError] = {}

    def ask_server(login: Login) -> T | errors.SessionsError:
        if login.server in away:
            return away[login.server]
        try:
            return question(login)
        except errors.SessionsError as error:
            return error

    with ThreadPoolExecutor(_MAX_CONCURRENT) as pool:
        answers = dict(zip(first.values(), pool.map(ask_server, first.values()), strict=True))
        for login, answer in answers.items():
            if isinstance(answer, errors.ServerUnreachable):
                away[login.server] = answer
        rest = [login for login in logins if login not in answers]
        answers |= dict(zip(rest, pool.map(ask_server, rest), strict=True))
    return [answers[login] for login in logins]
