"""The recording process: subscribes to kernels and stores their commands.

It ends with the server that started it: when its standard input is closed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimedOut
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.api import Ans, Operation, Req
from jupyter_sessions.core.history.encoded import check_outputs
from jupyter_sessions.core.types import Credentials, Identified, SystemUser
from jupyter_sessions.schemas.commands import KERNEL_REATTACHED, SERVER_ENDED
from jupyter_sessions.server.recording import protocol
from jupyter_sessions.server.recording.recording import Recorded
from jupyter_sessions.validation import refused

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Caller
    from jupyter_sessions.core.dispatcher import Dispatcher
    from jupyter_sessions.server.recording.protocol import Attach


class OwnStore:
    """Transport to a store that this process also writes to, as the user who attached a kernel.

    Parameters
    ----------
    dispatcher
        The operations on the store; shared, and so not closed here.
    request
        The attachment.
    server
        The store's name in the outbox; None for the user's own.
    """

    def __init__(self, dispatcher: Dispatcher, request: Attach, server: str | None) -> None:
        self._dispatcher = dispatcher
        self._credentials: Credentials = (
            Identified(request.user, vouches=True)
            if request.identified
            else SystemUser(request.user)
        )
        self.server = server
        self.user = request.user

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Carry out an operation and return its answer."""
        try:
            check_outputs(request)
        except msgspec.ValidationError as error:
            raise refused(error) from None
        submitted = self._dispatcher.submit(operation, request, self._credentials, upload=content)
        answer: Ans = submitted.result()
        return answer

    def clone(self) -> Self:
        """Return a second transport to the same store; neither has anything to close."""
        return self

    def close(self) -> None:
        """Leave the store open for others."""


#: Seconds for the server to answer a question; after that, what was asked is unknown.
_ANSWER_TIMEOUT = 5.0

#: Seconds to deliver recorded commands once the server has ended.
_ENDED_WITHIN = 4.0

#: Seconds to read what the previous process has left on disk.
_TAKEN_OVER_WITHIN = 8.0

_WORKERS = 16


_decode = msgspec.json.Decoder(protocol.Request).decode

_encode = msgspec.json.Encoder().encode


class RecordingWorker:
    """All kernels that this process records.

    Parameters
    ----------
    place
        The store of the server.
    out
        Where lines to the server are written.
    """

    def __init__(self, place: protocol.Place, out: BinaryIO) -> None:
        self._place = place
        self._out = out
        self._writing = threading.Lock()
        self._recorded: dict[str, Recorded] = {}
        # For kernels to be attached again: the commands that ran when the previous process ended.
        self._adopted: dict[str, list[schemas.Recording]] = {each: [] for each in place.kernels}
        self._adopting = threading.Lock()
        self._questions: dict[int, Future[protocol.Request | None]] = {}
        self._server_ended = False
        self._numbers = count(1)
        self._workers = ThreadPoolExecutor(_WORKERS, "recording")

    @cached_property
    def _dispatcher(self) -> Dispatcher:
        from jupyter_sessions.core.dispatcher import Dispatcher
        from jupyter_sessions.core.types import Limits

        limits = Limits(command=self._place.limit)
        return Dispatcher(self._place.database, self._place.blobs, limits)

    def take(self, line: bytes) -> None:
        """Process a line from the server in a new thread."""
        asked = _decode(line)
        if isinstance(asked, protocol.Ran | protocol.Outcome):
            future = self._questions.pop(asked.number, None)
            if future is not None:
                future.set_result(asked)
            return
        self._workers.submit(self._answer, asked)

    def _answer(self, request: protocol.Request) -> None:
        answered = protocol.Answered(request.number)
        try:
            answered.progress = self._do(request)
        except errors.SessionsError as error:
            answered.error = error.to_wire()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the server waits
            told = errors.InternalError(
                f"The recording process failed with an unexpected error: {error!r}.",
                hint="Tell the server's administrator.",
            )
            answered.error = told.to_wire()
        self._send(answered)

    def _do(self, request: protocol.Request) -> dict[str, protocol.Progress]:
        match request:
            case protocol.Attach(kernel=kernel):
                return {kernel: self._attach(request).progress()}
            case protocol.Leave(kernel=kernel):
                recorded = self._recorded.pop(kernel, None)
                if recorded is not None:
                    recorded.leave(request.note, request.within, request.command, request.sent)
                    return {kernel: recorded.progress()}
            case protocol.Replay(kernel=kernel):
                self._replay(kernel, request)
            case protocol.Look(kernels=kernels):
                return {each: self._look(each, request) for each in kernels}
            case protocol.Switch() | protocol.Skip() | protocol.Moved() | protocol.KernelEnded():
                if request.kernel in self._recorded:
                    self._recorded[request.kernel].act(request)
                    return {request.kernel: self._recorded[request.kernel].progress()}
        return {}

    def _attach(self, request: protocol.Attach) -> Recorded:
        before = self._recorded.pop(request.kernel, None)
        if before is not None:
            before.leave(KERNEL_REATTACHED, _ENDED_WITHIN)
        who = self._who(request.kernel) if request.runner is not None else None
        transport = self._transport(request)
        failed = self._failed(request.kernel)
        recorded = Recorded(
            request,
            transport,
            who,
            failed,
            self._place.limit,
            self._adopt,
            self._place.first_version,
        )
        self._recorded[request.kernel] = recorded
        if request.missing is not None and not request.paused:
            recorded.add_gap(request.missing)
        return recorded

    def _adopt(self, recording: schemas.Recording) -> bool:
        """Take over a command that ran when the previous process ended, if its kernel goes on."""
        kernel = recording.request.kernel
        with self._adopting:
            if kernel in self._adopted:
                self._adopted[kernel].append(recording)
                return True
        recorded = self._recorded.get(kernel)
        if recorded is None or not recorded.knows(recording.id):
            return False
        # It arrived after the replay had begun.
        recorded.go_on_with(recording)
        return True

    def _replay(self, kernel: str, request: protocol.Replay) -> None:
        recorded = self._recorded.get(kernel)
        if recorded is not None:
            recorded.wait_until_taken_over(_TAKEN_OVER_WITHIN)
            with self._adopting:
                adopted = self._adopted.pop(kernel, [])
            recorded.replay(request, adopted)

    def _transport(self, request: protocol.Attach) -> Caller:
        if request.server is None:
            return OwnStore(self._dispatcher, request, self._place.server)
        from jupyter_sessions.client.transports.resolve import open_transport

        return open_transport(request.server, request.user)

    def _look(self, kernel: str, request: protocol.Look) -> protocol.Progress:
        recorded = self._recorded.get(kernel)
        if recorded is None:
            return protocol.Progress()
        if request.until != "now":
            recorded.settle(announced=request.until == "announced")
        return recorded.progress()

    def _who(self, kernel: str) -> Callable[[str], str | None]:
        def ask(command: str) -> str | None:
            told = self._ask_server(protocol.Who(next(self._numbers), kernel, command))
            return told.user if isinstance(told, protocol.Ran) else None

        return ask

    def _failed(self, kernel: str) -> Callable[[str], bool]:
        def ask(command: str) -> bool:
            told = self._ask_server(protocol.HowEnded(next(self._numbers), kernel, command))
            return isinstance(told, protocol.Outcome) and told.failed

        return ask

    def _ask_server(self, question: protocol.Who | protocol.HowEnded) -> protocol.Request | None:
        answer: Future[protocol.Request | None] = Future()
        self._questions[question.number] = answer
        if self._server_ended:
            return None
        self._send(question)
        try:
            return answer.result(_ANSWER_TIMEOUT)
        except TimedOut:
            self._questions.pop(question.number, None)
            return None

    def _send(self, message: protocol.Message) -> None:
        with self._writing, suppress(OSError):  # an ended server needs no answer
            self._out.write(_encode(message) + b"\n")
            self._out.flush()

    def end(self) -> None:
        """Deliver what can be delivered now; the rest stays in the outbox."""
        self._server_ended = True
        while self._questions:
            _, question = self._questions.popitem()
            question.set_result(None)
        ending = [
            threading.Thread(target=each.leave, args=(SERVER_ENDED, _ENDED_WITHIN), daemon=True)
            for each in self._recorded.values()
        ]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(_ENDED_WITHIN + 1)
        if "_dispatcher" in vars(self):
            self._dispatcher.close()


def main() -> None:
    """Record until the server has ended."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # only the protocol may use stdout
    place = msgspec.json.decode(sys.stdin.buffer.readline(), type=protocol.Place)
    child = RecordingWorker(place, out)
    for line in sys.stdin.buffer:
        child.take(line)
    child.end()
    os._exit(0)  # threads may still wait for an unresponsive server


if __name__ == "__main__":
    main()
