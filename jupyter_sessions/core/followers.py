"""Who follows a session live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_sessions import schemas


@dataclass(frozen=True)
class Follower:
    """Someone who follows a session live, as their server tells it."""

    client: str
    session_id: int
    user_id: int
    real_user_id: int | None
    key_id: int | None
    kind: schemas.PresenceKind
    agent: str
