"""What roles and states mean to a member: the tooltips of the pages."""

from __future__ import annotations

from jupyter_sessions import schemas

#: What each role allows, in the order in which roles are listed.
ROLES: dict[schemas.RoleName, str] = {
    "read": "See the session, its commands, files and members, and follow it live.",
    "write": "Read; record commands; publish and unpublish files; change the description.",
    "execute": "Nothing yet: reserved for running commands on the session's own kernel.",
    "admin": "Read, write and execute; grant and revoke roles; erase a command's content.",
    "owner": "Everything; also disable, close, remove and restore the session, and transfer it.",
}

#: What each state means to a member.
STATES: dict[schemas.State, str] = {
    "active": "Open for work.",
    "disabled": "Only its owner can see it until it is enabled.",
    "closed": "A read-only archive, permanently.",
    "removed": "Removed from all lists; its owner can restore it until it is purged.",
}
