"""Schemas for the members of a session and their roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from jupyter_sessions.schemas.fields import Answer, Code, Request, RoleName, UserName


class Member(Answer):
    """A member of a session: a user or, if `group` is set, all users in a group.

    The name of a group in `user` starts with ``@``, as in a grant. A `guest` came by an invitation
    and has no account.
    """

    user: str
    group: bool
    display_name: str
    roles: list[RoleName]
    owner: bool
    since: datetime
    granted_by: str | None
    guest: bool = False


class ThroughGroups(Answer):
    """The roles that a user holds in a session through these groups."""

    user: str
    roles: list[RoleName]
    groups: list[str]


class Members(Answer):
    """All members of a session: the owner first, then groups, then users.

    After a grant or a revoke, `through_groups` lists the users named in it who also hold roles
    through groups; those roles do not change.
    """

    members: list[Member]
    through_groups: list[ThroughGroups] = []


class Grant(Struct, kw_only=True, forbid_unknown_fields=True):
    """A user, or ``@group``, and the roles that replace the current ones; none means ``read``."""

    user: UserName
    roles: Annotated[list[str], Meta(max_length=10)] = []


class GrantRoles(Request):
    """A list of grants; either all take effect, or none."""

    code: Code
    grants: Annotated[list[Grant], Meta(min_length=1, max_length=200)]


class RevokeRoles(Request):
    """Users, or ``@group``, who lose their granted roles; either all of them do, or none."""

    code: Code
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]
