"""Commands for the outbox: commands on this disk that are not in their session."""

from __future__ import annotations

from collections.abc import Callable

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.frontend import Frontend
from jupyter_sessions.cli.parameters import yes_option
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Block, Line, Result, Table, Tone, trouble
from jupyter_sessions.client.outbox import recovery
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.outbox.journal import Journal
from jupyter_sessions.client.outbox.journal_file import Destination
from jupyter_sessions.client.outbox.recovery import Undelivered
from jupyter_sessions.client.transports import resolve
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.formatting import format_count

_DELIVERED_WITHIN = 60.0  # seconds


def hint(frontend: Frontend, explained: str = "") -> list[Line]:
    """Return a one-line hint that commands wait on this disk, unless they are being delivered.

    Parameters
    ----------
    explained
        The code of a session whose waiting commands are explained elsewhere.
    """
    own = frontend.delivery.journals[-1].path if frontend.delivery is not None else None
    moving = own.stem if own is not None else None
    waiting = [
        each
        for each in recovery.survey()
        if (each.state != "waiting" or each.file != moving) and each.session != explained
    ]
    if not waiting:
        return []
    said = f"{describe_waiting(waiting)}. To see why, type {frontend.prefix} outbox."
    return [Line(said, Tone.WARNING)]


def describe_number(undelivered: list[Undelivered]) -> str:
    """Say how many commands these are: ``5 commands and 2 %session lines``."""
    managing = sum(each.managing for each in undelivered)
    commands = sum(each.commands for each in undelivered) - managing
    lines = format_count(managing, "%session line") if managing else ""
    return " and ".join(filter(None, (format_count(commands, "command"), lines)))


def describe_waiting(waiting: list[Undelivered]) -> str:
    """Say how many commands wait on this disk."""
    wait = "waits" if sum(each.commands for each in waiting) == 1 else "wait"
    return f"{describe_number(waiting)} {wait} on this disk"


@command(
    "outbox",
    "outbox --deliver",
    "outbox 1234567890123456789012 --into 2234567890123456789012",
    "outbox --discard",
    session=False,
)
@click.argument("reference", required=False, metavar="[CODE|URL]")
@click.option("--deliver", is_flag=True, help="Try now to deliver them to their sessions.")
@click.option("--into", metavar="CODE|URL", help="Move them into another session.")
@click.option("--discard", is_flag=True, help="Discard them, permanently.")
@yes_option
def outbox(
    work: Invocation,
    reference: str | None,
    deliver: bool,
    into: str | None,
    discard: bool,
    yes: bool,
) -> Result:
    """Show recorded commands that have not reached their session, and why.

    Commands wait while the server can't be reached. They are held while the session does not accept
    them: it is disabled, closed or removed, or you lack the role. Both kinds are delivered
    automatically when that changes. A closed session never accepts them, so move them into another
    one with --into. Refused commands are only delivered with --deliver.
    """
    if sum((deliver, into is not None, discard)) > 1:
        raise click.UsageError("Use only one of --deliver, --into and --discard.")
    code = work.read(reference).code if reference is not None else None
    current = work.frontend.current_code
    if current is not None:
        work.frontend.settle(current)
    before = _select_undelivered(code)
    said: list[Line] = []
    if deliver:
        said = _deliver(work.frontend, before)
    elif into is not None:
        said = _move(work, before, into)
    elif discard:
        said = _discard(work.frontend, before, yes=yes)
    acted = deliver or discard or into is not None
    after = _select_undelivered(code)
    blocks: list[Block] = [*said]
    if after or not acted:
        blocks.append(
            Table(columns.UNDELIVERED, after, "All recorded commands are in their sessions.")
        )
    if managing := sum(each.managing for each in after):
        lines = "1 %session line waits" if managing == 1 else f"{managing} %session lines wait"
        blocks.append(Line(f"{lines}, too."))
    blocks += _hindered(work.frontend, after)
    return Result(after, blocks, exit_code=1 if acted and after else 0)


def _hindered(frontend: Frontend, waiting: list[Undelivered]) -> list[Line]:
    """Report this kernel's problem in reaching the server, which is not stored on disk."""
    problem = frontend.delivery.problem if frontend.delivery is not None else None
    if problem is None or all(each.why is not None for each in waiting):
        return []
    return [Line(problem, Tone.WARNING)]


def _select_undelivered(code: str | None) -> list[Undelivered]:
    return [each for each in recovery.survey() if code is None or each.session == code]


def _deliver(frontend: Frontend, chosen: list[Undelivered]) -> list[Line]:
    said = _each(frontend, chosen, lambda journal: journal.put_back())
    for server, user in dict.fromkeys((each.server, each.user) for each in chosen):
        try:
            transport = resolve.open_transport(server, user)
        except errors.SessionsError as error:
            said.append(trouble(error))
            continue
        said += _carry(transport)
        transport.close()
    if frontend.delivery is not None:
        frontend.delivery.deliver_orphaned(_DELIVERED_WITHIN, held=True)
    there = _count(chosen) - _count(_select_undelivered(None), {each.file for each in chosen})
    return [Line(f"Delivered: {_commands(max(there, 0))}.", Tone.DONE), *said]


def _move(work: Invocation, chosen: list[Undelivered], into: str) -> list[Line]:
    work.name_session(into)
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    if session.state != "active" or "write" not in session.roles:
        raise errors.WrongState(
            f"The session {session.code} does not accept commands from you, so nothing was moved.",
            hint="Name an active session in which you have the role write.",
        )
    transport = work.in_session
    target = Journal(Destination(transport.server, transport.user, session.code))
    said = _each(work.frontend, chosen, lambda journal: _move_all(journal, target))
    moved = target.waiting
    target.close()
    said += _carry(transport)
    return [Line(f"Moved into {session.code}: {_commands(moved)}.", Tone.DONE), *said]


def _move_all(journal: Journal, target: Journal) -> None:
    journal.put_back()
    recovery.move(journal, target)


def _discard(frontend: Frontend, chosen: list[Undelivered], *, yes: bool) -> list[Line]:
    if not chosen:
        return []
    if not yes:
        frontend.make_sure(
            f"Discard {describe_number(chosen)} permanently?", "Nothing was discarded."
        )
    return _each(frontend, chosen, recovery.discard)


def _each(
    frontend: Frontend, chosen: list[Undelivered], act: Callable[[Journal], object]
) -> list[Line]:
    """Apply a function to each journal that no other process owns."""
    said = []
    own = frontend.delivery.journals if frontend.delivery is not None else ()
    for name in dict.fromkeys(each.file for each in chosen):
        with recovery.opened(recovery.get_journal_file(name), own) as journal:
            if journal is None:
                said.append(
                    Line(
                        "A running kernel delivers its own commands. To see them, "
                        "type %session outbox in its notebook.",
                        Tone.WARNING,
                    )
                )
            else:
                act(journal)
    return said


def _carry(transport: Transport) -> list[Line]:
    """Deliver the journals that no other process owns, and report errors."""
    delivery = OutboxDelivery(transport, "")
    delivery.deliver_orphaned(_DELIVERED_WITHIN, held=True)
    problem = delivery.problem
    delivery.close(0)
    return [Line(problem, Tone.WARNING)] if problem else []


def _count(undelivered: list[Undelivered], files: set[str] | None = None) -> int:
    return sum(each.commands for each in undelivered if files is None or each.file in files)


def _commands(count: int) -> str:
    return "1 command" if count == 1 else f"{count} commands"


COMMANDS = table(outbox)
