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
from jupyter_sessions.core.damage import DamageNotes
from jupyter_sessions.core.history import commands, recording
from jupyter_sessions.core.registry import USE_CASES, Preparation, UseCase
from jupyter_sessions.core.sessions import events, invitations, join, members, presence, sessions
from jupyter_sessions.core.types import (
    Anonymous,
    Call,
    Credentials,
    Follower,
    Identified,
    Limits,
    Viewed,
)
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
_PREPARERS = 4
# A hash keeps two cores busy for some tenths of a second, and takes 64 MiB.
_HASHERS = 2
# Fewer than there are readers, so that searches can't keep all readers busy.
_SEARCHES_AT_ONCE = 2
_MOST_SEARCHES_WAIT = 8


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
        self._clock = clock
        self.blobs = Blobs(blobs)
        self.database = Database(database, self._describe_orphaned_blobs)
        notes = self.blobs.observer = DamageNotes(self.database, clock)
        self.limits = limits or Limits()
        try:
            secret = self._secret()
        except BaseException:
            self.database.close()
            raise
        self._services = Services(blobs=self.blobs, damage=notes, limits=self.limits, secret=secret)
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
        upload: Path | bytes | BlobWriter | None = None,
        server: str | None = None,
        address: str = "",
        idempotency_key: str | None = None,
    ) -> Future[Any]:
        """Perform an operation for a caller; the future holds the answer or a `SessionsError`.

        The parameters are the attributes of `core.types.Call`.

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
        call = Call(
            operation=operation,
            request=request,
            credentials=credentials,
            upload=upload,
            server=server,
            address=address,
            idempotency_key=idempotency_key,
        )
        costly = USE_CASES[operation.name].costly
        submit = partial(self._submit, call)
        try:
            future = self._in_turn(credentials, submit) if costly and costly(request) else submit()
        except errors.SessionsError as error:
            self._refused(call, error)
            raise
        if not audit.is_audited(operation):
            future.add_done_callback(lambda done: self._refused(call, done.exception()))
            return future
        # A refusal is in the log before the caller learns of it.
        answer: Future[Any] = Future()

        def answer_after(done: Future[Any]) -> None:
            kept = self._refused(call, done.exception())
            if kept is None:
                pass_on(done, answer)
            else:
                kept.add_done_callback(lambda _: pass_on(done, answer))

        future.add_done_callback(answer_after)
        return answer

    def read_together(
        self,
        requests: Sequence[tuple[Operation[Any, Any], Any]],
        credentials: Credentials,
        *,
        server: str | None = None,
        address: str = "",
    ) -> Future[list[Any]]:
        """Perform several operations that only read in one transaction.

        They see the same state of the store, and cost less than separate calls. Each is checked as
        if it came alone. Of an operation that writes, only the check is performed.

        Returns
        -------
        Future
            For each request its answer, or the `SessionsError` that it failed with; None for an
            operation that writes and that the caller may perform now.
        """
        calls = [
            Call(
                operation=operation,
                request=request,
                credentials=credentials,
                server=server,
                address=address,
            )
            for operation, request in requests
        ]
        read = partial(self._read_together, calls)
        if any((costly := _use_case(call).costly) and costly(call.request) for call in calls):
            future = self._in_turn(credentials, read)
        else:
            future = read()

        def note_refusals(done: Future[list[Any]]) -> None:
            for call, result in zip(calls, () if done.exception() else done.result(), strict=False):
                if isinstance(result, errors.SessionsError):
                    self._refused(call, result)

        future.add_done_callback(note_refusals)
        return future

    def _read_together(self, calls: Sequence[Call]) -> Future[list[Any]]:
        if any(_names_default(call) for call in calls):
            return self._preparers.submit(
                lambda: self._read_together(
                    [self._resolve_default(call) for call in calls]
                ).result()
            )

        def work(transaction: Transaction) -> list[Any]:
            answers: list[Any] = []
            noted: int | None = None
            principal: Principal | None = None  # the caller of all, who is resolved once
            for call in calls:
                try:
                    context = self._admit(transaction, call, lock=False, principal=principal)
                    if call.operation.needs is not Needs.NOTHING:
                        principal = context.principal
                    run = _use_case(call).run
                    answers.append(None if call.operation.writes else run(context, call.request))
                except errors.SessionsError as error:
                    answers.append(error)
                    continue
                if context.principal.unnoted and call.operation.touches_login:
                    noted = context.principal.key_id
            self._note_use(noted)
            return answers

        return self.database.read(work)

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

    def _submit(self, call: Call) -> Future[Any]:
        use_case = _use_case(call)
        light = use_case.prepare is None or (
            use_case.light is not None and use_case.light(call.request)
        )
        if light and call.upload is None and not _names_default(call):
            return self._run(call, self._prepare(call))
        run = partial(self._prepare_and_run, call)
        if not use_case.hashes:
            return self._preparers.submit(run)
        if use_case.gate is not None:
            preparation = replace(self._preparation, address=call.address)
            passed = use_case.gate(preparation, call.request)
            return self._hashers.submit(
                passed.who, run, known=passed.known, give_up=passed.withdraw
            )
        # Whoever comes with a key does not wait behind those who log in from the same network.
        who = type(call.credentials).__name__, login_limits.get_network(call.address)
        return self._hashers.submit(who, run)

    def recognise(self, credentials: Identified) -> None:
        """Store the groups that an identity provider names for a user, if they have changed."""

        def take_over(transaction: Transaction) -> None:
            context = self._context(transaction, principals.ANONYMOUS)
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
        """Check whether a caller may perform an operation now, without performing it."""
        return self._check_first(
            Call(operation=operation, request=request, credentials=credentials)
        )

    def _check_first(self, call: Call) -> Future[None]:
        if _names_default(call):
            return self._preparers.submit(
                lambda: self._check_first(self._resolve_default(call)).result()
            )

        def work(transaction: Transaction) -> None:
            self._admit(transaction, call, lock=False)

        return self.database.read(work)

    def open_upload(
        self, operation: Operation[Req, Ans], request: Req, credentials: Credentials
    ) -> Future[BlobWriter]:
        """Open a blob for the content of an operation, for a caller who may perform it now.

        Once it is written, submit it with the same request. The caller is checked again in the
        operation's own transaction, and not in between.
        """
        call = Call(operation=operation, request=request, credentials=credentials)

        def open_writer() -> BlobWriter:
            self._check_first(self._resolve_default(call)).result()
            return self.blobs.writer()

        return self._preparers.submit(open_writer)

    def view(self, token: str, path: str) -> Future[Viewed]:
        """Resolve a capability URL; see `core.webspace.capability_urls`."""
        return self.database.read(
            lambda transaction: capability_urls.look(
                self._context(transaction, principals.ANONYMOUS), token, path
            )
        )

    def follow(self, request: schemas.Follow, credentials: Credentials) -> Future[Following]:
        """Let a caller follow a session live, if they may."""

        def work(transaction: Transaction) -> Following:
            call = Call(operation=FOLLOW_EVENTS, request=request, credentials=credentials)
            context = self._admit(transaction, call, lock=False)
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
                call = Call(operation=FOLLOW_EVENTS, request=request, credentials=credentials)
                self._admit(transaction, call, lock=False)

            context = self._context(transaction, principals.ANONYMOUS)
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

    def _refused(self, call: Call, error: BaseException | None) -> Future[Any] | None:
        """Write to the audit log that an operation was refused, if it was.

        Returns
        -------
        Future or None
            Done when the database has stored the entry; None if there is nothing to wait for.
        """
        operation = call.operation
        if not isinstance(error, errors.SessionsError) or not audit.is_refusal(operation, error):
            return None
        if isinstance(call.credentials, Anonymous) and not audit.is_audited(operation):
            return None  # every page checks who the caller is, and the access log has it
        told = audit.refusal(operation, error, call.credentials, call.address)
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
                call.request,
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
        return integrity.check_next(self.database, self.blobs, after, self._clock)

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
            lambda transaction: work(self._context(transaction, principals.ANONYMOUS))
        )

    def _context(
        self, transaction: Transaction, principal: Principal, call: Call | None = None
    ) -> Context:
        return Context(
            transaction=transaction,
            principal=principal,
            now=self._clock(),
            services=self._services,
            server=call.server if call else None,
            address=call.address if call else "",
        )

    def _prepare_and_run(self, call: Call) -> Any:
        call = self._resolve_default(call)
        if not isinstance(call.upload, BlobWriter):
            # Nothing is stored for callers who lack permission; whoever has a writer was checked
            # before they got it. The transaction repeats this check.
            self._check_first(call).result()
        prepared = self._prepare(call)
        prepared.result()
        blob = None if call.upload is None else self._store(call.upload)
        return self._run(call, prepared, blob).result()

    def _prepare(self, call: Call) -> _Prepared:
        use_case = _use_case(call)
        if use_case.prepare is None:
            return _Prepared()
        preparation = self._preparation
        if not use_case.light:  # light requests are the hot path, and need none of this
            preparation = replace(
                preparation, address=call.address, credentials=call.credentials, now=self._clock()
            )
        try:
            return _Prepared(use_case.prepare(preparation, call.request))
        except Exception as error:  # noqa: BLE001  # the error belongs to the caller who waits, once admitted
            return _Prepared(failure=error)

    def _store(self, upload: Path | bytes | BlobWriter) -> Blob:
        if isinstance(upload, BlobWriter):
            return upload.store()
        return self.blobs.put(upload) if isinstance(upload, bytes) else self.blobs.put_file(upload)

    def _resolve_default(self, call: Call) -> Call:
        """Replace ``default`` in a request by the code of the caller's default session."""
        if not _names_default(call):
            return call
        code = self.database.write(self._default_code(call.credentials)).result()
        return replace(call, request=msgspec.structs.replace(call.request, code=code))

    def _default_code(self, credentials: Credentials) -> Invocation[str]:
        def work(transaction: Transaction) -> str:
            now = self._clock()
            principal = principals.resolve(
                transaction.connection, credentials, now=now, writes=True
            )
            if not principal.known:
                raise permissions.make_login_error()
            if principal.confined or principal.guest:
                # It is in no group, and guests have none.
                raise NoSuchSession
            return sessions.default_code(self._context(transaction, principal))

        return work

    def _admit(
        self,
        transaction: Transaction,
        call: Call,
        *,
        lock: bool,
        principal: Principal | None = None,
    ) -> Context:
        """Resolve the principal and the session, and check that the operation is allowed.

        The `principal` is given if the transaction has resolved the caller before.
        """
        context = self._resolve(transaction, call, lock=lock, principal=principal)
        self._check(context, call, lock=lock)
        return context

    def _resolve(
        self,
        transaction: Transaction,
        call: Call,
        *,
        lock: bool,
        principal: Principal | None = None,
    ) -> Context:
        """Resolve the principal."""
        if call.operation.needs is Needs.NOTHING:
            # A caller whose login has ended must be able to log in again.
            principal = principals.ANONYMOUS
        elif principal is None:
            principal = principals.resolve(
                transaction.connection,
                call.credentials,
                now=self._clock(),
                writes=lock and call.operation.touches_login,
            )
        return self._context(transaction, principal, call)

    @staticmethod
    def _check(context: Context, call: Call, *, lock: bool) -> None:
        """Load the session, and check that the operation is allowed."""
        operation, request = call.operation, call.request
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

    def _run(self, call: Call, prepared: _Prepared, upload: Blob | None = None) -> Future[Any]:
        operation, use_case = call.operation, _use_case(call)
        audited: list[dict[str, Any]] = []

        def carry_out(transaction: Transaction, request: Any, prepared: _Prepared) -> Any:
            context = self._resolve(transaction, call, lock=operation.writes)
            audited.clear()  # this may be the second run
            context.audited = audited
            claim = None
            if call.idempotency_key is not None:
                key = call.idempotency_key
                # Before the role check: a session that was removed can't be removed again.
                claim = idempotency.claim(context, operation, request, key, upload)
                if not isinstance(claim, idempotency.Claim):
                    return claim
            self._check(context, call, lock=operation.writes)
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
            return carry_out(transaction, call.request, prepared)

        if not operation.writes:
            return self.database.read(work)
        lane = None if operation.needs.role is None else call.request.code
        together = use_case.together
        if together is None or prepared.failure is not None:
            future = self.database.write(work, lane=lane)
            future.add_done_callback(lambda done: _write_lines(done, audited))
            return future

        def carry_out_all(transaction: Transaction, parts: Sequence[Any]) -> Sequence[Any]:
            requests, values = zip(*parts, strict=True)
            joined, value = together.join(requests, values)
            return together.split(carry_out(transaction, joined, _Prepared(value)), requests)

        marks = together.marks(prepared.value)
        part = call.request, prepared.value
        joined = BatchedCall(call.kind, marks, part, carry_out_all)
        return self.database.write(work, joined, lane=lane)


def _use_case(call: Call) -> UseCase:
    return USE_CASES[call.operation.name]


def _names_default(call: Call) -> bool:
    return getattr(call.request, "code", None) == "default"


def _write_lines(done: Future[Any], audited: list[dict[str, Any]]) -> None:
    """Write the audit entries of a transaction to the log, once it is on disk."""
    if audited and done.exception() is None:
        for entry in audited:
            audit.write_line(entry)
