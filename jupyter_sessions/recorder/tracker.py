"""Track the commands of one kernel, and decide when to deliver recordings of them.

Both recorders, for iopub messages and for a terminal, report to a `Tracker`. It does not depend on
where reports come from, and reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from threading import RLock
from typing import Concatenate, Literal, ParamSpec, TypeVar

from jupyter_sessions import schemas
from jupyter_sessions.recorder.outputs import OutputArea, StreamText, Text

#: Seconds after which a command that still runs is announced.
ANNOUNCED_AFTER = 0.5


#: It is delivered again with its outputs so far: at first after this many seconds …
REPEAT_AFTER = 1.0


#: … then at growing intervals, by this fraction of the time that it has run for …
REPEAT_PART = 0.1


#: … but at least at intervals of this many seconds …
REPEAT_AT_LEAST = 15.0


#: … unless that would exceed this many bytes a second.
REPEAT_RATE = 2**16


#: The minimum seconds between two deliveries of an ended command whose outputs change …
ENDED_REPEAT_AFTER = 1.0


#: … and more for large ones, so that at most this many bytes a second are delivered again.
ENDED_REPEAT_RATE = 8 * 2**20


def get_running_due(opened: float, sent: float | None, size: int) -> float:
    """Return when to deliver a running command, for the first time or again.

    Parameters
    ----------
    opened, sent
        When it began and when it was last delivered (None: never), in seconds of one clock.
    size
        Its size at the last delivery, in bytes.
    """
    if sent is None:
        return opened + ANNOUNCED_AFTER
    rarely = min(REPEAT_PART * (sent - opened), REPEAT_AT_LEAST)
    return sent + max(REPEAT_AFTER, rarely, size / REPEAT_RATE)


def get_ended_due(delivered: float, size: int) -> float:
    """Return when to deliver an ended command again; see `get_running_due`."""
    return delivered + max(ENDED_REPEAT_AFTER, size / ENDED_REPEAT_RATE)


#: The maximum size in bytes of the outputs that are kept of a command.
OUTPUT_LIMIT = 256 * 2**20


#: The number of ended commands to keep, since their outputs may still change (an updated display, a
#: thread that keeps printing).
MAX_ENDED = 1000


#: The maximum total size in bytes of the outputs of all ended commands that are kept.
MAX_ENDED_SIZE = 64 * 2**20


OMITTED = "The user who ran this command left its outputs out of the record."


Ending = Literal["completed", "error", "aborted"]


P = ParamSpec("P")

R = TypeVar("R")


def _locked(
    method: Callable[Concatenate[Tracker, P], R],
) -> Callable[Concatenate[Tracker, P], R]:
    """Run a method of a tracker under its lock."""

    @wraps(method)
    def guarded(self: Tracker, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    return guarded


@dataclass
class _Tracked:
    id: str
    request: schemas.CommandRequest
    area: OutputArea
    opened: float
    process: str
    version: int = 0
    displayed: set[str] = field(default_factory=set)
    failed: bool = False
    ended: tuple[Ending, datetime, str] | None = None
    sent: float | None = None
    sent_size: int = 0
    delivered: float | None = None
    last_message: str = ""

    def recording(self, now: float) -> schemas.Recording:
        """Return the current recording of the command, as its next version."""
        self.version += 1
        response = self._response()
        so_far = self._build_so_far(now) if response is None else None
        return schemas.Recording(
            id=self.id,
            request=self.request,
            response=response,
            so_far=so_far,
            version=self.version,
        )

    def _build_so_far(self, now: float) -> schemas.SoFar:
        until = self.request.started + timedelta(seconds=max(0.0, now - self.opened))
        return schemas.SoFar(
            outputs=self.area.to_outputs(), until=until, last_message=self.last_message
        )

    def _response(self) -> schemas.CommandResponse | None:
        if self.ended is None:
            return None
        status, finished, note = self.ended
        return schemas.CommandResponse(
            status=status,
            outputs=self.area.to_outputs(),
            finished=finished,
            duration=(finished - self.request.started).total_seconds(),
            note=" ".join(part for part in (note, self.area.note) if part),
        )

    def finished(self, now: float, reported: datetime | None) -> datetime:
        """Return when the command ended: `reported`, by the clock that gave its start.

        If `reported` is None, or that clock was set back meanwhile, the elapsed time is used.
        """
        if reported is not None and reported >= self.request.started:
            return reported
        return self.request.started + timedelta(seconds=max(0.0, now - self.opened))

    def due(self) -> float:
        """Return when to deliver it (on the monotonic clock), given that it changed."""
        if self.ended is None:
            return get_running_due(self.opened, self.sent, self.sent_size)
        if self.delivered is None:
            return self.opened
        return get_ended_due(self.delivered, self.sent_size)


@dataclass
class _Adopted:
    """What another tracker has delivered of a command that continues here.

    Later recordings of a running command count only if they are of a later time.
    """

    elapsed: float
    outputs: list[schemas.Output]

    def hand_over(self, tracked: _Tracked) -> None:
        tracked.opened -= self.elapsed
        for output in self.outputs:
            tracked.area.add_again(output)


class Tracker:
    """Tracks commands from their start until after their end; thread-safe.

    Every ``now`` is a reading of a monotonic clock, in seconds.

    Parameters
    ----------
    limit
        The maximum size of a command's outputs, in bytes.
    ended_limit
        The maximum total size of the outputs of all ended commands, which may still change, in
        bytes.
    new_text
        Creates the object that keeps the text of streams; see `OutputArea`.
    first_version
        The number from which versions of recordings are counted.
    """

    def __init__(
        self,
        limit: int = OUTPUT_LIMIT,
        ended_limit: int = MAX_ENDED_SIZE,
        new_text: Callable[[str], Text] = StreamText,
        first_version: int = 0,
    ) -> None:
        self.limit = limit
        self._first_version = first_version
        self.ended_limit = ended_limit
        self._new_text = new_text
        self._lock = RLock()
        self._open: dict[str, _Tracked] = {}
        self._ended: dict[str, _Tracked] = {}
        self._ended_size = 0
        self._unsent: dict[str, _Tracked] = {}
        self._in_delivery: dict[str, None] = {}
        # For each display, the commands that show it, in the order of their starts.
        self._displays: dict[str, dict[str, None]] = {}
        self._adopted: dict[str, _Adopted] = {}
        self._message = ""

    @_locked
    def report_from(self, message: str) -> None:
        """Name the message from which the following reports come; recordings say which was last."""
        self._message = message

    @_locked
    def adopt(self, recording: schemas.Recording, *, with_outputs: bool) -> None:
        """Continue a command of another tracker, which has delivered this, once it is opened here.

        Parameters
        ----------
        recording
            The last recording that the other tracker delivered, of a running command.
        with_outputs
            Whether to begin with its outputs, since they will not be reported again.
        """
        so_far = recording.so_far or schemas.SoFar(outputs=[], until=recording.request.started)
        elapsed = (so_far.until - recording.request.started).total_seconds()
        outputs = so_far.outputs if with_outputs else []
        adopted = _Adopted(max(0.0, elapsed), outputs)
        tracked = self._find(recording.id)
        if tracked is None:
            self._adopted[recording.id] = adopted
        else:
            adopted.hand_over(tracked)

    @_locked
    def open(
        self, command_id: str, request: schemas.CommandRequest, now: float, process: str = ""
    ) -> None:
        """Record that a command was started, in this process of the kernel."""
        if self._find(command_id) is None:
            area = OutputArea(self.limit, self._new_text)
            tracked = _Tracked(
                command_id,
                request,
                area,
                now,
                process,
                version=self._first_version,
                last_message=self._message,
            )
            if (adopted := self._adopted.pop(command_id, None)) is not None:
                adopted.hand_over(tracked)
            self._open[command_id] = self._unsent[command_id] = tracked

    @contextmanager
    def rebuild_ended(self) -> Iterator[None]:
        """Take what is reported in this block as delivered already, by another tracker."""
        with self._lock:
            before = self._open.keys() | self._ended.keys()
            yield
            for command_id in self._ended.keys() - before:
                tracked = self._unsent.pop(command_id)
                tracked.delivered, tracked.sent_size = tracked.opened, tracked.area.size
            for command_id in self._open.keys() - before:  # its end was not among the reports
                del self._open[command_id], self._unsent[command_id]
            self._evict()

    @_locked
    def is_open(self, command_id: str) -> bool:
        """Return whether the command was started and has not ended."""
        return command_id in self._open

    @_locked
    def knows(self, command_id: str) -> bool:
        """Return whether outputs of the command are still accepted, whether or not it has ended."""
        return self._find(command_id) is not None

    def _find(self, command_id: str) -> _Tracked | None:
        return self._open.get(command_id) or self._ended.get(command_id)

    @_locked
    def write(self, command_id: str, name: str, text: str) -> None:
        """Append text to the stream `name` of a command."""
        with self._changing(command_id) as tracked:
            if tracked:
                tracked.area.write(name, text)

    @_locked
    def add(
        self, command_id: str, output: schemas.Output, size: int, display_id: str | None = None
    ) -> None:
        """Append an output of `size` bytes that is not a stream."""
        displayed = display_id if isinstance(output, schemas.DisplayData) else None
        if displayed and isinstance(output, schemas.DisplayData):
            self.update(displayed, output, size)
        with self._changing(command_id) as tracked:
            if tracked is None:
                return
            tracked.area.add(output, size, displayed)
            tracked.failed |= isinstance(output, schemas.ErrorOutput)
            if displayed:
                tracked.displayed.add(displayed)
                self._displays.setdefault(displayed, {})[command_id] = None

    @_locked
    def update(self, display_id: str, output: schemas.DisplayData, size: int) -> None:
        """Replace all outputs that were displayed under `display_id`, in any command."""
        for command_id in self._displays.get(display_id, ()):
            tracked = self._find(command_id)
            if tracked and tracked.area.shows(display_id):
                with self._changing(command_id, own=False):
                    tracked.area.update(display_id, output, size)

    @_locked
    def clear(self, command_id: str, *, wait: bool) -> None:
        """Clear a command's outputs, as a front end does."""
        with self._changing(command_id) as tracked:
            if tracked:
                tracked.area.clear(wait=wait)

    @_locked
    def add_unreadable(self, command_id: str) -> None:
        """Record that an output of a command could not be read."""
        with self._changing(command_id) as tracked:
            if tracked:
                tracked.area.add_unreadable()

    @contextmanager
    def _changing(self, command_id: str, *, own: bool = True) -> Iterator[_Tracked | None]:
        """Note that a command changes, by a message of its own or of another one."""
        tracked = self._find(command_id)
        before = tracked.area.size if tracked else 0
        yield tracked
        if tracked and own:
            tracked.last_message = self._message
        if tracked and tracked.ended:
            self._ended_size += tracked.area.size - before
            self._unsent[command_id] = tracked
        elif tracked and tracked.sent is not None:
            self._unsent[command_id] = tracked

    @_locked
    def end(
        self,
        command_id: str,
        now: float,
        finished: datetime | None = None,
        *,
        status: Ending | None = None,
        note: str = "",
    ) -> None:
        """Record that a command ended; without a status, its outputs determine it.

        `finished` is the time of the end, by the clock that gave its start; it may be omitted.
        """
        tracked = self._open.pop(command_id, None)
        if tracked is None:
            return
        status = status or ("error" if tracked.failed else "completed")
        tracked.ended = status, tracked.finished(now, finished), note
        self._ended[command_id] = self._unsent[command_id] = tracked
        self._ended_size += tracked.area.size

    @_locked
    def end_all(
        self, now: float, note: str, living: str | None = None, finished: datetime | None = None
    ) -> None:
        """Record that running commands will never end, since the kernel is gone.

        With `living`, commands in that process of the kernel are not affected.
        """
        for command_id, tracked in list(self._open.items()):
            if living is None or tracked.process != living:
                self.end(command_id, now, finished, status="aborted", note=note)

    @_locked
    def forget_ended(self) -> None:
        """Discard the ended commands, since nothing can change them any more."""
        self._ended.clear()
        self._displays.clear()
        self._ended_size = 0

    @_locked
    def drop(self, command_id: str, now: float) -> None:
        """Leave a command out of the record.

        A command that was delivered already stays, without its outputs.
        """
        tracked = self._find(command_id)
        if tracked is None:
            return
        told = tracked.sent is not None or tracked.delivered is not None
        tracked.area.clear(wait=False)
        self.end(command_id, now, note=OMITTED)
        self._release(tracked)
        if not told:
            del self._unsent[command_id]

    @_locked
    def due(self) -> float | None:
        """Return when `take_due` will next have something, on the monotonic clock."""
        return min((tracked.due() for tracked in self._unsent.values()), default=None)

    @_locked
    def take_due(
        self, now: float, *, everything: bool = False, running: bool = False
    ) -> list[schemas.Recording]:
        """Return the recordings that are due, in the order of the commands' starts.

        Parameters
        ----------
        now
            The time on the monotonic clock.
        everything
            Whether to include changes that are not due yet.
        running
            Whether to include commands that are still running.
        """
        told = []
        for tracked in list(self._unsent.values()):
            at_once = everything if tracked.ended else running
            if tracked.due() > now and not at_once:
                continue
            told.append(tracked.recording(now))
            tracked.sent, tracked.sent_size = now, tracked.area.size
            tracked.delivered = now if tracked.ended else None
            self._in_delivery[tracked.id] = None
            del self._unsent[tracked.id]
        self._evict()
        return told

    @_locked
    def confirm(self, command_id: str) -> None:
        """Record that what `take_due` returned of a command was delivered."""
        self._in_delivery.pop(command_id, None)

    @_locked
    def unsettled(self) -> list[str]:
        """Return the commands whose end, or outputs since then, were not delivered yet."""
        return list({**self._open, **self._unsent, **self._in_delivery})

    def _evict(self) -> None:
        while len(self._ended) > MAX_ENDED or self._ended_size > self.ended_limit:
            told = (t for t in self._ended.values() if t.id not in self._unsent)
            oldest = next(told, None)
            if oldest is None:
                return
            self._release(oldest)

    def _release(self, tracked: _Tracked) -> None:
        if self._ended.pop(tracked.id, None):
            self._ended_size -= tracked.area.size
        for display_id in tracked.displayed:
            commands = self._displays.get(display_id, {})
            commands.pop(tracked.id, None)
            if not commands:
                self._displays.pop(display_id, None)
