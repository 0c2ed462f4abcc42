"""Combine adjacent units of work of the same kind into one call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple


class BatchedCall(NamedTuple):
    """How to perform a unit of work together with adjacent ones of its kind.

    Attributes
    ----------
    kind
        Only units of work of an equal kind are combined.
    marks
        What no two combined units may have in common, so that their order does not matter.
    part
        The argument that this unit contributes to `together`.
    together
        Performs several units, given the transaction and their parts, and returns their results.
    """

    kind: Hashable
    marks: Collection[Hashable]
    part: Any
    together: Callable[[Any, Sequence[Any]], Sequence[Any]]


def runs(joints: Iterable[BatchedCall | None]) -> Iterator[int]:
    """Yield the lengths of consecutive runs that are performed together; the order is kept.

    Parameters
    ----------
    joints
        None stands for a unit of work that is always performed separately.
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
