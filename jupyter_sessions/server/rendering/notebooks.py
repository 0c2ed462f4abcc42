"""Render a published notebook as one HTML document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from markupsafe import Markup

from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.budget import LONGEST_PLAIN, is_time_over, render_piece
from jupyter_sessions.server.rendering.code import highlight
from jupyter_sessions.server.rendering.markdown import Macros, markdown
from jupyter_sessions.server.rendering.mime import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.outputs import image_source, rich_body


def notebook_body(text: str) -> Markup:
    """Render a notebook as HTML: its cells in order, with outputs below their code.

    Raises
    ------
    ValueError
        When `text` is not a notebook.
    """
    notebook = json.loads(text)
    if not isinstance(notebook, dict):
        raise ValueError("a notebook is a JSON object")
    language = _language(notebook)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        # Notebooks of format 3 keep their cells in worksheets.
        sheets = notebook.get("worksheets")
        if not isinstance(sheets, list):
            raise ValueError("a notebook has cells")
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _cells(sheet)]
    macros: Macros = {}
    parts = []
    cells = [cell for cell in cells if isinstance(cell, dict)]
    for place, cell in enumerate(cells):
        if is_time_over():
            parts.append(_plain_rest(cells[place:]))
            break
        parts.append(_cell(cell, language, macros))
    return Markup("\n").join(parts)


def _cells(sheet: Mapping[str, Any]) -> list[Any]:
    cells = sheet.get("cells")
    return cells if isinstance(cells, list) else []


def _plain_rest(cells: list[dict[str, Any]]) -> Markup:
    sources = Markup("\n").join(
        Markup("<section><pre>{}</pre></section>").format(_source(cell)) for cell in cells
    )
    note = (
        "The rest of this notebook is shown as plain text, without its outputs: rendering all of it"
    )
    return Markup('<p class="note">{} takes too long.</p>{}').format(note, sources)


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return "python"
    for section, name in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(section)
        if isinstance(part, dict) and part.get(name):
            return str(part[name])
    return "python"


def _cell(cell: Mapping[str, Any], language: str, macros: Macros) -> Markup:
    source = _source(cell)
    if cell.get("cell_type") == "markdown":
        text = render_piece(lambda: markdown(source, macros), lambda: source)
        return Markup('<section class="markdown">{}</section>').format(text)
    if cell.get("cell_type") != "code":
        return Markup("<section><pre>{}</pre></section>").format(source)
    count = cell.get("execution_count") or cell.get("prompt_number")
    outputs = cell.get("outputs")
    return Markup(
        '<section class="cell"><p class="prompt">[{}]</p>{}<div class="outputs">{}</div></section>'
    ).format(
        count if isinstance(count, int) else " ",
        render_piece(
            lambda: Markup('<pre class="code source">{}</pre>').format(highlight(source, language)),
            lambda: source,
        ),
        Markup("\n").join(
            render_piece(partial(_output, output, macros), partial(_plain_output, output))
            for output in (outputs if isinstance(outputs, list) else [])
            if isinstance(output, dict)
        ),
    )


def _source(cell: Mapping[str, Any]) -> str:
    return _text(cell.get("source", cell.get("input", "")))


def _text(value: object) -> str:
    """Return a text field of a notebook; empty if it has another type."""
    return joined(value) if isinstance(value, list | str) else ""


def _output(output: Mapping[str, Any], macros: Macros) -> Markup:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _terminal(_text(output.get("text")), name)
    if kind in ("error", "pyerr"):
        return _terminal(_traceback(output), "error")
    data = output.get("data")
    return _display(data, macros) if isinstance(data, dict) else Markup("")


def _plain_output(output: Mapping[str, Any]) -> str:
    """Return the plain text of an output that can't be rendered."""
    data = output.get("data")
    if isinstance(data, dict):
        kind = preferred(data)
        texts = [_text(data.get(each)) for each in ("text/plain", kind) if each not in IMAGES]
        return next(filter(None, texts), "")
    return ansi.strip(_text(output.get("text")) or _traceback(output))


def _traceback(output: Mapping[str, Any]) -> str:
    lines = output.get("traceback")
    return "\n".join(map(str, lines)) if isinstance(lines, list) else _text(lines)


def _display(data: Mapping[str, Any], macros: Macros) -> Markup:
    kind = preferred(data)
    if kind is None:
        return Markup('<p class="note">{}</p>').format(", ".join(map(str, data)))
    if kind in IMAGES:
        return Markup('<p><img src="{}" alt="{}"></p>').format(
            image_source(kind, data[kind]), _text(data.get("text/plain"))
        )
    if kind == "text/plain":
        return _terminal(joined(data[kind]), "result")
    return Markup('<div class="wide">{}</div>').format(rich_body(kind, data[kind], macros))


def _terminal(text: str, name: str) -> Markup:
    shown = text[:LONGEST_PLAIN]
    cut = Markup('<p class="note">Only the beginning of this output is shown.</p>')
    return Markup('<pre class="terminal {}">{}</pre>{}').format(
        name, Markup("\n").join(ansi.lines(shown)), cut if len(text) > len(shown) else ""
    )
