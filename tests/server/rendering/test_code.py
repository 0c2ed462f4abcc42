"""Source code is highlighted with as few elements as its colours need."""

from __future__ import annotations

import re
from importlib.resources import files

from jupyter_sessions.server.rendering.code import STYLED, highlight


def test_what_has_no_style_has_no_element() -> None:
    assert highlight("x = y(1)\n", "python") == 'x = y(<span class="mi">1</span>)\n'
    assert highlight("a\n  b <c>\n\n", "python") == "a\n  b &lt;c&gt;\n\n"


def test_the_styled_classes_are_those_of_the_style_sheet() -> None:
    style = files("jupyter_sessions.server").joinpath("static/code.css").read_text()
    of_tokens = style[: style.index(".terminal")]
    assert set(re.findall(r"\.([a-z][a-z0-9]*)\b(?=[^{}]*\{)", of_tokens)) == STYLED
