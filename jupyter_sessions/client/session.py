"""Client-side sessions: attributes, commands, members, published files and scratch values."""

from __future__ import annotations

import json
import os
import secrets
import sys
import warnings
from collections.abc import Iterable, Iterator, MutableMapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.client import files
from jupyter_sessions.client.transports.base import Transport, iterate_pages

if TYPE_CHECKING:
    from jupyter_sessions.client.publishing import Content


class Handle:
    """A session and its transport."""

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
        """The attributes of the session as of the last request; `refresh` updates them."""
        return self._attributes

    def refresh(self) -> schemas.Session:
        """Request the attributes again."""
        return self._do(api.GET_SESSION)

    @property
    def code(self) -> str:
        """The session's code."""
        return self._attributes.code

    @property
    def url(self) -> str | None:
        """The session's page, for sharing; None if no server shows this store."""
        return self._attributes.url

    @property
    def label(self) -> str:
        """The label as of the last request."""
        return self._attributes.label


class Commands(Handle):
    """The session's history, and recording of commands by a script."""

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
        """Yield the commands, filtered; pages are fetched as needed.

        Parameters
        ----------
        order
            ``newest`` or ``oldest`` first.
        user, status
            Only commands of this user, and only those with this status.
        search
            Only those with all these words, as word prefixes, in source or text output.
        since, until
            Only those that began at or after, and before, these times.
        managing
            Whether to include commands that only manage sessions.
        """
        return iterate_pages(
            self._transport, api.LIST_COMMANDS, code=self.code, limit=100, order=order, user=user,
            status=status, search=search, since=_instant(since), until=_instant(until),
            managing=managing,
        )  # fmt: skip

    def command(self, number: int) -> schemas.Command:
        """Return a command with its original outputs."""
        return self._do(api.GET_COMMAND, number=number)

    def record(
        self,
        source: str,
        *outputs: str | schemas.Output,
        status: Literal["completed", "error", "aborted"] = "completed",
        started: datetime | None = None,
        finished: datetime | None = None,
        language: str = "python",
        id: str | None = None,  # noqa: A002  # as in the schema
    ) -> int:
        """Record a command that the script ran, and return its number.

        Parameters
        ----------
        source
            The source of the command.
        outputs
            The outputs: a text stands for printed text; otherwise outputs of
            `jupyter_sessions.schemas`.
        status
            The final status.
        started, finished
            The start and end times; now by default.
        language
            The language of the source.
        id
            Identifies the command. If a command with this `id` and the same source has been
            recorded, nothing is recorded or changed, whatever the outputs and status are, and its
            number is returned: a script can repeat itself after a failure. With `started`, the
            start must be the same too, and only a command recorded as aborted can still change.
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
        """Erase a command's source and outputs permanently; the fact that it ran remains."""
        return self._do(api.FORGET_COMMAND, number=number)


def _instant(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _program() -> str:
    """Return the script that is running, as the record names it."""
    path = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    return Path(path).name[:2_000].encode("utf-8", "replace").decode()


class People(Handle):
    """Members, invitations and connected users."""

    def members(self) -> list[schemas.Member]:
        """Return the members and their roles, the owner first."""
        return self._do(api.LIST_MEMBERS).members

    def grant(self, users: str | Iterable[str], *role: str) -> schemas.Members:
        """Give users, or groups as ``@group``, new roles in place of their present ones.

        Parameters
        ----------
        users
            One name, or several: either all of them get the roles, or none does.
        role
            ``read``, ``write``, ``execute``, ``admin``, or their letters; without any it is
            ``read``.
        """
        names = [users] if isinstance(users, str) else list(users)
        wanted = roles.parse("|".join(role)) if role else []
        grants = [schemas.Grant(user=name, roles=wanted) for name in names]
        return self._do(api.GRANT_ROLES, grants=grants)

    def revoke(self, *users: str) -> schemas.Members:
        """Take all roles from all of these users, or fail without changes."""
        return self._do(api.REVOKE_ROLES, users=list(users))

    def invite(
        self, *role: str, uses: int = 1, expires: int | None = None, name: str = ""
    ) -> schemas.NewInvitation:
        """Create an invitation, whose key lets its holders join; `expires` is in minutes."""
        wanted = roles.parse("|".join(role)) if role else []
        return self._do(api.INVITE, roles=wanted, uses=uses, expires=expires, name=name)

    def invitations(self) -> Iterator[schemas.Invitation]:
        """Yield the invitations, the newest first."""
        return iterate_pages(self._transport, api.LIST_INVITATIONS, code=self.code)

    def uninvite(self, invitation: int) -> schemas.Invitation:
        """End the invitation with this `id`."""
        return self._do(api.UNINVITE, id=invitation)

    def who(self) -> list[schemas.Presence]:
        """Return the users who are connected to the session."""
        return self._do(api.LIST_PRESENCE).here


class WebSpace(Handle):
    """The published files."""

    def publish(
        self, what: object, as_: str | None = None, *, command: int | None = None
    ) -> schemas.File:
        """Publish a value or a file; an existing one is replaced.

        Parameters
        ----------
        what
            A file as a `pathlib.Path`; or a value: a table, a figure, an array, a text, bytes,
            a dictionary or list.
        as_
            Its path in the web space, whose extension determines how a value is written. By default
            a file keeps its own name; a value needs a path.
        command
            The number of the command that created it.

        Warns
        -----
        UserWarning
            When the file can't hold the whole value; the warning says what is omitted.
        """
        from jupyter_sessions.client import publishing

        return self._publish(publishing.content(what, as_), command)

    def publish_folder(
        self, folder: str | os.PathLike[str], as_: str | None = None, *, command: int | None = None
    ) -> list[schemas.File]:
        """Publish all files below a folder.

        Hidden files are omitted. Links out of the folder and names that are not UTF-8 are omitted
        with a warning.
        """
        from jupyter_sessions.client import publishing

        return [self._publish(each, command) for each in publishing.contents(Path(folder), as_)]

    def _publish(self, content: Content, command: int | None) -> schemas.File:
        request = schemas.PublishFile(
            code=self.code, path=content.name, media_type=content.media_type, command=command
        )
        return self._transport.call(api.PUBLISH_FILE, request, content.data)

    def files(self, folder: str = "", *, deep: bool = False) -> Iterator[schemas.File]:
        """Yield the published files and folders in a folder; with `deep`, every file below it."""
        return iterate_pages(
            self._transport, api.LIST_FILES, code=self.code, folder=folder, deep=deep
        )

    def file(self, path: str) -> schemas.File:
        """Return the metadata of a published file."""
        return self._do(api.GET_FILE, path=path)

    def get(self, path: str) -> bytes:
        """Return the content of a published file."""
        return files.read(self._transport, self.code, path)

    def download(
        self, path: str, to: str | os.PathLike[str] | None = None, *, replace: bool = False
    ) -> list[Path]:
        """Download a published file, or a folder with its content, to this machine.

        A file gets its name once its SHA-256 is verified. If the download of a large file breaks
        off, calling this again continues it. A warning says if it had to start again.

        Parameters
        ----------
        path
            Its path in the web space.
        to
            The target file or folder. By default its own name in the current folder.
        replace
            Whether existing files may be replaced.

        Raises
        ------
        Conflict
            When a file exists and may not be replaced.
        """
        path = path.rstrip("/")
        target = Path(to) if to is not None else Path(PurePosixPath(path).name)
        notes: list[str] = []
        saved = [
            files.download(
                self._transport,
                self.code,
                file,
                files.placed(target, place),
                force=replace,
                note=notes.append,
            ).path
            for file, place in files.list_files_below(self._transport, self.code, path)
        ]
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return saved

    def unpublish(self, path: str) -> list[str]:
        """Remove a file, or a folder with its content; return the removed files."""
        return self._do(api.UNPUBLISH_FILE, path=path).paths

    def view(self, *, path: str | None = None, command: int | None = None) -> schemas.View:
        """Create a temporary URL that shows a published file or a command's outputs."""
        return self._do(api.CREATE_CAPABILITY_URL, path=path, command=command)


class Scratch(MutableMapping[str, Any]):
    """A session's small JSON values by name, as a dictionary that is stored on the server.

    Each access is a request to the server, so changes by others are visible at once. A list or
    dictionary that you get is a copy: to change the stored value, set it again.
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
            # Values that JSON can't represent must not become null or cause an obscure error later.
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.BadRequest(
                f"The value of {name!r} can't be stored as JSON: {error}.",
                hint="JSON has text, finite numbers, booleans, None, lists and dictionaries.",
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
        """Yield the metadata of each value: name, size, and by whom and when it was set."""
        return iterate_pages(self._transport, api.LIST_SCRATCH, code=self._code)

    def _hold(self, name: object) -> None:
        # An invalid name is simply missing, as in any dictionary.
        if not isinstance(name, str) or not name:
            raise KeyError(name)


class Session(Commands, WebSpace, People):
    """One session, accessed as the connection's user; created by a `Connection`.

    Methods return types of `jupyter_sessions.schemas`, and raise classes of
    `jupyter_sessions.errors`. Times without a time zone are local.
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
        """Change label, description, message or agent; omitted ones stay."""
        words = {"label": label, "description": description, "message": message, "agent": agent}
        told = {name: word for name, word in words.items() if word is not None}
        return self._do(api.UPDATE_SESSION, **told)

    def set_timeouts(
        self,
        *,
        idle_timeout: int | UnsetType | None = UNSET,
        lifetime: int | UnsetType | None = UNSET,
    ) -> schemas.Session:
        """Set the time-outs in minutes; None removes a time-out, omitted ones stay."""
        return self._do(api.SET_SESSION_TIMEOUTS, idle_timeout=idle_timeout, lifetime=lifetime)

    def resume(self, commands: int = 10, *, agent: str = "") -> schemas.Resumed:
        """Resume the session: return its attributes, connected users and last commands."""
        answer = self._do(api.RESUME_SESSION, commands=commands, agent=agent)
        self._attributes = answer.session
        return answer

    def disable(self) -> schemas.Session:
        """Disable the session for all but its owner, until it is enabled."""
        return self._do(api.DISABLE_SESSION)

    def enable(self) -> schemas.Session:
        """Enable the session for its members again."""
        return self._do(api.ENABLE_SESSION)

    def close(self) -> schemas.Session:
        """Make the session a permanent read-only archive; a connection has its own `close`."""
        return self._do(api.CLOSE_SESSION)

    def remove(self) -> schemas.Session:
        """Remove the session from every list; it can be restored until it is purged."""
        return self._do(api.REMOVE_SESSION)

    def restore(self) -> schemas.Session:
        """Restore the session after it was removed."""
        return self._do(api.RESTORE_SESSION)

    def transfer(self, user: str) -> schemas.Session:
        """Make another user the owner; the previous owner becomes an admin."""
        return self._do(api.TRANSFER_SESSION, user=user)

    @property
    def scratch(self) -> Scratch:
        """Small JSON values by name, shared between scripts."""
        return Scratch(self._transport, self.code)

    def events(
        self, *, order: Literal["newest", "oldest"] = "oldest", after: int | None = None
    ) -> Iterator[schemas.Event]:
        """Yield the session's log up to now."""
        return iterate_pages(
            self._transport,
            api.LIST_EVENTS,
            read_cursor=int,
            code=self.code,
            order=order,
            after=after,
        )

    def follow(self, *, after: int | None = None) -> Iterator[schemas.Event]:
        """Yield events as they occur, after the given number; by default, from now on.

        After a lost connection it reconnects, and no event is missed or repeated. It ends when you
        lose your role in the session, or the connection is closed.
        """
        if after is None:
            # Start now, not at the first iteration, so that no event in between is missed.
            after = self.refresh().events
        return self._transport.follow(schemas.Follow(code=self.code, after=after))
