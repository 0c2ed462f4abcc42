"""Validate and normalize names, paths, labels and instants.

Two names are the same if they look the same: they are compared in their folded forms, so nobody can
impersonate ``foo`` as ``Foo``, ``ｆｏｏ`` or with a letter of another alphabet among Latin ones.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from jupyter_sessions.errors import BadName, BadRequest
from jupyter_sessions.names import GUEST_MARK, fold_name

_USER_MARKS = frozenset("._-@+")

_LONGEST_USER = 64

_LONGEST_PART = 255  # bytes: the limit of file systems, so that a download can keep the name

_MAX_QUOTED = 80

_LONGEST_PATH = 2_000  # bytes of the compared form: the limit of a PostgreSQL index, with a margin

# Invisible characters that Unicode classifies as letters.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")

# Marks that only affect how the preceding letter is drawn, or join the characters beside them.
_HINTS = ("VARIATION SELECTOR", "MONGOLIAN FREE VARIATION", "COMBINING GRAPHEME JOINER")

_LOOK_ALIKES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def user_name(name: str, what: str = "user") -> str:
    """Check the name of a new user (or of another `what`), and return it in NFC.

    Raises
    ------
    BadName
        If it has more than 64 characters, characters other than letters, digits and ``._-@+``, does
        not begin with a letter or digit, or mixes alphabets whose letters look alike.
    """
    name = unicodedata.normalize("NFC", name)
    if not 0 < len(name) <= _LONGEST_USER:
        raise BadName(f"A {what} name must have 1 to 64 characters.", hint="Choose another name.")
    for character in name:
        if not _fits_user(character):
            raise BadName(
                f"A {what} name can't contain the character U+{ord(character):04X}.",
                hint="Use letters, digits and . _ - @ +",
            )
    if not name[0].isalnum():
        raise BadName(f"A {what} name must begin with a letter or a digit.", hint="Choose another.")
    alphabets = {
        alphabet
        for character in fold_name(name)
        for alphabet in _LOOK_ALIKES
        if unicodedata.name(character, "").startswith(alphabet)
    }
    if len(alphabets) > 1:
        raise BadName(
            f"A {what} name can't mix alphabets whose letters look alike: "
            f"{', '.join(sorted(alphabets)).title()}.",
            hint="Write it in one alphabet.",
        )
    return name


def guest_name(name: str) -> str:
    """Check the name that a guest chooses, by the rules for users; return it with the prefix.

    Raises
    ------
    BadName
        If the name is not valid for a user.
    """
    return GUEST_MARK + user_name(name)


def is_guest(name: str) -> bool:
    """Return whether a user's name is a guest's: it has the prefix wherever it is shown."""
    return name.startswith(GUEST_MARK)


def _fits_user(character: str) -> bool:
    if character.isalnum():
        return character not in _INVISIBLE
    if unicodedata.category(character) in {"Mn", "Mc"}:
        return not unicodedata.name(character, "").startswith(_HINTS)
    return character in _USER_MARKS


def one_line(text: str, what: str) -> str:
    """Check a label: it must not contain control characters or lone surrogates.

    Raises
    ------
    BadName
        If it does; `what` names the field.
    """
    _check_characters(text, what, "Write it on one line, without control characters.")
    return text.strip()


def prose(text: str, what: str) -> str:
    """Check a text of several lines: newline and tab are its only control characters.

    Raises
    ------
    BadName
        If it contains others; `what` names the field.
    """
    for line in text.replace("\t", " ").split("\n"):
        _check_characters(
            line.removesuffix("\r"),
            what,
            "Write it without control characters; line breaks are allowed.",
        )
    return text.strip()


def _check_characters(line: str, what: str, hint: str) -> None:
    for character in line:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise BadName(
                f"The {what} contains the character U+{ord(character):04X}, which is not allowed.",
                hint=hint,
            )


def path(text: str) -> str:
    """Check a path in a web space and return it in NFC.

    Raises
    ------
    BadName
        If it is empty or absolute, has ``.``, ``..``, empty or overlong parts, a backslash or
        invisible characters, or if its compared form has any of these.
    """
    text = unicodedata.normalize("NFC", text)
    hint = "Write it like results/weather.png, relative to the web space."
    if text.startswith("/"):
        raise BadName(f"The path {_shorten(text)} is absolute.", hint=hint)
    for part in text.split("/"):
        _check_part(part, f"The path {_shorten(text)} has a part that", hint)
    if len(fold_name(text).encode()) > _LONGEST_PATH:
        raise BadName("The path is too long.", hint="Keep it below 1,000 letters.")
    return text


def taken(kind: str, existing: str, name: str) -> str:
    """Return a message that a user or group has that name, or one that looks like it."""
    like = "" if name == existing else f", and {name!r} could be taken for that"
    return f"There is a {kind} {existing!r} already{like}."


def normalize_value_name(text: str) -> str:
    """Check the name of a scratch value, which is one part of a path, and return it in NFC.

    Raises
    ------
    BadName
        If it contains a slash, or anything else that a part of a path can't contain.
    """
    text = unicodedata.normalize("NFC", text)
    hint = "Write it like best-score, without slashes."
    if "/" in text:
        raise BadName(f"The name {_shorten(text)} contains a slash.", hint=hint)
    _check_part(text, f"The name {_shorten(text)}", hint)
    return text


def _shorten(text: str) -> str:
    """Shorten a name for a message, so that it can still be recognized."""
    return repr(text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…")


def _check_part(part: str, subject: str, hint: str) -> None:
    if part in {"", ".", ".."}:
        raise BadName(f"{subject} is empty, . or ..", hint=hint)
    if part != part.strip():
        raise BadName(f"{subject} begins or ends with a space.", hint=hint)
    for character in part:
        if character == "\\" or unicodedata.category(character) in {
            "Cc", "Cf", "Cs", "Co", "Zl", "Zp",
        }:  # fmt: skip
            raise BadName(
                f"{subject} contains the character U+{ord(character):04X}, which is not allowed.",
                hint=hint,
            )
    if len(part.encode()) > _LONGEST_PART:
        raise BadName(f"{subject} is longer than 255 bytes.", hint=hint)
    # In the compared form, ℅ is c/o, and ‥ is two dots.
    compared = fold_name(part)
    if compared in {".", ".."} or "/" in compared or "\\" in compared:
        raise BadName(f"{subject} could be taken for {compared!r}.", hint=hint)


def utc(instant: datetime) -> datetime:
    """Return an instant in UTC.

    Raises
    ------
    BadRequest
        If it has no time zone, or is outside the years 1 to 9999 in UTC: a database would store it,
        but it could not be read again.
    """
    try:
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except OverflowError:
        pass
    raise BadRequest(
        f"{instant.isoformat()} is not a valid date and time: it lacks a time zone, "
        "or is out of range.",
        hint="Write it like 2026-11-21T12:00:00Z.",
    )
