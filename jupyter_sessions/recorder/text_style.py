"""Track the style of terminal text (colours, bold, underlined …) as SGR parameters.

A style is a string such as ``1;31``, empty for plain text. It is always as short as possible,
whatever came before it.
"""

from __future__ import annotations

from functools import lru_cache

from jupyter_sessions.escape_sequences import SEQUENCE, parse_graphics

_OFF = {22: ("bold", "faint"), 23: ("italic",), 24: ("underline",), 25: ("blink",),
        27: ("inverse",), 28: ("hidden",), 29: ("struck",), 39: ("front",), 49: ("back",),
        55: ("over",), 59: ("line",)}  # fmt: skip
_ON = {1: "bold", 2: "faint", 3: "italic", 4: "underline", 5: "blink", 6: "blink", 7: "inverse",
       8: "hidden", 9: "struck", 21: "underline", 38: "front", 48: "back", 53: "over",
       58: "line"}  # fmt: skip
_ON |= dict.fromkeys([*range(30, 38), *range(90, 98)], "front")
_ON |= dict.fromkeys([*range(40, 48), *range(100, 108)], "back")


@lru_cache(1_024)
def change_look(look: str, parameters: str) -> str:
    """Return the style after a sequence with these parameters."""
    parts: dict[str, str] = {}
    changes = [*(parse_graphics(look) if look else ()), *parse_graphics(parameters)]
    for code, *more in changes:
        if code == 0:
            parts.clear()
        elif code in _OFF or (code == 4 and more == [0]):
            for part in _OFF.get(code, ("underline",)):
                parts.pop(part, None)
        elif code in _ON:
            join = ":" if code == 4 else ";"
            parts[_ON[code]] = join.join(map(str, (code, *more)))
    return ";".join(parts[part] for part in sorted(parts))


def look_after(look: str, text: str) -> str:
    """Return the style after all sequences in a text."""
    for match in SEQUENCE.finditer(text):
        if match[3] == "m" and not match[2] and match[1][:1] not in {"<", "=", ">", "?"}:
            look = change_look(look, match[1])
    return look


def turn_look(look: str, other: str) -> str:
    """Return the sequence that changes one style into another."""
    if look == other:
        return ""
    return f"\x1b[{'0' if look else ''}{';' if look and other else ''}{other}m"
