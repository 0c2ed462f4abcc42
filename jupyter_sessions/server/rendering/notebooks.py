"""A published notebook as one HTML document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.choice import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.outputs import image_source, rich_body
from jupyter_sessions.server.rendering.prose import Macros, markdown
from jupyter_sessions.server.rendering.source import highlight


def notebook_body(text: str) -> Markup:
    """Return the HTML of a notebook: its cells in order, outputs under their code.

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
        cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    macros: Macros = {}
    return Markup("\n").join(
        _cell(cell, language, macros) for cell in cells if isinstance(cell, dict)
    )


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
    source = joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "markdown":
        return Markup('<section class="markdown">{}</section>').format(markdown(source, macros))
    if cell.get("cell_type") != "code":
        return Markup("<section><pre>{}</pre></section>").format(source)
    count = cell.get("execution_count") or cell.get("prompt_number")
    outputs = cell.get("outputs")
    return Markup(
        '<section class="cell"><p class="prompt">[{}]</p><pre class="code source">{}</pre>'
        '<div class="outputs">{}</div></section>'
    ).format(
        count if isinstance(count, int) else " ",
        highlight(source, language),
        Markup("\n").join(_outputs(outputs if isinstance(outputs, list) else [], macros)),
    )


def _outputs(outputs: list[Any], macros: Macros) -> Iterator[Markup]:
    for output in outputs:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            yield _terminal(joined(output.get("text", "")), name)
        elif kind in {"error", "pyerr"}:
            yield _terminal("\n".join(map(str, output.get("traceback") or [])), "error")
        elif isinstance(data := output.get("data"), dict):
            yield _display(data, macros)


def _display(data: Mapping[str, Any], macros: Macros) -> Markup:
    kind = preferred(data)
    if kind is None:
        return Markup('<p class="note">{}</p>').format(", ".join(map(str, data)))
    if kind in IMAGES:
        return Markup('<p><img src="{}" alt="{}"></p>').format(
            image_source(kind, data[kind]), joined(data.get("text/plain", ""))
        )
    if kind == "text/plain":
        return _terminal(joined(data[kind]), "result")
    return Markup('<div class="wide">{}</div>').format(rich_body(kind, data[kind], macros))


def _terminal(text: str, name: str) -> Markup:
    return Markup('<pre class="terminal {}">{}</pre>').format(
        name, Markup("\n").join(ansi.lines(text))
    )
