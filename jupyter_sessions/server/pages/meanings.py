"""What roles and states mean to a member: the tooltips of the pages."""

from __future__ import annotations

from jupyter_sessions import schemas

#: What each role allows, in the order in which roles are listed.
ROLES: dict[schemas.RoleName, str] = {
    "read": "See the session, its commands, files and members, and follow it live.",
    "write": "Read; record commands, publish and unpublish files, change the description.",
    "execute": "Nothing yet: kept for running commands on a kernel of the session's own.",
    "admin": "Read, write and execute; grant and revoke roles, forget a command's content.",
    "owner": "Everything: also disable, close, remove, restore it, and give it to someone else.",
}

#: What each state means to a member.
STATES: dict[schemas.State, str] = {
    "active": "Open for work.",
    "disabled": "Reachable by its owner alone until it is enabled again.",
    "closed": "A read-only archive, for good.",
    "removed": "Gone from every list; its owner can restore it until it is purged.",
}
