"""Implement the operations on attachments: which kernel records into which session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import Credentials
from jupyter_sessions.schemas.commands import RECORDING_STOPPED
from jupyter_sessions.server.auth import runs_server
from jupyter_sessions.server.list_paging import take_page
from jupyter_sessions.server.recording.manager import Attached, AttachmentManager
from jupyter_sessions.server.recording.targets import get_user_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_sessions.core.types import Use
    from jupyter_sessions.server.recording.kernels import Kernels
    from jupyter_sessions.server.recording.targets import Target, Targets


class Attachments:
    """The attachments of one Jupyter server, as its users see them.

    Parameters
    ----------
    kernels
        Its kernels.
    targets
        Finds sessions.
    manager
        Manages the attachments.
    """

    def __init__(self, kernels: Kernels, targets: Targets, manager: AttachmentManager) -> None:
        self._kernels = kernels
        self._targets = targets
        self._manager = manager
        self.uses: Mapping[str, Use] = {
            api.LIST_ATTACHMENTS.name: self._list,
            api.GET_ATTACHMENT.name: self._get,
            api.PUT_ATTACHMENT.name: self._put,
            api.CHANGE_ATTACHMENT.name: self._change,
            api.DELETE_ATTACHMENT.name: self._delete,
        }

    async def stop(self) -> None:
        """Stop recording; attachments of kernels that stay alive wait for the next server."""
        await self._manager.stop()

    async def _list(
        self, request: schemas.ListAttachments, credentials: Credentials, server_url: str
    ) -> schemas.Page[schemas.Attachment]:
        if request.kernel is not None:
            attached = self._manager.attached.get(request.kernel)
            if attached is None:
                return schemas.Page(items=[], next=None)
            await self._manager.look(request.kernel, request.until)
            return schemas.Page(
                items=[await self._describe(attached, credentials, server_url)], next=None
            )
        known = sorted(
            self._manager.attached.values(),
            key=lambda each: (each.request.since, each.request.kernel),
        )
        page = take_page(known, request, lambda each: each.request.kernel)
        await self._manager.look()
        items = [await self._describe(each, credentials, server_url) for each in page.items]
        return schemas.Page(items=items, next=page.next)

    async def _get(
        self, request: schemas.LookAtKernel, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        attached = self._find(request.kernel)
        await self._manager.look(request.kernel, request.until)
        return await self._describe(attached, credentials, server_url)

    async def _put(
        self, request: schemas.Attach, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        manager = self._kernels.find(request.kernel)
        target = await self._targets.find(request, credentials, server_url)
        known = False  # whether the progress is
        async with self._manager.changing:
            attached = self._manager.attached.get(request.kernel)
            if attached is not None and not attached.ended and _same(attached, target):
                known = await self._manager.switch(attached, paused=False)
            else:
                paths = (await self._kernels.notebooks()).get(request.kernel, [""])
                notebook = request.notebook or paths[0]
                attached = self._manager.new(request.kernel, manager, target, credentials, notebook)
                await self._manager.attach(attached, manager)
                known = True
        if not known:
            await self._manager.look(request.kernel)
        return await self._describe(attached, credentials, server_url, target.session)

    async def _change(
        self, request: schemas.ChangeAttachment, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        async with self._manager.changing:
            attached = self._find(request.kernel)
            if attached.ended:
                raise errors.WrongState(
                    f"This kernel is no longer recorded: {attached.ended}",
                    hint="Attach it again.",
                )
            if request.skip is not UNSET:
                await self._manager.skip(attached, request.skip)
            if request.paused is not UNSET:
                await self._manager.switch(attached, paused=request.paused)
        return await self._describe(attached, credentials, server_url)

    async def _delete(
        self, request: schemas.Detach, credentials: Credentials, server_url: str
    ) -> schemas.Attachment:
        async with self._manager.changing:
            attached = self._find(request.kernel)
            await self._manager.leave(
                attached, "It was detached.", RECORDING_STOPPED, request.command
            )
            self._manager.attached.pop(request.kernel, None)
        return await self._describe(attached, credentials, server_url)

    def _find(self, kernel: str) -> Attached:
        attached = self._manager.attached.get(kernel)
        if attached is None:
            raise errors.NotFound(
                "This kernel is not attached to a session.",
                hint="Attach it with `%session resume` in the notebook, or with the "
                "button above the notebook.",
            )
        return attached

    async def _describe(
        self,
        attached: Attached,
        credentials: Credentials,
        server_url: str,
        seen: schemas.Session | None = None,
    ) -> schemas.Attachment:
        """Describe an attachment to a user; `seen` is its session, if they have just seen it."""
        told, problem = attached.request, attached.progress.problem
        session, label, url, state = told.session, attached.label, attached.url, ""
        if told.server is None:
            try:
                seen = seen or await self._targets.look(told.session, credentials, server_url)
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
    told = attached.request
    there = told.server, told.user, told.session
    return there == (target.server, target.user, target.session.code)


def _state(attached: Attached, session: str) -> schemas.AttachmentState:
    if attached.ended:
        return "ended"
    if attached.request.paused:
        return "paused"
    progress = attached.progress
    stuck = progress.held or (progress.waiting and progress.problem)
    return "waiting" if stuck or session in {"waiting", "disabled"} else "recording"
