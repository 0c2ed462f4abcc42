"""Commands for invitations: create, list and end them, and join a session."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import click

from jupyter_sessions import __version__, api, errors, roles, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.commands.sessions import card, name_session
from jupyter_sessions.cli.parameters import Minutes
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Card, Code, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport


@command("invite", 'invite "write|execute" --uses 12 --expires 2h --name "Tuesday\'s course"')
@click.argument("role", required=False, default="", metavar="[ROLE|ROLE…]")
@click.option("--uses", type=click.IntRange(1, 10_000), default=1, help="For how many; one.")
@click.option("--expires", type=Minutes(), help="In how many minutes, or 2h, 7d; a week.")
@click.option("--name", default="", metavar="T", help="What to call it in the list.")
def invite(work: Invocation, role: str, uses: int, expires: int | None, name: str) -> Result:
    """Make a key that opens the session for whoever has it, with these roles; read by default.

    People with an account become members by it. Where the server allows guests, others come in too.
    The key is shown this once; the cell is not recorded.
    """
    request = schemas.Invite(
        code=work.code, roles=roles.parse(role), uses=uses, expires=expires, name=name
    )
    made = work.call(api.INVITE, request)
    shown = made.invitation
    for_whom = "one person" if shown.uses == 1 else f"{shown.uses} people"
    said = f"Invitation {shown.id}, for {for_whom}; send it to them alone, as it lets them in:"
    blocks: list[Line | Code | Card] = [Line(said, Tone.DONE), Code(made.key)]
    if made.page is not None:
        blocks.append(Line("In a browser:", link=f"{made.page}#{made.key}"))
    if made.clamped:
        blocks.append(Line("It expires earlier than asked for: the server's limit.", Tone.WARNING))
    blocks.append(Card("", columns.INVITATION, shown))
    return Result(made, blocks)


@command("invitations", "invitations -S 1234567890123456789012")
@click.option("-n", "limit", type=click.IntRange(1, 500), default=100, help="How many.")
@click.option("--after", metavar="NEXT", help="The page after one of that `next`.")
def invitations(work: Invocation, limit: int, after: str | None) -> Result:
    """List the session's invitations, the newest first, without their keys.

    One is void while who made it could not grant its roles any more.
    """
    page = work.call(
        api.LIST_INVITATIONS, schemas.ListInvitations(code=work.code, limit=limit, after=after)
    )
    shown = Table(columns.INVITATION, page.items, "No invitations.")
    return Result(page, (shown, *more(work, page.next)))


@command("uninvite 12")
@click.argument("number", type=click.IntRange(1), metavar="ID")
def uninvite(work: Invocation, number: int) -> Result:
    """Take an invitation back. The guests who came by it leave; members with an account stay."""
    gone = work.call(api.UNINVITE, schemas.InvitationNamed(code=work.code, id=number))
    return done(gone, f"Invitation {gone.id} lets nobody in any more.")


@command("join jinv_KEY", "join https://SERVER/sessions/join#jinv_KEY", session=False)
@click.argument("key", required=False)
@click.argument("where", required=False, metavar="[SERVER]")
@click.option("--as", "guest", metavar="NAME", help="Come in as a guest of that name.")
def join(work: Invocation, key: str | None, where: str | None, guest: str | None) -> Result:
    """Come into a session by an invitation, and record into it if its roles allow.

    With a login at the server I become a member. Without one I come in as a guest, where the server
    allows that: under my system name, if --as says no other. Without a key it is asked for.
    """
    from jupyter_sessions.client.addresses import parse_invitation

    typed = key or work.frontend.ask_password(
        "The invitation's key, or its address: ", otherwise=f"{work.frontend.prefix} join KEY"
    )
    server, secret = parse_invitation(typed)
    for name in (server, where):
        if name is not None:
            work.name_server(name)
    if guest is None:
        try:
            transport = work.transport
        except errors.NoLogin as error:
            if work.server is None or isinstance(error, errors.LoginGone):
                raise
        else:
            try:
                joined = transport.call(api.JOIN, schemas.InvitationByKey(key=secret))
            except errors.InvitationUnusable as error:
                if work.server is not None:
                    raise
                otherwise = f"name another: {work.frontend.prefix} join KEY SERVER"
                raise work.with_place(error, transport, otherwise) from error
            work.keep(transport)
            said = f"You are in {name_session(joined.session)}."
            if not joined.changed:
                said = f"You were in {name_session(joined.session)} already."
            return _taken_up(work, joined, transport, said)
    return _enter(work, secret, guest)


def _enter(work: Invocation, secret: str, name: str | None) -> Result:
    import getpass

    from jupyter_sessions.client import logins
    from jupyter_sessions.client.addresses import parse_address
    from jupyter_sessions.client.transports import resolve
    from jupyter_sessions.client.transports.http import HttpTransport

    server = parse_address(work.server or "").server
    if server is None:
        raise errors.BadRequest(
            "A guest needs to say at which server.",
            hint=f"{work.frontend.prefix} join KEY SERVER --as NAME",
        )
    logins.folder()
    anybody = HttpTransport(server)
    try:
        anybody.call(api.CHECK_HEALTH, schemas.Nothing())
        request = schemas.EnterAsGuest(
            key=secret,
            name=name or getpass.getuser(),
            agent=f"jupyter_sessions {__version__}, {work.frontend.prefix}",
            label=f"{work.frontend.prefix} on {socket.gethostname()}",
        )
        entered = anybody.call(api.ENTER_AS_GUEST, request)
    finally:
        anybody.close()
    login = logins.join(server, entered.login.key)
    logins.choose_if_none(login, work.frontend.place)
    transport = resolve.open_transport(server, login.user)
    said = f"You are in {name_session(entered.session)} as the guest {one_line(login.user)}."
    # Its key is in the file of the login, and is not shown.
    return _taken_up(work, schemas.Joined(session=entered.session, changed=True), transport, said)


def _taken_up(work: Invocation, joined: schemas.Joined, transport: Transport, text: str) -> Result:
    lines = work.frontend.take_up(joined.session, transport)
    return Result(joined, (Line(text, Tone.DONE), card(joined.session), *lines))


COMMANDS = table(invite, invitations, uninvite, join)
