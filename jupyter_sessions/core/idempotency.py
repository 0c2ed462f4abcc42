"""Implement idempotency keys: answer a repeated request as the first time, and do nothing twice.

A client whose connection broke can't know whether its request was performed. With an idempotency
key it can send the request again and gets the first answer.

No secrets are stored. Rows are found by a hash of the key, which must be random. The request is
stored as an authentication code that can be checked only with the key. A secret in an answer (the
key of a login or an invitation) is not stored: the repeated request gets a new secret, and the
first one, which never arrived, ends.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from jupyter_sessions import schemas
from jupyter_sessions.api import Operation
from jupyter_sessions.core.auth import keys
from jupyter_sessions.core.context import Context
from jupyter_sessions.errors import BadRequest, Conflict
from jupyter_sessions.store.blobs import Blob
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import done_requests

#: How long an answer is kept.
LIFETIME = timedelta(days=1)

_KEY = re.compile(r"[\x21-\x7e]{16,200}")


def check_key(key: str) -> str:
    """Return a valid idempotency key.

    Raises
    ------
    BadRequest
        If it is too short to be random, or is not plain text.
    """
    if not _KEY.fullmatch(key):
        raise BadRequest(
            "An Idempotency-Key must have 16 to 200 visible ASCII characters.",
            hint="Use a random key for each request, for example a UUID.",
        )
    return key


@dataclass(frozen=True)
class Claim:
    """A request that is performed for the first time under its key, in this transaction."""

    id: str

    def keep(self, context: Context, answer: Any) -> None:
        """Store the request's answer."""
        context.connection.execute(
            update(done_requests)
            .where(done_requests.c.id == self.id)
            .values(answer=msgspec.json.encode(_without_secret(answer)))
        )


def claim(
    context: Context, operation: Operation[Any, Any], request: Any, key: str, upload: Blob | None
) -> Claim | Any:
    """Claim a key for a request, or return the stored answer if it was performed before.

    Raises
    ------
    Conflict
        If the key was used for another request.
    """
    whose = f"{context.principal.user_id} {operation.name} {key}"
    id_ = hashlib.sha256(whose.encode()).hexdigest()
    content = b"" if upload is None else upload.sha256.encode()
    code = hmac.digest(key.encode(), msgspec.json.encode(request) + b"\0" + content, "sha256").hex()
    # If another transaction is performing the same request, this waits until it ends.
    new = context.connection.execute(
        upsert(context.connection, done_requests)
        .values(id=id_, request=code, created=context.now)
        .on_conflict_do_nothing()
        .returning(done_requests.c.id)
    )
    if new.first() is not None:
        return Claim(id_)
    row = context.connection.execute(select(done_requests).where(done_requests.c.id == id_)).one()
    if not hmac.compare_digest(row.request, code):
        raise Conflict(
            "This Idempotency-Key was used for a different request.",
            hint="Use a new key for each request, and repeat a key only with the "
            "unchanged request.",
        )
    answer = msgspec.json.decode(row.answer, type=operation.answer)
    return _with_new_secret(context, answer)


def drop_old(context: Context) -> None:
    """Delete the answers that are too old to keep."""
    context.connection.execute(
        delete(done_requests).where(done_requests.c.created <= context.now - LIFETIME)
    )


def _without_secret(answer: Any) -> Any:
    match answer:
        case schemas.NewLogin() | schemas.NewInvitation():
            return msgspec.structs.replace(answer, key="")
        case schemas.Entered():
            return msgspec.structs.replace(answer, login=_without_secret(answer.login))
    return answer


def _with_new_secret(context: Context, answer: Any) -> Any:
    match answer:
        case schemas.NewLogin():
            key = keys.renew(context.connection, answer.login.id or 0)
            return msgspec.structs.replace(answer, key=key)
        case schemas.NewInvitation():
            key = keys.renew(context.connection, answer.invitation.id)
            return msgspec.structs.replace(answer, key=key)
        case schemas.Entered():
            return msgspec.structs.replace(answer, login=_with_new_secret(context, answer.login))
    return answer
