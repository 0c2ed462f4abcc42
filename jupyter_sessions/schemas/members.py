"""Who is in a session, and with which roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from jupyter_sessions.schemas.fields import Answer, Code, Request, RoleName, UserName


class Member(Answer):
    """Someone with roles in a session: a user or, where `group` is set, all users in a group.

    A group's name stands in `user` with an ``@`` before it, as in a grant. A `guest` is here by an
    invitation, without an account.
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
    """What a user holds in a session because they are in these groups."""

    user: str
    roles: list[RoleName]
    groups: list[str]


class Members(Answer):
    """All members of a session, the owner first, then groups, then users.

    After a grant or a revoke, `through_groups` tells of the users named in it who hold roles
    through groups too: these stay what they are.
    """

    members: list[Member]
    through_groups: list[ThroughGroups] = []


class Grant(Struct, kw_only=True, forbid_unknown_fields=True):
    """A user, or ``@group``, and the roles to give in place of those held; none means ``read``."""

    user: UserName
    roles: Annotated[list[str], Meta(max_length=10)] = []


class GrantRoles(Request):
    """Grants that all take effect, or none."""

    code: Code
    grants: Annotated[list[Grant], Meta(min_length=1, max_length=200)]


class RevokeRoles(Request):
    """Users, or ``@group``, who all lose the roles that they were granted, or none does."""

    code: Code
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]
