"""What is stored of a login."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from jupyter_sessions import model


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

    @property
    def key(self) -> str:
        """The secret, from the file or from the keyring; no `repr` shows it."""
        if self.stored_key is not None:
            return self.stored_key
        from jupyter_sessions.client.logins import keyrings

        return keyrings.get(self.id)

    @property
    def expired(self) -> bool:
        """Whether its time is over by this machine's clock."""
        return self.expires is not None and self.expires <= datetime.now(UTC)

    @property
    def who(self) -> str:
        """Who it acts as, and who really does."""
        return self.user if self.real_user is None else f"{self.user} (by {self.real_user})"

    def as_shown(self, shown: model.Login) -> Login:
        """Return it as its server shows it now."""
        return msgspec.structs.replace(
            self,
            user=shown.user,
            real_user=shown.real_user,
            group=shown.group,
            number=shown.id,
            expires=shown.expires,
            idle_timeout=shown.idle_timeout,
        )

    def __repr__(self) -> str:
        return f"Login({self.id!r}, {self.user!r} at {self.server!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("user", self.user), ("server", self.server)]


model.ready(Login)
