"""What is stored of a login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from jupyter_sessions import errors, schemas

#: How a login ended.
End = Literal["expired", "revoked", "unknown"]

_ENDS: dict[type[errors.SessionsError], End] = {
    errors.LoginExpired: "expired",
    errors.LoginRevoked: "revoked",
    errors.LoginUnknown: "unknown",
}


_MINUTE = "%Y-%m-%d %H:%M UTC"


def end_told(error: errors.SessionsError) -> End | None:
    """Return how a login has ended by what its server answers, None where it does not say that."""
    return _ENDS.get(type(error))


class Login(msgspec.Struct, kw_only=True, frozen=True):
    """A key for a server, and who it stands for.

    Attributes
    ----------
    id
        The name of its file, without ``.json``.
    server
        The server's base URL.
    user
        Who one is there.
    real_user
        Who really acts, under sudo.
    group
        In which sessions are made.
    number
        What the server calls the login by.
    label
        On what the login is used, as the server shows it.
    created, expires
        Instants; `expires` is None for a login without an end.
    idle_timeout
        Unused for so many minutes, it ends before.
    last_used
        When it was last used from this disk, give or take a minute.
    ended
        How it ended, once its server has said so.
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
        """The secret, from the file or from the keyring; no `repr` shows it."""
        if self.stored_key is not None:
            return self.stored_key
        from jupyter_sessions.client.logins import keyring

        return keyring.get(self.id)

    @property
    def over(self) -> End | None:
        """How it has ended, where that is certain: by its server's word, or by its last day."""
        if self.ended is not None:
            return self.ended
        # By this machine's clock: one that is ahead costs the user a new login, and nothing else.
        past = self.expires is not None and self.expires <= datetime.now(UTC)
        return "expired" if past else None

    @property
    def ends(self) -> datetime | None:
        """When it ends if it is not used any more, as far as is known here.

        What uses it on another machine is not.
        """
        if self.last_used is None or self.idle_timeout is None:
            return self.expires
        unused = self.last_used + timedelta(minutes=self.idle_timeout)
        return unused if self.expires is None else min(unused, self.expires)

    @property
    def good_until(self) -> str:
        """Until when its key is good, in words, if its server is not told to end it."""
        if self.ends is None:
            return "until the server ends it"
        first = f"until {self.ends:{_MINUTE}}"
        if self.ends == self.expires:
            return first
        last = f"until {self.expires:{_MINUTE}} at most" if self.expires else "for longer"
        return f"{first} or, if somebody uses it, {last}"

    @property
    def doubtful(self) -> bool:
        """Whether it was not used for too long, as far as is known here."""
        return self.over is None and self.ends is not None and self.ends <= datetime.now(UTC)

    @property
    def who(self) -> str:
        """Who it acts as, and who really does."""
        return self.user if self.real_user is None else f"{self.user} (by {self.real_user})"

    def as_shown(self, shown: schemas.Login) -> Login:
        """Return it as its server shows it now."""
        uses = [used for used in (self.last_used, shown.last_used) if used is not None]
        return msgspec.structs.replace(
            self,
            user=shown.user,
            real_user=shown.real_user,
            group=shown.group,
            number=shown.id,
            expires=shown.expires,
            idle_timeout=shown.idle_timeout,
            last_used=max(uses, default=None),
            ended=None if shown.state == "active" else shown.state,
        )

    def as_told(self, told: schemas.Login | errors.SessionsError | None) -> Login:
        """Return it by what its server told: how it is, why it is refused, or only that it is used.

        See `learn`.
        """
        if isinstance(told, schemas.Login):
            return self.as_shown(told)
        if told is None:
            return msgspec.structs.replace(self, last_used=datetime.now(UTC), ended=None)
        return msgspec.structs.replace(self, ended=end_told(told) or self.ended)

    def __repr__(self) -> str:
        return f"Login({self.id!r}, {self.user!r} at {self.server!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("user", self.user), ("server", self.server)]


schemas.ready(Login)


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
