"""Limit the cost of rendering: processor time and the size of the result.

Time is measured in a worker process that has called `count_time`. Elsewhere, only sizes are
limited.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from markupsafe import Markup, escape

#: Seconds of processor time for one piece of a document: a cell's source, an output.
PIECE = 0.4
#: Extra seconds for a document to write what remains as plain text once its time is over.
_GRACE = 0.25
#: The timer fires again after this, in case a library swallows the first exception.
_AGAIN = 0.05

#: Characters of plain text that are shown in place of content that is not rendered.
LONGEST_PLAIN = 300_000

_REASONS = {
    "slow": "rendering it takes too long",
    "memory": "rendering it takes too much memory",
    "large": "it is too large to be rendered",
    "failed": "it can't be rendered",
    "busy": "the server is busy with other content. Reload the page in a moment",
}


class OverBudget(BaseException):
    """Rendering has used up its time. Libraries that catch every Exception must not catch it."""


class TooLarge(Exception):
    """The content to be rendered, or the result, is too large."""


#: When the time of the document, and of its current piece, is over.
_soft: list[float] = []
_deadlines: list[float] = []
_counted = False


def count_time() -> None:
    """Start measuring time in this process; call it in the main thread, where the system allows."""
    global _counted
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, _expire)
        _counted = True


def _expire(_signal: int, _frame: Any) -> None:
    if _deadlines and time.process_time() >= min(_deadlines):
        raise OverBudget


def _arm() -> None:
    if not _counted:
        return
    if _deadlines:
        left = min(_deadlines) - time.process_time()
        signal.setitimer(signal.ITIMER_PROF, max(left, 0.001), _AGAIN)
    else:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def _limited(deadline: float) -> Iterator[None]:
    _deadlines.append(deadline)
    _arm()
    try:
        yield
    finally:
        _deadlines.pop()
        _arm()


@contextmanager
def document_limit(seconds: float) -> Iterator[None]:
    """Limit the time for a document's pieces, and allow a little more to finish it.

    Raises
    ------
    OverBudget
        When the extra time is over, too.
    """
    _soft.append(time.process_time() + seconds)
    try:
        with _limited(_soft[-1] + _GRACE):
            yield
    finally:
        _soft.pop()


@contextmanager
def piece_limit(seconds: float = PIECE) -> Iterator[None]:
    """Limit the time for a piece to the given time or what remains of its document's.

    Raises
    ------
    OverBudget
        When that is over.
    """
    if is_time_over():
        raise OverBudget
    with _limited(min([time.process_time() + seconds, *_soft])):
        yield


def is_time_over() -> bool:
    """Tell whether no time remains for another piece of the document."""
    return _counted and bool(_soft) and time.process_time() >= _soft[-1]


def render_piece(render: Callable[[], Markup], text: Callable[[], str]) -> Markup:
    """Render a piece of a document; if that fails, show its plain text with a notice.

    Parameters
    ----------
    render
        Renders it.
    text
        Returns its plain text.
    """
    try:
        with piece_limit():
            return render()
    except OverBudget:
        failure = "slow"
    except MemoryError:
        failure = "memory"
    except TooLarge:
        failure = "large"
    except Exception:  # noqa: BLE001  # a failing renderer affects only this piece
        failure = "failed"
    return plain_piece(text(), failure)


def plain_piece(text: str, failure: str) -> Markup:
    """Return a text as HTML with a notice that says why it is not rendered."""
    note = explain(failure, cut=len(text) > LONGEST_PLAIN)
    return Markup('<p class="note">{}</p><pre class="plain">{}</pre>').format(
        note, escape(text[:LONGEST_PLAIN])
    )


def explain(failure: str, *, cut: bool = False) -> str:
    """Say why content is shown as plain text, and whether that is only its beginning."""
    beginning = ", only the beginning" if cut else ""
    return f"Shown as plain text{beginning}: {_REASONS[failure]}."
