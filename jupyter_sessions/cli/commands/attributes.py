"""What is said of a session, and its time-outs: showing and changing them."""

from __future__ import annotations

import click

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Work, command, table
from jupyter_sessions.cli.commands import sessions
from jupyter_sessions.cli.parameters import Minutes
from jupyter_sessions.cli.results import Code, Form, Line, Result, Tone
from jupyter_sessions.cli.values import one_line, written

_YES = {"yes", "true", "on", "1"}
_NO = {"no", "false", "off", "0"}


_SPOKEN = {"idle-timeout": "idle time-out"}
#: What is said of a session in words.
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
def set_(ctx: click.Context, work: Work, attribute: str, value: str) -> Result:
    """Change what is said of a session, or a time-out; `active no` disables, `active yes` enables.

    The message is for whatever its members want said on it, the agent the name of the program that
    works in it. An empty text takes any of these away. A time-out is in minutes, or like 2h or 7d;
    `none` takes it away.
    """
    if attribute == "active":
        if value.lower() not in _YES | _NO:
            raise click.BadParameter(f"{value!r} is neither yes nor no.", ctx)
        if value.lower() in _YES:
            return sessions.change(work, *sessions.CHANGES["enable"])
        return sessions.end(work, *sessions.CHANGES["disable"])
    if attribute in _WORDS:
        return _say(work, attribute, value)
    minutes = {attribute.replace("-", "_"): Minutes().convert(value, None, ctx)}
    session = work.call(api.TIME_SESSION, schemas.TimeSession(code=work.code, **minutes))
    now = written(getattr(session, attribute.replace("-", "_")), Form.MINUTES)
    return _set(session, attribute, now)


def _say(work: Work, attribute: str, words: str) -> Result:
    request = schemas.DescribeSession(code=work.code, **{attribute: words})
    session = work.call(api.DESCRIBE_SESSION, request)
    return _set(session, attribute, one_line(getattr(session, attribute)))


def _set(session: schemas.Session, attribute: str, now: str) -> Result:
    name = _SPOKEN.get(attribute, attribute)
    said = f"The {name} is now: {now}" if now else f"There is no {name} any more."
    return Result(session, (Line(said, Tone.DONE), sessions.card(session)))


def _said_or_say(work: Work, attribute: str, words: str | None) -> Result:
    """Say what a session's message or agent is, or change it."""
    if words is not None:
        return _say(work, attribute, words)
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    said: str = getattr(session, attribute)
    if not said:
        return Result(session, (Line(f"The session has no {attribute}."),))
    return Result(session, (Code(said),))


@command("message", 'message "Back on Monday"', 'message ""')
@click.argument("text", required=False)
def message(work: Work, text: str | None) -> Result:
    """Show or change the session's message, which is for whatever its members want said on it."""
    return _said_or_say(work, "message", text)


@command("agent", "agent nightly-run")
@click.argument("name", required=False)
def agent(work: Work, name: str | None) -> Result:
    """Show or change the name of the program that works in the session."""
    return _said_or_say(work, "agent", name)


COMMANDS = table(set_, message, agent)
