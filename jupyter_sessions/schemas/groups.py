"""Named sets of users."""

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
    """The group in which sessions are made from now on; null for none."""

    group: GroupName | None


class Group(Answer):
    """A named set of users.

    `roles` are what its users get in each session that is made in it from now on: none where it is
    private. `users` is how many there are, `owners` are those who manage them. `member` and
    `default` are about the asking user: whether they are in it, and begin their logins in it. Who
    is in an `external` one is said by the server's identity provider.
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
    """A group to make; without roles it is private. The owners are in it from the beginning."""

    name: GroupName
    description: Description = ""
    roles: Annotated[list[str], Meta(max_length=10)] = []
    owners: Annotated[list[UserName], Meta(max_length=200)] = []


class GroupNamed(Request):
    """A request that needs nothing but a group's name."""

    name: GroupName


class ListGroups(Request):
    """Which groups to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class ChangeGroup(Request):
    """What a group is to be; what is left out stays, an empty list of roles makes it private."""

    name: GroupName
    description: Description | UnsetType = UNSET
    roles: Annotated[list[str], Meta(max_length=10)] | UnsetType = UNSET


class ListGroupUsers(Request):
    """Which users of a group to list, by name."""

    name: GroupName
    limit: PageSize = 200
    after: Cursor | None = None


class GroupUsers(Request):
    """Users of a group, or to be."""

    name: GroupName
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]


class SetGroupOwners(GroupUsers):
    """Users of a group who are to own it, or with `owner` false not any more."""

    owner: bool = True


class SetDefaultGroup(Request):
    """The group that new logins begin in, null for none; `user` is for administrators."""

    group: GroupName | None
    user: UserName | None = None


class DefaultGroup(Answer):
    """In which group a user's new logins begin."""

    user: str
    group: str | None
