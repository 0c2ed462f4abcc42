"""A command's output as one document or image."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from markupsafe import Markup, escape

from jupyter_sessions import model
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.choice import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.document import HTML, document
from jupyter_sessions.server.rendering.prose import latex, markdown
from jupyter_sessions.server.rendering.source import highlight

PLAIN = "text/plain; charset=utf-8"


def render_output_document(output: model.Output) -> tuple[bytes, str]:
    """Render an output in the representation that JupyterLab would choose.

    Parameters
    ----------
    output
        An output of a command, as recorded.

    Returns
    -------
    bytes
        The image's own bytes where it is one; a self-contained HTML document for HTML, Markdown,
        LaTeX and JSON; text for everything else.
    str
        The media type, with the charset where there is one.
    """
    if isinstance(output, model.Stream):
        return ansi.plain(joined(output.text)).encode("utf-8", "replace"), PLAIN
    if isinstance(output, model.ErrorOutput):
        return ansi.plain("\n".join(output.traceback)).encode("utf-8", "replace"), PLAIN
    kind = preferred(output.data)
    if kind is None:
        names = ", ".join(output.data) or "nothing"
        return f"This output came as {names}, which can't be shown here.".encode(), PLAIN
    value = output.data[kind]
    if kind == "image/svg+xml":
        return joined(value).encode("utf-8", "replace"), kind
    if kind in IMAGES:
        return _decoded(joined(value)), kind
    if kind == "text/plain":
        return ansi.plain(joined(value)).encode("utf-8", "replace"), PLAIN
    return document(rich_body(kind, value), title="Output", kind=_BODY_CLASSES[kind]), HTML


_BODY_CLASSES = {
    "text/html": "html",
    "text/markdown": "markdown",
    "text/latex": "math",
    "application/json": "json",
}


def rich_body(kind: str, value: Any) -> Markup:
    """Return the HTML of a rich representation, hostile as it may be: for a sandbox only."""
    if kind == "text/html":
        return Markup(joined(value))  # noqa: S704  # shown in a sandbox, never in a page of ours
    if kind == "text/markdown":
        return markdown(joined(value))
    if kind == "text/latex":
        return latex(joined(value))
    pretty = json.dumps(value, indent=2, ensure_ascii=False)
    return Markup('<pre class="code">{}</pre>').format(highlight(pretty, "json"))


def image_source(kind: str, value: Any) -> str:
    """Return an image of an output as a ``data:`` URL, for a notebook shown as one document."""
    text = joined(value)
    if kind == "image/svg+xml":
        text = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return f"data:{kind};base64,{escape(text.strip())}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        # A damaged image; the browser shows its alternative text.
        return b""
