"""Start, query and stop the recording process from the server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from queue import SimpleQueue
from typing import Any

import msgspec

from jupyter_sessions import errors
from jupyter_sessions.server.recording import protocol

#: Seconds within which the process must answer any request.
_ANSWERED_WITHIN = 30.0
#: Seconds for the process to end by itself.
_ENDED_WITHIN = 8.0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(protocol.Message).decode


class ProcessEnded(Exception):
    """The recording process ended before it answered."""


class Process:
    """The recording process; threads serve its pipes so that they don't block the event loop.

    Parameters
    ----------
    place
        The store of the server.
    who
        Returns, from any thread, who sent the request that started a kernel's command.
    failed
        Returns, in the event loop, whether a kernel has answered the request with an error.
    ended
        Called in the event loop when the process has ended, killed or not.
    """

    def __init__(
        self,
        place: protocol.Place,
        who: Callable[[str, str], str | None],
        failed: Callable[[str, str], Coroutine[Any, Any, bool]],
        ended: Callable[[], None],
    ) -> None:
        self._who = who
        self._failed = failed
        self._ended = ended
        #: Whether the process accepts requests.
        self.alive = True
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, asyncio.Future[dict[str, protocol.Progress]]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._lines.put(_encode(place) + b"\n")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_sessions.server.recording.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C in the server's terminal is for the server, which stops the process in order.
            start_new_session=True,
        )
        for work in (self._write, self._read):
            threading.Thread(target=work, name="jupyter_sessions recording", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process ID."""
        return self._process.pid

    async def ask(
        self, line: protocol.Request, within: float = _ANSWERED_WITHIN
    ) -> dict[str, protocol.Progress]:
        """Send a request to the process.

        Raises
        ------
        SessionsError
            When the request fails, or the process does not answer.
        ProcessEnded
            When it has ended.
        """
        if not self.alive:
            raise ProcessEnded
        line.number = next(self._numbers)
        answer = self._waiting[line.number] = self._loop.create_future()
        self._lines.put(_encode(line) + b"\n")
        try:
            return await asyncio.wait_for(answer, within)
        except TimeoutError:
            raise errors.ServerBusy(
                "The process that records kernels does not answer.", hint="Try again in a minute."
            ) from None
        finally:
            self._waiting.pop(line.number, None)

    async def end(self) -> None:
        """Let the process deliver what it can, and stop it."""
        self._lines.put(b"")
        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        try:
            self._process.wait(_ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is piped
        # Closing also flushes what an ended process has not read.
        with suppress(OSError), self._process.stdin as pipe:
            while line := self._lines.get():
                pipe.write(line)
                pipe.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is piped
        with suppress(OSError), self._process.stdout as pipe:
            for line in pipe:
                try:
                    told = _decode(line)
                except msgspec.DecodeError:
                    continue  # it was killed while writing this
                if isinstance(told, protocol.Who):
                    ran = protocol.Ran(
                        user=self._who(told.kernel, told.command), number=told.number
                    )
                    self._lines.put(_encode(ran) + b"\n")
                elif isinstance(told, protocol.HowEnded):
                    self._in_loop(self._answer_how_ended, told)
                else:
                    self._in_loop(self._settle, told)
        self._process.wait()
        self._in_loop(self._fail)

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return  # the server has ended

    def _answer_how_ended(self, message: protocol.HowEnded) -> None:
        async def answer() -> None:
            failed = await self._failed(message.kernel, message.command)
            self._lines.put(_encode(protocol.Outcome(failed=failed, number=message.number)) + b"\n")

        task = self._loop.create_task(answer())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _settle(self, message: protocol.Answered) -> None:
        answer = self._waiting.get(message.number)
        if answer is None or answer.done():
            return
        if message.error is None:
            answer.set_result(message.progress)
        else:
            answer.set_exception(errors.from_wire(message.error))

    def _fail(self) -> None:
        self.alive = False
        self._lines.put(b"")
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ProcessEnded())
        self._ended()
