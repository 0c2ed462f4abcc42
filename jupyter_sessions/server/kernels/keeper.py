"""Keeps the attachments of a Jupyter server's kernels true to what becomes of the kernels."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_sessions import errors
from jupyter_sessions.core.askers import Asker, Identified, SystemUser
from jupyter_sessions.recorder.messages import KERNEL_RESTARTED
from jupyter_sessions.recorder.tracker import KERNEL_ENDED
from jupyter_sessions.server.kernels import kept, lines
from jupyter_sessions.server.kernels.process import Process
from jupyter_sessions.server.kernels.targets import name_of

if TYPE_CHECKING:
    from jupyter_sessions.server.kernels.kernels import Kernels
    from jupyter_sessions.server.kernels.senders import Senders
    from jupyter_sessions.server.kernels.targets import Target, Targets

_LOOK_EVERY = 1.0  # seconds
_LEFT_WITHIN = 4.0
_KERNEL_DIED = "The kernel died while this ran."
#: So many attachments that have ended are still shown.
_ENDED_SHOWN = 50

_log = logging.getLogger(__name__)


@dataclass
class Attached:
    """An attachment, as the server knows it.

    Attributes
    ----------
    told
        What the recording process was told of it.
    life
        What is another one after each start of the kernel.
    ended
        Why it records no more; empty while it does.
    progress
        How it went when that was last asked.
    """

    told: lines.Attach
    kernel_name: str
    label: str
    url: str | None
    life: Any = None
    ended: str = ""
    progress: lines.Progress = field(default_factory=lines.Progress)

    def keep(self) -> None:
        """Write it down, for a server that comes after this one."""
        kept.keep(kept.Kept(os.getpid(), self.told, self.kernel_name, self.label, self.url))


class Keeper:
    """The attachments, and the process that records.

    Parameters
    ----------
    kernels
        The server's kernels.
    targets
        Where sessions are found.
    place
        The store, as the recording process reaches it.
    senders
        Knows who sent which request; None where the server is one person's.
    """

    def __init__(
        self, kernels: Kernels, targets: Targets, place: lines.Place, senders: Senders | None
    ) -> None:
        self._kernels = kernels
        self._targets = targets
        self._place = place
        self._senders = senders
        self._process: Process | None = None
        self.attached: dict[str, Attached] = {}
        #: Held by whoever attaches and detaches.
        self.changing = asyncio.Lock()
        self._left = kept.left()
        self._tasks = {asyncio.create_task(self._look_after())}
        kernels.when_restarted(self._restarted)

    @property
    def several(self) -> bool:
        """Whether several people use the server."""
        return self._senders is not None

    async def stop(self) -> None:
        """Record no more; attachments of kernels that go on living wait for the next server."""
        for task in self._tasks:
            task.cancel()
        if self._process is not None:
            await self._process.end()

    def new(
        self, kernel: str, manager: Any, target: Target, asker: Asker, notebook: str
    ) -> Attached:
        """Make the attachment of a kernel; it begins with `attach`."""
        told = lines.Attach(
            kernel=kernel,
            connection_file=self._kernels.connection_file(kernel),
            session=target.session.code,
            server=target.server,
            user=target.user,
            identified=isinstance(asker, Identified),
            runner=name_of(asker) if self.several else None,
            notebook=notebook,
            language=manager.kernel_spec.language,
            since=datetime.now(UTC),
            paused=False,
        )
        return Attached(told, manager.kernel_name, target.session.label, target.session.url)

    async def attach(self, attached: Attached, manager: Any) -> None:
        """Begin to record a kernel."""
        kernel = attached.told.kernel
        attached.life = self._kernels.life(kernel)
        await self.ask(attached.told)
        if kernel not in self.attached:
            for event in ("restart", "dead"):
                manager.add_restart_callback(partial(self._died, kernel, event), event)
        self.attached[kernel] = attached
        attached.keep()

    async def switch(self, attached: Attached, *, paused: bool) -> None:
        """Pause recording, or go on with it."""
        if attached.told.paused != paused:
            await self.ask(lines.Switch(kernel=attached.told.kernel, paused=paused))
            attached.told = replace(attached.told, paused=paused)
            attached.keep()

    async def leave(
        self, attached: Attached, ended: str, note: str, command: str | None = None
    ) -> None:
        """Record a kernel no more, and deliver what it has recorded.

        Parameters
        ----------
        ended
            Why.
        note
            What is noted of commands that run.
        command
            The one that asks for it, and so is not aborted.
        """
        kernel = attached.told.kernel
        left = lines.Leave(kernel=kernel, note=note, within=_LEFT_WITHIN, command=command)
        if not attached.ended:
            attached.ended = ended
            kept.forget(attached.told.connection_file)
            progress = await self.ask(left)
            attached.progress = progress.get(kernel, attached.progress)

    async def ask(self, line: lines.Asked) -> dict[str, lines.Progress]:
        """Have the recording process do something; it is started at first need."""
        if self._process is None or not self._process.alive:
            self._process = Process(self._place, self._who)
        return await self._process.ask(line)

    def _who(self, kernel: str, command: str) -> str | None:
        return self._senders.who(kernel, command) if self._senders else None

    # ---- what becomes of the kernels

    def _died(self, kernel: str, event: str) -> None:
        """Learn from the server that it has found a kernel dead, and starts it again or not."""
        attached = self.attached.get(kernel)
        if attached is not None and not attached.ended:
            task = asyncio.create_task(self._buried(attached, for_good=event == "dead"))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _buried(self, attached: Attached, *, for_good: bool) -> None:
        if for_good:
            await self.leave(attached, "The kernel died.", _KERNEL_DIED)
        else:
            kernel = attached.told.kernel
            await self.ask(lines.Gone(kernel=kernel, note=_KERNEL_DIED, connection_file=None))

    async def _restarted(self, kernel: str) -> None:
        """Learn from the server, or whoever says so, that a kernel was started again."""
        attached = self.attached.get(kernel)
        if attached is None or attached.ended or not self._kernels.lives(kernel):
            return
        life = self._kernels.life(kernel)
        if life is None or life is not attached.life:
            await self._hear_anew(attached, life)

    async def _hear_anew(self, attached: Attached, life: Any) -> None:
        kernel = attached.told.kernel
        attached.life = life
        file = self._kernels.connection_file(kernel)
        await self.ask(lines.Gone(kernel=kernel, note=KERNEL_RESTARTED, connection_file=file))

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                async with self.changing:
                    await self._look_around()
            except Exception:  # noqa: BLE001 - the task's edge: the next look is a second away
                _log.exception("Looking after the attachments failed, and is tried again")

    async def _look_around(self) -> None:
        if self._left:
            await self._take_up()
        for attached in [each for each in self.attached.values() if not each.ended]:
            kernel = attached.told.kernel
            if not self._kernels.lives(kernel):
                await self.leave(attached, "The kernel was shut down.", KERNEL_ENDED)
                continue
            life = self._kernels.life(kernel)
            if life is not None and life is not attached.life:
                await self._hear_anew(attached, life)
        await self.look()
        await self._follow_notebooks()
        ended = [kernel for kernel, each in self.attached.items() if each.ended]
        for kernel in ended[:-_ENDED_SHOWN]:
            del self.attached[kernel]

    async def _follow_notebooks(self) -> None:
        """Learn which notebooks were renamed or moved."""
        recorded = [each for each in self.attached.values() if not each.ended]
        paths = await self._kernels.notebooks() if recorded else {}
        for attached in recorded:
            kernel = attached.told.kernel
            known = paths.get(kernel, [])
            if known and attached.told.notebook not in known:
                await self.ask(lines.Moved(kernel=kernel, notebook=known[0]))
                attached.told = replace(attached.told, notebook=known[0])
                attached.keep()

    async def _take_up(self) -> None:
        """Go on with what servers before this one have recorded, where the kernel still lives."""
        running = self._kernels.running()
        for each in list(self._left):
            kernel = running.get(each.told.connection_file)
            if kernel is not None and kernel not in self.attached:
                self._left.remove(each)
                told = replace(each.told, kernel=kernel)
                attached = Attached(told, each.kernel_name, each.label, each.url)
                await self.attach(attached, self._kernels.find(kernel))

    async def look(self, kernel: str | None = None, until: Any = "now") -> None:
        """Ask how it goes; a recording process that was lost is started again."""
        recorded = {name: each for name, each in self.attached.items() if not each.ended}
        wanted = [kernel] if kernel in recorded else list(recorded) if kernel is None else []
        if not wanted:
            return
        found = await self.ask(lines.Look(kernels=wanted, until=until))
        for name, progress in found.items():
            attached = recorded[name]
            if progress.alive:
                attached.progress = progress
                await self._end_if_closed(attached)
            else:
                attached.told = replace(attached.told, since=datetime.now(UTC))
                await self.ask(attached.told)

    async def _end_if_closed(self, attached: Attached) -> None:
        told = attached.told
        if attached.progress.held != errors.WrongState.code or told.server is not None:
            return
        asker: Asker = Identified(told.user) if told.identified else SystemUser(getpass.getuser())
        try:
            session = await self._targets.look(told.session, asker, "")
        except errors.SessionsError:
            return
        if session.state == "closed":
            await self.leave(attached, "The session is closed.", "The session was closed.")
