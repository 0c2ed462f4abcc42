"""Format values as text for people to read: in the shell, on the pages and in notebooks.

`labextension/src/text/formatting.ts` and `server/static/formatting.js` have the same functions. The
tests of all three read the same examples, ``tests/fixtures/formatting.json``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from jupyter_sessions.names import remove_guest_mark
from jupyter_sessions.roles import Roles, expand

_Name = TypeVar("_Name", bound=str)

_SIZES = ("kB", "MB", "GB", "TB")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

#: The number of colours of people.
HUES = 8
_BETWEEN_WORDS = re.compile(r"[\s._@+~-]+")

#: JSON stays as it is if it is larger than this, nested deeper, or larger once indented: 200 kB of
#: nested brackets would become 180 MB.
_LARGEST = 400_000
_DEEPEST = 64
_LARGEST_INDENTED = 4_000_000
_INDENT = 2
_QUOTE = ord('"')
_STEP = 1 << 20

# An unterminated string extends to the end of the text, so no part of it is read twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z|\\\Z)|[\[\]{},]', re.DOTALL)


def format_json(text: bytes) -> bytes:
    """Indent JSON for people to read, as long as the result has a bounded size.

    Parameters
    ----------
    text
        JSON without space between its tokens.

    Returns
    -------
    bytes
        The indented JSON, or `text` itself if it is very large or very deeply nested.
    """
    return msgspec.json.format(text, indent=_INDENT) if can_be_indented(text) else text


def can_be_indented(text: bytes) -> bool:
    """Return whether JSON is small and flat enough to be indented."""
    if len(text) > _LARGEST:
        return False
    depth, size = 0, len(text)
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] == _QUOTE:
            continue
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        size += 1 + _INDENT * depth
        if depth > _DEEPEST or size > _LARGEST_INDENTED:
            return False
    return True


def has_more_values(text: bytes, most: int) -> bool:
    """Return whether JSON consists of more than so many values, without building them."""
    counted = 0
    for start in range(0, len(text), _STEP):  # in short steps, between which other threads can run
        counted += sum(text.count(each, start, start + _STEP) for each in (b",", b"[", b"{"))
    if counted < most:
        return False
    left = most
    for match in _TOKEN.finditer(text):
        if match[0] in b"[{,":
            left -= 1
            if left <= 0:
                return True
    return False


def format_size(count: int) -> str:
    """Format a number of bytes in powers of 1000: ``999 B``, ``1.2 kB``, ``48 kB``."""
    if count < 1_000:
        return f"{count} B"
    amount, unit = count / 1_000, 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{_round(amount)} {_SIZES[unit]}"


def format_duration(seconds: float) -> str:
    """Format a duration by its largest units: ``42 ms``, ``5.0 s``, ``2 min 05 s``."""
    if seconds < 0.9995:
        return f"{max(1, _round_half_up(seconds * 1_000))} ms"
    if seconds < 59.5:
        return f"{_round(seconds)} s"
    minutes, rest = divmod(_round_half_up(seconds), _MINUTE)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, rest = divmod(_round_half_up(seconds / _MINUTE), 60)
    return f"{hours:,} h {rest:02} min"


def format_timeout(minutes: int) -> str:
    """Format a time-out: ``1 d 2 h``, ``90 d``, ``5 min``."""
    days, rest = divmod(minutes, 1_440)
    hours, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (rest, "min")]
    return " ".join(f"{amount:,} {unit}" for amount, unit in parts if amount) or "0 min"


def format_count(number: int, one: str, many: str = "") -> str:
    """Format a number with its noun: ``1 command``, ``12,000 commands``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_age(instant: datetime, now: datetime | None = None) -> str:
    """Format the approximate time since `instant`; a date if that is more than a month."""
    passed = ((now or datetime.now(UTC)) - instant).total_seconds()
    if passed < 45:
        return "just now"
    if passed < 45 * _MINUTE:
        return f"{max(1, _round_half_up(passed / _MINUTE))} min ago"
    if passed < 22 * _HOUR:
        return f"{max(1, _round_half_up(passed / _HOUR))} h ago"
    days = max(1, _round_half_up(passed / _DAY))
    if days < 31:
        return "yesterday" if days == 1 else f"{days} days ago"
    return format_utc_day(instant)


def format_utc(instant: datetime) -> str:
    """Format a timestamp to the second, in UTC, as a server does that knows no time zone."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_utc_time(instant: datetime) -> str:
    """Format the time of day of a timestamp, in UTC."""
    return f"{instant.astimezone(UTC):%H:%M} UTC"


def format_utc_day(instant: datetime) -> str:
    """Format the day of a timestamp, in UTC: ``12 October 2026``."""
    moment = instant.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def format_minute(instant: datetime) -> str:
    """Format a timestamp in the local time zone, to the minute."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M")


def format_second(instant: datetime) -> str:
    """Format a timestamp in the local time zone, to the second."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def format_zone(instants: Iterable[datetime]) -> str:
    """Return the local time zone; around a change of daylight saving time there may be two."""
    zones = {instant.astimezone().isoformat()[-6:] for instant in instants}
    if len(zones) != 1:
        return "local time"
    offset = zones.pop()
    return "UTC" if offset == "+00:00" else f"UTC{offset}"


def simplify_roles(names: Iterable[_Name]) -> list[_Name]:
    """Return the roles without those that another one implies: ``write`` for read and write.

    The other names, such as those of a later version, are kept.
    """
    kept = list(names)
    held = {name: Roles[name.upper()] for name in kept if name.upper() in Roles.__members__}
    if "owner" in held:
        return [name for name in kept if name == "owner" or name not in held]
    return [
        name
        for name in kept
        if name not in held
        or not any(held[name] in expand(role) for other, role in held.items() if other != name)
    ]


def format_roles(names: Iterable[str], none: str = "none") -> str:
    """Format roles without those that another one implies; `none` if there are none."""
    return ", ".join(simplify_roles(names)) or none


def make_initials(name: str) -> str:
    """Return the one or two letters of the badge of a user or ``@group``."""
    words = [word for word in _BETWEEN_WORDS.split(remove_guest_mark(name)) if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def pick_hue(name: str) -> int:
    """Return the number, 0 to 7, of the colour of a user or ``@group`` wherever they are shown."""
    return sum(ord(character) * (i + 1) for i, character in enumerate(name)) % HUES


def scale_duration(seconds: float | None) -> int:
    """Scale a duration logarithmically to 0 (a millisecond) to 100 (an hour and more)."""
    if seconds is None:
        return 0
    place = math.log10(max(seconds, 0.001) * 1_000) / math.log10(3_600_000) * 100
    return min(100, max(0, _round_half_up(place)))


def _round(amount: float) -> str:
    # Not by a format, whose halves go to even digits: JavaScript's go up.
    tenths = _round_half_up(amount * 10)
    return f"{tenths // 10}.{tenths % 10}" if tenths < 100 else f"{_round_half_up(amount):,}"


def _round_half_up(amount: float) -> int:
    return math.floor(amount + 0.5)
