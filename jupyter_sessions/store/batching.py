"""Units of work that can be done in one go, as if somebody had asked for all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple


class BatchedCall(NamedTuple):
    """How a unit of work is done together with those of its kind that stand next to it.

    Attributes
    ----------
    kind
        Only what is of an equal kind is done together.
    marks
        What no two may have in common, lest it matter which of them came first.
    part
        What `together` is given of it.
    together
        Does several, given the transaction and their parts, and returns the result of each.
    """

    kind: Hashable
    marks: Collection[Hashable]
    part: Any
    together: Callable[[Any, Sequence[Any]], Sequence[Any]]


def runs(joints: Iterable[BatchedCall | None]) -> Iterator[int]:
    """Yield how many of these, from the first on, are done at a time; their order stays.

    Parameters
    ----------
    joints
        None for a unit of work that is always done by itself.
    """
    kind: Hashable = None
    marks: set[Hashable] = set()
    length = 0
    for joint in joints:
        if joint is not None and length and joint.kind == kind and marks.isdisjoint(joint.marks):
            length += 1
        else:
            if length:
                yield length
            length = 1
            kind, marks = (None, set()) if joint is None else (joint.kind, set())
        if joint is not None:
            marks.update(joint.marks)
    if length:
        yield length
