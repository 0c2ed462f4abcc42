"""Run each kind of rendering job within its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering.budget import (
    OverBudget,
    TooLarge,
    document_limit,
    piece_limit,
)
from jupyter_sessions.server.rendering.workers.protocol import Job, Rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Largest HTML result of a job, in bytes.
_LARGEST = 48_000_000
#: The limit for all jobs except whole files.
_LARGEST_PIECE = 6_000_000


def run(job: Job, seconds: float) -> Rendered:
    """Run a job within a limit of processor time, or return why that is not possible."""
    limit = document_limit if job.renderer == "file" else piece_limit
    try:
        with limit(seconds):
            rendered = _RENDERERS[job.renderer](job.content.decode("utf-8", "replace"), job.option)
    except OverBudget:
        return Rendered(failure="slow")
    except MemoryError:
        return Rendered(failure="memory")
    except TooLarge:
        return Rendered(failure="large")
    except Exception as error:  # noqa: BLE001  # affects only this job
        return Rendered(failure="failed", detail=repr(error)[:200])
    if rendered.size > (_LARGEST if job.renderer == "file" else _LARGEST_PIECE):
        return Rendered(failure="large")
    return rendered


def _render_code(text: str, language: str) -> Rendered:
    from jupyter_sessions.server.rendering.code import highlight

    return Rendered(html=str(highlight(text, language)))


def _render_terminal(text: str, fold: str) -> Rendered:
    from jupyter_sessions.server.rendering import ansi

    lines = ansi.lines(text)
    first, rest = fold_lines(lines, int(fold))
    return Rendered(html=first, rest=rest, lines=len(lines))


def _render_plain(text: str, _option: str) -> Rendered:
    from jupyter_sessions.server.rendering import ansi

    return Rendered(html=ansi.plain(text))


def fold_lines(lines: Sequence[str], fold: int) -> tuple[str, str]:
    """Return the first lines and the remaining lines.

    A few lines more than `fold` are not worth a click, and stay.
    """
    if len(lines) <= fold + 4:
        return "\n".join(lines), ""
    return "\n".join(lines[:fold]), "\n".join(lines[fold:])


def _render_output(text: str, before: str) -> Rendered:
    from jupyter_sessions.server.rendering.outputs import BODY_CLASSES, output_body

    ((kind, value),) = msgspec.json.decode(text).items()
    html = output_body(kind, value, msgspec.json.decode(before))
    return Rendered(html=str(html), kind=BODY_CLASSES[kind])


def _render_file(text: str, option: str) -> Rendered:
    from jupyter_sessions.server.rendering.files import file_body

    kind, body = file_body(text, msgspec.json.decode(option, type=schemas.File))
    return Rendered(html=str(body), kind=kind)


_RENDERERS: dict[str, Callable[[str, str], Rendered]] = {
    "code": _render_code,
    "terminal": _render_terminal,
    "plain": _render_plain,
    "output": _render_output,
    "file": _render_file,
}
