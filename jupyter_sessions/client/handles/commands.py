"""The commands of a session: finding, showing, recording and forgetting them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from jupyter_sessions import api, schemas
from jupyter_sessions.client.handles.handle import Handle
from jupyter_sessions.client.transports.paging import every


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
