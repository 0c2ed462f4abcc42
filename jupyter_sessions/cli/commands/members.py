"""Commands for a session's members and roles, and for who is connected."""

from __future__ import annotations

from dataclasses import replace

import click

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.reachability_notes import explain_reachability, find_server
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Line, Result, Table, Tone
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.formatting import format_roles


def listing(members: list[schemas.Member]) -> Table:
    """Return the members as a result."""
    return Table(columns.MEMBER, members, "No members.")


@command("members", "members -S 1234567890123456789012")
def members(work: Invocation) -> Result:
    """List the members and their roles, the owner first."""
    answer = work.call(api.LIST_MEMBERS, schemas.SessionNamed(code=work.code))
    return Result(answer, (listing(answer.members),))


def read_grant(text: str) -> schemas.Grant:
    """Parse ``USER`` or ``USER:ROLE|ROLE``, split at the last colon.

    Raises
    ------
    BadRole
        When a role is none, or none follows the colon: an empty variable in a script must not take
        roles away.
    """
    user, colon, given = text.rpartition(":")
    if colon and not given.strip():
        raise errors.BadRole(
            f"There is no role after the colon in {text!r}.",
            hint=f"Write a role, such as {user}:write, or leave the colon out to grant only read.",
        )
    return schemas.Grant(user=user if colon else text, roles=roles.parse(given) if colon else [])


@command("grant bar", 'grant "bar:write|execute"', "grant bar:write+execute @lab:rw")
@click.argument("grants", nargs=-1, required=True, metavar="USER|@GROUP[:ROLE|ROLE…]…")
def grant(work: Invocation, grants: tuple[str, ...]) -> Result:
    """Set the roles of users and groups, replacing their current ones: either for all, or for none.

    The roles are read, write, execute and admin, or their letters (rwxa). The default is read. Join
    roles with | or +; in a shell, put quotes around |. Roles granted to @GROUP apply to all its
    users, in addition to their own roles.
    """
    request = schemas.GrantRoles(code=work.code, grants=[read_grant(text) for text in grants])
    answer = work.call(api.GRANT_ROLES, request)
    users = ", ".join(one_line(each.user) for each in request.grants)
    granted = _changed(answer, f"Granted to {users}.")
    notes = explain_reachability(find_server(work.in_session))
    return replace(granted, blocks=(*granted.blocks, *notes))


def _changed(answer: schemas.Members, text: str) -> Result:
    """Show the members, and the roles that the named users hold through groups in any case."""
    kept = [
        Line(
            f"{one_line(each.user)} has {format_roles(each.roles)} "
            f"through {', '.join(each.groups)}.",
            Tone.WARNING,
        )
        for each in answer.through_groups
    ]
    return Result(answer, (Line(text, Tone.DONE), *kept, listing(answer.members)))


@command("revoke bar", "revoke bar @lab")
@click.argument("users", nargs=-1, required=True, metavar="USER|@GROUP…")
def revoke(work: Invocation, users: tuple[str, ...]) -> Result:
    """Revoke the roles that users and groups were granted: either of all of them, or of none.

    It takes effect at once. Roles that a user has through a group stay, and are listed.
    """
    request = schemas.RevokeRoles(code=work.code, users=list(users))
    answer = work.call(api.REVOKE_ROLES, request)
    named = ", ".join(map(one_line, users))
    said = f"{named}'s roles" if len(users) == 1 else f"the roles of {named}"
    return _changed(answer, f"Revoked {said}.")


@command("who", "who -S 1234567890123456789012", "who -S", session=False)
@click.option(
    "-S",
    "--session",
    "reference",
    is_flag=False,
    flag_value="",
    metavar="[CODE|URL]",
    help="List the people in this session; without a code, in the current one.",
)
def who(work: Invocation, reference: str | None) -> Result:
    """List who is connected, to all your sessions or to one. (*) marks your own connections.

    A page, kernel or program counts while it has a session open. A login without a session counts
    for an hour after its last use. Administrators see everyone; others see themselves and the
    members of their sessions.
    """
    if reference is None:
        answer = work.call(api.WHO, schemas.Nothing())
        empty = "Nobody is connected."
    else:
        if reference:
            work.name_session(reference)
        answer = work.call(api.LIST_PRESENCE, schemas.SessionNamed(code=work.code))
        empty = "Nobody has the session open."
    users = len({one.user for one in answer.here})
    counted = f"{len(answer.here)} connected, {users} {'user' if users == 1 else 'users'}"
    more = " at least" if answer.more else ""
    lines = (Line(f"{counted}{more}"),) if answer.here else ()
    return Result(answer, (Table(columns.PRESENCE, answer.here, empty), *lines))


COMMANDS = table(members, grant, revoke, who)
