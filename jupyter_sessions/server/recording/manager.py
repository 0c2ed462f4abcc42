"""Manage the attachments of a Jupyter server's kernels through restarts and crashes."""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import logging
import os
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from jupyter_sessions import errors, paths, schemas
from jupyter_sessions.backoff import compute_wait
from jupyter_sessions.client.local_servers import alive
from jupyter_sessions.core.types import Credentials, Identified, SystemUser
from jupyter_sessions.local_files import write_atomically
from jupyter_sessions.schemas.commands import KERNEL_DIED, KERNEL_ENDED, KERNEL_RESTARTED
from jupyter_sessions.server.recording import protocol
from jupyter_sessions.server.recording.backlog import Backlog, Requests
from jupyter_sessions.server.recording.process import Process, ProcessEnded
from jupyter_sessions.server.recording.targets import get_user_name

if TYPE_CHECKING:
    from jupyter_sessions.server.recording.kernels import Kernels
    from jupyter_sessions.server.recording.senders import Senders
    from jupyter_sessions.server.recording.targets import Target, Targets


class StoredAttachment(msgspec.Struct):
    """An attachment as stored on disk; `process` is the server that manages it."""

    process: int
    # Servers of earlier revisions have stored it under this name.
    request: protocol.Attach = msgspec.field(name="told")
    kernel_name: str
    label: str
    url: str | None
    #: When its server last said that it records; not stored in the file, but by its time.
    recorded_until: datetime | None = None


schemas.ready(StoredAttachment)


def store_attachment(attachment: StoredAttachment) -> None:
    """Write an attachment to disk."""
    path = _path(attachment.request.connection_file)
    with suppress(OSError):  # it is recorded all the same, until the server ends
        write_atomically(path, msgspec.json.encode(attachment))


def touch_attachment(connection_file: str) -> None:
    """Note on disk that a kernel is recorded up to now."""
    with suppress(OSError):
        os.utime(_path(connection_file))


def forget(connection_file: str) -> None:
    """Remove an attachment from disk."""
    with suppress(OSError):
        _path(connection_file).unlink(missing_ok=True)


def list_orphaned_attachments() -> list[StoredAttachment]:
    """List the attachments of servers that have ended, whose kernels may still be alive."""
    found = []
    for path in sorted(paths.make_private_folder("attachments").glob("*.json")):
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=StoredAttachment)
            kept.recorded_until = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if kept.process != os.getpid() and alive(kept.process):
            continue
        if Path(kept.request.connection_file).exists():
            found.append(kept)
        else:
            path.unlink(missing_ok=True)
    return found


def _path(connection_file: str) -> Path:
    name = hashlib.sha256(connection_file.encode()).hexdigest()[:32]
    return paths.make_private_folder("attachments") / f"{name}.json"


_LOOK_EVERY = 1.0  # seconds

#: Seconds between notes on disk that a kernel is recorded.
_TOUCH_EVERY = 5.0

_LEAVE_TIMEOUT = 4.0

#: Seconds to wait for a kernel to confirm that its messages are buffered; older kernels never do.
_LISTENING_WITHIN = 1.0

#: Seconds to wait for messages that a kernel published before a new process subscribed.
_ON_ITS_WAY = 0.05

#: Seconds to wait for a kernel's answer to a request whose command has ended.
_ANSWERED_WITHIN = 1.0

#: Seconds before an ended process is restarted: initially, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 30.0

#: More than the versions of any command that one recording process delivers.
_VERSIONS = 1 << 32

#: Attempts to start the recording process for one request.
_TRIES = 3

#: Ended attachments that are still listed.
_MAX_ENDED = 50


_log = logging.getLogger(__name__)


@dataclass
class Attached:
    """An attachment, as the server knows it.

    Attributes
    ----------
    request
        The attachment as the recording process knows it.
    life
        A value that changes with each start of the kernel.
    ended
        Why recording ended; empty while it goes on.
    progress
        The progress as of the last query.
    backlog
        Messages that the recording process may not have yet.
    """

    request: protocol.Attach
    kernel_name: str
    label: str
    url: str | None
    backlog: Backlog | None = None
    life: Any = None
    ended: str = ""
    progress: protocol.Progress = field(default_factory=protocol.Progress)

    def store(self) -> None:
        """Write the attachment to disk, for a later server."""
        store_attachment(
            StoredAttachment(os.getpid(), self.request, self.kernel_name, self.label, self.url)
        )

    def release(self) -> None:
        """Stop buffering the kernel's messages."""
        if self.backlog is not None:
            self.backlog.close()
            self.backlog = None


class AttachmentManager:
    """Manages the attachments and the recording process.

    Parameters
    ----------
    kernels
        The server's kernels.
    targets
        Finds sessions.
    place
        The store, as the recording process opens it.
    senders
        Knows who sent which request; None where the server has only one user.
    requests
        Knows the latest requests to each kernel.
    """

    def __init__(
        self,
        kernels: Kernels,
        targets: Targets,
        place: protocol.Place,
        senders: Senders | None,
        requests: Requests,
    ) -> None:
        self._kernels = kernels
        self._targets = targets
        self._place = place
        self._senders = senders
        self._requests = requests
        self._process: Process | None = None
        self._starting = asyncio.Lock()
        self._stopping = False
        self._started = 0  # processes
        self._losses = 0  # of processes, consecutively
        self._touched = time.monotonic()
        self.attached: dict[str, Attached] = {}
        #: Held while a kernel is attached or detached.
        self.changing = asyncio.Lock()
        self._orphaned = list_orphaned_attachments()
        self._tasks = {asyncio.create_task(self._look_after())}
        kernels.when_restarted(self._restarted)

    @property
    def several(self) -> bool:
        """Whether several people use the server."""
        return self._senders is not None

    async def stop(self) -> None:
        """Stop recording; attachments of kernels that stay alive wait for the next server."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        for attached in self.attached.values():
            if not attached.ended:
                touch_attachment(attached.request.connection_file)
            attached.release()
        if self._process is not None:
            await self._process.end()
        self._kernels.close()

    def new(
        self, kernel: str, manager: Any, target: Target, credentials: Credentials, notebook: str
    ) -> Attached:
        """Create the attachment of a kernel; `attach` starts it."""
        told = protocol.Attach(
            kernel=kernel,
            connection_file=self._kernels.connection_file(kernel),
            session=target.session.code,
            server=target.server,
            user=target.user,
            identified=isinstance(credentials, Identified),
            runner=get_user_name(credentials) if self.several else None,
            notebook=notebook,
            language=manager.kernel_spec.language,
            since=datetime.now(UTC),
            paused=False,
        )
        return Attached(told, manager.kernel_name, target.session.label, target.session.url)

    async def attach(
        self, attached: Attached, manager: Any, missing: datetime | None = None
    ) -> None:
        """Start to record a kernel, which nobody has recorded since `missing`."""
        kernel = attached.request.kernel
        attached.life = self._kernels.life(kernel)
        attached.backlog = self._listen(attached)
        try:
            found, _ = await asyncio.gather(
                self.ask(replace(attached.request, missing=missing)),
                attached.backlog.wait_until_listening(_LISTENING_WITHIN),
            )
        except BaseException:
            attached.release()
            raise
        attached.progress = found.get(kernel, attached.progress)
        before = self.attached.get(kernel)
        if before is not None:
            before.release()
        if kernel not in self.attached:
            for event in ("restart", "dead"):
                manager.add_restart_callback(partial(self._died, kernel, event), event)
        self.attached[kernel] = attached
        attached.store()

    def _listen(self, attached: Attached) -> Backlog:
        stream = self._kernels.listen(attached.request.kernel)
        return Backlog(stream, on=not attached.request.paused)

    async def skip(self, attached: Attached, command: str) -> None:
        """Leave out a command, by the ID of its request."""
        await self.ask(protocol.Skip(kernel=attached.request.kernel, command=command))
        if attached.backlog is not None:
            attached.backlog.skip(command)

    async def switch(self, attached: Attached, *, paused: bool) -> bool:
        """Pause or resume recording; return False if nothing had to be done."""
        if attached.request.paused == paused:
            return False
        kernel = attached.request.kernel
        found = await self.ask(protocol.Switch(kernel=kernel, paused=paused))
        attached.progress = found.get(kernel, attached.progress)
        if attached.backlog is not None:
            attached.backlog.switch(not paused)
        attached.request = replace(attached.request, paused=paused)
        attached.store()
        return True

    async def leave(
        self,
        attached: Attached,
        ended: str,
        note: str,
        command: str | None = None,
        sent: list[protocol.Sent] | None = None,
    ) -> None:
        """Stop recording a kernel, and deliver what it has recorded.

        Parameters
        ----------
        ended
            Why recording ends.
        note
            The note for commands that are still running.
        command
            The command that asked for this, which is therefore not aborted.
        sent
            The latest requests to a kernel that has died.
        """
        kernel = attached.request.kernel
        left = protocol.Leave(
            kernel=kernel,
            note=note,
            within=_LEAVE_TIMEOUT,
            command=command,
            sent=sent or [],
        )
        if not attached.ended:
            attached.ended = ended
            forget(attached.request.connection_file)
            progress = await self.ask(left)
            attached.progress = progress.get(kernel, attached.progress)
        attached.release()

    async def ask(self, line: protocol.Request) -> dict[str, protocol.Progress]:
        """Send a request to the recording process, which is started when first needed.

        Raises
        ------
        SessionsError
            When the request fails.
        """
        for _ in range(_TRIES):
            with suppress(ProcessEnded):
                process = await self._recording()
                return await process.ask(line)
        raise errors.ServerBusy(
            "The process that records kernels keeps crashing.",
            hint="Tell the server's administrator. The server's log may show the cause.",
        )

    async def _recording(self) -> Process:
        """Return the recording process; restart it if it has ended."""
        async with self._starting:
            if self._process is not None and self._process.alive:
                return self._process
            lost = self._process is not None
            going_on = [
                each
                for each in self.attached.values()
                if lost and not each.ended and self._kernels.lives(each.request.kernel)
            ]
            kernels = [each.request.kernel for each in going_on]
            first_version = self._started * _VERSIONS
            self._started += 1
            place = replace(self._place, kernels=kernels, first_version=first_version)
            self._process = process = Process(place, self._who, self._failed, self._process_ended)
            for attached in going_on:
                await self._go_on(attached, process)
            return process

    async def _go_on(self, attached: Attached, process: Process) -> None:
        """Have a new process continue a kernel's recording where the previous one ended."""
        backlog, kernel = attached.backlog, attached.request.kernel
        try:
            await process.ask(replace(attached.request, held=backlog is not None))
            await asyncio.sleep(_ON_ITS_WAY)
            if backlog is not None:
                replayed = protocol.Replay(
                    kernel=kernel,
                    messages=backlog.list_messages(),
                    had_until=backlog.had_until,
                    dropped=[*backlog.find_incomplete()],
                    ended=backlog.list_ended(),
                )
                await process.ask(replayed)
        except errors.SessionsError:
            _log.exception("Kernel %s could not be recorded again", kernel)

    def _process_ended(self) -> None:
        """Restart the recording process; kernels' messages are buffered here meanwhile."""
        if not self._stopping and any(not each.ended for each in self.attached.values()):
            _log.warning("The process that records kernels has ended, and is being restarted.")
            self._losses += 1
            self._do(self._start_again(compute_wait(self._losses, _FIRST_PAUSE, _LONGEST_PAUSE)))

    async def _start_again(self, pause: float) -> None:
        await asyncio.sleep(pause)
        await self._recording()

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            level = logging.DEBUG if isinstance(error, ProcessEnded) else logging.WARNING
            _log.log(level, "Updating the attachments failed: %r", error)

    def _who(self, kernel: str, command: str) -> str | None:
        return self._senders.who(kernel, command) if self._senders else None

    async def _failed(self, kernel: str, command: str) -> bool:
        return await self._requests.failed(kernel, command, _ANSWERED_WITHIN)

    # ---- what becomes of the kernels

    def _died(self, kernel: str, event: str) -> None:
        """Handle the server's report that a kernel died, and whether it will be restarted."""
        attached = self.attached.get(kernel)
        if attached is not None and not attached.ended:
            self._do(self._buried(attached, for_good=event == "dead"))

    async def _buried(self, attached: Attached, *, for_good: bool) -> None:
        kernel = attached.request.kernel
        asked = self._requests.take(kernel)
        if for_good:
            await self.leave(attached, "The kernel died.", KERNEL_DIED, sent=asked)
        else:
            await self.ask(
                protocol.KernelEnded(
                    kernel=kernel, note=KERNEL_DIED, connection_file=None, sent=asked
                )
            )

    async def _restarted(self, kernel: str) -> None:
        """Handle a report, genuine or not, that a kernel was restarted."""
        attached = self.attached.get(kernel)
        if attached is None or attached.ended or not self._kernels.lives(kernel):
            return
        life = self._kernels.life(kernel)
        if life is None or life is not attached.life:
            await self._resubscribe(attached, life)

    async def _resubscribe(self, attached: Attached, life: Any) -> None:
        kernel = attached.request.kernel
        attached.life = life
        file = self._kernels.connection_file(kernel)
        attached.release()
        attached.backlog = self._listen(attached)
        await self.ask(
            protocol.KernelEnded(kernel=kernel, note=KERNEL_RESTARTED, connection_file=file)
        )

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                async with self.changing:
                    await self._look_around()
            except Exception:  # noqa: BLE001 - the task's boundary: it checks again in a second
                _log.exception("Maintaining the attachments failed; trying again")

    async def _look_around(self) -> None:
        if self._orphaned:
            await self._take_up()
        for attached in [each for each in self.attached.values() if not each.ended]:
            kernel = attached.request.kernel
            if not self._kernels.lives(kernel):
                await self.leave(attached, "The kernel was shut down.", KERNEL_ENDED)
                continue
            life = self._kernels.life(kernel)
            if life is not None and life is not attached.life:
                await self._resubscribe(attached, life)
        await self.look()
        self._note_recorded()
        await self._follow_notebooks()
        ended = [kernel for kernel, each in self.attached.items() if each.ended]
        for kernel in ended[:-_MAX_ENDED]:
            del self.attached[kernel]
        self._requests.keep_only(self._kernels.running().values())

    def _note_recorded(self) -> None:
        """Note on disk up to when kernels were recorded, should this server be killed."""
        if time.monotonic() >= self._touched + _TOUCH_EVERY:
            self._touched = time.monotonic()
            for attached in self.attached.values():
                if attached.progress.alive and not attached.ended:
                    touch_attachment(attached.request.connection_file)

    async def _follow_notebooks(self) -> None:
        """Update the paths of notebooks that were renamed or moved."""
        recorded = [each for each in self.attached.values() if not each.ended]
        paths = await self._kernels.notebooks() if recorded else {}
        for attached in recorded:
            kernel = attached.request.kernel
            known = paths.get(kernel, [])
            if known and attached.request.notebook not in known:
                await self.ask(protocol.Moved(kernel=kernel, notebook=known[0]))
                attached.request = replace(attached.request, notebook=known[0])
                attached.store()

    async def _take_up(self) -> None:
        """Resume recordings of earlier servers whose kernels are still alive."""
        running = self._kernels.running()
        for each in list(self._orphaned):
            kernel = running.get(each.request.connection_file)
            if kernel is not None and kernel not in self.attached:
                self._orphaned.remove(each)
                told = replace(each.request, kernel=kernel)
                attached = Attached(told, each.kernel_name, each.label, each.url)
                await self.attach(attached, self._kernels.find(kernel), each.recorded_until)

    async def look(self, kernel: str | None = None, until: Any = "now") -> None:
        """Query the progress; a lost recording process is restarted."""
        recorded = {name: each for name, each in self.attached.items() if not each.ended}
        wanted = [kernel] if kernel in recorded else list(recorded) if kernel is None else []
        if not wanted:
            return
        asked = datetime.now(UTC)
        try:
            found = await self.ask(protocol.Look(kernels=wanted, until=until))
        except errors.ServerBusy as error:
            for name in wanted:
                progress = recorded[name].progress
                recorded[name].progress = replace(progress, problem=error.message)
            return
        self._losses = 0
        for name, progress in found.items():
            attached = recorded[name]
            if progress.alive:
                attached.progress = progress
                if attached.backlog is not None:
                    attached.backlog.acknowledge(progress, asked)
                await self._end_if_closed(attached)
            else:
                missing = attached.backlog.had_until if attached.backlog is not None else None
                attached.request = replace(attached.request, since=datetime.now(UTC))
                await self.ask(replace(attached.request, missing=missing))

    async def _end_if_closed(self, attached: Attached) -> None:
        told = attached.request
        if attached.progress.held != errors.WrongState.code or told.server is not None:
            return
        credentials: Credentials = (
            Identified(told.user) if told.identified else SystemUser(getpass.getuser())
        )
        try:
            session = await self._targets.look(told.session, credentials, "")
        except errors.SessionsError:
            return
        if session.state == "closed":
            await self.leave(attached, "The session is closed.", "The session was closed.")
