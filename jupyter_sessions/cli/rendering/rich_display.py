"""Rich display of API objects in notebooks, so that they are as readable as a magic's results.

Each also has a plain text form for terminals, for records, and where HTML is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from jupyter_sessions import schemas
from jupyter_sessions.cli.commands.sessions import card
from jupyter_sessions.cli.rendering import columns, html, text
from jupyter_sessions.cli.rendering.sandbox import contained, joined
from jupyter_sessions.cli.results import Block, Card, Column, Line, Outputs, Request, Result, Table
from jupyter_sessions.cli.values import printable
from jupyter_sessions.escape_sequences import remove_sequences

_WIDTH = 140
_PAGES: dict[type, tuple[Column, ...]] = {
    schemas.Session: columns.SESSION,
    schemas.CommandSummary: columns.COMMAND,
    schemas.File: columns.FILE,
    schemas.Account: columns.ACCOUNT,
    schemas.ScratchEntry: columns.SCRATCH,
    schemas.Invitation: columns.INVITATION,
}
#: API types that have a rich display.
RICH_TYPES: tuple[type, ...] = (
    schemas.Session,
    schemas.Resumed,
    schemas.Members,
    schemas.Command,
    schemas.CommandSummary,
    schemas.File,
    schemas.Page,
)


def bundle(answer: Any) -> dict[str, str]:
    """Return an object's display by media type: ``text/plain`` and ``text/html``.

    Parameters
    ----------
    answer
        An instance of one of `RICH_TYPES`.
    """
    blocks = tuple(_blocks(answer))
    return {
        "text/plain": text.render(Result(None, blocks), width=_WIDTH, colour=False),
        "text/html": "".join(_html(block) for block in blocks),
    }


def register(shell: Any) -> None:
    """Register the displays in an IPython shell; a second call changes nothing."""
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in RICH_TYPES:
        formatter.for_type(kind, bundle)


def unregister(shell: Any) -> None:
    """Remove the displays from an IPython shell."""
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in RICH_TYPES:
        formatter.pop(kind, None)


def _blocks(answer: Any) -> Iterator[Block]:
    match answer:
        case schemas.Session():
            yield card(answer)
        case schemas.File():
            yield Card(answer.name, columns.FILE_CARD, answer)
        case schemas.CommandSummary():
            yield Table(columns.COMMAND_VERBOSE, [answer], "")
        case schemas.Command():
            yield Request(answer)
            yield Outputs(answer, own=False)
        case schemas.Members():
            yield Table(columns.MEMBER, answer.members, "No members.")
        case schemas.Resumed(session=session, members=members, commands=commands):
            yield card(session)
            yield Table(columns.MEMBER, members, "No members.")
            yield Table(columns.COMMAND, [each.summary for each in commands], "No commands.")
        case schemas.Page(items=items, next=more):
            yield _page(items)
            if more:
                yield Line("There is more: the next page begins at `next`.")


def _page(items: list[Any]) -> Block:
    if not items:
        return Table((), (), "Nothing.")
    kind = next((known for known in _PAGES if isinstance(items[0], known)), None)
    if kind is None:
        return Line("\n".join(map(repr, items)))
    return Table(_PAGES[kind], items, "")


def _html(block: Block) -> str:
    if isinstance(block, Outputs):
        return outputs_as_html(block.command)
    return html.render(Result(None, (block,)))


def outputs_as_html(command: schemas.Command) -> str:
    """Render a command's outputs as one piece of sandboxed HTML."""
    outputs = command.outputs
    return "".join(_output(each, command.summary.user) for each in outputs)


def _output(output: schemas.Output, user: str) -> str:
    match output:
        case schemas.Stream(text=said):
            return _pre(joined(said))
        case schemas.ErrorOutput(traceback=traceback, ename=name, evalue=value):
            return _pre("\n".join(traceback) or f"{name}: {value}")
        case schemas.DisplayData(data=data) | schemas.ExecuteResult(data=data):
            return _picture(contained(data, user))


def _picture(data: schemas.MimeBundle) -> str:
    # `contained` has put foreign HTML into a frame.
    if "text/html" in data:
        return f'<div style="margin:.4em 0">{data["text/html"]}</div>'
    for media in ("image/png", "image/jpeg", "image/webp", "image/gif"):
        if media in data:
            coded = escape("".join(joined(data[media]).split()))
            return f'<img alt="" style="max-width:100%" src="data:{media};base64,{coded}">'
    for media in ("text/plain", "text/latex"):
        if media in data:
            return _pre(joined(data[media]))
    return _pre(f"({', '.join(sorted(data))})")


def _pre(text: str) -> str:
    # Colours are for terminals; the text is the same without them.
    plain = escape(remove_sequences(printable(text)))
    return f'<pre style="margin:.3em 0;white-space:pre-wrap">{plain}</pre>'
