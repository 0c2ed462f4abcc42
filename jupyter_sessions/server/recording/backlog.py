"""Buffer kernel messages in the Jupyter server until the recording process has them on disk.

The recording process may be killed. The server therefore keeps, for each recorded kernel, the
published messages as they came and unparsed, and the requests that front ends sent to it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jupyter_sessions.recorder.iopub.wire import DELIMITER, command_id
from jupyter_sessions.server.recording import protocol

#: Bytes of messages kept for each kernel; the oldest outputs are dropped first.
_LARGEST = 16 << 20
#: Messages that started a command kept beyond that.
_MOST_INPUTS = 1_000
#: Unanswered requests kept for each kernel.
_MOST_REQUESTS = 1_000
#: Answered requests kept for each kernel.
_MOST_ANSWERED = 20
_HEADER, _PARENT = 2, 3  # parts after the delimiter


class Backlog:
    """One kernel's messages that may be lost elsewhere, with marks for requests made between them.

    Parameters
    ----------
    stream
        The kernel's iopub channel, as a `zmq.eventloop.zmqstream.ZMQStream`.
    on
        Whether the kernel's commands are recorded initially.
    """

    def __init__(self, stream: Any, *, on: bool) -> None:
        self._stream = stream
        self._on = on  # index of the first message
        self._needed: deque[list[bytes]] = deque()
        self._messages: deque[list[bytes]] = deque()
        self._size = 0
        #: The time up to which the recording process is known to have had everything.
        self.had_until = datetime.now(UTC)
        #: Whether a message was dropped since then.
        self.incomplete = False
        stream.on_recv(self._take)

    def _take(self, frames: list[bytes]) -> None:
        self._messages.append(frames)
        self._size += _size(frames)
        while self._size > _LARGEST:
            self._drop()

    def _drop(self) -> None:
        source = self._needed if len(self._needed) > _MOST_INPUTS else self._messages
        dropped = source.popleft()
        self._size -= _size(dropped)
        self._pass(dropped)
        if _is_input(dropped) and source is self._messages and self._on:
            self._needed.append(dropped)  # which commands ran stays known, if not their outputs
        else:
            self.incomplete = True

    def _pass(self, frames: list[bytes]) -> None:
        if frames[0] == protocol.SWITCH:
            self._on = frames[1] == protocol.ON

    def switch(self, on: bool) -> None:
        """Mark that later commands are recorded, or left out."""
        self._mark(protocol.SWITCH, protocol.ON if on else protocol.OFF)

    def skip(self, command: str) -> None:
        """Mark that a command is left out, by the ID of its request."""
        self._mark(protocol.SKIP, command.encode())

    def _mark(self, *mark: bytes) -> None:
        self._stream.flush()  # earlier messages precede it
        self._messages.append([*mark])

    def acknowledge(self, last_message: str, needed: list[str], requested: datetime) -> None:
        """Drop messages that the recording process has on disk.

        Parameters
        ----------
        last_message
            The ID of the last message that it has processed.
        needed
            The requests whose messages it does not have on disk yet.
        requested
            When it was asked for this.
        """
        place = self._find(last_message)
        if place is not None:
            for _ in range(place + 1):
                frames = self._messages.popleft()
                self._pass(frames)
                self._needed.append(frames)
        elif self._messages:
            return  # it is older than what is kept
        wanted = [each.encode() for each in needed]
        self._needed = deque(each for each in self._needed if _belongs_to(each, wanted))
        self._size = sum(map(_size, self._needed)) + sum(map(_size, self._messages))
        self.had_until = requested
        self.incomplete = self.incomplete and bool(wanted)

    def _find(self, last_message: str) -> int | None:
        """Return the index of the message with an ID; it is near the end, if it is kept."""
        name = last_message.encode()
        for place in range(len(self._messages) - 1, -1, -1):
            if name and name in _part(self._messages[place], _HEADER):
                return place
        return None

    def list_messages(self) -> list[list[bytes]]:
        """Return the kept messages, the oldest first, with marks between them."""
        self._stream.flush()
        began = [protocol.SWITCH, protocol.ON if self._on else protocol.OFF]
        return [[protocol.SWITCH, protocol.ON], *self._needed, began, *self._messages]

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


def _part(frames: list[bytes], place: int) -> bytes:
    if DELIMITER not in frames:
        return b""
    start = frames.index(DELIMITER)
    return frames[start + place] if len(frames) > start + place else b""


def _is_input(frames: list[bytes]) -> bool:
    return b'"execute_input"' in _part(frames, _HEADER)


def _belongs_to(frames: list[bytes], requests: list[bytes]) -> bool:
    parent = _part(frames, _PARENT)
    return any(request in parent for request in requests)


def _size(frames: list[bytes]) -> int:
    return sum(map(len, frames))
