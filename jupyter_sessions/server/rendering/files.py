"""Render previews of published files: notebooks, tables, Markdown, text and code."""

from __future__ import annotations

import json
from typing import Literal

from markupsafe import Markup

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering.budget import plain_piece, render_piece
from jupyter_sessions.server.rendering.code import LONGEST_HIGHLIGHTED, find_language, highlight
from jupyter_sessions.server.rendering.markdown import markdown
from jupyter_sessions.server.rendering.notebooks import notebook_body
from jupyter_sessions.server.rendering.outputs import json_body
from jupyter_sessions.server.rendering.tables import DELIMITERS, table_body

#: Bytes from a file's start that a preview uses, enough for most whole notebooks.
PREVIEW_BYTES = 20_000_000
_MAX_TEXT = 1_000_000

_IMAGES = frozenset(
    f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif", "bmp", "svg+xml", "x-icon")
)
_TEXTS = frozenset(
    f"application/{kind}"
    for kind in ("json", "geo+json", "javascript", "xml", "yaml", "x-yaml", "toml", "sql")
) | {"application/x-sh", "application/x-python", "application/x-tex", "application/x-latex"}
_NOTEBOOK = "application/x-ipynb+json"

Kind = Literal["image", "site", "document", "none"]


def preview_kind(file: schemas.File) -> Kind:
    """Return how a published file can be previewed.

    Returns
    -------
    str
        ``image``: as it is, in an ``<img>``; ``site``: as it is, in a sandboxed frame;
        ``document``: what `file_body` makes of it, in a sandboxed frame; ``none``: only
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


def file_body(text: str, file: schemas.File) -> tuple[str, Markup]:
    """Render a published file as the body of a preview document.

    Parameters
    ----------
    text
        The file's text, or its first `PREVIEW_BYTES`.
    file
        The file as the web space describes it.

    Returns
    -------
    str
        The class of the body.
    Markup
        Its HTML.
    """
    text = text.removeprefix("\ufeff")
    media_type, path = _bare(file.media_type), file.path.lower()
    if _is_notebook(media_type, path):
        return _notebook(text)
    shown = text[:_MAX_TEXT]
    if media_type == "text/markdown" or path.endswith((".md", ".markdown")):
        return "markdown", render_piece(lambda: markdown(shown), lambda: shown) + _cut(text, file)
    delimiter = DELIMITERS.get(media_type) or DELIMITERS.get("*" + path[-4:])
    if delimiter is not None:
        return "table", render_piece(lambda: table_body(shown, delimiter), lambda: shown)
    if media_type.endswith("json") and len(text) <= _MAX_TEXT:
        return _json(text, file)
    return _as_text(text, file)


def _notebook(text: str) -> tuple[str, Markup]:
    try:
        return "notebook", notebook_body(text)
    except (ValueError, RecursionError):  # it is not a notebook, despite its name
        return "text", plain_piece(text, "failed")


def _json(text: str, file: schemas.File) -> tuple[str, Markup]:
    try:
        # Parsing and writing it again shows invalid JSON as plain text.
        dense = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
        return "text", json_body(dense.encode())
    except (ValueError, RecursionError):
        return _as_text(text, file)


def _as_text(text: str, file: schemas.File) -> tuple[str, Markup]:
    shown = text[:_MAX_TEXT]
    language = find_language(file.name)
    if not language or len(shown) > LONGEST_HIGHLIGHTED:
        body = Markup('<pre class="code">{}</pre>').format(shown)
    else:
        body = render_piece(
            lambda: Markup('<pre class="code">{}</pre>').format(highlight(shown, language)),
            lambda: shown,
        )
    return "text", body + _cut(text, file)


def _cut(text: str, file: schemas.File) -> Markup:
    if len(text) <= _MAX_TEXT:
        return Markup("")
    return Markup('<p class="note">Only the beginning of {:,} bytes is shown.</p>').format(
        file.size
    )


def _is_notebook(media_type: str, path: str) -> bool:
    return media_type == _NOTEBOOK or path.lower().endswith(".ipynb")


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
