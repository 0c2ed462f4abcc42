"""Commands for groups: choose the current one, list, create and manage them."""

from __future__ import annotations

from typing import Any

import click

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.parameters import yes_option
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
    help="What its users get in sessions made in it: private (nothing), read-only, read-write, or "
    "roles: read|execute.",
)


def _bare(name: str) -> str:
    return one_line(name.removeprefix("@"))


@command("group", "group lab", "group --none", session=False)
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="Work in no group.")
def group(work: Invocation, name: str | None, nothing: bool) -> Result:
    """Show the group that I work in, or switch it: sessions made from then on belong to it.

    Its users get the roles that the group gives in them. Sessions that are there already stay as
    they are. Each login has a group of its own; without a login it is one's default group.
    """
    if name is not None and nothing:
        raise click.UsageError("Name a group or say --none, not both.")
    before = work.call(api.CHECK_LOGIN, schemas.Nothing())
    if name is None and not nothing:
        said = f"The group is {one_line(before.group)}." if before.group else "There is no group."
        return Result(before, (Line(said),))
    login = work.call(api.SWITCH_GROUP, schemas.SwitchGroup(group=name))
    if login.group == before.group:
        said = f"The group is {one_line(login.group)} already." if login.group else "There is none."
        return Result(login, (Line(said),))
    if login.group is None:
        return done(login, "Sessions made from now on belong to no group.")
    return done(login, f"Sessions made from now on belong to the group {one_line(login.group)}.")


def _page(work: Invocation, after: str | None, command: str) -> tuple[Line, ...]:
    typed = f"{work.frontend.prefix} {command} --after {after}"
    return (Line(f"More: {typed}"),) if after is not None else ()


_how_many = click.option("-n", "limit", type=click.IntRange(1, 500), default=200, help="How many.")
_after = click.option("--after", metavar="NEXT", help="The page after one of that `next`.")


@command("groups list", session=False)
@_how_many
@_after
def list_(work: Invocation, limit: int, after: str | None) -> Result:
    """List the groups that I am in; an administrator sees all."""
    page = work.call(api.LIST_GROUPS, schemas.ListGroups(limit=limit, after=after))
    shown = Table(columns.GROUP, page.items, "You are in no group.")
    return Result(page, (shown, *_page(work, page.next, "groups list")))


@command(
    "groups add lab",
    "groups add lab --level read-only --owner foo",
    "groups add lab --level read+execute",
    session=False,
)
@click.argument("name")
@_level
@click.option("--description", default="", metavar="T", help="What it is about.")
@click.option("--owner", "owners", multiple=True, metavar="USER", help="Who manages it.")
def add(
    work: Invocation, name: str, level: list[str] | None, description: str, owners: tuple[str, ...]
) -> Result:
    """Make a group, as an administrator; without a level it is private.

    The level is what its users get in each session that one of them makes in it. Nobody is in it
    but the owners; they add the others.
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
    """Show what is known of a group."""
    return _build_card(work.call(api.GET_GROUP, schemas.GroupNamed(name=name)))


@command("groups members lab", session=False)
@click.argument("name")
@_how_many
@_after
def members(work: Invocation, name: str, limit: int, after: str | None) -> Result:
    """List who is in a group, and who owns it."""
    request = schemas.ListGroupUsers(name=name, limit=limit, after=after)
    page = work.call(api.LIST_GROUP_USERS, request)
    shown = Table(columns.GROUP_USER, page.items, "Nobody is in it.")
    return Result(page, (shown, *_page(work, page.next, f"groups members {_bare(name)}")))


@command(
    "groups change lab --level read-write",
    'groups change lab --description "Rain and clouds"',
    session=False,
)
@click.argument("name")
@_level
@click.option("--description", metavar="T", help="What it is about.")
def change(work: Invocation, name: str, level: list[str] | None, description: str | None) -> Result:
    """Change a group's level or description, as one of its owners.

    A new level counts for sessions made from then on. In those that are there already, the group
    keeps the roles that it has; a session's owner changes them with `grant` and `revoke`.
    """
    given: dict[str, Any] = {"roles": level, "description": description}
    asked = {name: value for name, value in given.items() if value is not None}
    if not asked:
        raise click.UsageError("Say what to change: --level or --description.")
    changed = work.call(api.CHANGE_GROUP, schemas.ChangeGroup(name=name, **asked))
    said = [f"The group {one_line(changed.name)} is changed."]
    if level is not None:
        said.append("The level counts for sessions made from now on.")
    return _build_card(changed, *said)


_users = click.argument("users", nargs=-1, required=True, metavar="USER…")


def _join_names(users: tuple[str, ...]) -> str:
    return ", ".join(map(one_line, users))


@command("groups add-user lab bar", "groups add-user lab bar baz", session=False)
@click.argument("name")
@_users
def add_user(work: Invocation, name: str, users: tuple[str, ...]) -> Result:
    """Put users into a group, as one of its owners: all of them, or none.

    They get at once what the group has in its sessions. Which group they work in is theirs to say.
    """
    changed = work.call(api.ADD_GROUP_USERS, schemas.GroupUsers(name=name, users=list(users)))
    return _build_card(changed, f"In the group {one_line(changed.name)} now: {_join_names(users)}.")


@command("groups remove-user lab bar", "groups remove-user lab bar baz", session=False)
@click.argument("name")
@_users
def remove_user(work: Invocation, name: str, users: tuple[str, ...]) -> Result:
    """Take users out of a group, as one of its owners: all of them, or none.

    What they had through the group ends at once; sessions that they own stay theirs.
    """
    changed = work.call(api.REMOVE_GROUP_USERS, schemas.GroupUsers(name=name, users=list(users)))
    return _build_card(
        changed, f"No longer in the group {one_line(changed.name)}: {_join_names(users)}."
    )


@command("groups set-owner lab bar", "groups set-owner lab bar --no", session=False)
@click.argument("name")
@_users
@click.option("--no", "ended", is_flag=True, help="They own it no more.")
def set_owner(work: Invocation, name: str, users: tuple[str, ...], ended: bool) -> Result:
    """Make users of a group its owners, as one of them: all of them, or none."""
    request = schemas.SetGroupOwners(name=name, users=list(users), owner=not ended)
    changed = work.call(api.SET_GROUP_OWNERS, request)
    owns = "Own it no more" if ended else "Own it now"
    return _build_card(changed, f"{owns}: {_join_names(users)}.")


@command(
    "groups set-default lab",
    "groups set-default --none",
    "groups set-default lab --user bar",
    session=False,
)
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="New logins begin in no group.")
@click.option("--user", metavar="USER", help="Whose; by default mine. For administrators.")
def set_default(work: Invocation, name: str | None, nothing: bool, user: str | None) -> Result:
    """Choose the group that new logins begin in."""
    if (name is None) != nothing:
        raise click.UsageError("Name a group, or say --none.")
    chosen = work.call(api.SET_DEFAULT_GROUP, schemas.SetDefaultGroup(group=name, user=user))
    where = f"the group {one_line(chosen.group)}" if chosen.group else "no group"
    return done(chosen, f"New logins of {one_line(chosen.user)} begin in {where}.")


@command("groups remove lab", "groups remove lab --yes", session=False)
@click.argument("name")
@yes_option
def remove(work: Invocation, name: str, yes: bool) -> Result:
    """Remove a group, as an administrator, with its roles everywhere.

    The sessions that were made in it stay their owners'.
    """
    if not yes:
        work.frontend.make_sure(f"Remove the group {_bare(name)}?", "Nothing is removed.")
    removed = work.call(api.REMOVE_GROUP, schemas.GroupNamed(name=name))
    return done(removed, f"The group {one_line(removed.name)} is removed.")


groups = click.Group(
    "groups",
    help="Show groups and manage them: who is in one, and what it gives.",
    commands=table(
        list_, add, info, members, change, add_user, remove_user, set_owner, set_default, remove
    ),
)

COMMANDS = {**table(group), "groups": groups}
