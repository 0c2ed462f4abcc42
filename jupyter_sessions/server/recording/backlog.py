"""Buffer kernel messages in the Jupyter server until the recording process has them on disk.

The recording process may be killed. The server therefore keeps, for each recorded kernel, the
published messages as they came and unparsed, and the requests that front ends sent to it.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import zmq

from jupyter_sessions.recorder.iopub.wire import (
    OUTPUT_TYPES,
    Envelope,
    command_id,
    read_envelope,
)
from jupyter_sessions.server.recording import protocol

#: Bytes of messages kept for each kernel; the oldest outputs are dropped first.
_LARGEST = 16 << 20
#: Bytes of messages kept of ended commands whose outputs may still grow.
_LARGEST_ENDED = 8 << 20
#: Starts and ends of commands kept beyond that.
_MOST_STATES = 2_000
#: Unanswered requests kept for each kernel.
_MOST_REQUESTS = 1_000
#: Answered requests kept for each kernel.
_MOST_ANSWERED = 20


#: The types of messages and marks that tell which commands ran and are to be recorded.
_STATES = protocol.STATES | {"skip"}


class _Buffered:
    """A message, or a mark."""

    __slots__ = ("envelope", "frames", "number", "recorded", "size")

    def __init__(self, frames: list[bytes], envelope: Envelope, number: int) -> None:
        self.frames = frames
        self.envelope = envelope
        self.number = number
        self.size = sum(map(len, frames))
        #: Whether the command that it belongs to is recorded.
        self.recorded = True


class Backlog:
    """One kernel's messages that may be lost elsewhere, with marks for requests made between them.

    The recording process may have delivered beginnings of running commands. If their messages are
    dropped here, it continues from what it has delivered. What ended commands have published is
    kept for a while: a thread that goes on may add to it, and the whole is then recorded again.

    Parameters
    ----------
    stream
        The kernel's iopub channel, as a `zmq.eventloop.zmqstream.ZMQStream`.
    on
        Whether the kernel's commands are recorded initially.
    """

    def __init__(self, stream: Any, *, on: bool) -> None:
        self._stream = stream
        self._on = on  # at the first of `_messages`
        # In this order: what is left of dropped messages, those that the recording process has
        # processed but may not have on disk, and those that it may not have received.
        self._states: deque[_Buffered] = deque()
        self._needed: deque[_Buffered] = deque()
        self._messages: deque[_Buffered] = deque()
        self._size = 0
        # By their requests, the oldest first.
        self._ended: OrderedDict[str, list[_Buffered]] = OrderedDict()
        self._ended_size = 0
        # Whether the commands whose start has been passed are recorded, by their requests.
        self._started: OrderedDict[str, bool] = OrderedDict()
        self._numbers = count()
        self._reported = float("-inf")
        self._arrivals: dict[bytes, asyncio.Event] = {}
        #: The time up to which the recording process is known to have had everything.
        self.had_until = datetime.now(UTC)
        self._dropped: set[str] = set()
        stream.on_recv(self._take)

    async def wait_until_listening(self, within: float) -> None:
        """Wait until no later message can be missed, or for `within` seconds.

        Kernels with a protocol before 5.4 never confirm it.
        """
        topic = f"jupyter-sessions-{uuid.uuid4().hex}".encode()
        arrived = self._arrivals[topic] = asyncio.Event()
        self._stream.setsockopt(zmq.SUBSCRIBE, topic)
        with suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), within)
        del self._arrivals[topic]
        if not self._stream.closed():
            self._stream.setsockopt(zmq.UNSUBSCRIBE, topic)

    def _take(self, frames: list[bytes]) -> None:
        envelope = read_envelope(frames)
        if envelope.type == "iopub_welcome":
            for topic, arrived in self._arrivals.items():
                if any(topic in frame for frame in frames):
                    arrived.set()
            return
        self._append(frames, envelope)
        while self._size > _LARGEST or len(self._states) > _MOST_STATES:
            self._drop()

    def _append(self, frames: list[bytes], envelope: Envelope) -> None:
        message = _Buffered(frames, envelope, next(self._numbers))
        self._messages.append(message)
        self._size += message.size

    def _drop(self) -> None:
        """Drop the oldest message; which commands ran stays known, if not their outputs."""
        source = self._needed or self._messages
        if not source or len(self._states) > _MOST_STATES:
            source = self._states
        dropped = source.popleft()
        if source is self._messages:
            self._pass(dropped)
        recorded = dropped.recorded
        if dropped.envelope.type in _STATES and source is not self._states and recorded:
            self._states.append(dropped)
            return
        self._size -= dropped.size
        if recorded and dropped.envelope.request:
            self._dropped.add(dropped.envelope.request)

    def _pass(self, message: _Buffered) -> None:
        """Follow the marks, and note whether the message belongs to a recorded command."""
        if message.frames[0] == protocol.SWITCH:
            self._on = message.frames[1] == protocol.ON
        request = message.envelope.request
        if message.envelope.type == "execute_input":
            self._started[request] = self._on
            self._started.move_to_end(request)
            while len(self._started) > _MOST_STATES:
                self._started.popitem(last=False)
        # A command that was running when recording was paused is recorded to its end.
        message.recorded = self._started.get(request, self._on)

    def switch(self, on: bool) -> None:
        """Mark that later commands are recorded, or left out."""
        self._mark(Envelope(), protocol.SWITCH, protocol.ON if on else protocol.OFF)

    def skip(self, command: str) -> None:
        """Mark that a command is left out, by the ID of its request."""
        skipped = Envelope(type="skip", request=command_id(command))
        self._mark(skipped, protocol.SKIP, command.encode())

    def _mark(self, envelope: Envelope, *mark: bytes) -> None:
        self._stream.flush()  # earlier messages precede it
        self._append([*mark], envelope)

    def acknowledge(self, progress: protocol.Progress, requested: datetime) -> None:
        """Drop messages that the recording process has on disk.

        Parameters
        ----------
        progress
            What it reports.
        requested
            When it was asked for this.
        """
        if progress.reported <= self._reported:
            return  # a later report overtook it
        place = self._find(progress.last_message)
        if place is None and self._messages:
            return  # it is older than what is kept
        self._reported = progress.reported
        wanted = set(progress.needed)
        for _ in range(0 if place is None else place + 1):
            message = self._messages.popleft()
            self._pass(message)
            self._needed.append(message)
        self._states = self._keep_needed(self._states, wanted)
        self._needed = self._keep_needed(self._needed, wanted)
        left = (*self._states, *self._needed, *self._messages)
        self._size = sum(each.size for each in left)
        self.had_until = requested
        self._dropped &= wanted

    def _keep_needed(self, messages: Iterable[_Buffered], wanted: set[str]) -> deque[_Buffered]:
        """Return the messages of wanted requests; the others belong to commands that have ended."""
        needed: deque[_Buffered] = deque()
        for message in messages:
            if message.envelope.request in wanted:
                needed.append(message)
            else:
                self._add_ended(message)
        while self._ended_size > _LARGEST_ENDED:
            self._forget_ended(next(iter(self._ended)))
        return needed

    def _add_ended(self, message: _Buffered) -> None:
        request = message.envelope.request
        if message.envelope.type == "execute_input":
            # What is recorded of an earlier command with the same request stays as it is.
            self._forget_ended(request)
            if message.recorded:
                self._ended[request] = []
        if request in self._dropped:
            self._forget_ended(request)
        elif request in self._ended:
            self._ended[request].append(message)
            self._ended_size += message.size

    def _forget_ended(self, request: str) -> None:
        self._ended_size -= sum(each.size for each in self._ended.pop(request, ()))

    def list_ended(self) -> list[list[bytes]]:
        """Return the messages of ended commands that the recording process has on disk."""
        messages = sorted(itertools.chain(*self._ended.values()), key=lambda each: each.number)
        return [each.frames for each in messages]

    def find_incomplete(self) -> set[str]:
        """Return the requests of which a message is gone that the recording process may need.

        These are the commands whose messages were dropped, and those that were forgotten since they
        had ended, if something has put out more under their names since.
        """
        kept = {each.envelope.request for each in (*self._states, *self._needed)}
        kept.update(
            each.envelope.request
            for each in self._messages
            if each.envelope.type == "execute_input"
        )
        late = {
            each.envelope.request
            for each in self._messages
            if each.envelope.type in OUTPUT_TYPES and self._started.get(each.envelope.request)
        }
        return self._dropped | (late - kept - self._ended.keys())

    def _find(self, last_message: str) -> int | None:
        """Return the index of the message with an ID; it is near the end, if it is kept."""
        for place in range(len(self._messages) - 1, -1, -1):
            if last_message and self._messages[place].envelope.id == last_message:
                return place
        return None

    def list_messages(self) -> list[list[bytes]]:
        """Return the kept messages, the oldest first, with marks between them."""
        self._stream.flush()
        began = [protocol.SWITCH, protocol.ON if self._on else protocol.OFF]
        before = [each.frames for each in (*self._states, *self._needed)]
        after = [each.frames for each in self._messages]
        return [[protocol.SWITCH, protocol.ON], *before, began, *after]

    def close(self) -> None:
        """Stop listening."""
        if not self._stream.closed():
            self._stream.close(linger=0)


@dataclass
class _Ending:
    """How a request ends, once that is known."""

    known: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False

    def settle(self, *, failed: bool) -> None:
        """Record how it has ended, if that is not known yet."""
        if not self.known.is_set():
            self.failed = failed
            self.known.set()


class Requests:
    """The latest requests of front ends to kernels; only the server's event loop uses this.

    Answered requests are kept for a while: the kernel's message about their end may still be
    missing. How a request ended stays known for longer.
    """

    def __init__(self) -> None:
        self._sent: dict[str, OrderedDict[str, protocol.Sent]] = {}
        self._answered: dict[str, deque[str]] = {}
        self._failed: dict[str, OrderedDict[str, _Ending]] = {}

    def note(self, kernel: str, header: dict[str, Any], content: dict[str, Any]) -> None:
        """Record an execution request."""
        if content.get("silent"):
            return
        source = str(content.get("code", ""))
        sent = self._sent.setdefault(kernel, OrderedDict())
        sent[str(header["msg_id"])] = protocol.Sent(header, source, datetime.now(UTC))
        failed = self._failed.setdefault(kernel, OrderedDict())
        failed[command_id(str(header["msg_id"]))] = _Ending()
        for kept in (sent, failed):
            while len(kept) > _MOST_REQUESTS:
                kept.popitem(last=False)

    def answered(self, kernel: str, msg_id: str, status: str) -> None:
        """Record the answer to a request: ``ok``, ``error``, or ``aborted`` if it never started."""
        ended = self._failed.get(kernel, OrderedDict()).get(command_id(msg_id))
        if ended is not None:
            ended.settle(failed=status == "error")
        sent = self._sent.get(kernel, OrderedDict())
        if status not in {"ok", "error"}:
            sent.pop(msg_id, None)
        elif msg_id in sent:
            sent[msg_id].status, sent[msg_id].answered = status, datetime.now(UTC)
            answered = self._answered.setdefault(kernel, deque())
            answered.append(msg_id)
            if len(answered) > _MOST_ANSWERED:
                sent.pop(answered.popleft(), None)

    async def failed(self, kernel: str, command: str, within: float) -> bool:
        """Return whether a kernel has answered the request for a command with an error.

        The answer and the message that the command has ended come by different ways. The answer is
        awaited for `within` seconds; without a front end that is still connected it does not come.
        """
        ended = self._failed.get(kernel, OrderedDict()).get(command)
        if ended is None:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.known.wait(), within)
        return ended.failed

    def take(self, kernel: str) -> list[protocol.Sent]:
        """Return a kernel's latest requests in order, and forget them; no answers will come."""
        for ended in self._failed.get(kernel, OrderedDict()).values():
            ended.settle(failed=False)
        self._answered.pop(kernel, None)
        return list(self._sent.pop(kernel, {}).values())

    def keep_only(self, kernels: Iterable[str]) -> None:
        """Forget all other kernels."""
        for kernel in self._sent.keys() - set(kernels):
            self.take(kernel)
            self._failed.pop(kernel, None)
