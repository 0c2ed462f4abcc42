"""Who comes with a request, as they present themselves: a claim that the dispatcher checks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Anonymous:
    """Nobody said who they are."""


@dataclass(frozen=True)
class KeyHolder:
    """Someone with a key, from a ``Bearer`` header or the login cookie."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class SystemUser:
    """The operating-system user whose process this is: the administrator of the store."""

    name: str


@dataclass(frozen=True)
class Identified:
    """A user whom jupyter_server's or JupyterHub's identity provider vouches for.

    `groups` are those that it names, None where it knows of none at all.
    With `vouches` it is that server itself which asks, and says who ran the commands that it has
    recorded for the user.
    """

    name: str
    display_name: str = ""
    administrator: bool = False
    groups: frozenset[str] | None = None
    vouches: bool = False


Asker = Anonymous | KeyHolder | SystemUser | Identified
