"""Register use cases: the functions that implement the operations of the table.

A use case is ``run(context, request) -> answer``. Work that must not delay the transaction (hashing
a password, storing outputs as blobs) is its preparation, ``prepare(preparation, request)``, whose
result is in ``context.prepared``. The preparation of a ``light`` request takes little work and
stores nothing, so it runs where the request arrives. Use cases with ``hashes`` set wait in a short
queue of their own; before that, their ``gate`` may refuse a request. Each person may run only a few
``costly`` requests at a time. Requests that wait at the same time may be performed ``together``. An
operation that requires a lesser role for the caller's own objects has an ``author``, which returns
whose the object is.
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
    """What a preparation may use; it runs outside any transaction.

    `credentials` is the caller, `address` their network address, if over HTTP, `now` the time.
    """

    services: Services
    database: Database
    address: str = ""
    credentials: Credentials = field(default_factory=Anonymous)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Passed(NamedTuple):
    """A request that a gate let through to the queue for hashing.

    Attributes
    ----------
    who
        Whose queue it waits in.
    known
        Whether it comes from somebody who has logged in before.
    withdraw
        Called if it was not run after all.
    """

    who: Hashable
    known: bool
    withdraw: Callable[[], None]


class Batch(NamedTuple):
    """How to combine one person's waiting requests in one session into a single one.

    Attributes
    ----------
    marks
        Returns, for a prepared request, what no two combined requests may have in common.
    join
        Combines several requests and their preparations into one.
    split
        Splits the one answer into an answer to each request.
    """

    marks: Callable[[Any], Collection[Hashable]]
    join: Callable[[Sequence[Any], Sequence[Any]], tuple[Any, Any]]
    split: Callable[[Any, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class UseCase:
    """The functions that implement an operation."""

    run: Callable[[Context, Any], Any]
    prepare: Callable[[Preparation, Any], Any] | None = None
    light: Callable[[Any], bool] | None = None
    together: Batch | None = None
    author: Callable[[Context, Any], int | None] | None = None
    hashes: bool = False
    gate: Callable[[Preparation, Any], Passed] | None = None
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
    gate: Callable[[Preparation, Req], Passed] | None = None,
    costly: Callable[[Req], bool] | None = None,
) -> Callable[[Callable[[Context, Req], Any]], Callable[[Context, Req], Any]]:
    """Register the decorated function as the implementation of `operation`."""

    def register(run: Callable[[Context, Req], Any]) -> Callable[[Context, Req], Any]:
        if operation.name in USE_CASES:
            raise ValueError(f"{operation.name} is implemented twice")
        USE_CASES[operation.name] = UseCase(
            run, prepare, light, together, author, hashes, gate, costly
        )
        return run

    return register
