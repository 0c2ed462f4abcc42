"""Render Markdown and LaTeX as HTML, with formulas as MathML."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from bisect import bisect_left
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from jupyter_sessions.server.rendering.budget import render_piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_FORMULA = re.compile(r"(?s)\$\$(.+?)\$\$|\$(?![\s$])([^$\n]*?[^\s\\$])\$(?!\d)")
_OPENING = re.compile(r"\$\$?|\\\[|\\\(|\\begin\{(\w++\*?)\}")
_CLOSING = {"$$": "$$", "$": "$", r"\[": r"\]", r"\(": r"\)"}
_END = re.compile(r"\\end\{(\w++\*?)\}")
# The library knows only the first of these; either way, a definition replaces an earlier one.
_NEW_COMMAND = re.compile(r"\\(?:new|renew|provide)command\b\*?")
_NEW_OPERATOR = re.compile(r"\\DeclareMathOperator\b\*?")
_DEFINITIONS = (
    r"\newcommand",
    r"\renewcommand",
    r"\providecommand",
    r"\DeclareMathOperator",
    r"\newenvironment",
    r"\def",
)

#: The commands that a text's formulas define, for themselves and for later texts.
Macros = dict[str, tuple[list[str], int]]


def markdown(text: str, macros: Macros | None = None) -> Markup:
    """Convert Markdown (CommonMark with tables and formulas) to HTML; HTML in it is shown as text.

    Parameters
    ----------
    text
        The Markdown.
    macros
        The commands that earlier texts have defined; this text's own are added.
    """
    macros = {} if macros is None else macros
    return Markup(_reader().render(text, {"macros": macros}))  # noqa: S704  # markdown-it escapes; HTML is off


def latex(text: str, macros: Macros | None = None) -> Markup:
    """Convert the ``text/latex`` of an output to HTML: formulas as MathML, the rest as text.

    Parameters
    ----------
    text, macros
        As for `markdown`.
    """
    macros = {} if macros is None else macros
    parts = []
    start = 0
    stripped = text.strip(" \n")
    for begin, end, formula, short in _find_formulas(text):
        parts.append(escape(text[start:begin]))
        inline = short and text[begin:end] != stripped
        parts.append(_formula(formula, macros, display=not inline))
        start = end
    parts.append(escape(text[start:]))
    return Markup("").join(parts)


def _find_formulas(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Find formulas in linear time: each end is searched for once.

    Yields
    ------
    int, int
        Where the formula begins and ends, including its delimiters.
    str
        The formula to show.
    bool
        Whether its delimiters mark an inline formula.
    """
    ends: dict[str, list[int]] = {}
    for found in _END.finditer(text):
        ends.setdefault(found[1], []).append(found.start())
    missing: set[str] = set()
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        begin, place = opening.span()
        if opening[1]:
            known = ends.get(opening[1], [])
            after = bisect_left(known, place + 1)
            if after < len(known):
                place = known[after] + len(opening[0]) - len(r"\begin") + len(r"\end")
                yield begin, place, text[begin:place], False
            continue
        # Two dollars without an end may still begin an inline formula.
        for mark in ("$$", "$") if opening[0] == "$$" else (opening[0],):
            inside, closing = begin + len(mark), _CLOSING[mark]
            end = -1 if closing in missing else text.find(closing, inside + 1)
            if end < 0:
                missing.add(closing)
                continue
            place = end + len(closing)
            yield begin, place, text[inside:end], mark in {"$", r"\("}
            break


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
    _self: Any, tokens: Sequence[Any], index: int, _options: Any, env: Any
) -> Markup:
    token = tokens[index]
    return _formula(token.content, env["macros"], display=token.markup == "$$")


def _render_fence(
    _self: Any, tokens: Sequence[Any], index: int, _options: Any, _env: Any
) -> Markup:
    from jupyter_sessions.server.rendering.code import highlight

    token = tokens[index]
    words = token.info.split()
    language = words[0] if words else ""

    def render() -> Markup:
        code = highlight(token.content, language)
        return Markup('<pre class="code"><code>{}</code></pre>\n').format(code)

    return render_piece(render, lambda: token.content)


def defines_macros(text: str) -> bool:
    """Tell whether a text has formulas that may define commands for later texts."""
    return any(name in text for name in _DEFINITIONS)


_ENCODED_DEFINITIONS = [json.dumps(name).strip('"').encode() for name in _DEFINITIONS]


def may_define_macros(encoded: bytes) -> bool:
    """Tell whether the JSON of an output may contain a text for which `defines_macros` is true."""
    return any(name in encoded for name in _ENCODED_DEFINITIONS)


def _formula(source: str, macros: Macros, *, display: bool) -> Markup:
    from latex2mathml.converter import Converter

    converter = Converter(display="block" if display else "inline")
    converter.macros = macros
    readable = source
    if defines_macros(source):
        readable = _NEW_COMMAND.sub(r"\\newcommand", source)
        readable = _NEW_OPERATOR.sub(r"\\DeclareMathOperator", readable)
    try:
        formula = converter.convert_to_element(readable)
    except Exception:  # noqa: BLE001  # of many types; the source is shown then
        return Markup("<code>{}</code>").format(source)
    # The library writes symbols as character references, and leaves all text in them unescaped.
    for element in formula.iter():
        element.text = unescape(element.text or "")
    return Markup(ElementTree.tostring(formula, encoding="unicode"))  # noqa: S704  # escapes
