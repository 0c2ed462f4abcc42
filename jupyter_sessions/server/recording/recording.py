"""Record one kernel: subscribe to its messages and deliver its commands."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.cli.unrecorded import is_unrecorded
from jupyter_sessions.client.outbox import journal_file
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.presence import PresenceHeartbeat
from jupyter_sessions.recorder.iopub.messages import Selection
from jupyter_sessions.recorder.iopub.subscriber import Subscriber
from jupyter_sessions.recorder.iopub.wire import (
    Message,
    Origin,
    command_id,
    get_request_id,
    read_envelope,
    read_origin,
)
from jupyter_sessions.schemas.commands import OUTPUTS_MISSING, RECORDING_INTERRUPTED, STOPPED_HERE
from jupyter_sessions.server.recording import protocol

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Caller


#: Seconds to wait for a kernel to confirm the subscription; older kernels never do.
_CONFIRMED_WITHIN = 1.0

#: Seconds to wait for a kernel's commands when somebody looks at the progress.
_SETTLED_WITHIN = 2.0

#: Seconds for outputs from before a kernel's restart; the new kernel is not up sooner.
_STOPPED_WITHIN = 0.4

#: Seconds to process messages that were published while nobody recorded.
_REPLAYED_WITHIN = 20.0

#: Commands whose users are remembered, while they may still be reported again.
_REMEMBERED = 2_000


class Recorded:
    """A kernel that is recorded into a session.

    Parameters
    ----------
    request
        The server's description of the attachment.
    transport
        The transport to the session.
    who
        Returns who sent the request that started a command; None where there is only one person.
    failed
        Returns whether the kernel has answered the request that started a command with an error.
    limit
        The bytes of outputs to keep for a command.
    adopt
        Tells whether a command that ran when the previous process ended is continued.
    first_version
        The number from which versions of recordings are counted.
    """

    def __init__(
        self,
        request: protocol.Attach,
        transport: Caller,
        who: Callable[[str], str | None] | None,
        failed: Callable[[str], bool],
        limit: int,
        adopt: Callable[[schemas.Recording], bool] | None = None,
        first_version: int = 0,
    ) -> None:
        self._request = request
        self._transport = transport
        self._who = who
        self._failed = failed
        self._reporting = threading.Lock()
        self._known_failed: dict[str, bool] = {}
        self._limit = limit
        self._first_version = first_version
        self._incomplete: set[str] = set()  # requests of which outputs are missing
        self._known: dict[str, str | msgspec.UnsetType | None] = {}
        python = request.language == "python"
        self._selection = Selection(is_unrecorded if python else None, on=not request.paused)
        self._delivery = OutboxDelivery(transport, request.session, adopt=adopt)
        try:
            self._subscriber = self._listen(request.connection_file)
        except BaseException:
            self._delivery.close(0.1)
            raise
        # Members see the notebook's name, without the folders of its owner.
        shown = PurePath(request.notebook).name or request.language
        agent = f"{shown} on {socket.gethostname()}"[:200]
        self._here = PresenceHeartbeat(transport, request.session, "kernel", agent)

    def _listen(self, connection_file: str) -> Subscriber:
        subscriber = Subscriber(
            Path(connection_file),
            self._take,
            selection=self._selection,
            kernel=self._request.kernel,
            notebook=self._request.notebook,
            language=self._request.language,
            limit=self._limit,
            held=self._request.held,
            first_version=self._first_version,
        )
        subscriber.wait_until_listening(_CONFIRMED_WITHIN)
        return subscriber

    def _take(self, recording: schemas.Recording) -> None:
        if self._who is not None:
            recording.runner = self._runner(get_request_id(recording.id))
        response = recording.response
        if response is not None and response.status == "completed" and self._has_failed(recording):
            response.status = "error"
        if response is not None and get_request_id(recording.id) in self._incomplete:
            response.note = f"{response.note} {OUTPUTS_MISSING}".strip()
        self._delivery.send(recording)

    def _runner(self, command: str) -> str | msgspec.UnsetType | None:
        """Return who ran a command; unset stands for who attached the kernel."""
        if command not in self._known and self._who is not None:
            found = self._who(command)
            if found is not None and found == self._request.runner:
                self._known[command] = msgspec.UNSET
            else:
                # The local user name means nothing at another server.
                self._known[command] = found if self._request.server is None else None
            while len(self._known) > _REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return self._known[command]

    def _has_failed(self, recording: schemas.Recording) -> bool:
        """Return whether a command failed without a message that says so, as IPython's may."""
        known, command = self._known_failed, recording.id
        if command not in known:
            known[command] = self._failed(get_request_id(command))
            while len(known) > _REMEMBERED:
                known.pop(next(iter(known)))
        return known[command]

    def act(
        self, request: protocol.Switch | protocol.Skip | protocol.Moved | protocol.KernelEnded
    ) -> None:
        """Carry out the server's request."""
        match request:
            case protocol.Switch(paused=paused):
                # Commands that started before, even the cell that asks for this, are not affected.
                self._subscriber.catch_up(_CONFIRMED_WITHIN)
                self._subscriber.do(lambda: self._selection.switch(not paused))
            case protocol.Skip(command=command):
                self._subscriber.catch_up(_CONFIRMED_WITHIN)
                messages, skipped = self._subscriber.messages, Origin(command)
                self._subscriber.do(lambda: messages.skip(skipped, time.monotonic()))
            case protocol.Moved(notebook=notebook):
                self._request = msgspec.structs.replace(self._request, notebook=notebook)
                self._subscriber.do(lambda: self._subscriber.messages.move(notebook))
            case protocol.KernelEnded(note=note, connection_file=None):
                self._take_in_sent(request.sent)
                self._subscriber.abort(note)
            case protocol.KernelEnded(note=note, connection_file=str(file)):
                if not self._subscriber.go_on(Path(file), _CONFIRMED_WITHIN, note):
                    # Two subscribers would mistake the new kernel's first command for an old one.
                    self._subscriber.stop(_STOPPED_WITHIN, note)
                    self._request = msgspec.structs.replace(self._request, held=False)
                    self._subscriber = self._listen(file)

    def knows(self, command: str) -> bool:
        """Tell whether a command is tracked."""
        return self._subscriber.messages.tracker.knows(command)

    def wait_until_taken_over(self, timeout: float) -> None:
        """Wait until what the previous process has left on disk is known."""
        self._delivery.wait_until_taken_over(timeout)

    def replay(self, request: protocol.Replay, running: list[schemas.Recording]) -> None:
        """Process messages that were published while nobody recorded, and then continue.

        Parameters
        ----------
        request
            The messages, as the server has kept them.
        running
            What the previous process has delivered last of each command that was running. A command
            whose messages are missing begins with these outputs; one without messages is ended.
        """
        messages, self._incomplete = leave_out_delivered(request, running)
        if self._incomplete:
            self.add_gap(request.had_until)
        for recording in running:
            begins = get_request_id(recording.id) in request.dropped
            self._subscriber.messages.tracker.adopt(recording, with_outputs=begins)
        self._subscriber.replay(request.ended, messages, self._act_on_mark, _REPLAYED_WITHIN)
        for recording in running:
            if not self.knows(recording.id):
                now = datetime.now(UTC)
                self._delivery.send(journal_file.aborted(recording, now, RECORDING_INTERRUPTED))

    def _act_on_mark(self, mark: Sequence[bytes]) -> None:
        """Repeat a request that the server made between two messages."""
        match [*mark]:
            case [protocol.SWITCH, on]:
                self._selection.switch(on == protocol.ON)
            case [protocol.SKIP, command]:
                self._subscriber.messages.skip(Origin(command.decode()), time.monotonic())

    def go_on_with(self, recording: schemas.Recording) -> None:
        """Continue a known command, of which the previous process has delivered this last."""
        self._subscriber.messages.tracker.adopt(recording, with_outputs=False)

    def add_gap(self, missing: datetime) -> None:
        """Add a history entry for the period until now that nobody recorded."""
        self._delivery.send(self._gap(missing))

    def _gap(self, missing: datetime) -> schemas.Recording:
        now = max(datetime.now(UTC), missing)
        day = "" if now.date() == missing.date() else "%Y-%m-%d "
        times = f"{missing:%Y-%m-%d %H:%M:%S} and {now:{day}%H:%M:%S} (UTC)"
        said = (
            "Recording was interrupted: commands and outputs of this kernel between "
            f"{times} may be missing, or recorded twice."
        )
        request = schemas.CommandRequest(
            source="",
            started=missing,
            language=self._request.language,
            kernel=self._request.kernel,
            notebook=self._request.notebook,
        )
        response = schemas.CommandResponse(
            status="aborted",
            outputs=[schemas.Stream(name="stderr", text=f"{said}\n")],
            finished=now,
            duration=(now - missing).total_seconds(),
            note=said,
        )
        gap = f"gap-{self._request.kernel}-{missing.timestamp():.6f}"
        return schemas.Recording(
            id=command_id(gap), request=request, response=response, runner=None
        )

    def _take_in_sent(self, sent: list[protocol.Sent]) -> None:
        """Process requests that a kernel received and may have died of without a message."""
        messages = self._subscriber.messages

        def take_in() -> None:
            now = time.monotonic()
            for each in sent:
                if each.status:
                    failed = each.status == "error"
                    messages.end_answered(
                        read_origin(each.header), now, each.answered, failed=failed
                    )
            unanswered = [
                Message(
                    "execute_input",
                    each.at,
                    read_origin(each.header),
                    content={"code": each.source},
                )
                for each in sent
                if not each.status
            ]
            messages.open_unstarted(unanswered, now)

        if sent:
            self._subscriber.do(take_in)

    def settle(self, *, announced: bool) -> None:
        """Wait until the kernel's finished commands, or also running ones, are in the session."""
        deadline = time.monotonic() + _SETTLED_WITHIN
        self._subscriber.settle(_SETTLED_WITHIN, announced=announced)
        self._delivery.flush(max(0.1, deadline - time.monotonic()))

    def progress(self) -> protocol.Progress:
        """Return the progress."""
        with self._reporting:
            # The order matters: what was processed since is needed, or on disk.
            reported = time.monotonic()
            heard = self._subscriber.last_message
            unsettled = self._subscriber.messages.tracker.unsettled()
        return protocol.Progress(
            alive=True,
            last_message=heard,
            needed=[get_request_id(each) for each in unsettled],
            reported=reported,
            waiting=self._delivery.waiting,
            problem=self._delivery.problem,
            held=self._delivery.held,
        )

    def leave(
        self,
        note: str,
        within: float,
        command: str | None = None,
        sent: list[protocol.Sent] | None = None,
    ) -> None:
        """Stop recording; what can't be delivered now stays on disk."""
        if sent:
            self._subscriber.catch_up(within / 4)
            self._take_in_sent(sent)
        if command is not None:
            self._subscriber.catch_up(within / 4)
            messages, by = self._subscriber.messages, Origin(command)
            self._subscriber.do(lambda: messages.end(by, time.monotonic(), STOPPED_HERE))
        self._subscriber.stop(within / 2, note)
        self._delivery.close(within / 2)
        self._here.leave()
        self._transport.close()


def leave_out_delivered(
    request: protocol.Replay, running: list[schemas.Recording]
) -> tuple[list[list[bytes]], set[str]]:
    """Return the messages to replay, and the requests of which outputs may be missing.

    If messages of a command were dropped, it begins with the outputs that were delivered, so what
    these contain is left out. Messages are dropped in their order, except for those that tell which
    commands ran.
    """
    if not request.dropped:
        return request.messages, set()
    envelopes = [read_envelope(frames) for frames in request.messages]
    outputs = {
        each.id: place
        for place, each in enumerate(envelopes)
        if each.id and each.type != "execute_input"
    }
    delivered = {
        get_request_id(each.id): outputs[each.so_far.last_message]
        for each in running
        if each.so_far is not None and each.so_far.last_message in outputs
    }
    delivered = {name: delivered[name] for name in request.dropped if name in delivered}
    messages = [
        frames
        for place, (frames, each) in enumerate(zip(request.messages, envelopes, strict=True))
        if place > delivered.get(each.request, -1) or each.type in protocol.STATES
    ]
    return messages, set(request.dropped) - delivered.keys()
