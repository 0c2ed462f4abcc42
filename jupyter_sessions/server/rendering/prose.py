"""Markdown and LaTeX as HTML, with formulas as MathML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_FORMULA = re.compile(r"(?s)\$\$(.+?)\$\$|\$(?![\s$])([^$\n]*?[^\s\\$])\$(?!\d)")
_DELIMITERS = re.compile(
    r"(?s)\$\$(?P<display>.+?)\$\$|\$(?P<inline>.+?)\$|\\\[(?P<bracket>.+?)\\\]"
    r"|\\\((?P<paren>.+?)\\\)|(?P<block>\\begin\{(\w+\*?)\}.+?\\end\{\6\})"
)


def markdown(text: str) -> Markup:
    """Return Markdown (CommonMark with tables and formulas, HTML in it shown as text) as HTML."""
    return Markup(_reader().render(text))  # noqa: S704  # markdown-it escapes; HTML is off


def latex(text: str) -> Markup:
    """Return the ``text/latex`` of an output as HTML: formulas as MathML, the rest as text."""
    parts = []
    start = 0
    for match in _DELIMITERS.finditer(text):
        parts.append(escape(text[start : match.start()]))
        formula = next(value for value in match.groupdict().values() if value is not None)
        inline = match.lastgroup in {"inline", "paren"} and bool(text.strip(" \n") != match[0])
        parts.append(_formula(formula, display=not inline))
        start = match.end()
    parts.append(escape(text[start:]))
    return Markup("").join(parts)


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.inline.ruler.before("escape", "formula", _take_formula)
    reader.add_render_rule("formula", _render_formula)
    reader.add_render_rule("fence", _render_fence)
    return reader


def _take_formula(state: StateInline, silent: bool) -> bool:
    match = _FORMULA.match(state.src, state.pos) if state.src[state.pos] == "$" else None
    if match is None:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = match[1] or match[2]
        token.markup = "$$" if match[1] else "$"
    state.pos = match.end()
    return True


def _render_formula(
    _self: Any, tokens: Sequence[Any], index: int, _options: Any, _env: Any
) -> Markup:
    token = tokens[index]
    return _formula(token.content, display=token.markup == "$$")


def _render_fence(
    _self: Any, tokens: Sequence[Any], index: int, _options: Any, _env: Any
) -> Markup:
    from jupyter_sessions.server.rendering.source import highlight

    token = tokens[index]
    words = token.info.split()
    code = highlight(token.content, words[0] if words else "")
    return Markup('<pre class="code"><code>{}</code></pre>\n').format(code)


def _formula(source: str, *, display: bool) -> Markup:
    from latex2mathml.converter import convert_to_element

    try:
        formula = convert_to_element(source, display="block" if display else "inline")
    except Exception:  # noqa: BLE001  # the library raises all sorts; the source then stands as it is
        return Markup("<code>{}</code>").format(source)
    # The library writes symbols as character references, and leaves all text in them unescaped.
    for element in formula.iter():
        element.text = unescape(element.text or "")
    return Markup(ElementTree.tostring(formula, encoding="unicode"))  # noqa: S704  # escapes
