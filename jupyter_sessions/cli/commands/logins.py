"""Commands for stored logins: list them, switch between them and end them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from jupyter_sessions import api, errors
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Line, Result, Table, Tone, trouble
from jupyter_sessions.cli.values import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_sessions.client.logins import Checked, Login
    from jupyter_sessions.client.logins.model import End


def describe_login(login: Login) -> dict[str, Any]:
    """Return the ``--json`` form of a stored login: everything except its key."""
    return {
        "id": login.id,
        "server": login.server,
        "user": login.user,
        "real_user": login.real_user,
        "group": login.group,
        "label": login.label,
        "created": login.created,
        "expires": login.ends,
        "idle_timeout": login.idle_timeout,
    }


def overruled(login: Login | None) -> list[Line]:
    """Warn that the environment directs commands elsewhere than to the login's server."""
    from jupyter_sessions.client import logins
    from jupyter_sessions.client.addresses import parse_address
    from jupyter_sessions.client.local_servers import is_own
    from jupyter_sessions.client.logins import SERVER_VARIABLE

    chosen = logins.chosen()
    lines = []
    if chosen is not None and chosen.id != (login.id if login else logins.OWN):
        lines.append(
            f"In this shell, {logins.LOGIN_VARIABLE} selects another login. "
            "To use this one, unset the variable."
        )
    server = os.environ.get(SERVER_VARIABLE)
    address = parse_address(server).server if server and server.strip() else None
    if address and not (address == login.server if login else is_own(address)):
        lines.append(
            f"Commands still go to {server}, since {SERVER_VARIABLE} is set. "
            "To use this login, unset the variable."
        )
    return [Line(text, Tone.WARNING) for text in lines]


@command("logins", "logins --check", "logins --there", session=False)
@click.option("--check", is_flag=True, help="Ask each server whether the login is still valid.")
@click.option(
    "--there", is_flag=True, help="List the valid logins on the server, whether stored here or not."
)
def logins(work: Invocation, check: bool, there: bool) -> Result:
    """List the stored logins, newest first.

    Without --check no server is contacted; nothing is changed in any case. With --server, list only
    the logins to that server. With --there, ask the server for your own logins and those that you
    created for others, with the numbers that `end-login` takes. Administrators then see all logins.
    """
    if there:
        return _there(work)
    from jupyter_sessions.client import logins as all_logins

    found = _stored(work)
    now = all_logins.current_id()
    checked = all_logins.check(found) if check else [all_logins.as_stored(each) for each in found]
    items = [
        {
            **describe_login(each.login),
            "current": each.login.id == now,
            "state": each.state,
            "why": each.why.message if each.why else None,
        }
        for each in checked
    ]
    rows = f"({len(items)} row{'s' * (len(items) != 1)})"
    shown = Table(columns.STORED_LOGIN, items, "No logins are stored.")
    if not items:
        return Result({"items": items}, (shown,), aside=_report_ended_login())
    whys = [
        Line(f"{all_logins.short(each.login)}: {one_line(each.why.message)}", Tone.WARNING)
        for each in checked
        if each.why is not None
    ]
    return Result({"items": items}, (shown, Line(rows), *whys), aside=_report_ended_login())


def _stored(work: Invocation) -> list[Login]:
    """Return the stored logins, limited to the server given by ``--server``."""
    from jupyter_sessions.client import logins

    found = logins.stored()
    return logins.select_by_address(work.server, found) if work.server else found


def _report_ended_login() -> tuple[Line, ...]:
    from jupyter_sessions.client import logins

    try:
        logins.current()
    except errors.LoginGone as error:
        return (trouble(error),)
    return ()


def _there(work: Invocation) -> Result:
    from jupyter_sessions.client.transports.base import iterate_pages

    items = list(iterate_pages(work.transport, api.LIST_LOGINS))
    return Result(
        {"items": items},
        (Table(columns.LOGIN, items, "There are no valid logins on this server."),),
    )


@command("logout", "logout --all", session=False)
@click.option("--all", "all_", is_flag=True, help="End all stored logins.")
def logout(work: Invocation, all_: bool) -> Result:
    """End the current login on its server, and remove it here.

    Afterwards, commands that need a login fail until you choose another one with `login` or
    `switch`. Another login is never used silently.
    """
    from jupyter_sessions.client import logins

    if all_:
        return _ended(work, _stored(work))
    login = logins.choose_login(work.server)
    if login is None:
        raise errors.NoLogin(
            "There is no current login.", hint=f"Log in: {work.frontend.prefix} login USER@SERVER"
        )
    logins.log_out(login)
    lines = [Line(f"Logged out of {login.server} ({one_line(login.who)}).", Tone.DONE)]
    lines += work.frontend.logged_out()
    try:
        now = logins.current()
    except errors.LoginGone as gone:
        lines.append(Line(f"There is no current login now. {gone.hint}"))
    else:
        if now is not None:
            lines.append(Line(f"The current login is {one_line(now.who)} at {now.server}."))
    return Result({"ended": [describe_login(login)], "still_valid": []}, lines)


@command("clear", "clear --all", session=False)
@click.option("--all", "all_", is_flag=True, help="Include the current login.")
def clear(work: Invocation, all_: bool) -> Result:
    """Remove all stored logins except the current one, and end them on their servers."""
    from jupyter_sessions.client import logins

    now = logins.current_id()
    return _ended(work, [each for each in _stored(work) if all_ or each.id != now])


def _ended(work: Invocation, ending: Sequence[Login]) -> Result:
    from jupyter_sessions.client import logins

    left = logins.end(ending)
    answer = {
        "ended": [describe_login(login) for login in ending],
        "still_valid": [
            {**describe_login(each.login), "why": each.why.message if each.why else None}
            for each in left
        ],
    }
    said = (
        f"{len(ending)} login{'s' * (len(ending) != 1)} removed, and ended if the "
        "server could be reached."
    )
    lines = [Line(said if left else said.partition(",")[0] + " and ended.", Tone.DONE)]
    lines += [Line(_still_valid(each), Tone.WARNING) for each in left]
    lines += work.frontend.logged_out()
    return Result(answer, lines, exit_code=left[0].why.exit_code if left and left[0].why else 0)


def _still_valid(checked: Checked) -> str:
    login = checked.login
    why = checked.why.message if checked.why else ""
    return (
        f"The key of {one_line(login.who)} at {login.server} stays valid {login.good_until}: {why}"
    )


@command("switch bar@sessions.example.org", "switch 3f2a91 --here", "switch --own", session=False)
@click.argument("login", required=False, metavar="LOGIN")
@click.option("--own", is_flag=True, help="Use your own store on this disk, without a login.")
@click.option("--here", is_flag=True, help="Switch only in this shell or notebook.")
def switch(work: Invocation, login: str | None, own: bool, here: bool) -> Result:
    """Make another stored login the current one. LOGIN is its id, its label, or USER@SERVER."""
    from jupyter_sessions.client import logins

    if (login is None) != own:
        raise click.UsageError("Name a login, or use --own.")
    found = logins.find_login(login) if login is not None else None
    place = work.frontend.place
    if here:
        if not logins.set_here(found or logins.OWN, place):
            raise errors.BadRequest(
                "This shell can't be distinguished from others, so it can't have its "
                "own current login.",
                hint="Set it in the shell's environment: "
                f"{logins.LOGIN_VARIABLE}={found.id if found else logins.OWN}",
            )
    else:
        logins.set_current(found or logins.OWN)
        logins.set_here(None, place)
    where = f"in this {place}" if here else "wherever no other login is chosen"
    if found is None:
        lines = [Line(f"Commands now use your own store, {where}.", Tone.DONE), *overruled(None)]
        return Result({"id": None, "here": here}, lines)
    said = f"The current login is {one_line(found.who)} at {found.server}, {where}."
    lines = [Line(said, Tone.DONE), *overruled(found)]
    if found.over:
        lines.append(Line(f"{_ENDED[found.over]} Log in again.", Tone.WARNING))
    return Result({**describe_login(found), "here": here}, lines)


@command("key", "key --show", session=False)
@click.option("--show", is_flag=True, help="Print it even if the output is not a terminal.")
def key(work: Invocation, show: bool) -> Result:
    """Print the key of the current login. Anyone who has the key can act as you.

    It is only printed on a terminal, unless you add --show. The exit code is 1 if there is no
    login.
    """
    login, aside = _current(work)
    if login is None:
        return Result({"key": None}, aside=aside, exit_code=1)
    if not (show or work.frontend.terminal):
        raise errors.BadRequest(
            "A key is a secret, so it is only printed on a terminal.",
            hint="To print it anyway, add --show.",
        )
    return Result({"key": login.key}, (Line(login.key),), aside=aside)


@command("file", session=False)
def file(work: Invocation) -> Result:
    """Print the path of the file that stores the current login.

    The exit code is 1 if there is no login.
    """
    from jupyter_sessions.client.logins import folder

    login, aside = _current(work)
    if login is None:
        return Result({"file": None}, aside=aside, exit_code=1)
    path = str(folder() / f"{login.id}.json")
    return Result({"file": path}, (Line(path),), aside=aside)


_ENDED: dict[End, str] = {
    "expired": "This login has expired.",
    "revoked": "This login was ended, or its account is disabled.",
    "unknown": "The server does not know this login.",
}


def _current(work: Invocation) -> tuple[Login | None, tuple[Line, ...]]:
    """Return the current login, if it has not ended, and messages about it."""
    from jupyter_sessions.client import logins

    try:
        login = logins.choose_login(work.server)
    except errors.NoLogin as error:
        return None, (trouble(error),)
    if login is None:
        return None, (Line("There is no current login.", Tone.WARNING),)
    if login.over:
        return None, (Line(f"{_ENDED[login.over]} Log in again.", Tone.WARNING),)
    doubt = logins.as_stored(login).why
    said = (trouble(doubt),) if doubt else ()
    return login, said


@command("prune --dry-run", session=False)
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
def prune(work: Invocation, dry_run: bool) -> Result:
    """Remove stored logins that have expired or that their server has ended.

    Logins that expired 30 days ago are removed automatically.
    """
    from jupyter_sessions.client.logins import as_stored
    from jupyter_sessions.client.logins import prune as pruning

    gone = pruning.ended(_stored(work))
    if not dry_run:
        pruning.prune(gone)
    items = [
        {**describe_login(login), "current": False, "state": as_stored(login).state}
        for login in gone
    ]
    said = f"{len(gone)} ended login{'s' * (len(gone) != 1)}"
    line = Line(f"{said} would be removed." if dry_run else f"{said} removed.", Tone.DONE)
    shown = (Table(columns.STORED_LOGIN, items, ""),) if items else ()
    return Result({"items": items, "forgotten": not dry_run}, (*shown, line))


COMMANDS = table(logins, logout, switch, key, file, clear, prune)
