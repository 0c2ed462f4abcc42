"""A session in the hands of a script: a method for each thing that can be done in it."""

from __future__ import annotations

import io
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.client import files
from jupyter_sessions.client.transports.base import Transport, every

if TYPE_CHECKING:
    from jupyter_sessions.client.publishing import Content


class Handle:
    """A session, and the way to it."""

    def __init__(self, transport: Transport, attributes: schemas.Session) -> None:
        self._transport = transport
        self._attributes = attributes

    def _do(self, operation: api.Operation[Any, api.Ans], **fields: Any) -> api.Ans:
        request = operation.request(code=self.code, **fields)
        answer: api.Ans = self._transport.call(operation, request)
        if isinstance(answer, schemas.Session):
            self._attributes = answer
        return answer

    @property
    def attributes(self) -> schemas.Session:
        """What is known of the session, as it was last told; `refresh` asks anew."""
        return self._attributes

    def refresh(self) -> schemas.Session:
        """Ask for the attributes anew."""
        return self._do(api.GET_SESSION)

    @property
    def code(self) -> str:
        """The session's code."""
        return self._attributes.code

    @property
    def url(self) -> str | None:
        """The session's page, to pass on; None where no server shows this store."""
        return self._attributes.url

    @property
    def label(self) -> str:
        """The label, as it was last told."""
        return self._attributes.label


class Commands(Handle):
    """The history, and what a script adds to it."""

    def history(
        self,
        *,
        order: Literal["newest", "oldest"] = "newest",
        user: str | None = None,
        status: schemas.Status | None = None,
        search: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        managing: bool = True,
    ) -> Iterator[schemas.CommandSummary]:
        """Yield the commands, filtered; pages are asked for as they are needed.

        Parameters
        ----------
        order
            ``newest`` or ``oldest`` first.
        user, status
            Only those of a user, and those that ended so.
        search
            Only those with all these words, each by its beginning, in source or text output.
        since, until
            Only those that began from then on, and before then.
        managing
            Whether to give those, too, that only manage sessions.
        """
        return every(
            self._transport, api.LIST_COMMANDS, code=self.code, limit=100, order=order, user=user,
            status=status, search=search, since=_instant(since), until=_instant(until),
            managing=managing,
        )  # fmt: skip

    def command(self, number: int) -> schemas.Command:
        """Show a command with its outputs as they were."""
        return self._do(api.GET_COMMAND, number=number)

    def record(
        self,
        source: str,
        *outputs: str | schemas.Output,
        status: Literal["completed", "error", "aborted"] = "completed",
        started: datetime | None = None,
        finished: datetime | None = None,
        language: str = "python",
        id: str | None = None,  # noqa: A002  # as the shape calls it
    ) -> int:
        """Record a command that the script ran, and return its number.

        Parameters
        ----------
        source
            What was run.
        outputs
            What came out: a text is what it printed; else outputs of `jupyter_sessions.schemas`.
        status
            How it ended.
        started, finished
            When; now, where it is not told.
        language
            The language of the source.
        id
            A string of its own: recording the same source under it once more changes nothing,
            so a script can repeat itself after a failure.
        """
        ended = _instant(finished) or max(datetime.now(UTC), _instant(started) or datetime.now(UTC))
        began = _instant(started) or ended
        request = schemas.CommandRequest(
            source=source, started=began, language=language, notebook=_program()
        )
        response = schemas.CommandResponse(
            status=status,
            outputs=[
                schemas.Stream(name="stdout", text=each) if isinstance(each, str) else each
                for each in outputs
            ],
            finished=ended,
            duration=(ended - began).total_seconds(),
        )
        recording = schemas.Recording(
            id=id or secrets.token_hex(16),
            request=request,
            response=response,
            keyed=id is not None and started is None,
        )
        return self._do(api.RECORD_COMMANDS, commands=[recording]).numbers[0]

    def forget(self, number: int) -> schemas.CommandSummary:
        """Erase a command's source and outputs for good; that it was run stays known."""
        return self._do(api.FORGET_COMMAND, number=number)


def _instant(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _program() -> str:
    """Return the script that runs, as the record names it."""
    path = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    return Path(path).name[:2_000].encode("utf-8", "replace").decode()


class People(Handle):
    """Members, invitations and who is connected."""

    def members(self) -> list[schemas.Member]:
        """List the members and their roles, the owner first."""
        return self._do(api.LIST_MEMBERS).members

    def grant(self, users: str | Iterable[str], *role: str) -> schemas.Members:
        """Give users, or groups as ``@group``, roles in place of those they hold.

        Parameters
        ----------
        users
            One name, or several: all of them get the roles, or none does.
        role
            ``read``, ``write``, ``execute``, ``admin``, or their letters; without any it is
            ``read``.
        """
        names = [users] if isinstance(users, str) else list(users)
        wanted = roles.parse("|".join(role)) if role else []
        grants = [schemas.Grant(user=name, roles=wanted) for name in names]
        return self._do(api.GRANT_ROLES, grants=grants)

    def revoke(self, *users: str) -> schemas.Members:
        """Take all roles from users: from all of them, or from none."""
        return self._do(api.REVOKE_ROLES, users=list(users))

    def invite(
        self, *role: str, uses: int = 1, expires: int | None = None, name: str = ""
    ) -> schemas.NewInvitation:
        """Make an invitation, whose key lets its holders join; `expires` is in minutes."""
        wanted = roles.parse("|".join(role)) if role else []
        return self._do(api.INVITE, roles=wanted, uses=uses, expires=expires, name=name)

    def invitations(self) -> Iterator[schemas.Invitation]:
        """Yield the invitations, the newest first."""
        return every(self._transport, api.LIST_INVITATIONS, code=self.code)

    def uninvite(self, invitation: int) -> schemas.Invitation:
        """End an invitation, named by its `id`."""
        return self._do(api.UNINVITE, id=invitation)

    def who(self) -> list[schemas.Presence]:
        """List who is connected to it."""
        return self._do(api.LIST_PRESENCE).here


class WebSpace(Handle):
    """The published files."""

    def publish(
        self, what: object, as_: str | None = None, *, command: int | None = None
    ) -> schemas.File:
        """Publish a value or a file; one that is there is replaced.

        Parameters
        ----------
        what
            A file as a `pathlib.Path`; or a value: a table, a figure, an array, a text, bytes,
            a dictionary or list.
        as_
            Its path in the web space, whose ending chooses how a value is written. A file has its
            own name by default; a value needs one.
        command
            The number of the command that made it.

        Warns
        -----
        UserWarning
            When the file can't hold all of the value, and says what it leaves out.
        """
        from jupyter_sessions.client import publishing

        return self._publish(publishing.content(what, as_), command)

    def publish_folder(
        self, folder: str | os.PathLike[str], as_: str | None = None, *, command: int | None = None
    ) -> list[schemas.File]:
        """Publish all files below a folder.

        Hidden ones are left out, and with a warning links out of it and names that are not UTF-8.
        """
        from jupyter_sessions.client import publishing

        return [self._publish(each, command) for each in publishing.contents(Path(folder), as_)]

    def _publish(self, content: Content, command: int | None) -> schemas.File:
        request = schemas.PublishFile(
            code=self.code, path=content.name, media_type=content.media_type, command=command
        )
        return self._transport.call(api.PUBLISH_FILE, request, content.data)

    def files(self, folder: str = "", *, deep: bool = False) -> Iterator[schemas.File]:
        """Yield what is published in a folder; with `deep`, every file below it."""
        return every(self._transport, api.LIST_FILES, code=self.code, folder=folder, deep=deep)

    def file(self, path: str) -> schemas.File:
        """Show what is known of a published file."""
        return self._do(api.GET_FILE, path=path)

    def get(self, path: str) -> bytes:
        """Return the content of a published file."""
        target = io.BytesIO()
        self._transport.download(schemas.FileNamed(code=self.code, path=path), target)
        return target.getvalue()

    def download(
        self, path: str, to: str | os.PathLike[str] | None = None, *, replace: bool = False
    ) -> list[Path]:
        """Write a published file, or a folder with all that is in it, to this machine.

        Parameters
        ----------
        path
            Its path in the web space.
        to
            Where to: a file, or a folder. By default its own name in the current folder.
        replace
            Whether files that are there may be replaced.

        Raises
        ------
        Conflict
            When a file is there, and not to be replaced.
        """
        path = path.rstrip("/")
        target = Path(to) if to is not None else Path(PurePosixPath(path).name)
        return [
            files.download(
                self._transport, self.code, file, files.placed(target, place), force=replace
            )
            for file, place in files.below(self._transport, self.code, path)
        ]

    def unpublish(self, path: str) -> list[str]:
        """Take a file, or a folder with all in it, out of the web space; return what is gone."""
        return self._do(api.UNPUBLISH_FILE, path=path).paths

    def view(self, *, path: str | None = None, command: int | None = None) -> schemas.View:
        """Make a URL by which a published file or a command's outputs can be seen for a while."""
        return self._do(api.CREATE_CAPABILITY_URL, path=path, command=command)


class Scratch(MutableMapping[str, Any]):
    """A session's small JSON values by name, as a dictionary that is kept on the server.

    Each access asks the server, so that what others set is seen at once. A list or dictionary that
    was got is a copy: to change it, set it anew.
    """

    def __init__(self, transport: Transport, code: str) -> None:
        self._transport = transport
        self._code = code

    def __repr__(self) -> str:
        return f"<Scratch of session {self._code}>"

    def __getitem__(self, name: str) -> Any:
        self._hold(name)
        request = schemas.ScratchNamed(code=self._code, name=name)
        try:
            return self._transport.call(api.GET_SCRATCH, request).value
        except errors.NotFound:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        try:
            # What JSON has no word for must not become null, or fail far from here.
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.BadRequest(
                f"The value of {name!r} can't be kept as JSON: {error}.",
                hint="JSON has texts, finite numbers, booleans, None, lists and dictionaries.",
            ) from error
        request = schemas.SetScratch(code=self._code, name=name, value=value)
        self._transport.call(api.SET_SCRATCH, request)

    def __delitem__(self, name: str) -> None:
        self._hold(name)
        request = schemas.ScratchNamed(code=self._code, name=name)
        try:
            self._transport.call(api.DELETE_SCRATCH, request)
        except errors.NotFound:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.entries())

    def __len__(self) -> int:
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[schemas.ScratchEntry]:
        """Yield what is known of each value: name, size, who set it and when."""
        return every(self._transport, api.LIST_SCRATCH, code=self._code)

    def _hold(self, name: object) -> None:
        # What can't be a name is not there, as in any dictionary.
        if not isinstance(name, str) or not name:
            raise KeyError(name)


class Session(Commands, WebSpace, People):
    """One session, as the user that the connection is of; made by a `Connection`.

    What it answers are the shapes of `jupyter_sessions.schemas`, and what fails raises a class of
    `jupyter_sessions.errors`. Moments without a time zone are taken as local time.
    """

    def __repr__(self) -> str:
        return f"<Session {self.label!r} {self.code}>"

    def describe(
        self,
        *,
        label: str | None = None,
        description: str | None = None,
        message: str | None = None,
        agent: str | None = None,
    ) -> schemas.Session:
        """Change label, description, message or agent; what is left out stays."""
        words = {"label": label, "description": description, "message": message, "agent": agent}
        told = {name: word for name, word in words.items() if word is not None}
        return self._do(api.UPDATE_SESSION, **told)

    def set_timeouts(
        self,
        *,
        idle_timeout: int | UnsetType | None = UNSET,
        lifetime: int | UnsetType | None = UNSET,
    ) -> schemas.Session:
        """Set the time-outs in minutes; None takes one away, what is left out stays."""
        return self._do(api.SET_SESSION_TIMEOUTS, idle_timeout=idle_timeout, lifetime=lifetime)

    def resume(self, commands: int = 10, *, agent: str = "") -> schemas.Resumed:
        """Take it up: what it is, who is in it, and its last commands with their outputs."""
        answer = self._do(api.RESUME_SESSION, commands=commands, agent=agent)
        self._attributes = answer.session
        return answer

    def disable(self) -> schemas.Session:
        """Close it to all but its owner, until it is enabled."""
        return self._do(api.DISABLE_SESSION)

    def enable(self) -> schemas.Session:
        """Open it to its members again."""
        return self._do(api.ENABLE_SESSION)

    def close(self) -> schemas.Session:
        """Make the session a read-only archive, for good; a connection has a `close` of its own."""
        return self._do(api.CLOSE_SESSION)

    def remove(self) -> schemas.Session:
        """Take it out of every list; it can be restored until it is purged."""
        return self._do(api.REMOVE_SESSION)

    def restore(self) -> schemas.Session:
        """Bring it back after it was removed."""
        return self._do(api.RESTORE_SESSION)

    def transfer(self, user: str) -> schemas.Session:
        """Make another user the owner; the old owner stays as an admin."""
        return self._do(api.TRANSFER_SESSION, user=user)

    @property
    def scratch(self) -> Scratch:
        """Small JSON values by name, to hand on from script to script."""
        return Scratch(self._transport, self.code)

    def events(
        self, *, order: Literal["newest", "oldest"] = "oldest", after: int | None = None
    ) -> Iterator[schemas.Event]:
        """Yield the session's log as it is now."""
        while True:
            page = self._do(api.LIST_EVENTS, order=order, limit=500, after=after)
            yield from page.items
            if page.next is None:
                return
            after = int(page.next)

    def follow(self, *, after: int | None = None) -> Iterator[schemas.Event]:
        """Yield events as they come, after the one of that number; by default, from now on.

        A lost connection is taken up again, and nothing is missed or repeated. It ends when one's
        role in the session does, or the connection is closed.
        """
        if after is None:
            # Told now, not at the first step: what comes in between is not missed.
            after = self.refresh().events
        return self._transport.follow(schemas.Follow(code=self.code, after=after))
