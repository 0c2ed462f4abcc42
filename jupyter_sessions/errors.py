"""One class for each failure that a caller can meet.

Each knows the HTTP status that the server answers with, the exit status that a command ends with,
and its ``code``: the machine-readable name on the wire. The message says what happened and what it
means, the hint what to do next. `from_wire` turns an answer back into the class that it came from,
so a caller catches the same exceptions in process and over HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

_WRONG_STATE = {
    "active": (
        "The session is neither disabled, closed nor removed.",
        "There is nothing to undo.",
    ),
    "disabled": ("The session is disabled.", "Enable it first."),
    "closed": (
        "The session is closed: a read-only archive, for good.",
        "Make a new session to go on with the work.",
    ),
    "removed": ("The session is removed.", "Restore it first."),
}


class SessionsError(Exception):
    """Base of all failures that are told to a user.

    Attributes
    ----------
    code : str
        The failure's name on the wire.
    status : int
        The HTTP status.
    exit_code : int
        What a command line program ends with; below 126, since shells give meaning to the rest.
    retry_after : int or None
        After how many seconds to try again, where that helps.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retry_after: int | None = None

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def to_wire(self) -> dict[str, Any]:
        """Return the one shape that errors have: ``{"code", "message", "hint"}``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}

    def adding(self, more: str) -> Self:
        """Return the same failure with a sentence more in its hint."""
        return type(self)(self.message, hint=f"{self.hint} {more}")


class BadRequest(SessionsError):
    """The request is not of the operation's form."""

    code = "bad_request"
    status = 400
    exit_code = 2


class FileChanged(BadRequest):
    """A file was changed while it was published, so that there is no one content of it."""

    code = "file_changed"


class BadRole(BadRequest):
    """A role that does not exist, or not for granting."""

    code = "bad_role"


class BadName(BadRequest):
    """A user name, label or path that can't be one."""

    code = "bad_name"


class BadReference(BadRequest):
    """Neither a session's code nor a session URL."""

    code = "bad_reference"


class BadAddress(BadRequest):
    """Not the address of a server."""

    code = "bad_address"


class BadPort(BadAddress):
    """A port outside 1 to 65535."""

    code = "bad_port"


class WeakPassword(BadRequest):
    """A new password that is among the first that anybody would try."""

    code = "weak_password"


class NotLoggedIn(SessionsError):
    """Nobody is known to be asking, or what they came with is not valid (any more)."""

    code = "not_signed_in"
    status = 401
    exit_code = 10


class LoginExpired(NotLoggedIn):
    """The login's time is over: it was not used for too long, or has reached its end."""

    code = "login_expired"
    exit_code = 15


class LoginRevoked(NotLoggedIn):
    """The login was ended, or its account disabled or removed."""

    code = "login_revoked"
    exit_code = 16


class LoginUnknown(NotLoggedIn):
    """No login of this server has this key."""

    code = "login_unknown"
    exit_code = 17


class AccountDisabled(NotLoggedIn):
    """The account is disabled; said only to who has its password."""

    code = "account_disabled"
    exit_code = 18


class WrongPassword(NotLoggedIn):
    """User and password don't belong together; which of the two is never said."""

    code = "wrong_password"
    exit_code = 11


class RoleMissing(SessionsError):
    """The caller has a role in the session, but not the one that this needs."""

    code = "role_missing"
    status = 403
    exit_code = 12

    @classmethod
    def of(cls, needed: str, held: Sequence[str], owner: str) -> Self:
        """Make it from the role that is needed, those that the caller has, and the owner's name."""
        if needed == "owner":
            return cls(
                "Only the owner of this session may do that.",
                hint=f"Ask {owner}, who owns the session, to do it.",
            )
        return cls(
            f"This needs the role {needed}, and you have {', '.join(held) or 'none'}.",
            hint=f"Ask {owner}, who owns the session, to grant you {needed}.",
        )


class Forbidden(SessionsError):
    """Not allowed to this caller, whatever their roles."""

    code = "forbidden"
    status = 403
    exit_code = 13


class SecondFactorNeeded(SessionsError):
    """The password is right, and the account's second factor asks for a code too."""

    code = "second_factor_needed"
    status = 401
    exit_code = 52

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "This account has a second factor: its code is needed too.",
            hint=hint
            or "Give the six digits that your authenticator app shows, or a recovery "
            "code. In a shell or notebook, `login` asks for it, or takes it by --code.",
        )


class WrongCode(SessionsError):
    """The code is not the account's, is over, or was used already."""

    code = "wrong_code"
    status = 401
    exit_code = 53

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "That code is wrong, is over, or was used already.",
            hint=hint
            or "Wait for the next code of your authenticator app, and see that its "
            "clock is right. Each code works once, a recovery code too.",
        )


class ConfirmationNeeded(SessionsError):
    """The act is grave, and the login's password was given too long ago."""

    code = "confirmation_needed"
    status = 403
    exit_code = 54

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "Confirm that it is you: your password was given more than 10 minutes ago.",
            hint=hint
            or "A command asks for the password, or takes it from "
            "JUPYTER_SESSIONS_PASSWORD. A program confirms its login first, or logs in again.",
        )


class ConfirmationFailed(SessionsError):
    """The password or code that was to prove who is asking is not theirs."""

    code = "confirmation_failed"
    status = 403
    exit_code = 51


class SessionDisabled(SessionsError):
    """The owner has disabled the session for everyone else."""

    code = "session_disabled"
    status = 403
    exit_code = 14


class NoSuchSession(SessionsError):
    """No session has this code, or the caller has no role in it: the two look the same."""

    code = "no_such_session"
    status = 404
    exit_code = 20

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "There is no such session, or you have no role in it.",
            hint=hint or "Check the code, or ask the session's owner to grant you a role.",
        )


class NotFound(SessionsError):
    """A command, file or account that is not there."""

    code = "not_found"
    status = 404
    exit_code = 21


class NoKernels(NotFound):
    """There is no Jupyter server here, or none that runs kernels."""

    code = "no_kernels"
    exit_code = 26

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "This is no Jupyter server that runs kernels.",
            hint=hint
            or "Ask the Jupyter server that runs the kernel; jupyter_sessions must be installed "
            "beside it. In a kernel that no such server runs, use `%session resume`.",
        )


class InvitationUnusable(SessionsError):
    """No invitation has this key, or it lets nobody in any more: the two look the same."""

    code = "invitation_unusable"
    status = 404
    exit_code = 27


class WrongState(SessionsError):
    """The session's state (closed, disabled, removed) does not allow this."""

    code = "wrong_state"
    status = 409
    exit_code = 22

    @classmethod
    def of(cls, state: str) -> Self:
        """Make it from the state that a session is in."""
        message, hint = _WRONG_STATE[state]
        return cls(message, hint=hint)


class Conflict(SessionsError):
    """What is there already stands against the change."""

    code = "conflict"
    status = 409
    exit_code = 23


class TooLarge(SessionsError):
    """More than the server takes."""

    code = "too_large"
    status = 413
    exit_code = 24


class TooManyTries(SessionsError):
    """Failed logins back off."""

    code = "too_many_tries"
    status = 429
    exit_code = 25
    retry_after = 5


class InternalError(SessionsError):
    """A defect of ours; the message carries an opaque id that stands in the server's log."""

    code = "internal_error"
    status = 500
    exit_code = 70


class StoreBusy(SessionsError):
    """The database did not take the change in time."""

    code = "store_busy"
    status = 503
    exit_code = 30
    retry_after = 5


class ServerBusy(SessionsError):
    """Too many wait already for what this needs; nothing was done."""

    code = "server_busy"
    status = 503
    exit_code = 33
    retry_after = 5

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "The server has too much of this to do now, and has done nothing.",
            hint=hint or "Try again in a few seconds.",
        )


class StoreUnusable(SessionsError):
    """The store can't be used: corrupt, unreachable, newer than this program, shared unsafely."""

    code = "store_unusable"
    status = 503
    exit_code = 31
    retry_after = 5


class ContentDamaged(StoreUnusable):
    """What is stored is not what was published or recorded, and is not given out."""

    code = "content_damaged"
    status = 500
    exit_code = 39


class StoreGone(StoreUnusable):
    """The store's file was moved, removed or replaced while it was in use."""

    code = "store_gone"
    exit_code = 34


class StoreFull(SessionsError):
    """The disk is full; what was there is intact."""

    code = "store_full"
    status = 507
    exit_code = 32


class ServerUnreachable(SessionsError):
    """Met by clients only: no answer from the server."""

    code = "server_unreachable"
    status = 502
    exit_code = 40


class NotASessionsServer(SessionsError):
    """Met by clients only: something answered, but not as a sessions server does."""

    code = "not_a_sessions_server"
    status = 502
    exit_code = 41


class ServerSilent(ServerUnreachable):
    """Met by clients only: the server took the request, and its answer did not come."""

    code = "server_silent"
    exit_code = 44


class ConnectionLost(ServerUnreachable):
    """Met by clients only: the connection broke before the answer came."""

    code = "connection_lost"
    exit_code = 50


class BadSetting(ServerUnreachable):
    """Met by clients only: a proxy or certificate that the environment names can't be used."""

    code = "bad_setting"
    exit_code = 55


class ServerNotTrusted(SessionsError):
    """Met by clients only: the server can't prove that it is who it says (TLS)."""

    code = "server_not_trusted"
    status = 502
    exit_code = 45


class RedirectedAway(NotASessionsServer):
    """Met by clients only: the server sends us elsewhere, where the key must not go."""

    code = "redirected_away"
    exit_code = 46


class NoLogin(SessionsError):
    """Met by clients only: no stored login for the server that was named."""

    code = "no_login"
    status = 401
    exit_code = 42


class ConnectionClosed(SessionsError):
    """Met by clients only: what a script or command had opened is closed, and used once more."""

    code = "connection_closed"
    status = 400
    exit_code = 48

    def __init__(
        self,
        message: str = "This connection is closed.",
        *,
        hint: str = "Connect anew, or do it before the `with` statement or `close` ends it.",
    ) -> None:
        super().__init__(message, hint=hint)


class LoginGone(NoLogin):
    """Met by clients only: the login that was chosen was logged out, or has ended."""

    code = "login_gone"
    exit_code = 49


class NothingAttached(SessionsError):
    """Met by clients only: the command needs a session, and none is attached or named."""

    code = "nothing_attached"
    status = 400
    exit_code = 43


class ReplayStopped(SessionsError):
    """Met by clients only: a command that was run again failed."""

    code = "replay_stopped"
    status = 400
    exit_code = 47


def _leaves(cls: type[SessionsError]) -> dict[str, type[SessionsError]]:
    found = {cls.code: cls}
    for sub in cls.__subclasses__():
        found |= _leaves(sub)
    return found


def from_wire(answer: dict[str, Any]) -> SessionsError:
    """Make the exception that an error answer came from; an unknown code gives the base class."""
    cls = _leaves(SessionsError).get(str(answer.get("code")), SessionsError)
    return cls(str(answer.get("message", "")), hint=str(answer.get("hint", "")))


def every() -> list[type[SessionsError]]:
    """All classes of this module that can reach a caller, for the reference pages and the tests."""
    return list(_leaves(SessionsError).values())
