"""Render a command's output as one document or image."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup, escape

from jupyter_sessions import schemas
from jupyter_sessions.formatting import format_json
from jupyter_sessions.server.rendering.budget import TooLarge
from jupyter_sessions.server.rendering.code import highlight
from jupyter_sessions.server.rendering.document import HTML, document
from jupyter_sessions.server.rendering.markdown import (
    Macros,
    defines_macros,
    latex,
    markdown,
    may_define_macros,
)
from jupyter_sessions.server.rendering.mime import IMAGES, joined, preferred

PLAIN = "text/plain; charset=utf-8"
#: Characters of JSON that a document shows.
_LONGEST_JSON = 4_000_000


#: Characters of the texts before an output that are searched for definitions.
_SEARCHED = 100_000
#: Bytes of an output's metadata that are read.
_LARGEST_METADATA = 10_000
#: Bytes of an output's JSON that is searched for them.
_LARGEST_SEARCHED = 1_000_000


class _Display(msgspec.Struct, tag_field="output_type", tag="display_data"):
    data: dict[str, msgspec.Raw]
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Result(msgspec.Struct, tag_field="output_type", tag="execute_result"):
    data: dict[str, msgspec.Raw]
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


schemas.ready(_Display, _Result)

_decode = msgspec.json.Decoder(schemas.Stream | schemas.ErrorOutput | _Display | _Result).decode
_decode_text = msgspec.json.Decoder(str | list[str]).decode
_decode_metadata = msgspec.json.Decoder(dict[str, Any]).decode


def decode_output(encoded: msgspec.Raw) -> schemas.Output:
    """Decode a recorded output with the representation to show and its plain text, and no other.

    A JSON value stays encoded: it may consist of millions of objects, whose decoding would hold up
    the server, and is shown as text anyway. Metadata that are too large for an image's are left
    out.
    """
    output = _decode(encoded)
    if isinstance(output, schemas.Stream | schemas.ErrorOutput):
        return output
    kind = preferred(output.data)
    if kind is None:
        return schemas.DisplayData(data=dict(output.data), metadata={})
    data: schemas.MimeBundle = {
        each: value if each == "application/json" else _read_text(value)
        for each, value in output.data.items()
        if each in {kind, "text/plain"}
    }
    few = len(memoryview(output.metadata)) <= _LARGEST_METADATA
    metadata = _decode_metadata(output.metadata) if few else {}
    return schemas.DisplayData(data=data, metadata=metadata)


def _read_text(value: msgspec.Raw) -> str:
    try:
        return joined(_decode_text(value))
    except msgspec.ValidationError:  # nbformat knows no other values here
        return bytes(value).decode("utf-8", "replace")


def definitions_before(earlier: Sequence[msgspec.Raw]) -> list[tuple[str, str]]:
    r"""Return the texts of a command's earlier outputs whose formulas define commands.

    As on a notebook's page, a ``\newcommand`` holds for all outputs that follow.

    Parameters
    ----------
    earlier
        The JSON of the outputs before the one that is shown.

    Returns
    -------
    list of tuple of str
        The media type and the text of each, for `output_body`.
    """
    found, room = [], _SEARCHED
    for encoded in earlier:
        if len(memoryview(encoded)) > _LARGEST_SEARCHED or not may_define_macros(bytes(encoded)):
            continue
        output = decode_output(encoded)
        if isinstance(output, schemas.Stream | schemas.ErrorOutput):
            continue
        kind = preferred(output.data)
        if kind in {"text/markdown", "text/latex"}:
            text = joined(output.data[kind])
            if len(text) <= room and defines_macros(text):
                found.append((kind, text))
                room -= len(text)
    return found


def make_output_document(output: schemas.Output) -> tuple[bytes, str]:
    """Return an output that needs no rendering, in the representation JupyterLab would choose.

    Parameters
    ----------
    output
        A recorded output of a command without `terminal_text` and `rich_bundle`.

    Returns
    -------
    bytes
        The image's own bytes for an image; a self-contained HTML document for HTML; a sentence for
        types that can't be shown.
    str
        The media type, with the charset where there is one.
    """
    data = {} if isinstance(output, schemas.Stream | schemas.ErrorOutput) else output.data
    kind = preferred(data)
    if kind is None:
        names = ", ".join(data) or "nothing"
        return f"This output is {names}, which can't be shown here.".encode(), PLAIN
    value = data[kind]
    if kind == "image/svg+xml":
        return joined(value).encode("utf-8", "replace"), kind
    if kind in IMAGES:
        return _decoded(joined(value)), kind
    return document(rich_body(kind, value), title="Output", kind=BODY_CLASSES[kind]), HTML


#: The class of a document's body, by media type.
BODY_CLASSES = {
    "text/html": "html",
    "text/markdown": "markdown",
    "text/latex": "math",
    "application/json": "json",
}


def output_body(kind: str, value: Any, before: Sequence[tuple[str, str]]) -> Markup:
    """Return the HTML of a rich representation like `rich_body`, with definitions from `before`."""
    macros: Macros = {}
    if kind in {"text/markdown", "text/latex"}:
        for earlier, text in before:
            rich_body(earlier, text, macros)
    return rich_body(kind, value, macros)


def rich_body(kind: str, value: Any, macros: Macros | None = None) -> Markup:
    """Return the HTML of a rich representation, which may be hostile: only for use in a sandbox.

    Parameters
    ----------
    kind, value
        The media type and the content.
    macros
        The commands that earlier formulas defined; its own are added.
    """
    if kind == "text/html":
        return Markup(joined(value))  # noqa: S704  # shown in a sandbox, never in a page of ours
    if kind == "text/markdown":
        return markdown(joined(value), macros)
    if kind == "text/latex":
        return latex(joined(value), macros)
    return json_body(msgspec.json.encode(value))


def json_body(text: bytes) -> Markup:
    """Return JSON as HTML, indented unless it is too large."""
    pretty = format_json(text).decode()
    shown = pretty[:_LONGEST_JSON]
    try:
        code = highlight(shown, "json")
    except TooLarge:
        code = escape(shown)
    return Markup('<pre class="code">{}</pre>{}').format(
        code,
        Markup('<p class="note">Only the beginning of this JSON is shown.</p>')
        if len(pretty) > len(shown)
        else "",
    )


def terminal_text(output: schemas.Output) -> str | None:
    """Return the terminal text of an output, or None for other outputs."""
    if isinstance(output, schemas.Stream):
        return joined(output.text)
    if isinstance(output, schemas.ErrorOutput):
        return "\n".join(output.traceback)
    kind = preferred(output.data)
    return joined(output.data[kind]) if kind == "text/plain" else None


def rich_bundle(output: schemas.Output) -> schemas.MimeBundle:
    """Return the representation of an output that is slow to render; empty for other outputs."""
    if isinstance(output, schemas.Stream | schemas.ErrorOutput):
        return {}
    kind = preferred(output.data)
    if kind is None or kind == "text/html" or kind not in BODY_CLASSES:
        return {}
    return {kind: output.data[kind]}


def image_source(kind: str, value: Any) -> str:
    """Return an output's image as a ``data:`` URL, for a notebook shown as one document."""
    text = joined(value)
    if kind == "image/svg+xml":
        text = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return f"data:{kind};base64,{escape(text.strip())}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except ValueError:
        # The image is damaged; the browser shows its alternative text.
        return b""
