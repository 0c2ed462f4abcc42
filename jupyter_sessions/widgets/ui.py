"""Building blocks and styles of the widgets: notices, fields, lists and their lines."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets

from jupyter_sessions import errors, schemas
from jupyter_sessions.cli.rendering.columns import describe_source
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.formatting import format_duration, format_minute, format_roles, format_size

NAME = "jupyter-sessions-widget"

#: Lists with aligned columns.
LINES = "jupyter-sessions-lines"

#: Areas that scroll within the widget.
SCROLLS = "jupyter-sessions-scrolls"

#: Rows of buttons and fields, which wrap in narrow widgets.
ROW = "jupyter-sessions-row"

#: A button in a table of roles.
ROLE = "jupyter-sessions-role"


STYLE = f"""<style>
.{NAME} {{ max-width: 72em; color: var(--jp-ui-font-color1, inherit); overflow: visible; }}
.{NAME} .{LINES} {{ width: 100%; height: auto; }}
.{NAME} .{LINES} select {{
  font-family: var(--jp-code-font-family, ui-monospace, monospace);
  font-size: var(--jp-code-font-size, 13px); line-height: 1.5; height: auto; padding: 4px;
  background: var(--jp-layout-color1, inherit); color: var(--jp-ui-font-color1, inherit);
  border: 1px solid var(--jp-border-color1, rgba(128,128,128,.5)); border-radius: 4px;
}}
.{NAME} .{LINES} option {{ padding: 2px 6px; border-radius: 3px; }}
.{NAME} .{LINES} option:checked {{
  background: var(--jp-brand-color1, #1976d2); color: var(--jp-ui-inverse-font-color1, #fff);
}}
.{NAME} .{SCROLLS} {{ max-height: 32em; overflow: auto; }}
.{NAME} .{ROW} {{ flex-flow: row wrap; align-items: center; overflow: visible; }}
.{NAME} .{ROLE}.mod-active {{
  background: var(--jp-brand-color1, #1976d2); color: var(--jp-ui-inverse-font-color1, #fff);
}}
.{NAME} a {{ color: var(--jp-content-link-color, inherit); text-decoration: underline; }}
.{NAME} .widget-html-content {{ line-height: 1.45; }}
.{NAME} .widget-inline-hbox .widget-label {{ flex: 0 0 auto; width: auto; }}
</style>"""


_EDGES = {"done": "--jp-success-color1, #2e8540", "warning": "--jp-warn-color1, #a16a00",
          "error": "--jp-error-color1, #d43f3b"}  # fmt: skip


def notice(text: str, hint: str = "", tone: str = "done") -> str:
    """Render a message to the user."""
    more = f"<br>{escape(hint)}" if hint else ""
    role = "alert" if tone == "error" else "status"
    return (
        f'<div role="{role}" style="border-left:3px solid var({_EDGES[tone]});padding:.2em .8em;'
        f'margin:.3em 0;white-space:pre-wrap">{escape(text)}{more}</div>'
    )


def failure(error: errors.SessionsError) -> str:
    """Render an error, and what to do next."""
    return notice(error.message, error.hint or "", "error")


def empty(text: str) -> str:
    """Render an empty state, and what to do about it."""
    return f'<div style="opacity:.72;padding:.3em 0">{escape(text)}</div>'


def title(session: schemas.Session) -> str:
    """Render a session's name, its owner, and what the user may do in it."""
    name = escape(one_line(session.label or "(no label)"))
    about = " · ".join((session.owner, session.state, format_roles(session.roles)))
    return (
        f'<div style="font-size:1.25em;font-weight:600;line-height:1.4">{name}</div>'
        f'<div style="opacity:.72">{escape(about)}</div>'
    )


def file(file: schemas.File, address: str | None) -> str:
    """Render a published file's metadata and a link to its page."""
    told = [file.media_type, format_size(file.size), file.publisher, format_minute(file.published)]
    if file.command is not None:
        told.append(f"command {file.command}")
    page = f" · {link(address, 'open its page')}" if address else ""
    return (
        f'<div style="font-weight:600;line-height:1.6">{escape(one_line(file.path))}</div>'
        f'<div style="opacity:.85" title="SHA-256 {escape(file.sha256)}">'
        f"{escape(one_line(' · '.join(told)))}{page}</div>"
    )


def link(address: str, text: str) -> str:
    """Render a link that opens in a new tab."""
    shown = escape(address)
    return f'<a href="{shown}" target="_blank" rel="noopener noreferrer">{escape(text)}</a>'


def button(
    text: str, icon: str, act: Callable[[], object], *, tooltip: str = "", style: str = ""
) -> ipywidgets.Button:
    """Create a button with a click handler."""
    made = ipywidgets.Button(
        description=text,
        icon=icon,
        tooltip=tooltip or text,
        button_style=style,
        layout={"width": "auto"},
    )
    made.on_click(lambda _: act())
    return made


def field(placeholder: str, width: str, *, at_once: bool = False) -> ipywidgets.Text:
    """Create a text field, whose value is submitted on Enter or when it loses focus."""
    return ipywidgets.Text(
        placeholder=placeholder,
        tooltip=placeholder,
        continuous_update=at_once,
        layout={"width": width},
    )


def row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Arrange widgets in a row that wraps if needed."""
    made = ipywidgets.HBox(children)
    made.add_class(ROW)
    return made


def lines(rows: int) -> ipywidgets.Select:
    """Create a selection list with aligned columns."""
    made = ipywidgets.Select(rows=rows, layout={"width": "100%"})
    made.add_class(LINES)
    return made


def set_visible(widget: ipywidgets.Widget, visible: bool) -> None:
    """Show or hide a widget."""
    widget.layout.display = "" if visible else "none"


#: Labels of a command's status.
MARKS = {"completed": "✓", "error": "✗", "running": "…", "aborted": "⊘"}


def _column(text: str, width: int) -> str:
    from wcwidth import wcswidth

    line = one_line(text)
    if len(line) > width:
        line = line[: width - 1] + "…"
    return line + " " * max(0, width - max(0, wcswidth(line)))


def _blank(line: str) -> str:
    # HTML would collapse several blanks into one.
    return line.rstrip().replace(" ", "\u00a0")


def session_line(session: schemas.Session) -> str:
    """Format a session: label, owner, the user's highest role, commands, last use."""
    state = "" if session.state == "active" else f"  ({session.state})"
    columns = (
        _column(session.label or "(no label)", 32),
        _column(session.owner, 12),
        _column(format_roles(session.roles), 7),
        f"{session.commands:>6}",
        format_minute(session.last_used) + state,
    )
    return _blank("  ".join(columns))


def command_line(command: schemas.CommandSummary) -> str:
    """Format a command: number, status, start, user, duration, source."""
    source = describe_source(command).strip()
    took = "" if command.duration is None else format_duration(command.duration)
    columns = (
        f"{command.number:>5} {MARKS.get(command.status, ' ')}",
        command.started.astimezone().strftime("%m-%d %H:%M"),
        _column(command.user, 12),
        f"{took:>8}",
        _column(source, 90),
    )
    return _blank("  ".join(columns))


def file_line(file: schemas.File) -> str:
    """Format a file or folder: name, size, publisher, time."""
    name = f"{file.name}/" if file.folder else file.name
    about = () if file.folder else (_column(file.publisher, 12), format_minute(file.published))
    return _blank("  ".join((_column(name, 44), f"{format_size(file.size):>9}", *about)))
