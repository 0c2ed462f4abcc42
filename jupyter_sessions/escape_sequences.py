"""The grammar of terminals' escape sequences (ECMA-48, and what xterm adds to it).

Whoever reads terminal text (search, pages, the record of plain IPython) reads it by this one
grammar. All patterns take time in proportion to the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A complete sequence. The groups tell a control sequence from the others: its parameters, its
#: intermediate characters and its final one.
SEQUENCE = re.compile(
    r"\x1b\[([0-?]*+)([ -/]*+)([@-~])"  # control sequences: colours, the cursor, erasing
    r"|\x1b\][^\x00-\x1f]*+(?:\x07|\x1b\\)"  # operating system commands: titles, links
    r"|\x1b[PX^_][^\x1b]*+\x1b\\"  # strings for the terminal: pictures, settings
    r"|\x1b[ -/]++[0-~]"  # character sets and the like
    r"|\x1b[0-OQ-WYZ\\`-~]"  # single functions
)

#: What begins a sequence and may be completed by the text that follows; at the end of a text.
BEGUN = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+|\][^\x00-\x1f]*+\x1b?|[PX^_][^\x1b]*+\x1b?|[ -/]*+)\Z")

#: Sequences, what is left of damaged ones, and control characters that show nothing.
INVISIBLE = re.compile(
    SEQUENCE.pattern + r"|\x1b(?:\[[0-?]*+[ -/]*+|[@-Z\\-_])?|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]"
)

#: Terminals read so many parameters of a sequence, and leave what follows.
_MOST_PARAMETERS = 32
_LONGEST_NUMBER = 9


def remove_sequences(text: str) -> str:
    """Return a text without its escape sequences."""
    return SEQUENCE.sub("", text) if "\x1b" in text else text


def parse_parameters(parameters: str) -> list[list[int | None]]:
    """Return the numbers of a control sequence: its parameters, each with its sub-parameters.

    What is left out is None: ``38:2::1:2:3;1`` is ``[[38, 2, None, 1, 2, 3], [1]]``.
    """
    return [
        [_number(digits) for digits in parameter.split(":", _MOST_PARAMETERS)[:_MOST_PARAMETERS]]
        for parameter in parameters.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    ]


def _number(digits: str) -> int | None:
    return int(digits[:_LONGEST_NUMBER]) if digits.isdecimal() and digits.isascii() else None


def parse_graphics(parameters: str) -> Iterator[tuple[int, ...]]:
    """Give each change of the look that a sequence ending in ``m`` makes (SGR).

    Yields
    ------
    tuple of int
        The code, and what belongs to it: ``(38, 5, 196)`` and ``(38, 2, 255, 0, 0)`` for colours
        (with 48 and 58 likewise), whether written with colons or semicolons, ``(4, 3)`` for an
        underline of the third kind, ``(1,)`` for the rest. A colour that is incomplete is left out.
    """
    found = parse_parameters(parameters)
    place = 0
    while place < len(found):
        code, *more = (number or 0 for number in found[place])
        place += 1
        if code not in (38, 48, 58):
            yield (code, *more)
        elif more:
            # The colour space, which may be left out together with its colon, changes nothing.
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
    """Return how many numbers a colour of this kind has: of a palette, or red, green and blue."""
    return {5: 2, 2: 4}.get(kind, 1)
