"""What those who follow a session are to be told next, and who may not follow any more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from jupyter_sessions import schemas
from jupyter_sessions.core import permissions
from jupyter_sessions.core.auth import principals
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.sessions import events
from jupyter_sessions.core.types import Asker
from jupyter_sessions.errors import SessionsError

#: Events that change nobody's roles; after any other, everyone is checked again. The end of a login
#: or of a user's time in a group is no event of a session, so these are looked at each time.
_HARMLESS = ("command.", "file.", "scratch.")
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Events that are new, and those who may not see them, with why."""

    events: list[schemas.Event]
    refused: dict[Asker, SessionsError] = field(default_factory=dict)


def advance(
    context: Context,
    session_id: int,
    after: int,
    askers: Collection[Asker],
    admit: Callable[[Asker], object],
    *,
    check: bool,
) -> Progress:
    """Read what is new in a session after an event, and check its followers where roles may differ.

    Parameters
    ----------
    admit
        Raises for an asker who may not follow.
    check
        Check the followers in any case: time has passed, or something changed that is no event.
    """
    new = events.read(context.connection, session_id, after=after, limit=_MOST)
    harmless = new and all(event.kind.startswith(_HARMLESS) for event in new)
    if not check and harmless:
        followers = principals.alive(context.connection, askers, context.now)
        if followers is not None and permissions.all_read(
            context.connection, session_id, followers
        ):
            return Progress(events=new)
    refused = {}
    for asker in askers:
        try:
            admit(asker)
        except SessionsError as error:
            refused[asker] = error
    return Progress(events=new, refused=refused)
