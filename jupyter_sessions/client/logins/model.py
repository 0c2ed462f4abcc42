"""Data types of stored, wanted and new logins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from jupyter_sessions import errors, schemas

#: The ways in which a login can end.
End = Literal["expired", "revoked", "unknown"]

_ENDS: dict[type[errors.SessionsError], End] = {
    errors.LoginExpired: "expired",
    errors.LoginRevoked: "revoked",
    errors.LoginUnknown: "unknown",
}


_MINUTE = "%Y-%m-%d %H:%M UTC"


def read_end(error: errors.SessionsError) -> End | None:
    """Return how a login has ended according to its server's error, or None if it has not."""
    return _ENDS.get(type(error))


class Login(msgspec.Struct, kw_only=True, frozen=True):
    """A key for a server, and the user it stands for.

    Attributes
    ----------
    id
        Its file's name without ``.json``.
    server
        The server's base URL.
    user
        The user name at the server.
    real_user
        The user who really acts, under sudo.
    group
        The group in which sessions are created.
    number
        The login's number at the server.
    label
        The device on which the login is used, as the server shows it.
    created, expires
        Timestamps; `expires` is None for a login that does not expire.
    idle_timeout
        Minutes without use after which it ends earlier.
    last_used
        When it was last used from this disk, to about a minute.
    ended
        How it ended, once its server has reported it.
    in_keyring
        Whether the key is in the user's keyring, and not in the file.
    """

    id: str
    server: str
    user: str
    label: str
    created: datetime
    expires: datetime | None
    stored_key: str | None = msgspec.field(name="key", default=None)
    in_keyring: bool = False
    number: int | None = None
    real_user: str | None = None
    group: str | None = None
    idle_timeout: int | None = None
    last_used: datetime | None = None
    ended: End | None = None

    @property
    def key(self) -> str:
        """The secret, from the file or from the keyring; `repr` does not show it."""
        if self.stored_key is not None:
            return self.stored_key
        from jupyter_sessions.client.logins import keyring

        return keyring.get(self.id)

    @property
    def over(self) -> End | None:
        """How it has certainly ended: by its server's report, or by its expiry date."""
        if self.ended is not None:
            return self.ended
        # This uses the local clock: a clock that is ahead costs the user a new login, and nothing
        # else.
        past = self.expires is not None and self.expires <= datetime.now(UTC)
        return "expired" if past else None

    @property
    def ends(self) -> datetime | None:
        """When it ends without further use, as far as this machine knows.

        Uses on other machines are not known here.
        """
        if self.last_used is None or self.idle_timeout is None:
            return self.expires
        unused = self.last_used + timedelta(minutes=self.idle_timeout)
        return unused if self.expires is None else min(unused, self.expires)

    @property
    def good_until(self) -> str:
        """Until when its key stays valid, in words, if the login is not ended at its server."""
        if self.ends is None:
            return "until the server ends it"
        first = f"until {self.ends:{_MINUTE}}"
        if self.ends == self.expires:
            return first
        last = f"until {self.expires:{_MINUTE}} at most" if self.expires else "for longer"
        return f"{first} or, if somebody uses it, {last}"

    @property
    def doubtful(self) -> bool:
        """Whether it may have timed out, as far as this machine knows."""
        return self.over is None and self.ends is not None and self.ends <= datetime.now(UTC)

    @property
    def who(self) -> str:
        """Return the user it acts as, and the real user under sudo."""
        return self.user if self.real_user is None else f"{self.user} (by {self.real_user})"

    def apply_info(self, info: schemas.Login) -> Login:
        """Return it updated to how its server shows it now."""
        uses = [used for used in (self.last_used, info.last_used) if used is not None]
        return msgspec.structs.replace(
            self,
            user=info.user,
            real_user=info.real_user,
            group=info.group,
            number=info.id,
            expires=info.expires,
            idle_timeout=info.idle_timeout,
            last_used=max(uses, default=None),
            ended=None if info.state == "active" else info.state,
        )

    def apply_answer(self, answer: schemas.Login | errors.SessionsError | None) -> Login:
        """Return it updated by the server's answer: its description, an error, or only its use.

        See `learn`.
        """
        if isinstance(answer, schemas.Login):
            return self.apply_info(answer)
        if answer is None:
            return msgspec.structs.replace(self, last_used=datetime.now(UTC), ended=None)
        return msgspec.structs.replace(self, ended=read_end(answer) or self.ended)

    def __repr__(self) -> str:
        return f"Login({self.id!r}, {self.user!r} at {self.server!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("user", self.user), ("server", self.server)]


schemas.ready(Login)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The properties of a login that the caller wants; None means any, or the server's default.

    Attributes
    ----------
    server
        The server's base URL.
    port
        The port, if no server is named.
    user
        The user who logs in.
    group
        The group in which sessions are created.
    sudo
        The user to act as.
    idle_timeout
        The idle time-out in minutes.
    label, agent
        The device on which it is used, and the program that uses it.
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
    """A new login; `clamped` if the server granted less time than requested."""

    login: Login
    clamped: bool
