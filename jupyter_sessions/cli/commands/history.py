"""Commands for the history: list, show, repeat and erase commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.parameters import Moment, Numbers, all_option, limit_option, yes_option
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Block, Code, Line, Outputs, Request, Result, Table, Tone
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.client.files import new_file
from jupyter_sessions.names import fold_name

# Those that name the commands they show, and those that show the last ones.
_NAMING = ("view", "replay", "load", "request", "response")

_LISTING = ("resume", "history", "search")

_SHOWING = re.compile(
    rf"^\s*%(?:session\s+(?P<name>{'|'.join((*_NAMING, *_LISTING))})|oph_resume)\b(?P<rest>.*)$",
    re.MULTILINE,
)

_NUMBERS = re.compile(r"(\d{1,15})(?:\.\.(\d{1,15}))?")


def showing(work: Invocation, numbers: range) -> list[int]:
    """Return the numbers of later commands that may have displayed these commands."""
    searches = [*(f"session {name}" for name in (*_NAMING, *_LISTING)), "oph resume"]
    return sorted(
        {
            each.number
            for search in searches
            for each in _found(work, search, numbers.start)
            if _shows(each.source, numbers)
        }
        - set(numbers)
    )


def _found(work: Invocation, search: str, after: int) -> Iterator[schemas.CommandSummary]:
    cursor: str | None = f"{after}"
    while cursor is not None:
        page = work.call(
            api.LIST_COMMANDS,
            schemas.ListCommands(
                code=work.code, order="oldest", search=search, after=cursor, limit=500
            ),
        )
        yield from page.items
        cursor = page.next


def _shows(source: str, numbers: range) -> bool:
    for found in _SHOWING.finditer(source):
        named = [_NUMBERS.fullmatch(part) for part in found["rest"].split()]
        ranges = [range(int(n[1]), int(n[2] or n[1]) + 1) for n in named if n]
        if found["name"] not in _NAMING or not ranges:
            return True
        if any(shown.start < numbers.stop and numbers.start < shown.stop for shown in ranges):
            return True
    return False


DEFAULT_COUNT = 10


@command(
    "history",
    "history -n 50 --status error",
    "history --user bar --since yesterday",
    'history --search "temp_max mean" -v',
    "history --before 120",
)
@limit_option(20)
@click.option(
    "--before", metavar="N", type=click.IntRange(1), help="List only commands before number N."
)
@click.option(
    "--after", metavar="N", type=click.IntRange(0), help="List only commands after number N."
)
@click.option(
    "--user", "users", multiple=True, metavar="U", help="List only commands of this user."
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(["running", "completed", "error", "aborted"]),
    help="List only commands with this status.",
)
@click.option("--search", default="", metavar="S", help="List only entries with these words.")
@click.option(
    "--since", type=Moment(), help="List only commands since then: a date, 2h, yesterday."
)
@click.option("--until", type=Moment(), help="List only commands until then.")
@all_option
@click.option("--oldest", "order", flag_value="oldest", help="List the oldest first.")
@click.option("-v", "verbose", is_flag=True, help="Show more of each command.")
def history(
    work: Invocation,
    users: tuple[str, ...],
    statuses: tuple[str, ...],
    verbose: bool,
    **filters: Any,
) -> Result:
    """List, filter and search the commands: the newest page, or any other one."""
    first = filters.pop("before")
    if first is not None and (filters["order"] or filters["after"] is not None):
        raise click.UsageError("--before can't be combined with --oldest or --after.")
    # The oldest of those after it come first, as they do on its next page.
    filters["order"] = (
        "newest" if filters["order"] is None and filters["after"] is None else "oldest"
    )
    cursor = filters["after"] if first is None else first
    filters["after"] = None if cursor is None else f"{cursor}"
    return list_history(work, users, statuses, verbose, **filters)


def list_history(
    work: Invocation,
    users: Sequence[str],
    statuses: Sequence[str],
    verbose: bool,
    *,
    order: str,
    limit: int,
    typed: Sequence[str] | None = None,
    **filters: Any,
) -> Result:
    """Return a page of the history, or an explanation why it is empty."""
    work.frontend.settle(work.code)
    pages = [
        work.call(
            api.LIST_COMMANDS,
            schemas.ListCommands(
                code=work.code,
                user=user,
                status=status,  # type: ignore[arg-type]  # click held it to the choices
                order=order,  # type: ignore[arg-type]
                limit=limit,
                **filters,
            ),
        )
        for user, status in product(users or (None,), statuses or (None,))
    ]
    page = pages[0] if len(pages) == 1 else _merged(pages, order, limit)
    chronological = sorted(page.items, key=lambda each: each.number)
    shown = columns.COMMAND_VERBOSE if verbose else columns.COMMAND
    empty = "No commands." if chronological or not users else _explain_no_commands(work, users)
    blocks: list[Block] = [Table(shown, chronological, empty)]
    last = page.items[-1].number if page.next else None
    option = "--after" if order == "oldest" else "--before"
    if not (users or statuses or any(filters.values())):
        blocks += _explain_missing(work, page)
    return Result(page, [*blocks, *more(work, last, option=option, typed=typed)])


def _explain_missing(work: Invocation, page: schemas.Page[schemas.CommandSummary]) -> list[Line]:
    """Say how many of the commands are not on a page because they only manage sessions."""
    numbers = [each.number for each in page.items]
    if page.next:
        missing = max(numbers) - min(numbers) + 1 - len(numbers)
    else:
        session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
        missing = session.commands - len(numbers)
    if missing <= 0:
        return []
    which = (
        "1 command that only manages" if missing == 1 else f"{missing} commands that only manage"
    )
    return [Line(f"Not listed: {which} sessions. To list all, add --all.")]


def _merged(
    pages: list[schemas.Page[schemas.CommandSummary]], order: str, limit: int
) -> schemas.Page[schemas.CommandSummary]:
    found = {each.number: each for page in pages for each in page.items}
    items = [found[number] for number in sorted(found, reverse=order == "newest")][:limit]
    more = len(found) > limit or any(page.next for page in pages)
    return schemas.Page(items=items, next=f"{items[-1].number}" if more else None)


def _explain_no_commands(work: Invocation, users: Sequence[str]) -> str:
    """Say which of these users are unknown here: not members, and without a command."""
    members = work.call(api.LIST_MEMBERS, schemas.SessionNamed(code=work.code)).members
    known = {fold_name(each.user) for each in members}
    unknown = []
    for user in users:
        asked = schemas.ListCommands(code=work.code, user=user, limit=1)
        if fold_name(user) not in known and not work.call(api.LIST_COMMANDS, asked).items:
            unknown.append(one_line(user))
    if not unknown:
        return "No commands."
    named = " or ".join(unknown)
    return (
        f"No commands. There is no user {named} in this session, and nobody of "
        "that name has run anything in it."
    )


def fetch(work: Invocation, numbers: range | None) -> list[schemas.Command]:
    """Return commands by number; without numbers, the last one that has ended.

    Raises
    ------
    NotFound
        When no command is found; a range may extend beyond the last one.
    """
    work.frontend.settle(work.code)
    if numbers is None:
        request = schemas.ListCommands(code=work.code, limit=DEFAULT_COUNT, managing=False)
        page = work.call(api.LIST_COMMANDS, request)
        ended = [each.number for each in page.items if each.status != "running"]
        if not ended:
            raise errors.NotFound(
                "No command in this session has finished yet.", hint="Run a cell, then try again."
            )
        numbers = range(ended[0], ended[0] + 1)
    found: list[schemas.Command] = []
    for number in numbers:
        try:
            found.append(
                work.call(api.GET_COMMAND, schemas.CommandNamed(code=work.code, number=number))
            )
        except errors.NotFound:
            if not found:
                raise
            break
    return found


def build_blocks(
    work: Invocation, commands: Iterable[schemas.Command], *, brief: bool = False
) -> list[Block]:
    """Return the blocks that show commands: the request and the outputs of each."""
    blocks: list[Block] = []
    for each in commands:
        own = each.summary.user == work.transport.user and each.summary.real_user is None
        blocks += [Request(each), Outputs(each, own, brief)]
    return blocks


@command("view", "view 5", "view 3..7", "view 5 --save figures")
@click.argument("numbers", type=Numbers(), required=False)
@click.option("--save", metavar="FOLDER", help="Write the outputs into files in this folder.")
def view(work: Invocation, numbers: range | None, save: str | None) -> Result:
    """Show commands with their recorded outputs; without a number, the last one.

    A terminal shows text. Use --save to write figures, tables and other outputs into files.
    """
    found = fetch(work, numbers)
    blocks = build_blocks(work, found)
    if save is not None:
        blocks.append(_saved(found, Path(save)))
    return Result(found[0] if len(found) == 1 else found, blocks)


def _saved(commands: list[schemas.Command], folder: Path) -> Line:
    from jupyter_sessions.formats import outputs

    contents = [
        content
        for each in commands
        if outputs.displayed(each.response)
        for content in outputs.files(each.summary.number, each.response)
    ]
    for content in contents:
        with new_file(folder / content.name, force=False) as file:
            file.write(content.data)  # type: ignore[arg-type]  # what was displayed is bytes
    return Line(f"Saved in {folder}: {', '.join(each.name for each in contents) or 'nothing'}")


def _half(work: Invocation, number: int, half: str) -> Result:
    work.frontend.settle(work.code)
    found = work.call(api.GET_COMMAND, schemas.CommandNamed(code=work.code, number=number))
    answer = getattr(found, half)
    if answer is None:
        running = found.summary.status == "running"
        raise errors.NotFound(
            f"Command {number} has no {half}: it {'still runs' if running else 'was forgotten'}.",
            hint="Wait until it has finished."
            if running
            else "Forgotten content can't be restored.",
        )
    return Result(answer, (Code(Result(answer).to_json()),))


@command("request 5")
@click.argument("number", type=click.IntRange(1))
def request(work: Invocation, number: int) -> Result:
    """Show a command's request as JSON: source, start, language, kernel and notebook."""
    return _half(work, number, "request")


@command("response 5")
@click.argument("number", type=click.IntRange(1))
def response(work: Invocation, number: int) -> Result:
    """Show a command's response as JSON: status, duration and outputs."""
    return _half(work, number, "response")


@command("forget 5", "forget 3..7 --yes")
@click.argument("numbers", type=Numbers())
@yes_option
def forget(work: Invocation, numbers: range, yes: bool) -> Result:
    """Erase the source and outputs of commands, permanently. It asks first.

    The record that they were run stays. Later commands that displayed them again, such as view and
    replay, keep what they displayed; their numbers are listed, so that you can forget them too.
    """
    if not yes:
        which = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        question = f"Erase the source and outputs of {which} in {{}} permanently?"
        work.confirm(api.FORGET_COMMAND, question, "Nothing was erased.")
    work.frontend.settle(work.code)
    gone = [
        work.call(api.FORGET_COMMAND, schemas.CommandNamed(code=work.code, number=number))
        for number in numbers
    ]
    which = ", ".join(f"{each.number}" for each in gone)
    lines = [Line(f"Forgotten: {which}.", Tone.DONE)]
    again = [f"{number}" for number in showing(work, numbers)]
    if again:
        lines.append(
            Line(
                "The outputs of later commands may still show it: "
                f"{', '.join(again)}. Check them, and forget them too if needed: "
                f"{work.frontend.prefix} forget {again[0]}",
                Tone.WARNING,
            )
        )
    return Result(gone[0] if len(gone) == 1 else gone, lines)


COMMANDS = table(history, view, request, response, forget)
