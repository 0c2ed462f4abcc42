"""Commands that create, list, resume, show, change, end and transfer sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from jupyter_sessions import __version__, api, errors, schemas
from jupyter_sessions.cli import last_session
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.commands.history import (
    DEFAULT_COUNT,
    build_blocks,
    list_history,
)
from jupyter_sessions.cli.commands.members import listing
from jupyter_sessions.cli.parameters import Minutes, after_option, all_option, yes_option
from jupyter_sessions.cli.reachability_notes import explain_reachability, find_server
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Card, Code, Form, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line, written


def card(session: schemas.Session) -> Card:
    """Return a session as a card."""
    return Card(columns.label(session), columns.SESSION_CARD, session)


@command('new "Seattle weather"', 'new "Trial run" --idle-timeout 2h --lifetime 7d', session=False)
@click.argument("words", nargs=-1, metavar="[LABEL]")
@click.option("--description", default="", metavar="T", help="Set the description.")
@click.option(
    "--idle-timeout", type=Minutes(), help="Close it once it has been unused for this long."
)
@click.option("--lifetime", type=Minutes(), help="Close it after this long.")
def new(work: Invocation, words: tuple[str, ...], **more: Any) -> Result:
    """Create a session that you own, and record this kernel's commands into it.

    In a shell, later commands use it as the current session. At most 256 MiB of a command's outputs
    are kept; to change that, set the kernel's environment variable JUPYTER_SESSIONS_COMMAND_BYTES
    to a number of bytes.
    """
    label = " ".join(words)
    if len(words) > 1:
        raise click.UsageError(f'Put quotes around a label of several words: "{label}"')
    session = work.call(api.CREATE_SESSION, schemas.NewSession(label=label, **more))
    work.keep(work.transport)
    said = work.frontend.take_up(session, work.transport)
    if session.url is None:
        start = "Start one: jupyter sessions serve"
        said.append(Line(f"There is no web page, since no server is running. {start}"))
    return Result(session, (card(session), *said))


#: Messages for empty lists of sessions, by filter.
_WHICH = {
    "mine": "session of your own",
    "shared": "session shared with you",
    "removed": "removed session",
}


def _nothing_found(work: Invocation, which: str, search: str) -> str:
    sessions = _WHICH.get(which, "session")
    if search:
        return f"There is no {sessions} that matches {search!r}."
    if which == "all":
        return f"There are no sessions yet. Create one: {work.frontend.prefix} new LABEL"
    return f"There is no {sessions}."


@command("list", "list --shared", "list --search weather", session=False)
@click.option("--mine", is_flag=True, help="List only sessions that you own.")
@click.option("--shared", is_flag=True, help="List only sessions of others.")
@click.option("--removed", is_flag=True, help="List removed sessions that can be restored.")
@click.option("--search", default="", metavar="T", help="List only entries with these words.")
@click.option("-n", "limit", default=100, metavar="N", help="List at most N entries.")
@after_option
def list_(
    work: Invocation, mine: bool, shared: bool, removed: bool, search: str, **paging: Any
) -> Result:
    """List the sessions that you have a role in, most recently used first."""
    chosen = [name for name, given in zip(_WHICH, (mine, shared, removed), strict=True) if given]
    if len(chosen) > 1:
        raise click.UsageError(f"Use only one of --{' and --'.join(chosen)}.")
    which = chosen[0] if chosen else "all"
    request = schemas.ListSessions(which=which, search=search, **paging)  # type: ignore[arg-type]
    page = work.call(api.LIST_SESSIONS, request)
    empty = _nothing_found(work, which, search)
    return Result(
        page,
        (
            Table(columns.sessions(work.frontend.current_code), page.items, empty),
            *more(work, page.next),
        ),
    )


@command("show", "show -S 1234567890123456789012")
def show(work: Invocation) -> Result:
    """Show all attributes of a session."""
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    return Result(session, (card(session),))


@command("exists 1234567890123456789012", session=False)
@click.argument("code", metavar="CODE|URL")
def exists(work: Invocation, code: str) -> Result:
    """Print true or false: whether you have a role in a session with this code.

    In a shell, the exit code is 0 for true and 1 for false.
    """
    work.name_session(code)
    answer = work.call(api.SESSION_EXISTS, schemas.SessionNamed(code=work.code))
    said = Line("true" if answer.exists else "false")
    return Result(answer, (said,), exit_code=0 if answer.exists else 1)


#: The operation of each command, and its message.
CHANGES: dict[str, tuple[Any, str]] = {
    "disable": (api.DISABLE_SESSION, "is disabled: only you can see it until you enable it."),
    "enable": (api.ENABLE_SESSION, "is enabled: its members can use it again."),
    "close": (api.CLOSE_SESSION, "is closed: it is now a read-only archive, permanently."),
    "restore": (api.RESTORE_SESSION, "is restored."),
}


def change(work: Invocation, operation: Any, text: str) -> Result:
    """Carry out one of `CHANGES`, and report what it means for recording."""
    session = work.call(operation, schemas.SessionNamed(code=work.code))
    line = Line(f"The session {columns.name_session(session)} {text}", Tone.DONE)
    return Result(session, (line, *work.frontend.changed(session)))


def end(work: Invocation, operation: Any, text: str) -> Result:
    """Carry out one of `CHANGES` that ends recording, after delivering everything recorded."""
    with work.frontend.ending(work.code):
        return change(work, operation, text)


@command("disable")
def disable(work: Invocation) -> Result:
    """Block access to the session for everyone but its owner, until it is enabled."""
    return end(work, *CHANGES["disable"])


@command("enable", "enable -S 1234567890123456789012")
def enable(work: Invocation) -> Result:
    """Let the members of a disabled session back in."""
    return change(work, *CHANGES["enable"])


@command("close", "close -S 1234567890123456789012 --yes")
@yes_option
def close(work: Invocation, yes: bool) -> Result:
    """Make the session a read-only archive, permanently. It asks first."""
    if not yes:
        question = (
            "Close the session {} with {} permanently? After that, nothing can be added to it."
        )
        work.confirm(api.CLOSE_SESSION, question, "Nothing was closed.")
    return end(work, *CHANGES["close"])


@command("remove", "remove -S 1234567890123456789012 --yes")
@yes_option
def remove(work: Invocation, yes: bool) -> Result:
    """Remove the session from all lists. You can restore it until it is erased."""
    if not yes:
        question = "Remove the session {} with {}?"
        work.confirm(api.REMOVE_SESSION, question, "Nothing was removed.")
    return _remove(work)


@command("dispose 1234567890123456789012", session=False)
@click.argument("code", metavar="CODE|URL")
def dispose(work: Invocation, code: str) -> Result:
    """Remove a session without asking, for a program that created it and has finished.

    The session can be restored until it is erased. If the session is your default session, nothing
    is done and no error is raised, so that a program can always call this.
    """
    work.name_session(code)
    if work.code == "default":
        return Result(schemas.Done())
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    if session.default and "owner" in session.roles:
        return Result(schemas.Done())
    return _remove(work)


def _remove(work: Invocation) -> Result:
    with work.frontend.ending(work.code):
        session = work.call(api.REMOVE_SESSION, schemas.SessionNamed(code=work.code))
    work.frontend.drop_session(session.code)
    until = f" It will be erased on {session.purged:%Y-%m-%d}." if session.purged else ""
    back = f"{work.frontend.prefix} restore -S {session.code}"
    return done(
        session,
        f"The session {columns.name_session(session)} is removed.{until} To restore it: {back}",
    )


@command("restore -S 1234567890123456789012")
def restore(work: Invocation) -> Result:
    """Restore a removed session."""
    return change(work, *CHANGES["restore"])


@command("transfer bar")
@click.argument("user")
def transfer(work: Invocation, user: str) -> Result:
    """Make another user the owner. You keep the role admin."""
    session = work.call(api.TRANSFER_SESSION, schemas.TransferSession(code=work.code, user=user))
    return done(
        session, f"{one_line(session.owner)} now owns the session {columns.name_session(session)}."
    )


_YES = {"yes", "true", "on", "1"}

_NO = {"no", "false", "off", "0"}


_SPOKEN = {"idle-timeout": "idle time-out"}

#: Attributes of a session that are free text.
_WORDS = ("label", "description", "message", "agent")


@command(
    'set label "Rain in Seattle"',
    "set idle-timeout 2h",
    "set lifetime none",
    "set active no",
    dashes=True,
)
@click.argument("attribute", type=click.Choice([*_WORDS, "idle-timeout", "lifetime", "active"]))
@click.argument("value")
@click.pass_context
def set_(ctx: click.Context, work: Invocation, attribute: str, value: str) -> Result:
    """Change a session's label, description or time-outs.

    `active no` disables it, and `active yes` enables it. The message is a short note that all
    members see; the agent is the name of the program that works in the session. An empty text
    removes any of these. A time-out is a number of minutes, or a time such as 2h or 7d; `none`
    removes it.
    """
    if attribute == "active":
        if value.lower() not in _YES | _NO:
            raise click.BadParameter(f"{value!r} is not valid: write yes or no.", ctx)
        if value.lower() in _YES:
            return change(work, *CHANGES["enable"])
        return end(work, *CHANGES["disable"])
    if attribute in _WORDS:
        return _set_attribute(work, attribute, value)
    minutes = {attribute.replace("-", "_"): Minutes().convert(value, None, ctx)}
    session = work.call(
        api.SET_SESSION_TIMEOUTS, schemas.SetSessionTimeouts(code=work.code, **minutes)
    )
    now = written(getattr(session, attribute.replace("-", "_")), Form.MINUTES)
    return _set(session, attribute, now)


def _set_attribute(work: Invocation, attribute: str, words: str) -> Result:
    request = schemas.UpdateSession(code=work.code, **{attribute: words})
    session = work.call(api.UPDATE_SESSION, request)
    if attribute == "label":
        last_session.relabel(session.code, session.label)
    return _set(session, attribute, one_line(getattr(session, attribute)))


def _set(session: schemas.Session, attribute: str, now: str) -> Result:
    name = _SPOKEN.get(attribute, attribute)
    said = f"The {name} is now: {now}" if now else f"The {name} was removed."
    return Result(session, (Line(said, Tone.DONE), card(session)))


def _show_or_set(work: Invocation, attribute: str, words: str | None) -> Result:
    """Show a session's message or agent, or change it."""
    if words is not None:
        return _set_attribute(work, attribute, words)
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    said: str = getattr(session, attribute)
    if not said:
        return Result(session, (Line(f"The session has no {attribute}."),))
    return Result(session, (Code(said),))


@command("message", 'message "Back on Monday"', 'message ""')
@click.argument("text", required=False)
def message(work: Invocation, text: str | None) -> Result:
    """Show or change the session's message, a short note that all members see."""
    return _show_or_set(work, "message", text)


@command("agent", "agent nightly-run")
@click.argument("name", required=False)
def agent(work: Invocation, name: str | None) -> Result:
    """Show or change the name of the program that works in the session."""
    return _show_or_set(work, "agent", name)


def _address(work: Invocation, code: str | None, page: str) -> Result:
    if code is not None:
        work.name_session(code)
    named = schemas.SessionNamed(code=work.code)
    # Any role is sufficient here; each operation checks its own.
    if not work.in_session.call(api.SESSION_EXISTS, named).exists:
        raise errors.NoSuchSession
    server = find_server(work.in_session)
    if server is None:
        raise errors.ServerUnreachable(
            "No server is running on this store, so other programs can't reach its sessions.",
            hint="Start one: `jupyter sessions serve`, or open JupyterLab.",
        )
    path = api.GET_SESSION.path.format(code=named.code)
    url = f"{server}{api.PREFIX}{path}/{page}"
    # The URL alone is on the standard output, for programs.
    return Result({"url": url}, (Line(url),), aside=explain_reachability(server))


@command("http-url", "http-url 1234567890123456789012")
@click.argument("code", required=False, metavar="[CODE|URL]")
def http_url(work: Invocation, code: str | None) -> Result:
    """Print the base URL of a session's API, for any HTTP library.

    A program sends a key with each request, as `Authorization: Bearer KEY`; the URL contains no
    key. The reference has a complete example of ten lines.
    """
    return _address(work, code, "")


@command("xmlrpc-url", "xmlrpc-url 1234567890123456789012")
@click.argument("code", required=False, metavar="[CODE|URL]")
def xmlrpc_url(work: Invocation, code: str | None) -> Result:
    """Print the URL of a session's XML-RPC server, for Python's xmlrpc.client.ServerProxy.

    A program sends a key with each request, as `Authorization: Bearer KEY` or as the password of
    HTTP Basic authentication; the URL contains no key. The reference has a complete example of ten
    lines.
    """
    return _address(work, code, "xmlrpc")


_MOST_RESUMED = 100


@command("resume 1234567890123456789012", "resume", "resume 3")
@click.argument("what", nargs=-1, metavar="[CODE|URL] [N]")
@all_option
@click.option("-v", "verbose", is_flag=True, help="Show more of each command.")
def resume(work: Invocation, what: tuple[str, ...], managing: bool, verbose: bool) -> Result:
    """Switch to a session, and show its members and its last commands.

    From then on this kernel's commands are recorded into it, if your roles allow that. With only a
    number, or without arguments, list the last commands of the current session.
    """
    names = [each for each in what if not _is_count(each)]
    counts = [int(each) for each in what if _is_count(each)]
    if len(names) > 1 or len(counts) > 1:
        raise click.UsageError("Name at most one session and one number of commands.")
    count = counts[0] if counts else DEFAULT_COUNT
    if not names:
        few = _within(count, 500)
        typed = ["history", "-n", f"{few}", *["--all"] * managing, *["-v"] * verbose]
        listed = list_history(
            work, [], [], verbose, order="newest", limit=few, typed=typed, managing=managing
        )
        return replace(listed, blocks=(*listed.blocks, *_too_many(work, counts)))
    work.name_session(names[0])
    request = schemas.ResumeSession(
        code=work.code,
        commands=_within(count, _MOST_RESUMED),
        managing=managing,
        agent=f"jupyter_sessions {__version__}, {work.frontend.prefix}",
    )
    answer = work.call(api.RESUME_SESSION, request)
    work.keep(work.transport)
    said = work.frontend.take_up(answer.session, work.transport)
    shown = sorted(answer.commands, key=lambda each: each.summary.number)
    blocks = (
        card(answer.session),
        listing(answer.members),
        *build_blocks(work, shown, brief=True),
        *said,
    )
    return Result(answer, blocks)


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def _within(count: int, most: int) -> int:
    if not 1 <= count <= most:
        raise click.BadParameter(
            f"{count} is not a number of commands from 1 to {most}, and not a "
            "session's code, which has 22 digits."
        )
    return count


def _too_many(work: Invocation, counts: list[int]) -> list[Line]:
    """Say that more commands are requested than exist: the number may be a truncated code."""
    if not counts:
        return []
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    if counts[0] <= session.commands:
        return []
    many = "1 command" if session.commands == 1 else f"{session.commands} commands"
    said = (
        f"This session has {many}, not {counts[0]}. If {counts[0]} is the beginning "
        "of another session's code, write all 22 digits."
    )
    return [Line(said, Tone.WARNING)]


COMMANDS = table(
    new,
    resume,
    list_,
    show,
    exists,
    disable,
    enable,
    close,
    remove,
    dispose,
    restore,
    transfer,
    set_,
    message,
    agent,
    http_url,
    xmlrpc_url,
)
