"""A thread that listens to a kernel's iopub channel, in whichever process, and tells its commands.

All that it needs is the kernel's connection file, so that it serves any kernel, from within a
kernel as well as from a server.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import zmq

from jupyter_sessions.recorder.delivery import Delivery, Sink
from jupyter_sessions.recorder.iopub.messages import MessageRecorder, Selection
from jupyter_sessions.recorder.iopub.wire import DELIMITER, Message, Reader, UnreadableMessage
from jupyter_sessions.recorder.tracker import KERNEL_ENDED, OUTPUT_LIMIT, Tracker

#: How many messages may wait for us before a kernel in a flood loses some: ten times what a front
#: end lets wait, and more than a kernel sends while we store one large output.
WAITING_MESSAGES = 10_000

#: Seconds to let messages gather before they are read together. Waking for each one would take the
#: interpreter from the very cell that sends them.
GATHERED_FOR = 0.02

#: How many messages to read before looking what else there is to do.
MESSAGES_A_TURN = 1000

#: Milliseconds between two tries to reach a kernel that begins anew: it listens for longer than
#: that before it runs anything, and so nothing that it runs is missed.
TRIED_EVERY = 20

#: Seconds after which a kernel that can't confirm it (it speaks the protocol before 5.4) is taken
#: to have sent us all it had.
QUIET_FOR = 0.2

_log = logging.getLogger(__name__)


class Subscriber:
    """Records what a kernel does.

    Parameters
    ----------
    connection_file
        The kernel's connection file.
    sink
        Called with each recording, from a thread of its own: when a command has run for half a
        second, when it has ended, and again when outputs of an ended command have changed.
    selection
        Which commands to record; all of them by default.
    kernel, notebook, language
        What the requests say about where they ran.
    limit
        How many bytes of outputs to keep of a command.
    held
        Whether to act on messages only after `replay`, which somebody will call.
    """

    def __init__(
        self,
        connection_file: Path,
        sink: Sink,
        *,
        selection: Selection | None = None,
        kernel: str = "",
        notebook: str = "",
        language: str = "python",
        limit: int = OUTPUT_LIMIT,
        held: bool = False,
    ) -> None:
        self.messages = MessageRecorder(
            Tracker(limit),
            selection or Selection(),
            kernel=kernel or connection_file.stem.removeprefix("kernel-"),
            notebook=notebook,
            language=language,
        )
        self._context = zmq.Context()
        self._context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
        self._context.setsockopt(zmq.RECONNECT_IVL, TRIED_EVERY)
        connection = _connection(connection_file, self._context)
        self._connected = connection.get_connection_info()
        self._socket = connection.connect_iopub()
        session = connection.session
        self._reader = Reader(session.key, session.signature_scheme)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._poller.register(self._woken.fileno(), zmq.POLLIN)
        self._calls: deque[Callable[[], None]] = deque()
        self._arrivals: dict[str, _Arrival] = {}
        self._held: list[Message] | None = [] if held else None
        #: The id of the last message that was acted on.
        self.heard = ""
        self._confirms = False
        self._ended = False
        self._delivery = Delivery(sink, self.messages.tracker)
        self._pid = os.getpid()
        self._thread = Thread(target=self._run, name="jupyter-sessions recorder", daemon=True)
        self._thread.start()

    def wait_until_listening(self, timeout: float) -> bool:
        """Wait until no later message can be missed.

        Returns
        -------
        bool
            Whether the kernel has confirmed it within `timeout` seconds. Kernels that speak the
            protocol before 5.4 never do; by then they are listened to all the same.
        """
        self._confirms = self._pass_through(timeout) is not None
        return self._confirms

    def go_on(self, connection_file: Path, timeout: float, note: str) -> bool:
        """Go on with a kernel that was started again; what ran before is told as aborted.

        Parameters
        ----------
        connection_file
            Where the kernel is now.
        timeout
            How long to wait for its new process to answer, in seconds.
        note
            What is noted of the commands that ended with the old one.

        Returns
        -------
        bool
            False where that can't be: the kernel is elsewhere now, or speaks the protocol before
            5.4, in which one process of it can't be told from the next.
        """
        there = _connection(connection_file, self._context).get_connection_info()
        if not self._confirms or there != self._connected:
            return False
        living = self._pass_through(timeout)
        self.call(lambda: self.messages.tracker.end_all(time.monotonic(), note, living))
        return True

    def catch_up(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until what the kernel sent so far was acted on."""
        self._pass_through(timeout if self._confirms else min(timeout, QUIET_FOR))

    def settle(self, timeout: float, *, announced: bool) -> bool:
        """Wait until the sink has been told of what the kernel sent so far.

        Parameters
        ----------
        timeout
            In seconds.
        announced
            Whether to tell of commands that still run, too.
        """
        deadline = time.monotonic() + timeout
        self.catch_up(timeout)
        return self._delivery.flush(max(0.1, deadline - time.monotonic()), announced=announced)

    def do(self, function: Callable[[], None], timeout: float = 1.0) -> None:
        """Have `function` called as by `call`, and wait until that is done."""
        done = Event()

        def work() -> None:
            function()
            done.set()

        self.call(work)
        done.wait(timeout)

    def call(self, function: Callable[[], None]) -> None:
        """Have `function` called by the thread that acts on the messages."""
        self._calls.append(function)
        # A full buffer wakes the thread as well as one more byte would; one that has ended (its
        # socket is closed) has nothing left to act on.
        with suppress(OSError):
            self._wake.send(b"\0")

    def replay(
        self,
        kept: Sequence[Sequence[bytes]],
        act_on_mark: Callable[[Sequence[bytes]], None],
        timeout: float,
    ) -> None:
        """Act on messages that another listener has kept, and then on those that came here.

        Parameters
        ----------
        kept
            Messages as they came over the socket, and marks between them.
        act_on_mark
            Called with each mark in its turn, by the thread that acts on the messages.
        timeout
            How long to wait for that, in seconds.
        """
        self.do(lambda: self._replay(kept, act_on_mark), timeout)

    def _replay(
        self, kept: Sequence[Sequence[bytes]], act_on_mark: Callable[[Sequence[bytes]], None]
    ) -> None:
        replayed = set()
        for frames in kept:
            if DELIMITER not in frames:
                act_on_mark(frames)
                continue
            message = self._read(frames)
            if message is not None and message.type != "iopub_welcome":
                replayed.add(message.id)
                self._act_on(message)
        held, self._held = self._held or [], None
        for message in held:
            if message.id not in replayed:
                self._act_on(message)

    def abort(self, note: str) -> None:
        """Take note that the kernel died or was restarted: what runs in it will never end."""
        self.call(lambda: self.messages.tracker.end_all(time.monotonic(), note))

    def stop(self, timeout: float, note: str = KERNEL_ENDED) -> bool:
        """Act on all that the kernel sent until now, then end for good.

        Commands that still run are told as aborted, with `note`.

        Returns
        -------
        bool
            Whether all was handed over within `timeout` seconds.
        """
        if os.getpid() != self._pid or not self._thread.is_alive():
            return True
        deadline = time.monotonic() + timeout
        self.catch_up(timeout / 2)
        self.abort(note)
        self.call(self._end)
        self._thread.join(max(0.1, deadline - time.monotonic()))
        return self._delivery.close(max(0.1, deadline - time.monotonic()))

    def _end(self) -> None:
        self._ended = True

    def _pass_through(self, timeout: float) -> str | None:
        """Wait until all that the kernel sent before has come; return which process it is now.

        A subscription to a topic of its own makes the kernel send a message (``iopub_welcome``)
        that comes, on the same connection, after all others. None where it does not come.
        """
        if not self._thread.is_alive():
            return None
        topic = f"jupyter-sessions-{uuid.uuid4().hex}"
        arrival = self._arrivals[topic] = _Arrival()
        self.call(lambda: self._socket.subscribe(topic))
        arrival.done.wait(timeout)
        self.call(lambda: self._socket.unsubscribe(topic))
        del self._arrivals[topic]
        return arrival.process

    def _run(self) -> None:
        try:
            while not self._ended:
                try:
                    self._turn()
                except MemoryError:
                    # The command that took it all may let go of it, and its end is still to come.
                    _log.warning("There was no memory left to read what the kernel sent")
                    time.sleep(GATHERED_FOR)
        except Exception:  # noqa: BLE001 - the thread's edge: a defect may not reach a cell
            _log.exception("Recording has stopped, by a defect of jupyter_sessions")
        finally:
            self._close()

    def _close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()
        self._woken.close()
        self._wake.close()

    def _turn(self) -> None:
        ready = dict(self._poller.poll())
        if self._woken.fileno() in ready:
            self._woken.recv(4096)
        elif ready:
            time.sleep(GATHERED_FOR)
        self._take_messages()
        while self._calls:
            self._calls.popleft()()
        self._delivery.poke()

    def _take_messages(self) -> None:
        for _ in range(MESSAGES_A_TURN):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            message = self._read(frames)
            if message is None:
                continue
            if message.type == "iopub_welcome":
                self._confirm(message)
            elif self._held is not None:
                self._held.append(message)
            else:
                self._act_on(message)

    def _read(self, frames: Sequence[bytes]) -> Message | None:
        try:
            return self._reader.read(frames)
        except UnreadableMessage as error:
            _log.warning("A message of the kernel was left out: %s", error)
            return None

    def _act_on(self, message: Message) -> None:
        self.messages.take(message, time.monotonic())
        self.heard = message.id

    def _confirm(self, message: Message) -> None:
        arrival = self._arrivals.get(str((message.content or {}).get("subscription")))
        if arrival:
            arrival.process = message.process
            arrival.done.set()


@dataclass
class _Arrival:
    """That what the kernel sent before has come, and from which process of it the word came."""

    done: Event = field(default_factory=Event)
    process: str | None = None


def _connection(connection_file: Path, context: zmq.Context[zmq.Socket[bytes]]) -> Any:
    """Read a connection file."""
    from jupyter_client.connect import ConnectionFileMixin

    connection = ConnectionFileMixin(context=context)
    connection.load_connection_file(str(connection_file))
    return connection
