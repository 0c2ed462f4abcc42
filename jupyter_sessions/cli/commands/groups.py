"""Commands for groups: choose the current one, list, create and manage them."""

from __future__ import annotations

from typing import Any

import click

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.parameters import after_option, limit_option, yes_option
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Card, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line

_LEVELS = {level: given for given, level in columns.LEVELS.items()}


class Level(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions alone
    """``private``, ``read-only``, ``read-write``, or roles as in a grant."""

    name = "level"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002  # click's signature
        ctx: click.Context | None,  # noqa: ARG002  # click's signature
    ) -> list[str]:
        """Read what a group gives its users."""
        known = _LEVELS.get(str(value).strip().lower())
        return list(known) if known is not None else roles.parse(str(value))


_level = click.option(
    "--level",
    type=Level(),
    metavar="LEVEL",
    help="Set the roles that users get in the group's sessions: private (none), "
    "read-only, read-write, or roles such as read|execute.",
)


def _bare(name: str) -> str:
    return one_line(name.removeprefix("@"))


@command("group", "group lab", "group --none", session=False)
@click.argument("name", required=False)
@click.option(
    "--none", "nothing", is_flag=True, help="Leave the current group, and work without one."
)
def group(work: Invocation, name: str | None, nothing: bool) -> Result:
    """Show the group that you work in, or switch to another one.

    Sessions that you create from then on belong to the group, and its users get the group's roles
    in them. Existing sessions stay as they are. Each login has its own group; without a login, your
    default group is used.
    """
    if name is not None and nothing:
        raise click.UsageError("Name a group or use --none, not both.")
    before = work.call(api.CHECK_LOGIN, schemas.Nothing())
    if name is None and not nothing:
        said = (
            f"You are working in the group {one_line(before.group)}."
            if before.group
            else "You are not working in a group."
        )
        return Result(before, (Line(said),))
    login = work.call(api.SWITCH_GROUP, schemas.SwitchGroup(group=name))
    if login.group == before.group:
        said = (
            f"You are already working in the group {one_line(login.group)}."
            if login.group
            else "You are already working without a group."
        )
        return Result(login, (Line(said),))
    if login.group is None:
        return done(login, "New sessions do not belong to a group from now on.")
    return done(login, f"New sessions belong to the group {one_line(login.group)} from now on.")


@command("groups list", session=False)
@limit_option(200)
@after_option
def list_(work: Invocation, limit: int, after: str | None) -> Result:
    """List the groups that you are in. Administrators see all groups."""
    page = work.call(api.LIST_GROUPS, schemas.ListGroups(limit=limit, after=after))
    shown = Table(columns.GROUP, page.items, "You are not in a group.")
    return Result(page, (shown, *more(work, page.next, typed=("groups", "list"))))


@command(
    "groups add lab",
    "groups add lab --level read-only --owner foo",
    "groups add lab --level read+execute",
    session=False,
)
@click.argument("name")
@_level
@click.option("--description", default="", metavar="T", help="Set the description.")
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="USER",
    help="Make this user an owner; can be repeated.",
)
def add(
    work: Invocation, name: str, level: list[str] | None, description: str, owners: tuple[str, ...]
) -> Result:
    """Create a group. Only administrators can do this.

    The level decides which roles the group's users get in each session that one of them creates in
    it; by default it is private. At first only the owners are in the group; they add the others.
    """
    request = schemas.NewGroup(
        name=name, roles=level or [], description=description, owners=list(owners)
    )
    made = work.call(api.ADD_GROUP, request)
    return _build_card(made, f"Group {one_line(made.name)} created.")


def _build_card(group: schemas.Group, *notices: str) -> Result:
    lines = [Line(text, Tone.DONE) for text in notices]
    return Result(group, (*lines, Card(group.name, columns.GROUP_CARD, group)))


@command("groups info lab", session=False)
@click.argument("name")
def info(work: Invocation, name: str) -> Result:
    """Show a group's description, level and owners."""
    return _build_card(work.call(api.GET_GROUP, schemas.GroupNamed(name=name)))


@command("groups members lab", session=False)
@click.argument("name")
@limit_option(200)
@after_option
def members(work: Invocation, name: str, limit: int, after: str | None) -> Result:
    """List the users in a group, and its owners."""
    request = schemas.ListGroupUsers(name=name, limit=limit, after=after)
    page = work.call(api.LIST_GROUP_USERS, request)
    shown = Table(columns.GROUP_USER, page.items, "The group has no users.")
    typed = "groups", "members", _bare(name)
    return Result(page, (shown, *more(work, page.next, typed=typed)))


@command(
    "groups change lab --level read-write",
    'groups change lab --description "Rain and clouds"',
    session=False,
)
@click.argument("name")
@_level
@click.option("--description", metavar="T", help="Set the description.")
def change(work: Invocation, name: str, level: list[str] | None, description: str | None) -> Result:
    """Change a group's level or description. Only its owners can do this.

    A new level applies to sessions created from then on. In existing sessions the group keeps its
    roles; a session's owner changes them with `grant` and `revoke`.
    """
    given: dict[str, Any] = {"roles": level, "description": description}
    asked = {name: value for name, value in given.items() if value is not None}
    if not asked:
        raise click.UsageError("Name what to change: --level or --description.")
    changed = work.call(api.CHANGE_GROUP, schemas.ChangeGroup(name=name, **asked))
    said = [f"Group {one_line(changed.name)} changed."]
    if level is not None:
        said.append("The new level applies to sessions created from now on.")
    return _build_card(changed, *said)


_users = click.argument("users", nargs=-1, required=True, metavar="USER…")


def _join_names(users: tuple[str, ...]) -> str:
    return ", ".join(map(one_line, users))


@command("groups add-user lab bar", "groups add-user lab bar baz", session=False)
@click.argument("name")
@_users
def add_user(work: Invocation, name: str, users: tuple[str, ...]) -> Result:
    """Add users to a group: either all of them, or none. Only its owners can do this.

    They get the group's roles in its sessions at once. Each user chooses the group that they work
    in.
    """
    changed = work.call(api.ADD_GROUP_USERS, schemas.GroupUsers(name=name, users=list(users)))
    return _build_card(
        changed, f"Added to the group {one_line(changed.name)}: {_join_names(users)}."
    )


@command("groups remove-user lab bar", "groups remove-user lab bar baz", session=False)
@click.argument("name")
@_users
def remove_user(work: Invocation, name: str, users: tuple[str, ...]) -> Result:
    """Remove users from a group: either all of them, or none. Only its owners can do this.

    They lose the group's roles at once, and keep the sessions that they own.
    """
    changed = work.call(api.REMOVE_GROUP_USERS, schemas.GroupUsers(name=name, users=list(users)))
    return _build_card(
        changed, f"Removed from the group {one_line(changed.name)}: {_join_names(users)}."
    )


@command("groups set-owner lab bar", "groups set-owner lab bar --no", session=False)
@click.argument("name")
@_users
@click.option("--no", "ended", is_flag=True, help="End the ownership of these users.")
def set_owner(work: Invocation, name: str, users: tuple[str, ...], ended: bool) -> Result:
    """Make users owners of a group: either all of them, or none. Only its owners can do this."""
    request = schemas.SetGroupOwners(name=name, users=list(users), owner=not ended)
    changed = work.call(api.SET_GROUP_OWNERS, request)
    owns = "No longer owners" if ended else "Owners now"
    return _build_card(changed, f"{owns}: {_join_names(users)}.")


@command(
    "groups set-default lab",
    "groups set-default --none",
    "groups set-default lab --user bar",
    session=False,
)
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="Start new logins without a group.")
@click.option(
    "--user", metavar="USER", help="Choose it for this user; only administrators can do this."
)
def set_default(work: Invocation, name: str | None, nothing: bool, user: str | None) -> Result:
    """Choose the group that new logins start in."""
    if (name is None) != nothing:
        raise click.UsageError("Name a group, or use --none.")
    chosen = work.call(api.SET_DEFAULT_GROUP, schemas.SetDefaultGroup(group=name, user=user))
    where = f"in the group {one_line(chosen.group)}" if chosen.group else "without a group"
    return done(chosen, f"New logins of {one_line(chosen.user)} start {where}.")


@command("groups remove lab", "groups remove lab --yes", session=False)
@click.argument("name")
@yes_option
def remove(work: Invocation, name: str, yes: bool) -> Result:
    """Remove a group and all its roles. Only administrators can do this.

    The sessions created in it stay with their owners.
    """
    if not yes:
        work.frontend.make_sure(f"Remove the group {_bare(name)}?", "Nothing was removed.")
    removed = work.call(api.REMOVE_GROUP, schemas.GroupNamed(name=name))
    return done(removed, f"Group {one_line(removed.name)} removed.")


groups = click.Group(
    "groups",
    help="Show and manage groups: their users, and the roles that they give.",
    commands=table(
        list_, add, info, members, change, add_user, remove_user, set_owner, set_default, remove
    ),
)

COMMANDS = {**table(group), "groups": groups}
