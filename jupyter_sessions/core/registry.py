"""Which function does what an operation of the table promises.

A use case is ``run(context, request) -> answer``. Work that must not hold up the transaction
(hashing a password, storing outputs as blobs) is its preparation,
``prepare(preparation, request)``, whose result stands in ``context.prepared``; where a request is
``light``, its preparation is so little work, and stores nothing, that it is done where the request
comes in. One that ``hashes`` a password waits in a short queue of its own, and before that its
``gate`` may turn it away. Of what is ``costly`` a person does only some at a time. Requests that
wait at the same time may be done ``together``. An operation with a lesser role for one's own things
has an ``author``: whose the thing is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from jupyter_sessions.api import Operation
from jupyter_sessions.core.context import Context, Services
from jupyter_sessions.core.types import Anonymous, Credentials
from jupyter_sessions.schemas import Request
from jupyter_sessions.store.database import Database

Req = TypeVar("Req", bound=Request)
Ans = TypeVar("Ans")


@dataclass(frozen=True)
class Preparation:
    """What a preparation may use: it runs outside any transaction.

    `asker` is who comes with the request, `address` where they are, if over HTTP, `now` the time.
    """

    services: Services
    database: Database
    address: str = ""
    asker: Credentials = field(default_factory=Anonymous)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Batch(NamedTuple):
    """How requests of one person in one session, which wait side by side, are done as one.

    Attributes
    ----------
    marks
        Given what is prepared of a request: what no two of them may have in common.
    join
        Makes one request of several, and one preparation of theirs.
    split
        Given the one answer and the requests, returns the answer to each.
    """

    marks: Callable[[Any], Collection[Hashable]]
    join: Callable[[Sequence[Any], Sequence[Any]], tuple[Any, Any]]
    split: Callable[[Any, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class UseCase:
    """What is behind an operation."""

    run: Callable[[Context, Any], Any]
    prepare: Callable[[Preparation, Any], Any] | None = None
    light: Callable[[Any], bool] | None = None
    together: Batch | None = None
    author: Callable[[Context, Any], int | None] | None = None
    hashes: bool = False
    gate: Callable[[Preparation, Any], None] | None = None
    costly: Callable[[Any], bool] | None = None


USE_CASES: dict[str, UseCase] = {}


def implements(
    operation: Operation[Req, Ans],
    *,
    prepare: Callable[[Preparation, Req], Any] | None = None,
    light: Callable[[Req], bool] | None = None,
    together: Batch | None = None,
    author: Callable[[Context, Req], int | None] | None = None,
    hashes: bool = False,
    gate: Callable[[Preparation, Req], None] | None = None,
    costly: Callable[[Req], bool] | None = None,
) -> Callable[[Callable[[Context, Req], Any]], Callable[[Context, Req], Any]]:
    """Register the decorated function as what `operation` does."""

    def register(run: Callable[[Context, Req], Any]) -> Callable[[Context, Req], Any]:
        if operation.name in USE_CASES:
            raise ValueError(f"{operation.name} is implemented twice")
        USE_CASES[operation.name] = UseCase(
            run, prepare, light, together, author, hashes, gate, costly
        )
        return run

    return register
