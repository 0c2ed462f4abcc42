"""Turn validation errors of requests into messages for people.

Both transports validate requests against `schemas`. The errors that msgspec raises are written for
programmers; the sentences here are written for users, and state the limits that the schemas define.
"""

from __future__ import annotations

import re

import msgspec

from jupyter_sessions import errors

#: What to call a field with a limit in a sentence. Any other field is called "The field `name`".
_NOUNS = {
    "after": "What `after` names",
    "agent": "The name of the program that asks",
    "command": "A command's number",
    "description": "A description",
    "display_name": "A display name",
    "folder": "A folder's path",
    "idle_timeout": "An idle time-out, in minutes,",
    "group": "A group's name",
    "id": "A login's number",
    "label": "A label",
    "language": "A language's name",
    "lifetime": "A lifetime, in minutes,",
    "limit": "The length of a page",
    "media_type": "A media type",
    "message": "A message",
    "name": "A user name",
    "number": "A command's number",
    "password": "A password",
    "path": "A path",
    "roles": "The list of roles",
    "search": "The text to search for",
    "user": "A user name",
}
_TYPES = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "an instant like 2026-11-20T14:30:00Z",
    "float": "a decimal number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "text",
}
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<at>[^`]*)`)?", re.DOTALL)
_LENGTH = re.compile(r"Expected `(str|array)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `(?:int|float)` (<=|>=) (\S+)")
_TYPE = re.compile(r"Expected `([^`]+)`, got `(\w+)`")
_VALUE = re.compile(r"Invalid (?:enum )?value (.+)", re.DOTALL)
_FIELD = re.compile(r"Object (missing required|contains unknown) field `([^`]*)`")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")

_TRY_AGAIN = "Nothing was changed. Choose another value."
_SEE = "See the reference, or openapi.json, for what the operation takes."


def refused(error: msgspec.ValidationError) -> errors.SessionsError:
    """Return the error to report for a validation error that msgspec raised.

    Returns
    -------
    NoSuchSession
        If the session's code is malformed: for the caller that is the same as an unknown code.
    BadRequest
        In all other cases.
    """
    said = _MESSAGE.fullmatch(str(error))
    what, at = (said["what"], said["at"] or "") if said else (str(error), "")
    if at == ".code":
        return errors.NoSuchSession()
    steps = [name or number for name, number in _STEP.findall(at)]
    limit = _limit(what, steps)
    if limit:
        return errors.BadRequest(f"{limit}.", hint=_TRY_AGAIN)
    return errors.BadRequest(f"{_form(what, steps)}{_place(steps)}.", hint=_SEE)


def _limit(what: str, steps: list[str]) -> str:
    length = _LENGTH.fullmatch(what)
    if length:
        kind, way, number = length.groups()
        count = int(number)
        if (way, count) == (">=", 1):
            return f"{_noun(steps)} can't be empty"
        unit = "entries" if kind == "array" else "characters"
        amount = f"at least {count:,} {unit}" if way == ">=" else f"at most {count:,} {unit}"
        return f"{_noun(steps)} must have {amount}"
    bound = _BOUND.fullmatch(what)
    if bound:
        way, number = bound.groups()
        amount = f"{int(number):,}" if number.lstrip("-").isdecimal() else f"{float(number):,}"
        return f"{_noun(steps)} must be at {'least' if way == '>=' else 'most'} {amount}"
    return ""


def _form(what: str, steps: list[str]) -> str:
    named = _name_field(steps)
    kinds = _TYPE.fullmatch(what)
    if kinds:
        wanted = " or ".join(_TYPES.get(kind, kind) for kind in kinds[1].split(" | "))
        return f"{named} must be {wanted}, not {_TYPES.get(kinds[2], kinds[2])}"
    field = _FIELD.fullmatch(what)
    if field:
        steps.append(field[2])
        if field[1] == "contains unknown":
            return f"There is no field `{field[2]}`"
        return f"The field `{field[2]}` is missing"
    value = _VALUE.fullmatch(what)
    if value:
        return f"{named} can't be {value[1]}"
    if what.startswith("Invalid RFC3339"):
        return f"{named} must be {_TYPES['datetime']}"
    if "matching regex" in what:
        return f"{named} is too long, or contains characters that are not allowed"
    return f"{named} can't be taken: {what[:1].lower()}{what[1:]}"


def _name_field(steps: list[str]) -> str:
    if not steps:
        return "The request"
    if steps[-1].isdecimal():
        return f"Entry {int(steps[-1]) + 1}"
    return f"The field `{steps[-1]}`"


def _noun(steps: list[str]) -> str:
    if steps and steps[-1].isdecimal():
        # An entry of a list is called by the list's name without its s.
        steps = [steps[-2].removesuffix("s")]
    name = steps[-1] if steps else ""
    return _NOUNS.get(name) or _name_field(steps)


def _place(steps: list[str]) -> str:
    """Describe the position of a value in a nested request."""
    around = [f"entry {int(step) + 1}" if step.isdecimal() else step for step in steps[:-1]]
    return f", in {', '.join(around)}" if around else ""
