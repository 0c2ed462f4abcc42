"""Commands for invitations: create, list and end them, and join a session."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import click

from jupyter_sessions import __version__, api, errors, roles, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.commands.sessions import card
from jupyter_sessions.cli.parameters import Minutes, after_option, limit_option
from jupyter_sessions.cli.reachability_notes import explain_reachability, find_server
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Card, Code, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.urls import build_invitation_url

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport


@command("invite", 'invite "write|execute" --uses 12 --expires 2h --name "Tuesday\'s course"')
@click.argument("role", required=False, default="", metavar="[ROLE|ROLE…]")
@click.option(
    "--uses",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=1,
    help="Let this many people join; 1 by default.",
)
@click.option(
    "--expires",
    type=Minutes(),
    help="End it after this many minutes, or a time such as 2h or 7d; 7d by default.",
)
@click.option("--name", default="", metavar="T", help="Name it in the list of invitations.")
def invite(work: Invocation, role: str, uses: int, expires: int | None, name: str) -> Result:
    """Create an invitation: a key that gives access to the session, with the role read by default.

    People with an account become members. If the server admits guests, others can join too. The key
    is shown only once, and the cell is not recorded.
    """
    request = schemas.Invite(
        code=work.code, roles=roles.parse(role), uses=uses, expires=expires, name=name
    )
    made = work.call(api.INVITE, request)
    shown = made.invitation
    for_whom = "one person" if shown.uses == 1 else f"{shown.uses} people"
    said = (
        f"Invitation {shown.id}, for {for_whom}. Send it only to them, since "
        "anyone who has it can join:"
    )
    blocks: list[Line | Code | Card] = [Line(said, Tone.DONE), Code(made.key)]
    if made.page is not None:
        blocks.append(Line("In a browser:", link=build_invitation_url(made.page, made.key)))
    if made.clamped:
        blocks.append(
            Line("It expires earlier than you asked for, due to the server's limit.", Tone.WARNING)
        )
    blocks.append(Card("", columns.INVITATION, shown))
    return Result(made, (*blocks, *explain_reachability(find_server(work.in_session))))


@command("invitations", "invitations -S 1234567890123456789012")
@limit_option(100)
@after_option
def invitations(work: Invocation, limit: int, after: str | None) -> Result:
    """List the session's invitations, newest first, without their keys.

    An invitation is void while the member who created it can't grant its roles.
    """
    page = work.call(
        api.LIST_INVITATIONS, schemas.ListInvitations(code=work.code, limit=limit, after=after)
    )
    shown = Table(columns.INVITATION, page.items, "No invitations.")
    return Result(page, (shown, *more(work, page.next)))


@command("uninvite 12")
@click.argument("number", type=click.IntRange(1), metavar="ID")
def uninvite(work: Invocation, number: int) -> Result:
    """Withdraw an invitation. Guests who joined by it leave; members with an account stay."""
    gone = work.call(api.UNINVITE, schemas.InvitationNamed(code=work.code, id=number))
    return done(gone, f"Invitation {gone.id} can no longer be used.")


@command("join jinv_KEY", "join https://SERVER/sessions/join#jinv_KEY", session=False)
@click.argument("key", required=False)
@click.argument("where", required=False, metavar="[SERVER]")
@click.option("--as", "guest", metavar="NAME", help="Join as a guest with this name.")
def join(work: Invocation, key: str | None, where: str | None, guest: str | None) -> Result:
    """Join a session by an invitation, and record into it if its roles allow that.

    With a login to the server you become a member. Without a login you join as a guest, if the
    server admits guests; the guest has your system's user name unless you choose another one with
    --as. If you leave out the key, you are asked for it.
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
                otherwise = f"to use another server, type {work.frontend.prefix} join KEY SERVER"
                raise work.with_place(error, transport, otherwise) from error
            work.keep(transport)
            said = f"You have joined {columns.name_session(joined.session)}."
            if not joined.changed:
                said = f"You are already a member of {columns.name_session(joined.session)}."
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
            "To join as a guest, name the server.",
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
    session = columns.name_session(entered.session)
    said = f"You have joined {session} as the guest {one_line(login.user)}."
    # Its key is in the file of the login, and is not shown.
    return _taken_up(work, schemas.Joined(session=entered.session, changed=True), transport, said)


def _taken_up(work: Invocation, joined: schemas.Joined, transport: Transport, text: str) -> Result:
    lines = work.frontend.take_up(joined.session, transport)
    return Result(joined, (Line(text, Tone.DONE), card(joined.session), *lines))


COMMANDS = table(invite, invitations, uninvite, join)
