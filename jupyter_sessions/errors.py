"""Exceptions: one class for each failure that a caller can meet.

Each class has the HTTP status that the server answers with, the exit status that a command ends
with, and its ``code``: the machine-readable name on the wire. The message says what happened and
what it means; the hint says what to do next. `from_wire` turns an error answer back into the class
that it came from, so callers catch the same exceptions in process and over HTTP.
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
        "The session is closed: it is a read-only archive, permanently.",
        "Create a new session to continue the work.",
    ),
    "removed": ("The session is removed.", "Restore it first."),
}


class SessionsError(Exception):
    """Base class of all failures that are reported to users.

    Attributes
    ----------
    code : str
        The failure's name on the wire.
    status : int
        The HTTP status.
    exit_code : int
        The exit status of a command line program. It is below 126, since shells give a meaning to
        higher values.
    retry_after : int or None
        The number of seconds after which to try again, where a retry can help.
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
        """Return the error as it is sent: ``{"code", "message", "hint"}``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}

    def adding(self, more: str) -> Self:
        """Return the same error with a sentence added to its hint."""
        return type(self)(self.message, hint=f"{self.hint} {more}".strip())


class BadRequest(SessionsError):
    """The request does not match the operation's schema."""

    code = "bad_request"
    status = 400
    exit_code = 2


class FileChanged(BadRequest):
    """The file was changed while it was being published, so it has no consistent content."""

    code = "file_changed"


class BadRole(BadRequest):
    """The role does not exist or can't be granted."""

    code = "bad_role"


class BadName(BadRequest):
    """The user name, label or path is not valid."""

    code = "bad_name"


class BadReference(BadRequest):
    """The reference is neither a session's code nor a session URL."""

    code = "bad_reference"


class BadAddress(BadRequest):
    """The text is not a valid server address."""

    code = "bad_address"


class BadPort(BadAddress):
    """The port is not between 1 and 65535."""

    code = "bad_port"


class WeakPassword(BadRequest):
    """The new password is too easy to guess."""

    code = "weak_password"


class NotLoggedIn(SessionsError):
    """The caller is not logged in, or their credentials are not (or no longer) valid."""

    code = "not_signed_in"
    status = 401
    exit_code = 10


class LoginExpired(NotLoggedIn):
    """The login has expired: it was unused for too long, or has reached the end of its lifetime."""

    code = "login_expired"
    exit_code = 15


class LoginRevoked(NotLoggedIn):
    """The login was ended, or its account was disabled or removed."""

    code = "login_revoked"
    exit_code = 16


class LoginUnknown(NotLoggedIn):
    """No login of this server has the given key."""

    code = "login_unknown"
    exit_code = 17


class AccountDisabled(NotLoggedIn):
    """The account is disabled. Only callers who give its correct password see this error."""

    code = "account_disabled"
    exit_code = 18


class WrongPassword(NotLoggedIn):
    """The user name or the password is wrong; the error never says which."""

    code = "wrong_password"
    exit_code = 11


class RoleMissing(SessionsError):
    """The caller has a role in the session, but not the required one."""

    code = "role_missing"
    status = 403
    exit_code = 12

    @classmethod
    def from_roles(cls, needed: str, held: Sequence[str], owner: str) -> Self:
        """Create the error from the required role, the caller's roles and the owner's name."""
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
    """The caller is not allowed to do this, whatever their roles."""

    code = "forbidden"
    status = 403
    exit_code = 13


class SecondFactorNeeded(SessionsError):
    """The password is correct, and the account's second factor requires a code too."""

    code = "second_factor_needed"
    status = 401
    exit_code = 52

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "This account has a second factor, so a code is needed too.",
            hint=hint
            or "Enter the six digits that your authenticator app shows, or a "
            "recovery code. In a shell or notebook, `login` asks for it; you can "
            "also pass it with --code.",
        )


class WrongCode(SessionsError):
    """The code is wrong, has expired, or was already used."""

    code = "wrong_code"
    status = 401
    exit_code = 53

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "The code is wrong, has expired, or was used already.",
            hint=hint
            or "Wait for the next code of your authenticator app, and check that its "
            "clock is right. Each code works once; so does each recovery code.",
        )


class ConfirmationNeeded(SessionsError):
    """The operation is sensitive, and the password was last confirmed too long ago."""

    code = "confirmation_needed"
    status = 403
    exit_code = 54

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message
            or "Confirm that it is you: you entered your password more than 10 minutes ago.",
            hint=hint
            or "Commands ask for the password, or read it from "
            "JUPYTER_SESSIONS_PASSWORD. A program must confirm its login first, "
            "or log in again.",
        )


class ConfirmationFailed(SessionsError):
    """The password or code that should confirm the caller's identity is wrong."""

    code = "confirmation_failed"
    status = 403
    exit_code = 51


class SessionDisabled(SessionsError):
    """The owner has disabled the session for everyone else."""

    code = "session_disabled"
    status = 403
    exit_code = 14


class NoSuchSession(SessionsError):
    """No session has this code, or the caller has no role in it: the error is the same for both."""

    code = "no_such_session"
    status = 404
    exit_code = 20

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "There is no such session, or you have no role in it.",
            hint=hint or "Check the code, or ask the session's owner to grant you a role.",
        )


class NotFound(SessionsError):
    """The command, file or account does not exist."""

    code = "not_found"
    status = 404
    exit_code = 21


class NoKernels(NotFound):
    """There is no Jupyter server here, or it does not run kernels."""

    code = "no_kernels"
    exit_code = 26

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "This server does not run kernels.",
            hint=hint
            or "Send the request to the Jupyter server that runs the kernel; "
            "jupyter_sessions must be installed there. In any other kernel, use "
            "`%session resume`.",
        )


class InvitationUnusable(SessionsError):
    """No invitation has this key, or it can no longer be used: the error is the same for both."""

    code = "invitation_unusable"
    status = 404
    exit_code = 27


class WrongState(SessionsError):
    """The session's state (closed, disabled, removed) does not allow the operation."""

    code = "wrong_state"
    status = 409
    exit_code = 22

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Create the error from the session's state."""
        message, hint = _WRONG_STATE[state]
        return cls(message, hint=hint)


class Conflict(SessionsError):
    """The change conflicts with what exists already."""

    code = "conflict"
    status = 409
    exit_code = 23


class RangeNotSatisfiable(SessionsError):
    """The requested part of the content does not exist.

    Attributes
    ----------
    size
        The content's size in bytes, if known.
    """

    code = "range_not_satisfiable"
    status = 416
    exit_code = 28
    size: int | None = None

    @classmethod
    def from_size(cls, size: int) -> Self:
        """Create the error for content of this size."""
        error = cls(
            f"The content has {size} bytes, and none of them is in the requested range.",
            hint="Request a range within the content, or all of it.",
        )
        error.size = size
        return error


class ContentReplaced(Conflict):
    """Raised by clients only: the file was replaced on the server during its download."""

    code = "content_replaced"
    exit_code = 29


class TooLarge(SessionsError):
    """The content is larger than the server accepts."""

    code = "too_large"
    status = 413
    exit_code = 24


class TooManyTries(SessionsError):
    """Too many logins failed; the caller must wait before the next try."""

    code = "too_many_tries"
    status = 429
    exit_code = 25
    retry_after = 5


class InternalError(SessionsError):
    """An unexpected error in this program; the message has an id to look up in the server's log."""

    code = "internal_error"
    status = 500
    exit_code = 70


class StoreBusy(SessionsError):
    """The database did not accept the change in time."""

    code = "store_busy"
    status = 503
    exit_code = 30
    retry_after = 5


class ServerBusy(SessionsError):
    """Too many requests are waiting for the same resource; nothing was done."""

    code = "server_busy"
    status = 503
    exit_code = 33
    retry_after = 5

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or "The server is busy with too many such requests, so nothing was done.",
            hint=hint or "Try again in a few seconds.",
        )


class StoreUnusable(SessionsError):
    """The store can't be used: damaged, unreachable, from a newer program, or unsafe to share."""

    code = "store_unusable"
    status = 503
    exit_code = 31
    retry_after = 5


class ContentDamaged(StoreUnusable):
    """The stored content differs from what was published or recorded, and is not returned."""

    code = "content_damaged"
    status = 500
    exit_code = 39


class StoreGone(StoreUnusable):
    """The store's file was moved, removed or replaced while it was in use."""

    code = "store_gone"
    exit_code = 34


class StoreFull(SessionsError):
    """The disk is full; existing data is intact."""

    code = "store_full"
    status = 507
    exit_code = 32


class ServerUnreachable(SessionsError):
    """Raised by clients only: the server does not answer."""

    code = "server_unreachable"
    status = 502
    exit_code = 40


class NotASessionsServer(SessionsError):
    """Raised by clients only: the answer did not come from a sessions server."""

    code = "not_a_sessions_server"
    status = 502
    exit_code = 41


class ServerSilent(ServerUnreachable):
    """Raised by clients only: the server received the request, but did not answer in time."""

    code = "server_silent"
    exit_code = 44


class ConnectionLost(ServerUnreachable):
    """Raised by clients only: the connection broke before the answer came."""

    code = "connection_lost"
    exit_code = 50


class BadSetting(ServerUnreachable):
    """Raised by clients only: a proxy or certificate that the environment names can't be used."""

    code = "bad_setting"
    exit_code = 55


class ServerNotTrusted(SessionsError):
    """Raised by clients only: the server can't prove its identity (TLS)."""

    code = "server_not_trusted"
    status = 502
    exit_code = 45


class RedirectedAway(NotASessionsServer):
    """Raised by clients only: the server redirects to an address that must not get the key."""

    code = "redirected_away"
    exit_code = 46


class NoLogin(SessionsError):
    """Raised by clients only: no login is stored for the named server."""

    code = "no_login"
    status = 401
    exit_code = 42


class ConnectionClosed(SessionsError):
    """Raised by clients only: a connection or session object was used after it was closed."""

    code = "connection_closed"
    status = 400
    exit_code = 48

    def __init__(
        self,
        message: str = "This connection is closed.",
        *,
        hint: str = "Connect again, or do this before the `with` statement or "
        "`close` ends the connection.",
    ) -> None:
        super().__init__(message, hint=hint)


class LoginGone(NoLogin):
    """Raised by clients only: the chosen login was logged out or has ended."""

    code = "login_gone"
    exit_code = 49


class NothingAttached(SessionsError):
    """Raised by clients only: the command needs a session, and none is attached or named."""

    code = "nothing_attached"
    status = 400
    exit_code = 43


class ReplayStopped(SessionsError):
    """Raised by clients only: a command that was run again failed."""

    code = "replay_stopped"
    status = 400
    exit_code = 47


def _leaves(cls: type[SessionsError]) -> dict[str, type[SessionsError]]:
    found = {cls.code: cls}
    for sub in cls.__subclasses__():
        found |= _leaves(sub)
    return found


def from_wire(answer: dict[str, Any]) -> SessionsError:
    """Create the exception for an error answer; an unknown code gives the base class."""
    cls = _leaves(SessionsError).get(str(answer.get("code")), SessionsError)
    return cls(str(answer.get("message", "")), hint=str(answer.get("hint", "")))


def list_error_classes() -> list[type[SessionsError]]:
    """Return all classes that can reach a caller, for the reference pages and the tests."""
    return list(_leaves(SessionsError).values())
