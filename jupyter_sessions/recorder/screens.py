"""Full-screen programs (a pager, an editor) in the text that a terminal is sent."""

from __future__ import annotations

import re

_SWITCH = re.compile(r"\x1b\[\?(?:1049|1047|47)([hl])")
_BEGUN = re.compile(r"\x1b(?:\[(?:\?[0-9]{0,4})?)?\Z")


class ScreenFilter:
    """Leaves out what is written to a terminal's alternate screen.

    When the program is done, the terminal shows nothing of it any more.
    """

    def __init__(self) -> None:
        self._away = False
        self._rest = ""

    def filter(self, text: str) -> str:
        """Return what of `text`, the next piece, stays on the terminal."""
        text = self._rest + text
        begun = _BEGUN.search(text)
        self._rest = begun.group() if begun else ""
        kept, start = [], 0
        for switch in _SWITCH.finditer(text):
            if not self._away:
                kept.append(text[start : switch.start()])
            self._away, start = switch.group(1) == "h", switch.end()
        if not self._away:
            kept.append(text[start : len(text) - len(self._rest)])
        return "".join(kept)

    def end(self) -> str:
        """Return what was held back since it could have been a switch; start anew."""
        rest, self._rest = self._rest, ""
        self._away = False
        return rest
