"""Dispatch operations: authenticate the caller, check permissions and run the use case.

The dispatcher resolves the principal, loads the session, checks role and state, runs the use case
and saves the session, all in one transaction. A use case can't be reached in any other way, so none
can be reached without the required role.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import select

from jupyter_sessions import errors, schemas
from jupyter_sessions.api import FOLLOW_EVENTS, Needs, Operation
from jupyter_sessions.core import idempotency, integrity, maintenance, permissions
from jupyter_sessions.core.accounts import accounts, own_account
from jupyter_sessions.core.auth import (
    audit,
    confirmation,
    external_groups,
    group_management,
    groups,
    login_limits,
    logins,
    principals,
)
from jupyter_sessions.core.concurrency_limits import Turns, pass_on
from jupyter_sessions.core.context import Context, Principal, Services
from jupyter_sessions.core.history import commands, recording
from jupyter_sessions.core.registry import USE_CASES, Preparation, UseCase
from jupyter_sessions.core.sessions import events, invitations, join, members, presence, sessions
from jupyter_sessions.core.types import Anonymous, Credentials, Follower, Identified, Limits, Viewed
from jupyter_sessions.core.webspace import capability_urls, files, scratch
from jupyter_sessions.errors import BadName, NoKernels, NoSuchSession, NotLoggedIn
from jupyter_sessions.store.batching import BatchedCall
from jupyter_sessions.store.blobs import Blob, Blobs, BlobWriter
from jupyter_sessions.store.database import Database, Invocation, Transaction
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import settings
from jupyter_sessions.store.workers import FairWorkers, Workers

#: The modules whose use cases make up `USE_CASES`.
NOUNS = (
    accounts,
    integrity,
    audit,
    confirmation,
    events,
    group_management,
    groups,
    commands,
    maintenance,
    invitations,
    join,
    logins,
    members,
    sessions,
    own_account,
    logins,
    presence,
    recording,
    scratch,
    sessions,
    sessions,
    capability_urls,
    files,
)

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")
T = TypeVar("T")
Upload = Path | bytes | BlobWriter

_PREPARERS = 4
# A hash keeps two cores busy for some tenths of a second, and takes 64 MiB.
_HASHERS = 2
# Fewer than there are readers, so that searches can't keep all readers busy.
_SEARCHES_AT_ONCE = 2
_MOST_SEARCHES_WAIT = 8


@dataclass(frozen=True)
class Place:
    """Where a request comes from, and the base URL under which that caller reaches this store.

    `idempotency_key` is the request's idempotency key.
    """

    server: str | None = None
    address: str = ""
    idempotency_key: str | None = None


NOWHERE = Place()


@dataclass(frozen=True)
class _Prepared:
    """The result or failure of a preparation; hidden from the caller until they are admitted."""

    value: Any = None
    failure: Exception | None = None

    def result(self) -> Any:
        if self.failure is not None:
            raise self.failure
        return self.value


class Following(NamedTuple):
    """The event after which a follower starts, and the follower's identity."""

    session_id: int
    after: int
    principal: Principal


class Dispatcher:
    """Run the operations of the table on one store.

    Parameters
    ----------
    database
        An SQLAlchemy URL.
    blobs
        A folder, or the URL of an object store.
    limits
        What the store accepts and keeps.
    clock
        Returns the current time in UTC.
    """

    def __init__(
        self,
        database: str,
        blobs: str | Path,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.blobs = Blobs(blobs)
        self.database = Database(database, self._describe_orphaned_blobs)
        self.limits = limits or Limits()
        self._clock = clock
        try:
            secret = self._secret()
        except BaseException:
            self.database.close()
            raise
        self._services = Services(blobs=self.blobs, limits=self.limits, secret=secret)
        self._preparation = Preparation(self._services, self.database)
        self._preparers = Workers(_PREPARERS, "sessions-prepare")
        self._hashers = FairWorkers(_HASHERS, "sessions-hash")
        self._turns = Turns(_SEARCHES_AT_ONCE, _MOST_SEARCHES_WAIT)

    def submit(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        credentials: Credentials,
        *,
        upload: Upload | None = None,
        server: str | None = None,
        address: str = "",
        idempotency_key: str | None = None,
    ) -> Future[Any]:
        """Perform an operation for a caller; the future holds the answer or a `SessionsError`.

        Parameters
        ----------
        upload
            The content that comes with the request: bytes, a file, or a blob that was written but
            not stored yet.
        server
            The base URL under which the caller reaches this store, for URLs in the answer.
        address
            The caller's network address: callers who fail too often from one address must wait.
        idempotency_key
            A random text that identifies the request: the same request, sent again, gets the same
            answer as the first time.

        Raises
        ------
        NoKernels
            If the operation concerns a Jupyter server, which a store is not.
        TooManyTries
            If the caller has failed too often.
        """
        if operation.needs.jupyter:
            raise NoKernels
        if idempotency_key is not None:
            idempotency_key = idempotency.check_key(idempotency_key) if operation.keyed else None
        place = Place(server, address, idempotency_key)
        refused = partial(self._refused, operation, request, credentials, place)
        submit = partial(self._submit, operation, request, credentials, upload, place)
        costly = USE_CASES[operation.name].costly
        try:
            future = self._in_turn(credentials, submit) if costly and costly(request) else submit()
        except errors.SessionsError as error:
            refused(error)
            raise
        if not audit.is_audited(operation):
            future.add_done_callback(lambda done: refused(done.exception()))
            return future
        # A refusal is in the log before the caller learns of it.
        answer: Future[Any] = Future()

        def answer_after(done: Future[Any]) -> None:
            kept = refused(done.exception())
            if kept is None:
                pass_on(done, answer)
            else:
                kept.add_done_callback(lambda _: pass_on(done, answer))

        future.add_done_callback(answer_after)
        return answer

    def _in_turn(self, credentials: Credentials, submit: Callable[[], Future[Any]]) -> Future[Any]:
        """Run costly work when it is the caller's turn, whichever of their logins they use."""
        answer: Future[Any] = Future()

        def who(transaction: Transaction) -> int:
            return principals.resolve(
                transaction.connection, credentials, now=self._clock(), writes=False
            ).user_id

        def known(found: Future[int]) -> None:
            if found.exception() is not None:
                pass_on(found, answer)
            else:
                self._turns.take(found.result(), submit, answer)

        self.database.read(who).add_done_callback(known)
        return answer

    def _submit(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        credentials: Credentials,
        upload: Upload | None,
        place: Place,
    ) -> Future[Any]:
        use_case = USE_CASES[operation.name]
        default = getattr(request, "code", None) == "default"
        light = use_case.prepare is None or (use_case.light is not None and use_case.light(request))
        if light and upload is None and not default:
            prepared = self._prepare(use_case, request, credentials, place)
            return self._run(operation, use_case, request, credentials, place, prepared, None)
        run = partial(
            self._prepare_and_run, operation, use_case, request, credentials, place, upload
        )
        if not use_case.hashes:
            return self._preparers.submit(run)
        if use_case.gate is not None:
            preparation = replace(self._preparation, address=place.address)
            passed = use_case.gate(preparation, request)
            return self._hashers.submit(
                passed.who, run, known=passed.known, give_up=passed.withdraw
            )
        # Whoever comes with a key does not wait behind those who log in from the same network.
        who = type(credentials).__name__, login_limits.get_network(place.address)
        return self._hashers.submit(who, run)

    def recognise(self, credentials: Identified) -> None:
        """Store the groups that an identity provider names for a user, if they have changed."""

        def take_over(transaction: Transaction) -> None:
            context = self._context(transaction, principals.NOBODY)
            external_groups.take_over(context, credentials)

        if self.database.read(
            lambda tx: external_groups.differ(tx.connection, credentials)
        ).result():
            # A caller who can't have an account here gets the error from the operation they
            # request.
            with suppress(NotLoggedIn, BadName):
                self.database.write(take_over).result()

    def check(
        self, operation: Operation[Req, Ans], request: Req, credentials: Credentials
    ) -> Future[None]:
        """Check whether a caller may perform an operation now, before its content is received."""

        def work(transaction: Transaction) -> None:
            self._admit(transaction, operation, request, credentials, NOWHERE, lock=False)

        if getattr(request, "code", None) != "default":
            return self.database.read(work)
        return self._preparers.submit(
            lambda: self.check(
                operation, self._resolve_default(request, credentials), credentials
            ).result()
        )

    def view(self, token: str, path: str) -> Future[Viewed]:
        """Resolve a capability URL; see `core.webspace.capability_urls`."""
        return self.database.read(
            lambda transaction: capability_urls.look(
                self._context(transaction, principals.NOBODY), token, path
            )
        )

    def follow(self, request: schemas.Follow, credentials: Credentials) -> Future[Following]:
        """Let a caller follow a session live, if they may."""

        def work(transaction: Transaction) -> Following:
            context = self._admit(
                transaction, FOLLOW_EVENTS, request, credentials, NOWHERE, lock=False
            )
            after = USE_CASES[FOLLOW_EVENTS.name].run(context, request)
            return Following(context.session.id, after, context.principal)

        return self.database.read(work)

    def advance(
        self,
        session_id: int,
        code: str,
        after: int,
        callers: Collection[Credentials],
        *,
        check: bool,
    ) -> Future[events.Progress]:
        """Read the events that are new to a session's followers; see `core.sessions.events`."""

        def work(transaction: Transaction) -> events.Progress:
            def admit(credentials: Credentials) -> None:
                request = schemas.Follow(code=code)
                self._admit(transaction, FOLLOW_EVENTS, request, credentials, NOWHERE, lock=False)

            context = self._context(transaction, principals.NOBODY)
            return events.advance(context, session_id, after, callers, admit, check=check)

        return self.database.read(work)

    def store_followers(
        self, server: str, started: list[Follower], stopped: list[str], *, beat: bool
    ) -> Future[None]:
        """Store who follows sessions at a server; see `core.sessions.presence`."""
        return self._as_server(
            lambda context: presence.store_followers(context, server, started, stopped, beat=beat)
        )

    def end_replaced(self, before: str, now: str) -> Future[None]:
        """End the login whose key was replaced by another one in a browser."""
        return self._as_server(lambda context: logins.end_replaced(context, before, now))

    def tidy(self) -> None:
        """Close expired sessions, purge those removed long ago, and sweep the blobs."""
        for work in (
            maintenance.close_expired,
            maintenance.purge_removed,
            maintenance.end_guests,
            maintenance.drop_old_keys,
            idempotency.drop_old,
            maintenance.drop_old_audit,
            presence.drop_lapsed,
        ):
            self._as_server(work).result()
        self.blobs.sweep(self._as_server(maintenance.drop_unreferenced_blobs).result())

    def close(self) -> None:
        """Finish the accepted work, and close the store."""
        self._hashers.close()
        self._preparers.close()
        self.database.close()

    def _refused(
        self,
        operation: Operation[Any, Any],
        request: Any,
        credentials: Credentials,
        place: Place,
        error: BaseException | None,
    ) -> Future[Any] | None:
        """Write to the audit log that an operation was refused, if it was.

        Returns
        -------
        Future or None
            Done when the database has stored the entry; None if there is nothing to wait for.
        """
        if not isinstance(error, errors.SessionsError) or not audit.is_refusal(operation, error):
            return None
        if isinstance(credentials, Anonymous) and not audit.is_audited(operation):
            return None  # every page checks who the caller is, and the access log has it
        told = audit.refusal(operation, error, credentials, place.address)
        now = self._clock()
        entry = {"at": now, "kind": audit.get_kind(operation), **told}
        if not audit.is_stored(operation, error):
            audit.write_line(entry, refused=True)
            return None

        def keep(transaction: Transaction) -> dict[str, Any]:
            return audit.store_refusal(
                transaction.connection,
                operation,
                told,
                request,
                now=now,
                secret=self._services.secret,
            )

        def write(stored: Future[dict[str, Any]]) -> None:
            # An entry that the database does not accept still goes to the log.
            whole = entry if stored.exception() is not None else stored.result()
            audit.write_line(whole, refused=True)

        try:
            kept = self.database.write(keep)
        except errors.SessionsError:  # the store is being closed
            audit.write_line(entry, refused=True)
            return None
        kept.add_done_callback(write)
        return kept

    def check_next(self, after: str) -> schemas.StoreCheck:
        """Verify a part of the store; see `core.integrity`."""
        return integrity.check_next(self.database, self.blobs, after)

    def note_check(self, damaged: int) -> None:
        """Store the result of a check of the whole store."""
        self._as_server(lambda context: integrity.note_outcome(context, damaged)).result()

    def _describe_orphaned_blobs(self) -> str:
        return "" if self.blobs.empty else f"there are blobs of a store in {self.blobs.place}"

    def _note_use(self, key_id: int | None) -> None:
        """Record the use of a login that only reads, so that it does not expire as unused."""
        if key_id is not None:
            now = self._clock()
            self.database.write(lambda tx: principals.note_use(tx.connection, key_id, now))

    def _secret(self) -> bytes:
        stored = select(settings.c.value).where(settings.c.name == "secret")

        def look(transaction: Transaction) -> str | None:
            return transaction.connection.execute(stored).scalar()

        def make(transaction: Transaction) -> str:
            # If two servers start at once on a new database, one of them creates it for both.
            new = upsert(transaction.connection, settings)
            transaction.connection.execute(
                new.values(name="secret", value=secrets.token_hex()).on_conflict_do_nothing()
            )
            return str(transaction.connection.execute(stored).scalar_one())

        found = self.database.read(look).result() or self.database.write(make).result()
        return bytes.fromhex(found)

    def _as_server(self, work: Callable[[Context], T]) -> Future[T]:
        return self.database.write(
            lambda transaction: work(self._context(transaction, principals.NOBODY))
        )

    def _context(
        self, transaction: Transaction, principal: Principal, place: Place = NOWHERE
    ) -> Context:
        return Context(
            transaction=transaction,
            principal=principal,
            now=self._clock(),
            services=self._services,
            server=place.server,
            address=place.address,
        )

    def _prepare_and_run(
        self,
        operation: Operation[Any, Any],
        use_case: UseCase,
        request: Any,
        credentials: Credentials,
        place: Place,
        upload: Upload | None,
    ) -> Any:
        request = self._resolve_default(request, credentials)
        # Nothing is stored for callers who lack permission. The transaction repeats this check.
        self.check(operation, request, credentials).result()
        prepared = self._prepare(use_case, request, credentials, place)
        prepared.result()
        blob = None if upload is None else self._store(upload)
        return self._run(operation, use_case, request, credentials, place, prepared, blob).result()

    def _prepare(
        self, use_case: UseCase, request: Any, credentials: Credentials, place: Place
    ) -> _Prepared:
        if use_case.prepare is None:
            return _Prepared()
        preparation = self._preparation
        if not use_case.light:  # light requests are the hot path, and need none of this
            preparation = replace(
                preparation, address=place.address, credentials=credentials, now=self._clock()
            )
        try:
            return _Prepared(use_case.prepare(preparation, request))
        except Exception as error:  # noqa: BLE001  # the error belongs to the caller who waits, once admitted
            return _Prepared(failure=error)

    def _store(self, upload: Upload) -> Blob:
        if isinstance(upload, BlobWriter):
            return upload.store()
        return self.blobs.put(upload) if isinstance(upload, bytes) else self.blobs.put_file(upload)

    def _resolve_default(self, request: Any, credentials: Credentials) -> Any:
        """Replace ``default`` in a request by the code of the caller's default session."""
        if getattr(request, "code", None) != "default":
            return request
        code = self.database.write(self._default_code(credentials)).result()
        return msgspec.structs.replace(request, code=code)

    def _default_code(self, credentials: Credentials) -> Invocation[str]:
        def work(transaction: Transaction) -> str:
            now = self._clock()
            principal = principals.resolve(
                transaction.connection, credentials, now=now, writes=True
            )
            if not principal.known:
                raise permissions.nobody()
            if principal.confined or principal.guest:
                # It is in no group, and guests have none.
                raise NoSuchSession
            return sessions.default_code(self._context(transaction, principal))

        return work

    def _admit(
        self,
        transaction: Transaction,
        operation: Operation[Any, Any],
        request: Any,
        credentials: Credentials,
        place: Place,
        *,
        lock: bool,
    ) -> Context:
        """Resolve the principal and the session, and check that the operation is allowed."""
        context = self._resolve(transaction, operation, credentials, place, lock=lock)
        self._check(context, operation, request, lock=lock)
        return context

    def _resolve(
        self,
        transaction: Transaction,
        operation: Operation[Any, Any],
        credentials: Credentials,
        place: Place,
        *,
        lock: bool,
    ) -> Context:
        """Resolve the principal."""
        principal = principals.NOBODY
        if operation.needs is not Needs.NOTHING:
            # A caller whose login has ended must be able to log in again.
            principal = principals.resolve(
                transaction.connection,
                credentials,
                now=self._clock(),
                writes=lock and operation.touches_login,
            )
        return self._context(transaction, principal, place)

    @staticmethod
    def _check(
        context: Context, operation: Operation[Any, Any], request: Any, *, lock: bool
    ) -> None:
        """Load the session, and check that the operation is allowed."""
        principal = context.principal
        permissions.check_caller(operation, principal)
        if operation.needs in {Needs.GROUP_MEMBER, Needs.GROUP_OWNER}:
            groups.admit(context, request.name, owner=operation.needs is Needs.GROUP_OWNER)
        role = operation.needs.role
        if role is not None:
            context.open_session = permissions.load(
                context.connection, principal, request.code, now=context.now, lock=lock
            )
            if operation.author_needs is not None and operation.author_needs.role is not None:
                author = USE_CASES[operation.name].author
                if author is not None and author(context, request) == principal.user_id:
                    role = operation.author_needs.role
            permissions.check_role(context.session, principal, role, operation.states)
        permissions.check_fresh(operation, principal, context.now)

    def _run(
        self,
        operation: Operation[Any, Any],
        use_case: UseCase,
        request: Any,
        credentials: Credentials,
        place: Place,
        prepared: _Prepared,
        upload: Blob | None,
    ) -> Future[Any]:
        audited: list[dict[str, Any]] = []

        def carry_out(transaction: Transaction, request: Any, prepared: _Prepared) -> Any:
            context = self._resolve(
                transaction, operation, credentials, place, lock=operation.writes
            )
            audited.clear()  # this may be the second run
            context.audited = audited
            claim = None
            if place.idempotency_key is not None:
                key = place.idempotency_key
                # Before the role check: a session that was removed can't be removed again.
                claim = idempotency.claim(context, operation, request, key, upload)
                if not isinstance(claim, idempotency.Claim):
                    return claim
            self._check(context, operation, request, lock=operation.writes)
            context.prepared, context.upload = prepared.result(), upload
            if operation.writes and context.open_session and context.session.changes:
                # Loading changes only one thing: a session whose time has run out is closed.
                events.append(context, "session.closed", {"why": "time-out"})
            answer = use_case.run(context, request)
            if context.principal.unnoted and operation.touches_login:
                self._note_use(context.principal.key_id)
            if operation.writes and context.open_session is not None:
                if operation.touches_session:
                    context.session.change(last_used=context.now)
                permissions.save(transaction.connection, context.session)
            if claim is not None:
                claim.keep(context, answer)
            return answer

        def work(transaction: Transaction) -> Any:
            return carry_out(transaction, request, prepared)

        if not operation.writes:
            return self.database.read(work)
        lane = None if operation.needs.role is None else request.code
        together = use_case.together
        if together is None or prepared.failure is not None:
            future = self.database.write(work, lane=lane)
            future.add_done_callback(lambda done: _write_lines(done, audited))
            return future

        def carry_out_all(transaction: Transaction, parts: Sequence[Any]) -> Sequence[Any]:
            requests, values = zip(*parts, strict=True)
            joined, value = together.join(requests, values)
            return together.split(carry_out(transaction, joined, _Prepared(value)), requests)

        kind = (operation.name, request.code, credentials, place)
        marks = together.marks(prepared.value)
        return self.database.write(
            work, BatchedCall(kind, marks, (request, prepared.value), carry_out_all), lane=lane
        )


def _write_lines(done: Future[Any], audited: list[dict[str, Any]]) -> None:
    """Write the audit entries of a transaction to the log, once it is on disk."""
    if audited and done.exception() is None:
        for entry in audited:
            audit.write_line(entry)
