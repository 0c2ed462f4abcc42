"""Listen to a kernel's iopub channel in a thread, from any process, and record its commands.

It needs only the kernel's connection file, so it works for any kernel, from within the kernel as
well as from a server.
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

import zmq

from jupyter_sessions.recorder.delivery import Delivery, Sink
from jupyter_sessions.recorder.iopub.connection import create_context, read_connection
from jupyter_sessions.recorder.iopub.messages import MessageRecorder, Selection
from jupyter_sessions.recorder.iopub.wire import (
    DELIMITER,
    Message,
    Reader,
    UnreadableMessage,
    command_id,
)
from jupyter_sessions.recorder.tracker import OUTPUT_LIMIT, Tracker
from jupyter_sessions.schemas.commands import KERNEL_ENDED

#: Seconds to let messages gather before they are read together. Waking up for each one would take
#: the interpreter from the cell that sends them.
GATHERED_FOR = 0.02

#: The number of messages to read before checking for other work.
MESSAGES_A_TURN = 1000

#: Seconds of silence after which a kernel that can't confirm it (protocol before 5.4) is assumed to
#: have sent everything.
QUIET_FOR = 0.2

_log = logging.getLogger(__name__)


class Subscriber:
    """Records what a kernel runs.

    Parameters
    ----------
    connection_file
        The kernel's connection file.
    sink
        Called with each recording, from a separate thread: when a command has run for half a
        second, when it has ended, and again when outputs of an ended command have changed.
    selection
        Decides which commands to record; by default all of them.
    kernel, notebook, language
        Where the commands run, as their requests state it.
    limit
        The maximum size of a command's outputs, in bytes.
    held
        Whether to process messages only after `replay`, which the caller must then call.
    first_version
        The number from which versions of recordings are counted.
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
        first_version: int = 0,
    ) -> None:
        self.messages = MessageRecorder(
            Tracker(limit, first_version=first_version),
            selection or Selection(),
            kernel=kernel or connection_file.stem.removeprefix("kernel-"),
            notebook=notebook,
            language=language,
        )
        self._context = create_context()
        connection = read_connection(connection_file, self._context)
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
        #: The id of the last message that was processed, as `command_id`.
        self.last_message = ""
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
            Whether the kernel has confirmed it within `timeout` seconds. Kernels with a protocol
            before 5.4 never do, but by then the subscriber listens to them all the same.
        """
        self._confirms = self._pass_through(timeout) is not None
        return self._confirms

    def go_on(self, connection_file: Path, timeout: float, note: str) -> bool:
        """Continue with a restarted kernel; commands that ran before are recorded as aborted.

        Parameters
        ----------
        connection_file
            Where the kernel is now.
        timeout
            How long to wait for its new process to answer, in seconds.
        note
            The note on the commands that ended with the old process.

        Returns
        -------
        bool
            False if that is impossible: the kernel has moved, or its protocol is before 5.4, which
            does not distinguish the processes of a kernel.
        """
        there = read_connection(connection_file, self._context).get_connection_info()
        if not self._confirms or there != self._connected:
            return False
        living = self._pass_through(timeout)
        self.call(lambda: self.messages.tracker.end_all(time.monotonic(), note, living))
        return True

    def catch_up(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until all that the kernel sent so far is processed."""
        self._pass_through(timeout if self._confirms else min(timeout, QUIET_FOR))

    def settle(self, timeout: float, *, announced: bool) -> bool:
        """Wait until the sink has received all that the kernel sent so far.

        Parameters
        ----------
        timeout
            The maximum time to wait, in seconds.
        announced
            Whether to include commands that are still running.
        """
        deadline = time.monotonic() + timeout
        self.catch_up(timeout)
        return self._delivery.flush(max(0.1, deadline - time.monotonic()), announced=announced)

    def do(self, function: Callable[[], None], timeout: float = 1.0) -> None:
        """Call `function` as `call` does, and wait until it has returned."""
        done = Event()

        def work() -> None:
            function()
            done.set()

        self.call(work)
        done.wait(timeout)

    def call(self, function: Callable[[], None]) -> None:
        """Call `function` in the thread that processes the messages."""
        self._calls.append(function)
        # A full buffer wakes the thread just as another byte would; a thread that has ended (its
        # socket is closed) has nothing left to process.
        with suppress(OSError):
            self._wake.send(b"\0")

    def replay(
        self,
        ended: Sequence[Sequence[bytes]],
        messages: Sequence[Sequence[bytes]],
        act_on_mark: Callable[[Sequence[bytes]], None],
        timeout: float,
    ) -> None:
        """Process messages that another listener has kept, then those that arrived here.

        Parameters
        ----------
        ended
            Messages of commands that have ended and were delivered.
        messages
            Messages as they came over the socket, with marks between them.
        act_on_mark
            Called with each mark in turn, by the thread that processes the messages.
        timeout
            How long to wait for that, in seconds.
        """

        def work() -> None:
            replayed: set[str] = set()
            with self.messages.tracker.rebuild_ended():
                self._replay(ended, act_on_mark, replayed)
            self._replay(messages, act_on_mark, replayed)
            self._stop_holding(replayed)

        self.do(work, timeout)

    def _replay(
        self,
        messages: Sequence[Sequence[bytes]],
        act_on_mark: Callable[[Sequence[bytes]], None],
        replayed: set[str],
    ) -> None:
        for frames in messages:
            if DELIMITER not in frames:
                act_on_mark(frames)
                continue
            message = self._read(frames)
            if message is not None:
                replayed.add(message.id)
                self._act_on(message)

    def _stop_holding(self, replayed: set[str]) -> None:
        held, self._held = self._held or [], None
        for message in held:
            if message.id not in replayed:
                self._act_on(message)

    def abort(self, note: str) -> None:
        """Record that the kernel died or was restarted, so its running commands will never end."""
        self.call(lambda: self.messages.tracker.end_all(time.monotonic(), note))

    def stop(self, timeout: float, note: str = KERNEL_ENDED) -> bool:
        """Process all that the kernel has sent so far, then stop permanently.

        Commands that still run are recorded as aborted, with `note`.

        Returns
        -------
        bool
            Whether everything was delivered within `timeout` seconds.
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
        """Wait until all that the kernel sent before has arrived; return its current process.

        Subscribing to a new topic makes the kernel send a message (``iopub_welcome``), which
        arrives on the same connection after all others. The result is None if it does not arrive.
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
                    # The command that took all the memory may release it, and its end is still to
                    # come.
                    _log.warning("Out of memory: the kernel's messages could not be read")
                    time.sleep(GATHERED_FOR)
        except Exception:  # noqa: BLE001 - the thread's edge: a defect may not reach a cell
            _log.exception("Recording has stopped, due to a defect of jupyter_sessions")
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
            _log.warning("A message of the kernel was skipped: %s", error)
            return None

    def _act_on(self, message: Message) -> None:
        name = command_id(message.id)
        self.messages.tracker.report_from(name)
        self.messages.take(message, time.monotonic())
        self.last_message = name

    def _confirm(self, message: Message) -> None:
        arrival = self._arrivals.get(str((message.content or {}).get("subscription")))
        if arrival:
            arrival.process = message.process
            arrival.done.set()


@dataclass
class _Arrival:
    """That all earlier messages have arrived, and which process of the kernel confirmed it."""

    done: Event = field(default_factory=Event)
    process: str | None = None
