"""What a Jupyter server keeps of its kernels until the recording process has it on disk.

That process may be killed. Of each kernel that is recorded, the server therefore keeps the messages
that it published, as they came and unread, and the requests that front ends sent to it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from jupyter_sessions.recorder.iopub.wire import DELIMITER
from jupyter_sessions.server.recording import protocol

#: Of so many bytes of messages each kernel's are kept; the oldest outputs go first.
_LARGEST = 16 << 20
#: So many messages that a command began are kept beyond that.
_MOST_INPUTS = 1_000
#: So many requests of a kernel are kept that were not answered.
_MOST_REQUESTS = 1_000
#: So many are kept of those that were.
_MOST_ANSWERED = 20
_HEADER, _PARENT = 2, 3  # places behind the delimiter


class Backlog:
    """The messages of one kernel that may be lost elsewhere, and what was asked for between them.

    Parameters
    ----------
    stream
        The kernel's iopub channel, as a `zmq.eventloop.zmqstream.ZMQStream`.
    on
        Whether the kernel's commands are recorded at first.
    """

    def __init__(self, stream: Any, *, on: bool) -> None:
        self._stream = stream
        self._on = on  # where the messages begin
        self._needed: deque[list[bytes]] = deque()
        self._messages: deque[list[bytes]] = deque()
        self._size = 0
        #: Until when the recording process is known to have had all.
        self.had_until = datetime.now(UTC)
        #: Whether something was dropped since then.
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
            self._needed.append(dropped)  # what ran is known, if not what came of it
        else:
            self.incomplete = True

    def _pass(self, frames: list[bytes]) -> None:
        if frames[0] == protocol.SWITCH:
            self._on = frames[1] == protocol.ON

    def switch(self, on: bool) -> None:
        """Take note that commands are recorded from here on, or left out."""
        self._mark(protocol.SWITCH, protocol.ON if on else protocol.OFF)

    def skip(self, command: str) -> None:
        """Take note that a command is left out, by the id of its request."""
        self._mark(protocol.SKIP, command.encode())

    def _mark(self, *mark: bytes) -> None:
        self._stream.flush()  # what came before stands before it
        self._messages.append([*mark])

    def acknowledge(self, heard: str, needed: list[str], asked: datetime) -> None:
        """Let go of what the recording process has on disk.

        Parameters
        ----------
        heard
            The id of the last message that it has acted on.
        needed
            The requests whose messages it does not have on disk yet.
        asked
            When it was asked for this.
        """
        place = self._find(heard)
        if place is not None:
            for _ in range(place + 1):
                frames = self._messages.popleft()
                self._pass(frames)
                self._needed.append(frames)
        elif self._messages:
            return  # it is behind what is here
        wanted = [each.encode() for each in needed]
        self._needed = deque(each for each in self._needed if _is_of(each, wanted))
        self._size = sum(map(_size, self._needed)) + sum(map(_size, self._messages))
        self.had_until = asked
        self.incomplete = self.incomplete and bool(wanted)

    def _find(self, heard: str) -> int | None:
        """Return where the message of an id stands; it is near the end, if it is here."""
        name = heard.encode()
        for place in range(len(self._messages) - 1, -1, -1):
            if name and name in _part(self._messages[place], _HEADER):
                return place
        return None

    def kept(self) -> list[list[bytes]]:
        """Return what is kept, the oldest first, with marks between the messages."""
        self._stream.flush()
        began = [protocol.SWITCH, protocol.ON if self._on else protocol.OFF]
        return [[protocol.SWITCH, protocol.ON], *self._needed, began, *self._messages]

    def close(self) -> None:
        """Listen no more."""
        if not self._stream.closed():
            self._stream.close(linger=0)


class Requests:
    """What front ends asked of kernels last; only the server's loop uses it.

    What was answered is kept for a while: what the kernel published of its end may not have come.
    """

    def __init__(self) -> None:
        self._sent: dict[str, OrderedDict[str, protocol.Sent]] = {}
        self._answered: dict[str, deque[str]] = {}

    def note(self, kernel: str, header: dict[str, Any], content: dict[str, Any]) -> None:
        """Take note of a request to run something."""
        if content.get("silent"):
            return
        source = str(content.get("code", ""))
        sent = self._sent.setdefault(kernel, OrderedDict())
        sent[str(header["msg_id"])] = protocol.Sent(header, source, datetime.now(UTC))
        while len(sent) > _MOST_REQUESTS:
            sent.popitem(last=False)

    def answered(self, kernel: str, msg_id: str, status: str) -> None:
        """Take note that a request was answered: ``ok``, ``error``, or ``aborted`` unstarted."""
        sent = self._sent.get(kernel, OrderedDict())
        if status not in {"ok", "error"}:
            sent.pop(msg_id, None)
        elif msg_id in sent:
            sent[msg_id].status, sent[msg_id].answered = status, datetime.now(UTC)
            answered = self._answered.setdefault(kernel, deque())
            answered.append(msg_id)
            if len(answered) > _MOST_ANSWERED:
                sent.pop(answered.popleft(), None)

    def take(self, kernel: str) -> list[protocol.Sent]:
        """Return what a kernel was asked last, in that order, and forget it."""
        self._answered.pop(kernel, None)
        return list(self._sent.pop(kernel, {}).values())

    def keep_only(self, kernels: Iterable[str]) -> None:
        """Forget all other kernels."""
        for kernel in self._sent.keys() - set(kernels):
            self.take(kernel)


def _part(frames: list[bytes], place: int) -> bytes:
    if DELIMITER not in frames:
        return b""
    start = frames.index(DELIMITER)
    return frames[start + place] if len(frames) > start + place else b""


def _is_input(frames: list[bytes]) -> bool:
    return b'"execute_input"' in _part(frames, _HEADER)


def _is_of(frames: list[bytes], requests: list[bytes]) -> bool:
    parent = _part(frames, _PARENT)
    return any(request in parent for request in requests)


def _size(frames: list[bytes]) -> int:
    return sum(map(len, frames))
