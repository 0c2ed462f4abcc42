"""Deliver recorded commands to their session: in order, exactly once and without loss.

Each recording is first appended to a journal on disk; a thread delivers it. Commands wait while the
server is unreachable or busy, or the session refuses this user's commands. Commands that can't be
recorded at all are set aside with the reason. Repeated delivery changes nothing, since the server
knows a command by its ID.
"""

from __future__ import annotations

import codecs
import threading
import time

import msgspec

from jupyter_sessions import api, errors, forking, schemas
from jupyter_sessions.backoff import compute_wait, spread_wait
from jupyter_sessions.client.outbox.journal import Adopt, Journal
from jupyter_sessions.client.outbox.journal_file import FAILURES, Destination, Slot, reason
from jupyter_sessions.client.outbox.recovery import take_over_journals
from jupyter_sessions.client.outbox.write_ahead import WriteAhead
from jupyter_sessions.client.transports.base import Caller
from jupyter_sessions.local_files import release_memory, split_pieces
from jupyter_sessions.schemas.encoded import EncodedRecording

BATCH = 100  #: most commands in one request
BATCH_SIZE = 8 << 20  #: most bytes in one request, except for a single larger command
LOOK_AROUND = 60.0  #: seconds between searches for commands of ended processes
_LONG_AGO = float("-inf")
TRIES = 5  #: failures of a healthy server at one command before it is set aside
#: Minimum number of seconds before a command is set aside because its connection breaks each time:
#: a network that interrupts requests can at first look as if the command were the cause.
DOUBTED_FOR = 300.0

# The session takes nothing from this user until it is enabled or restored, or a role is granted.
_SESSION_REFUSES = (
    errors.SessionDisabled,
    errors.RoleMissing,
    errors.NoSuchSession,
    errors.WrongState,
)
# The server is temporarily unable.
_PASSING = (
    errors.StoreBusy,
    errors.StoreFull,
    errors.StoreUnusable,
    errors.TooManyTries,
    errors.NotLoggedIn,
    errors.Forbidden,  # a matter of the server's configuration: no role permits it
    errors.NoLogin,
    errors.NotASessionsServer,
    errors.ServerNotTrusted,
)
# The server is unable, or fails at this request.
_DOUBTFUL = (errors.ServerUnreachable, errors.InternalError)


class OutboxDelivery:
    """Delivers recorded commands to a session, from a separate thread.

    It first delivers what other processes of this user left for the same server.

    Parameters
    ----------
    transport
        The transport to use. It belongs to the caller, who closes it after the delivery.
    code
        The session's code.
    first_wait, longest_wait
        Seconds before a failed delivery is retried: initially, and at most.
    longest_hold
        Maximum number of seconds before a session that refused commands is retried; the initial
        wait is `first_wait`, too.
    look_around
        Seconds between searches for commands of ended processes.
    doubted_for
        Minimum number of seconds before a command is set aside because its connection breaks each
        time.
    adopt
        Called with each command that ran when its process ended; returns whether somebody else
        completes it.
    """

    def __init__(
        self,
        transport: Caller,
        code: str,
        *,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
        longest_hold: float = 600.0,
        look_around: float = LOOK_AROUND,
        doubted_for: float = DOUBTED_FOR,
        adopt: Adopt | None = None,
    ) -> None:
        self._transport = transport
        self._destination = Destination(transport.server, transport.user, code)
        self._waits = first_wait, longest_wait
        self._again = first_wait, longest_hold
        self._look_around = look_around
        self._adopt = adopt
        self._own = Journal(self._destination)
        self._orphaned: list[Journal] = []
        self._looked = _LONG_AGO
        self._taken_over = threading.Event()
        self._held_until = _LONG_AGO  # when to retry its session
        self._changed = threading.Condition()
        self._appended = threading.Event()
        self._hurry = self._hurry_orphaned = False
        self._closing = False
        self._batch = BATCH
        self._failures = 0  # consecutive failures
        self._doubts = 0  # those of a server that was otherwise healthy
        self._doubted_for = doubted_for
        self._doubted_since = _LONG_AGO
        self._obstacle = ""
        self._store_error: errors.StoreGone | None = None
        self._put_aside = 0
        self._last_refusal = ""
        self._idle = self._forked = False
        self._threads = [
            threading.Thread(target=work, name=f"jupyter_sessions {work.__name__}", daemon=True)
            for work in (self._deliver, self._sync)
        ]
        for thread in self._threads:
            thread.start()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Stop delivering: the recording belongs to the parent process."""
        self._changed = threading.Condition()
        self._appended = threading.Event()
        self._threads, self._orphaned, self._closing = [], [], True
        self._obstacle = self._last_refusal = ""
        self._put_aside, self._idle, self._forked = 0, True, True

    @property
    def waiting(self) -> int:
        """The number of commands of this process that are not in the session yet."""
        return self._own.waiting

    @property
    def journals(self) -> list[Journal]:
        """The journals to deliver from; this process's own comes last."""
        return [*self._orphaned, self._own]

    @property
    def problem(self) -> str | None:
        """The reason why commands are not delivered, in words for the user, or None."""
        if self._forked:
            return "This process was forked from the one that records, so it is not recorded."
        told = []
        held = self._own.held
        if held is not None and self.waiting:
            why = f"{held.why.message} {held.why.hint}".strip()
            told.append(f"{_commands(self.waiting)} not recorded yet: {why}")
        elif self._obstacle and (waiting := sum(each.waiting for each in self.journals)):
            told.append(f"{_commands(waiting)} not recorded yet: {self._obstacle}")
        if self._put_aside:
            told.append(f"{_commands(self._put_aside)} not recorded: {self._last_refusal}")
        if self._own.lost:
            told.append(f"{_commands(self._own.lost)} lost: {self._own.lost_reason}.")
        elif self._own.trouble:
            told.append(f"The outbox can't be written ({self._own.trouble}); it is in memory only.")
        return " ".join(told) or None

    @property
    def held(self) -> str:
        """The code of the error with which the session refuses commands now, or empty."""
        held = self._own.held
        return held.why.code if held is not None else ""

    def write_ahead(self) -> WriteAhead | None:
        """Open the write-ahead files, which survive this process, for commands not sent yet."""
        return self._own.write_ahead()

    @property
    def store_error(self) -> errors.StoreGone | None:
        """The error if the store has been moved or removed, else None."""
        return self._store_error if self._obstacle else None

    def send(self, recording: schemas.Recording) -> None:
        """Take a command; it survives the process once this returns. Never raises.

        A newer version of the same command completes it or replaces its response.
        """
        self._own.append(recording)
        self._appended.set()
        with self._changed:
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Retry now if needed, and wait until all commands are in the session or set aside.

        It does not wait for a session that refuses commands.

        Parameters
        ----------
        timeout
            In seconds.

        Returns
        -------
        bool
            Whether no command is waiting any more.
        """
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not self.waiting or (self._is_held() and not self._hurry), timeout
            )
            return not self.waiting

    def wait_until_taken_over(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until what ended processes have left is known."""
        self._taken_over.wait(timeout)

    def deliver_orphaned(self, timeout: float, *, held: bool) -> None:
        """Wait until commands of ended processes are delivered, or can't be.

        Parameters
        ----------
        timeout
            In seconds.
        held
            Whether to retry now what a session has refused.
        """
        with self._changed:
            if held and not self._forked:
                self._hurry = self._hurry_orphaned = True
                self._idle, self._failures = False, 0
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._idle or self._failures, timeout)

    def close(self, timeout: float) -> bool:
        """Flush, then stop; undelivered commands wait on disk for another process.

        Parameters
        ----------
        timeout
            In seconds; it is exceeded by a moment at most.

        Returns
        -------
        bool
            Whether no command waits any more.
        """
        end = time.monotonic() + timeout
        delivered = self.flush(timeout)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._appended.set()
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.05))
        return delivered

    # ---- the threads

    def _sync(self) -> None:
        while not self._closing:
            self._appended.wait()
            self._appended.clear()
            self._own.sync()

    def _deliver(self) -> None:
        while not self._closing:
            try:
                if self._hurry:
                    self._hurry, self._held_until = False, _LONG_AGO
                self._take_over_orphaned()
                self._own.compact()
                journal = next((each for each in self.journals if self._is_due(each)), None)
                if journal is None:
                    self._rest()
                else:
                    self._deliver_from(journal)
            except Exception as error:  # noqa: BLE001 - `problem` reports it, and nothing is lost
                self._back_off(f"{type(error).__name__}: {error}")
        for journal in self.journals:
            journal.close()

    def _is_due(self, journal: Journal) -> bool:
        return journal.waiting > 0 and not (journal is self._own and self._is_held())

    def _is_held(self) -> bool:
        return time.monotonic() < self._held_until

    def _take_over_orphaned(self) -> None:
        if time.monotonic() < self._looked + self._look_around and not self._hurry_orphaned:
            return
        again = None if self._hurry_orphaned else self._again
        to = self._destination
        taken_up = to.session if self._looked == _LONG_AGO else ""
        self._looked, self._hurry_orphaned = time.monotonic(), False
        try:
            self._orphaned += take_over_journals(to.server, to.user, again, taken_up, self._adopt)
        except FAILURES as error:
            self._obstacle = f"the outbox can't be read ({reason(error)})."
        self._taken_over.set()

    def _rest(self) -> None:
        for journal in self._orphaned:
            journal.close()
        self._orphaned.clear()
        with self._changed:
            self._idle = not self._hurry
            self._changed.notify_all()
            held = self._held_until - time.monotonic() if self._is_held() else self._look_around
            self._changed.wait_for(
                lambda: self._is_due(self._own) or self._hurry or self._closing,
                min(held, self._look_around),
            )
            self._idle = False

    def _back_off(self, obstacle: str) -> None:
        self._obstacle = obstacle
        self._failures += 1
        first, longest = self._waits
        wait = spread_wait(compute_wait(self._failures, first, longest))
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._hurry or self._closing, wait)

    # ---- one batch

    def _deliver_from(self, journal: Journal) -> None:
        batch = journal.head(self._batch, BATCH_SIZE)
        recordings = []
        for slot in batch:
            try:
                recordings.append(_decode(journal.view(slot)))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                damaged = errors.BadRequest(
                    f"It does not have the form of a recording: {error}.",
                    hint="Run the cell again.",
                )
                self._refuse(journal, [slot], damaged)
                return
        try:
            self._transport.call(
                api.RECORD_COMMANDS,
                schemas.RecordCommands(code=journal.destination.session, commands=recordings),
            )
        except _SESSION_REFUSES as error:
            self._hold(journal, error)
        except errors.SessionsError as error:
            self._failed(journal, batch, error)
        else:
            self._went_well(journal, batch)

    def _went_well(self, journal: Journal, batch: list[Slot]) -> None:
        journal.settle(batch)
        self._obstacle = ""
        self._failures = self._doubts = 0
        self._batch = min(self._batch * 2, BATCH)
        with self._changed:
            self._changed.notify_all()

    def _failed(self, journal: Journal, batch: list[Slot], error: errors.SessionsError) -> None:
        """Find out whether the server or a command in the batch fails, and which command."""
        told = f"{error.message} {error.hint}".strip()
        self._store_error = error if isinstance(error, errors.StoreGone) else None
        if isinstance(error, _PASSING):
            self._back_off(told)
        elif not isinstance(error, _DOUBTFUL):
            if len(batch) == 1:
                self._refuse(journal, batch, error)
            self._batch = max(len(batch) // 2, 1)
        else:
            self._doubts = self._doubts + 1 if self._server_is_well() else 0
            if self._doubts == 1:
                self._doubted_since = time.monotonic()
            if len(batch) == 1 and self._doubts >= TRIES and self._doubted_enough(error):
                self._doubts = 0
                self._refuse(journal, batch, error)
                return
            if self._doubts > 1:
                self._batch = max(len(batch) // 2, 1)
            self._back_off(told)

    def _doubted_enough(self, error: errors.SessionsError) -> bool:
        """Tell whether the command fails, and not the network."""
        if not isinstance(error, errors.ServerUnreachable):
            return True
        return time.monotonic() - self._doubted_since >= self._doubted_for

    def _server_is_well(self) -> bool:
        try:
            health = self._transport.call(api.CHECK_HEALTH, schemas.Nothing())
        except errors.SessionsError:
            return False
        return health.ok and health.writable

    def _hold(self, journal: Journal, error: errors.SessionsError) -> None:
        """Postpone a session's commands; those for other sessions need not wait."""
        hold = journal.hold(error)
        self._obstacle = ""
        self._failures = 0
        if journal is self._own:
            self._held_until = time.monotonic() + hold.wait(*self._again)
        else:
            self._orphaned.remove(journal)
            journal.close()
        with self._changed:
            self._changed.notify_all()

    def _refuse(self, journal: Journal, batch: list[Slot], error: errors.SessionsError) -> None:
        self._last_refusal = error.message
        for slot in batch:
            # Set the problem first: waiting callers look at it next.
            self._put_aside += 1
            try:
                journal.refuse(slot, error)
            except OSError as failure:
                self._put_aside -= 1
                self._back_off(f"they were refused and can't be put aside ({reason(failure)}).")
                return
        self._obstacle = ""
        self._failures = 0
        with self._changed:
            self._changed.notify_all()


def _decode(content: bytes | memoryview) -> schemas.Recording:
    """Decode a line of a journal as far as its delivery needs."""
    # The parts that stay JSON are not checked otherwise.
    if isinstance(content, memoryview):
        read = codecs.getincrementaldecoder("utf-8")().decode
        for piece in split_pieces([content]):
            read(piece)
        read(b"", final=True)
    elif not content.isascii():
        content.decode()
    recording = msgspec.json.decode(content, type=EncodedRecording)
    release_memory()
    return recording


def _commands(count: int) -> str:
    return "1 command is" if count == 1 else f"{count} commands are"
