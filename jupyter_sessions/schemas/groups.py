"""Schemas for groups: named sets of users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from jupyter_sessions.schemas.fields import (
    Answer,
    Cursor,
    Description,
    GroupName,
    PageSize,
    Request,
    RoleName,
    UserName,
)


class SwitchGroup(Request):
    """The group in which the caller's new sessions are created; null for none."""

    group: GroupName | None


class Group(Answer):
    """A named set of users.

    `roles` are the roles that the group's users get in each session that is created in it from now
    on; a private group has none. `users` is the number of users, `owners` are the users who manage
    the group. `member` and `default` concern the caller: whether they are in the group, and whether
    their logins start in it. The server's identity provider decides who is in an `external` group.
    """

    name: str
    description: str
    roles: list[RoleName]
    users: int
    owners: list[str]
    member: bool
    default: bool
    created: datetime
    external: bool


class GroupUser(Answer):
    """A user in a group."""

    user: str
    display_name: str
    owner: bool
    since: datetime


class NewGroup(Request):
    """A group to create, which its owners are in from the start; without roles it is private."""

    name: GroupName
    description: Description = ""
    roles: Annotated[list[str], Meta(max_length=10)] = []
    owners: Annotated[list[UserName], Meta(max_length=200)] = []


class GroupNamed(Request):
    """A request whose only parameter is a group's name."""

    name: GroupName


class ListGroups(Request):
    """Which groups to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class ChangeGroup(Request):
    """New attributes of a group; omitted fields stay, an empty list of roles makes it private."""

    name: GroupName
    description: Description | UnsetType = UNSET
    roles: Annotated[list[str], Meta(max_length=10)] | UnsetType = UNSET


class ListGroupUsers(Request):
    """Which users of a group to list, by name."""

    name: GroupName
    limit: PageSize = 200
    after: Cursor | None = None


class GroupUsers(Request):
    """A group and the users to add or remove."""

    name: GroupName
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]


class SetGroupOwners(GroupUsers):
    """Users of a group to make its owners or, with `owner` false, to make no longer its owners."""

    owner: bool = True


class SetDefaultGroup(Request):
    """The group that new logins start in, null for none; only administrators may name a `user`."""

    group: GroupName | None
    user: UserName | None = None


class DefaultGroup(Answer):
    """The group in which a user's new logins start."""

    user: str
    group: str | None
