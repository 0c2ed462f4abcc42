"""Write a value's rich display, the fallback for values that no other format takes."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written
from jupyter_sessions.formats.texts import check_json, to_utf8

#: Media types that a display can be saved as, richest first, with their extensions.
ENDINGS = {
    "text/html": ".html",
    "image/svg+xml": ".svg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "text/markdown": ".md",
    "text/latex": ".tex",
    "application/json": ".json",
    "text/plain": ".txt",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }}
body {{ margin: 1.5rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .7rem; text-align: right; }}
thead th {{ border-bottom: 2px solid rgba(128, 128, 128, .6); }}
tbody tr:nth-child(even) {{ background: rgba(128, 128, 128, .09); }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(body: str) -> bytes:
    """Wrap an HTML fragment in a complete page, so that it can be opened directly."""
    return to_utf8(_PAGE.format(body=body))


def encode(media: str, data: Any) -> bytes:
    """Return the bytes of one entry of a MIME bundle.

    Raises
    ------
    BadRequest
        When a binary entry is not valid base64, or the entry has no bytes.
    """
    if isinstance(data, list) and all(isinstance(line, str) for line in data):
        data = "".join(data)
    if isinstance(data, bytes):
        return data
    if not isinstance(data, str):
        check_json(data)
        return json.dumps(data, ensure_ascii=False, indent=1).encode()
    if media.startswith("text/") or media.endswith(("+xml", "json", "javascript")):
        whole = "<html" in data[:1_000].lower()
        return page(data) if media == "text/html" and not whole else to_utf8(data)
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError as error:  # not base64, or not even ASCII
        raise BadRequest(
            f"The output's {media} is damaged: it is not base64.",
            hint="Run the command again.",
        ) from error


def _bundle(value: object) -> dict[str, Any]:
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    formatter: Any = shell.display_formatter if shell is not None else DisplayFormatter()
    plain = formatter.formatters["text/plain"]
    # The display shows the first thousand rows of a long value; a file has room for all.
    longest, plain.max_seq_length = plain.max_seq_length, 0
    try:
        with _without_tracebacks(shell):
            data, _ = formatter.format(value)
    finally:
        plain.max_seq_length = longest
    return dict(data)


@contextmanager
def _without_tracebacks(shell: Any) -> Iterator[None]:
    """Keep IPython from printing tracebacks of failing formatters, since others may succeed."""
    if shell is None:
        with redirect_stderr(io.StringIO()):
            yield
        return
    shown = vars(shell).get("showtraceback")
    shell.showtraceback = lambda *_, **__: None
    try:
        yield
    finally:
        if shown is None:
            del shell.showtraceback
        else:
            shell.showtraceback = shown


def _endings(value: object) -> tuple[str, ...]:
    shown = _bundle(value)
    return tuple(ending for media, ending in ENDINGS.items() if media in shown)


def _write(value: object, ending: str) -> Written:
    media = next(media for media, written in ENDINGS.items() if written == ending)
    return Written(encode(media, _bundle(value)[media]), _describe(value, ending))


def _describe(value: object, ending: str) -> str:
    if type(value).__module__.partition(".")[0] == "IPython" and ending != ".txt":
        return ""  # made to be displayed: HTML, Image, Markdown …
    kind = type(value).__name__
    return f"The file only has what a notebook displays of the {kind}, not the value."


FORMATS = (Format("The display", _endings, lambda _value: True, _write),)
