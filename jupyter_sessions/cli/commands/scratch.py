"""Commands for a session's scratch space: small values shared between scripts."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.parameters import after_option, limit_option
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Code, Result, Table, done
from jupyter_sessions.cli.values import one_line


@command(
    "scratch set best-score 0.93",
    """scratch set settings '{"rate": 0.01, "layers": [64, 64]}'""",
    "scratch set note --text 42",
    dashes=True,
)
@click.argument("name")
@click.argument("value")
@click.option("--text", is_flag=True, help="Store the value as text, even if it is valid JSON.")
def set_(work: Invocation, name: str, value: str, text: bool) -> Result:
    """Store a value under a name, replacing an earlier value.

    The value is JSON (42, true, null, "a text", a list, an object); anything else is stored as
    text. It is stored on disk, and every member with the role read can see it.
    """
    read = value if text else _read(value)
    request = schemas.SetScratch(code=work.code, name=name, value=read)
    entry = work.call(api.SET_SCRATCH, request)
    return done(entry, f"{one_line(entry.name)} is set.")


def _read(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return value


@command("scratch get best-score")
@click.argument("name")
def get(work: Invocation, name: str) -> Result:
    """Print a value: text unchanged, anything else as JSON."""
    kept = work.call(api.GET_SCRATCH, schemas.ScratchNamed(code=work.code, name=name))
    shown = kept.value
    if not isinstance(shown, str):
        shown = msgspec.json.encode(shown).decode()
    return Result(kept, (Code(shown),))


@command("scratch list")
@limit_option(200)
@after_option
def list_(work: Invocation, limit: int, after: str | None) -> Result:
    """List the names of the values, with their sizes."""
    page = work.call(
        api.LIST_SCRATCH, schemas.ListScratch(code=work.code, limit=limit, after=after)
    )
    shown = Table(columns.SCRATCH, page.items, "The scratch space is empty.")
    return Result(page, (shown, *more(work, page.next)))


@command("scratch delete best-score")
@click.argument("name")
def delete(work: Invocation, name: str) -> Result:
    """Delete a value."""
    entry = work.call(api.DELETE_SCRATCH, schemas.ScratchNamed(code=work.code, name=name))
    return done(entry, f"{one_line(entry.name)} is deleted.")


scratch = click.Group(
    "scratch",
    help="Store small values in a session, so that scripts can share them.",
    commands=table(set_, get, list_, delete),
)

COMMANDS = {"scratch": scratch}
