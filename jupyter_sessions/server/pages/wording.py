"""Format numbers, timestamps and roles for the pages."""

from __future__ import annotations

import math
from datetime import UTC, datetime

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

_INCLUDED: dict[schemas.RoleName, set[schemas.RoleName]] = {
    "write": {"read"},
    "admin": {"read", "write", "execute"},
    "owner": {"read", "write", "execute", "admin"},
}

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def telling(roles: list[schemas.RoleName]) -> list[schemas.RoleName]:
    """Return the roles without those that another one includes."""
    included = set().union(*(_INCLUDED.get(role, set()) for role in roles))
    return [role for role in roles if role not in included]


def ago(instant: datetime, now: datetime | None = None) -> str:
    """Format the approximate time since `instant`; a date if that is more than a month."""
    passed = ((now or datetime.now(UTC)) - instant).total_seconds()
    if passed < 45:
        return "just now"
    if passed < 45 * _MINUTE:
        return f"{round(passed / _MINUTE) or 1} min ago"
    if passed < 22 * _HOUR:
        return f"{round(passed / _HOUR) or 1} h ago"
    days = round(passed / _DAY) or 1
    if days < 31:
        return "yesterday" if days == 1 else f"{days} days ago"
    return day(instant)


def exact(instant: datetime) -> str:
    """Format a timestamp to the second, in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock(instant: datetime) -> str:
    """Format the time of day of a timestamp, in UTC."""
    return f"{instant.astimezone(UTC):%H:%M} UTC"


def day(instant: datetime) -> str:
    """Format the day of a timestamp, in UTC."""
    moment = instant.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def lasted(seconds: float) -> str:
    """Format a duration in the most readable unit."""
    if seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{int(seconds // _HOUR):,} h {int(seconds % _HOUR // 60):02} min"


def size(count: int) -> str:
    """Format a number of bytes in the most readable unit."""
    if count < 1_000:
        return f"{count} B"
    units = ["TB", "GB", "MB", "kB"]
    amount, unit = count / 1_000, units.pop()
    while amount >= 999.5 and units:
        amount, unit = amount / 1_000, units.pop()
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def count(number: int, one: str, many: str = "") -> str:
    """Format a number with its noun: ``1 command``, ``12,000 commands``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float | None) -> int:
    """Scale a duration logarithmically to 0 (a millisecond) to 100 (an hour and more)."""
    if seconds is None:
        return 0
    return min(100, max(0, round(math.log10(max(seconds, 0.001) * 1_000) / 6.556 * 100)))


def initials(name: str) -> str:
    """Return the one or two letters that represent a person."""
    words = [word for word in name.replace(".", " ").replace("_", " ").split() if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def hue(name: str) -> int:
    """Return the number, 0 to 7, of the colour that represents a person everywhere."""
    return sum(ord(char) * (i + 1) for i, char in enumerate(name)) % 8
