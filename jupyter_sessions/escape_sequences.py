"""The grammar of terminal escape sequences (ECMA-48 and xterm's additions).

Everything that reads terminal text (search, pages, recording in plain IPython) uses this grammar.
All patterns take time proportional to the length of the text, whatever it contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A complete sequence. The groups are set only for a control sequence: its parameters, its
#: intermediate characters and its final character.
SEQUENCE = re.compile(
    r"\x1b\[([0-?]*+)([ -/]*+)([@-~])"  # control sequences: colours, the cursor, erasing
    r"|\x1b\][^\x00-\x1f]*+(?:\x07|\x1b\\)"  # operating system commands: titles, links
    r"|\x1b[PX^_][^\x1b]*+\x1b\\"  # strings for the terminal: pictures, settings
    r"|\x1b[ -/]++[0-~]"  # character sets and similar
    r"|\x1b[0-OQ-WYZ\\`-~]"  # single functions
)

#: The beginning of a sequence at the end of a text, which the text that follows may complete.
BEGUN = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+|\][^\x00-\x1f]*+\x1b?|[PX^_][^\x1b]*+\x1b?|[ -/]*+)\Z")

#: Sequences, remains of damaged ones, and control characters that are not displayed.
INVISIBLE = re.compile(
    SEQUENCE.pattern + r"|\x1b(?:\[[0-?]*+[ -/]*+|[@-Z\\-_])?|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]"
)

# What all of these begin with.
_CONTROL = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]")

#: Terminals read this many parameters of a sequence and ignore the rest.
_MOST_PARAMETERS = 32
_LONGEST_NUMBER = 9


def remove_sequences(text: str) -> str:
    """Return a text without escape sequences and control characters, even if some are damaged.

    Tabs, line breaks, carriage returns and backspaces stay: they move what follows.
    """
    return INVISIBLE.sub("", text) if _CONTROL.search(text) else text


def parse_parameters(parameters: str) -> list[list[int | None]]:
    """Parse the parameters of a control sequence: a list of numbers for each parameter.

    Each list has the parameter and its sub-parameters. Omitted numbers are None: ``38:2::1:2:3;1``
    is ``[[38, 2, None, 1, 2, 3], [1]]``.
    """
    return [
        [_number(digits) for digits in parameter.split(":", _MOST_PARAMETERS)[:_MOST_PARAMETERS]]
        for parameter in parameters.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    ]


def _number(digits: str) -> int | None:
    return int(digits[:_LONGEST_NUMBER]) if digits.isdecimal() and digits.isascii() else None


def parse_graphics(parameters: str) -> Iterator[tuple[int, ...]]:
    """Yield each change of text attributes that a sequence ending in ``m`` makes (SGR).

    Yields
    ------
    tuple of int
        The code and its arguments: ``(38, 5, 196)`` and ``(38, 2, 255, 0, 0)`` for colours (also
        with 48 and 58), whether written with colons or semicolons, ``(4, 3)`` for an underline of
        the third kind, ``(1,)`` for all others. Incomplete colours are skipped.
    """
    found = parse_parameters(parameters)
    place = 0
    while place < len(found):
        code, *more = (number or 0 for number in found[place])
        place += 1
        if code not in (38, 48, 58):
            yield (code, *more)
        elif more:
            # The colour space, which may be omitted together with its colon, has no effect.
            if more[0] == 2:
                more = [2, *(more[2:5] if len(more) > 4 else more[1:4])]
            if len(more) >= _colour_length(more[0]):
                yield (code, *more[: _colour_length(more[0])])
        else:
            plain = [each[0] or 0 for each in found[place : place + 4]]
            length = _colour_length(plain[0]) if plain else 1
            place += length
            if length > 1 and len(plain) >= length:
                yield (code, *plain[:length])


def _colour_length(kind: int) -> int:
    """Return how many numbers a colour of this kind has: an index, or red, green and blue."""
    return {5: 2, 2: 4}.get(kind, 1)
