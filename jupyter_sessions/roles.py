"""The roles that a member can hold in a session, and the syntax for granting them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

from jupyter_sessions.errors import BadRole


class Roles(IntFlag):
    """A set of roles, stored as one bit for each role.

    ``write`` implies ``read``; ``admin`` implies ``read``, ``write`` and ``execute``; ``execute``
    implies neither ``read`` nor ``write``. ``OWNER`` marks the one owner of a session and is never
    granted.
    """

    NONE = 0
    READ = 1
    WRITE = 2
    EXECUTE = 4
    ADMIN = 8
    OWNER = 16

    @property
    def names(self) -> list[str]:
        """The names of the roles in this set, in the fixed order from read to owner."""
        return [role.name.lower() for role in Roles if role in self and role.name]


_IMPLIED = {
    Roles.WRITE: Roles.READ,
    Roles.ADMIN: Roles.READ | Roles.WRITE | Roles.EXECUTE,
}
#: The roles that can be granted, by name.
GRANTABLE = {role.name.lower(): role for role in Roles if role is not Roles.OWNER and role.name}
_LETTERS = {name[0]: role for name, role in GRANTABLE.items()} | {"x": Roles.EXECUTE}

#: All roles that the owner of a session holds.
ALL = Roles.READ | Roles.WRITE | Roles.EXECUTE | Roles.ADMIN | Roles.OWNER


def expand(roles: Roles) -> Roles:
    """Add the roles that `roles` imply."""
    for role, implied in _IMPLIED.items():
        if role in roles:
            roles |= implied
    return roles


def from_names(names: Iterable[str]) -> Roles:
    """Parse a list of role names from a request; an empty list means ``read``.

    Raises
    ------
    BadRole
        If a name is not read, write, execute or admin.
    """
    roles = Roles.NONE
    for name in names:
        if name not in GRANTABLE:
            raise BadRole(
                f"There is no role {name!r}.",
                hint="The roles are read, write, execute and admin; ownership is transferred.",
            )
        roles |= GRANTABLE[name]
    return expand(roles or Roles.READ)


def parse(text: str) -> list[str]:
    """Parse the roles of a grant as people write them: ``write|execute``, or letters, ``rwx``.

    Parameters
    ----------
    text
        Role names joined by ``|`` (or ``+``, which needs no quotes in a shell), or the letters r,
        w, e or x, a. An empty text means ``read``.

    Returns
    -------
    list of str
        The role names without duplicates, in the order read, write, execute, admin. Implied roles
        are not added.

    Raises
    ------
    BadRole
        If a part is neither a role's name nor made of role letters.
    """
    found = Roles.NONE
    parts = text.replace("+", "|").split("|")
    for part in parts:
        word = part.strip().lower()
        if word in GRANTABLE:
            found |= GRANTABLE[word]
        elif word and all(letter in _LETTERS for letter in word):
            for letter in word:
                found |= _LETTERS[letter]
        elif word or len(parts) > 1:
            raise BadRole(
                f"There is no role {part!r}.",
                hint="Write read, write, execute or admin joined by |, or their letters: rwx.",
            )
    return (found or Roles.READ).names
