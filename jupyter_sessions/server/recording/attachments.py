"""Implement the operations on attachments: which kernel records into which session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import Credentials
from jupyter_sessions.server.auth import runs_server
from jupyter_sessions.server.recording.manager import Attached, AttachmentManager
from jupyter_sessions.server.recording.targets import get_user_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_sessions.core.types import Use
    from jupyter_sessions.server.recording.kernels import Kernels
    from jupyter_sessions.server.recording.targets import Target, Targets

_STOPPED = "Recording was stopped while this command ran."


class Attachments:
    """The attachments of one Jupyter server, as its users see them.

    Parameters
    ----------
    kernels
        Its kernels.
    targets
        Finds sessions.
    keeper
        Manages the attachments.
    """

    def __init__(self, kernels: Kernels, targets: Targets, keeper: AttachmentManager) -> None:
        self._kernels = kernels
        self._targets = targets
        self._keeper = keeper
        self.uses: Mapping[str, Use] = {
            api.LIST_ATTACHMENTS.name: self._list,
            api.GET_ATTACHMENT.name: self._get,
            api.PUT_ATTACHMENT.name: self._put,
            api.CHANGE_ATTACHMENT.name: self._change,
            api.DELETE_ATTACHMENT.name: self._delete,
        }

    async def stop(self) -> None:
        """Stop recording; attachments of kernels that stay alive wait for the next server."""
        await self._keeper.stop()

    async def _list(
        self, request: schemas.ListAttachments, credentials: Credentials, server_url: str
    ) -> schemas.Page[schemas.Attachment]:
        if request.kernel is not None:
            attached = self._keeper.attached.get(request.kernel)
            if attached is None:
                return schemas.Page(items=[], next=None)
            await self._keeper.look(request.kernel, request.until)
            return schemas.Page(
                items=[await self._shown(attached, credentials, server_url)], next=None
            )
        known = sorted(
            self._keeper.attached.values(), key=lambda each: (each.told.since, each.told.kernel)
        )
        kernels = [each.told.kernel for each in known]
        start = kernels.index(request.after) + 1 if request.after in kernels else 0
        await self._keeper.look()
        taken = known[start : start + request.limit]
        items = [await self._shown(each, credentials, server_url) for each in taken]
        more = start + len(taken) < len(known)
        return schemas.Page(items=items, next=kernels[start + len(taken) - 1] if more else None)

    async def _get(
        self, request: schemas.LookAtKernel, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        attached = self._find(request.kernel)
        await self._keeper.look(request.kernel, request.until)
        return await self._shown(attached, credentials, server_url)

    async def _put(
        self, request: schemas.Attach, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        manager = self._kernels.find(request.kernel)
        target = await self._targets.find(request, credentials, server_url)
        async with self._keeper.changing:
            attached = self._keeper.attached.get(request.kernel)
            if attached is not None and not attached.ended and _same(attached, target):
                await self._keeper.switch(attached, paused=False)
            else:
                paths = (await self._kernels.notebooks()).get(request.kernel, [""])
                notebook = request.notebook or paths[0]
                attached = self._keeper.new(request.kernel, manager, target, credentials, notebook)
                await self._keeper.attach(attached, manager)
        await self._keeper.look(request.kernel)
        return await self._shown(attached, credentials, server_url)

    async def _change(
        self, request: schemas.ChangeAttachment, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        async with self._keeper.changing:
            attached = self._find(request.kernel)
            if attached.ended:
                raise errors.WrongState(
                    f"This kernel is no longer recorded: {attached.ended}",
                    hint="Attach it again.",
                )
            if request.skip is not UNSET:
                await self._keeper.skip(attached, request.skip)
            if request.paused is not UNSET:
                await self._keeper.switch(attached, paused=request.paused)
        return await self._shown(attached, credentials, server_url)

    async def _delete(
        self, request: schemas.Detach, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        async with self._keeper.changing:
            attached = self._find(request.kernel)
            await self._keeper.leave(attached, "It was detached.", _STOPPED, request.command)
            self._keeper.attached.pop(request.kernel, None)
        return await self._shown(attached, credentials, server_url)

    def _find(self, kernel: str) -> Attached:
        attached = self._keeper.attached.get(kernel)
        if attached is None:
            raise errors.NotFound(
                "This kernel is not attached to a session.",
                hint="Attach it with `%session resume` in the notebook, or with the "
                "button above the notebook.",
            )
        return attached

    async def _shown(
        self, attached: Attached, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        told, problem = attached.told, attached.progress.problem
        session, label, url, state = told.session, attached.label, attached.url, ""
        if told.server is None:
            try:
                seen = await self._targets.look(told.session, credentials, server_url)
                label, url, state = seen.label, seen.url, seen.state
            except (errors.NoSuchSession, errors.SessionDisabled) as error:
                if told.user == get_user_name(credentials):
                    problem, state = problem or f"{error.message} {error.hint}", "waiting"
                else:
                    session, label, url, problem = "", "", None, None
        elif not runs_server(credentials):  # the owner of the stored login
            session, label, url, problem = "", "", None, None
        return schemas.Attachment(
            kernel=told.kernel,
            kernel_name=attached.kernel_name,
            language=told.language,
            notebook=told.notebook,
            session=session,
            label=label,
            url=url,
            server=told.server,
            user=told.user,
            state=_state(attached, state),
            waiting=attached.progress.waiting,
            problem=attached.ended or problem,
            since=told.since,
        )


def _same(attached: Attached, target: Target) -> bool:
    told = attached.told
    there = told.server, told.user, told.session
    return there == (target.server, target.user, target.session.code)


def _state(attached: Attached, session: str) -> schemas.AttachmentState:
    if attached.ended:
        return "ended"
    if attached.told.paused:
        return "paused"
    progress = attached.progress
    stuck = progress.held or (progress.waiting and progress.problem)
    return "waiting" if stuck or session in {"waiting", "disabled"} else "recording"
