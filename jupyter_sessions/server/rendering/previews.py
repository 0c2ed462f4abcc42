"""Published files as documents to look at: notebooks, tables, Markdown, text and code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from markupsafe import Markup

from jupyter_sessions import model
from jupyter_sessions.server.rendering.document import HTML, document
from jupyter_sessions.server.rendering.notebooks import notebook_body
from jupyter_sessions.server.rendering.prose import markdown
from jupyter_sessions.server.rendering.source import highlight
from jupyter_sessions.server.rendering.tables import DELIMITERS, table_body

#: How many of a file's first bytes a preview is made of, so that a notebook fits as a whole.
PREVIEW_BYTES = 20_000_000
_SHOWN_TEXT = 1_000_000

_IMAGES = frozenset(
    f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif", "bmp", "svg+xml", "x-icon")
)
_TEXTS = frozenset(
    f"application/{kind}"
    for kind in ("json", "geo+json", "javascript", "xml", "yaml", "x-yaml", "toml", "sql")
) | {"application/x-sh", "application/x-python", "application/x-tex", "application/x-latex"}
_NOTEBOOK = "application/x-ipynb+json"

Kind = Literal["image", "site", "document", "none"]


def preview_kind(file: model.File) -> Kind:
    """Tell how a published file can be looked at.

    Returns
    -------
    str
        ``image``: as it is, in an ``<img>``; ``site``: as it is, in a sandboxed frame;
        ``document``: what `render_file_preview` makes of it, in a sandboxed frame; ``none``: only
        downloaded (a PDF too: browsers show none in a sandbox).
    """
    kind = _bare(file.media_type)
    if kind in _IMAGES:
        return "image"
    if kind in {"text/html", "application/xhtml+xml"}:
        return "site"
    if _is_notebook(kind, file.path):
        return "document" if file.size <= PREVIEW_BYTES else "none"
    if kind.startswith("text/") or kind in _TEXTS or kind.endswith(("+json", "+xml")):
        return "document"
    return "none"


def render_file_preview(content: bytes, file: model.File) -> tuple[bytes, str]:
    """Render a published file as a document to look at.

    Parameters
    ----------
    content
        The file's bytes, or the first `PREVIEW_BYTES` of them.
    file
        What the web space knows of it.

    Returns
    -------
    bytes
        A self-contained HTML document.
    str
        Its media type, with the charset.
    """
    kind, body = _render(content.decode("utf-8-sig", "replace"), file)
    return document(body, title=file.name, kind=kind), HTML


def _render(text: str, file: model.File) -> tuple[str, Markup]:
    media_type, path = _bare(file.media_type), file.path.lower()
    if _is_notebook(media_type, path):
        return _or_text("notebook", notebook_body, text, file)
    shown = text[:_SHOWN_TEXT]
    if media_type == "text/markdown" or path.endswith((".md", ".markdown")):
        return "markdown", markdown(shown) + _cut(text, file)
    delimiter = DELIMITERS.get(media_type) or DELIMITERS.get("*" + path[-4:])
    if delimiter is not None:
        return "table", table_body(shown, delimiter)
    if media_type.endswith("json") and len(text) <= _SHOWN_TEXT:
        return _or_text("text", _pretty, text, file)
    return _as_text(text, file)


def _or_text(
    kind: str, make: Callable[[str], Markup], text: str, file: model.File
) -> tuple[str, Markup]:
    """Make a body, or show the plain text where the file is not what its type says."""
    try:
        return kind, make(text)
    except (ValueError, RecursionError):
        return _as_text(text, file)


def _pretty(text: str) -> Markup:
    pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return Markup('<pre class="code">{}</pre>').format(highlight(pretty, "json"))


def _as_text(text: str, file: model.File) -> tuple[str, Markup]:
    code = highlight(text[:_SHOWN_TEXT], filename=file.name)
    return "text", Markup('<pre class="code">{}</pre>').format(code) + _cut(text, file)


def _cut(text: str, file: model.File) -> Markup:
    if len(text) <= _SHOWN_TEXT:
        return Markup("")
    return Markup('<p class="note">Only the beginning is shown of {:,} bytes.</p>').format(
        file.size
    )


def _is_notebook(media_type: str, path: str) -> bool:
    return media_type == _NOTEBOOK or path.lower().endswith(".ipynb")


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
