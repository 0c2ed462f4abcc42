"""Render results for a notebook: tables and cards for light and dark themes.

All text from users or commands is escaped here, where HTML is generated.
"""

from __future__ import annotations

from html import escape
from typing import Any

from jupyter_sessions.cli.rendering.text import request_line
from jupyter_sessions.cli.results import (
    Block,
    Card,
    Code,
    Column,
    Form,
    Line,
    Request,
    Result,
    Table,
    Tone,
)
from jupyter_sessions.cli.values import one_line, timed, written

# Colours come from the surrounding page (`currentColor`) or have a contrast of 4.5 on white and on
# black; backgrounds are grey with low opacity. A style sheet would affect the rest of the page.
_RULE = "1px solid rgba(128,128,128,.35)"
_CELL = "padding:.3em .8em;vertical-align:top;text-align:{align};border:0"
_MONO = "font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:.92em"
_DIM = "opacity:.72"
_CARD = f"border:{_RULE};border-radius:8px;padding:.7em 1em;margin:.3em 0;max-width:60em"
_NUMBERS = {Form.NUMBER, Form.SECONDS, Form.SIZE}
_CODES = {"Code", "SHA-256"}
_COLOURS = {
    "completed": "#2e8540",
    "active": "#2e8540",
    "error": "#d43f3b",
    "removed": "#d43f3b",
    "running": "#a16a00",
    "disabled": "#a16a00",
    "aborted": "#a253c5",
    "closed": "#2c77c4",
}
_EDGES = {Tone.DONE: "#2e8540", Tone.WARNING: "#a16a00", Tone.PLAIN: "rgba(128,128,128,.5)"}


def render(result: Result) -> str:
    """Render a result's tables, cards and lines; outputs are displayed separately."""
    body = "".join(_drawn(block) for block in result.blocks)
    return f'<div class="jupyter-sessions" style="line-height:1.45">{body}</div>'


def _drawn(block: Block) -> str:
    match block:
        case Table():
            return _table(block)
        case Card():
            return _card(block)
        case Line():
            return _line(block)
        case Request():
            return _request(block)
        case Code():
            return _code(block.text)
        case _:
            return ""


def _table(table: Table) -> str:
    if not table.items:
        return f'<div style="{_DIM}">{escape(table.empty)}</div>'
    columns = timed(table.visible_columns, table.items)
    head = "".join(
        f'<th style="{_style(column)};border-bottom:{_RULE}">{escape(column.title)}</th>'
        for column in columns
    )
    rows = "".join(
        f'<tr style="background:transparent">{"".join(_cell(c, item) for c in columns)}</tr>'
        for item in table.items
    )
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.3em 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _style(column: Column) -> str:
    style = _CELL.format(align="right" if column.form in _NUMBERS else "left")
    return style if column.gives_way else f"{style};white-space:nowrap"


def _cell(column: Column, item: Any) -> str:
    return f'<td style="{_style(column)}">{_value(column, item)}</td>'


def _value(column: Column, item: Any) -> str:
    value = column.value(item)
    text = escape(written(value, column.form))
    match column.form:
        case Form.STATUS:
            return f'<span style="color:{_COLOURS.get(text, "inherit")}">● {text}</span>'
        case Form.SOURCE if text:
            return f'<code style="{_MONO};white-space:pre-wrap">{text}</code>'
        case Form.LINK if text.startswith(("http://", "https://")):
            return _link(text)
        case Form.MOMENT | Form.INSTANT if text:
            return f'<time datetime="{value.isoformat()}" style="white-space:nowrap">{text}</time>'
        case _ if column.title in _CODES:
            return f'<span style="{_MONO}">{text}</span>'
        case _:
            return text


def _link(escaped: str) -> str:
    return f'<a href="{escaped}" target="_blank" rel="noopener noreferrer">{escaped}</a>'


def _card(card: Card) -> str:
    title = f'<div style="font-size:1.15em;font-weight:600">{escape(one_line(card.title))}</div>'
    lines = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_CELL.format(align="left")};'
        f'padding-left:0;font-weight:400;{_DIM}">{escape(column.title)}</th>'
        f'<td style="{_CELL.format(align="left")}">{_value(column, card.item)}</td></tr>'
        for column in timed(card.columns, [card.item])
        if written(column.value(card.item), column.form)
    )
    table = f'<table style="border-collapse:collapse;margin:.3em 0 0">{lines}</table>'
    return f'<div style="{_CARD}">{title if card.title else ""}{table}</div>'


def _line(line: Line) -> str:
    link = f"<br>{_link(escape(line.link))}" if line.link else ""
    return (
        f'<div style="border-left:3px solid {_EDGES[line.tone]};padding:.15em .8em;margin:.3em 0">'
        f'<span style="white-space:pre-wrap">{escape(line.text)}</span>{link}</div>'
    )


def _request(block: Request) -> str:
    command = block.command
    source = "(forgotten)" if command.request is None else command.request.source
    return (
        f'<div style="margin:.6em 0 .2em;{_DIM}">{escape(request_line(command.summary))}</div>'
        f"{_code(source)}"
    )


def _code(text: str) -> str:
    return (
        f'<pre style="{_MONO};border-left:3px solid rgba(128,128,128,.5);padding:.2em .8em;'
        f'margin:0;white-space:pre-wrap">{escape(text)}</pre>'
    )
