"""Highlight source code as HTML with the classes of Pygments."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from jupyter_sessions.server.rendering.budget import TooLarge

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

#: Longer sources are shown without colours.
LONGEST_HIGHLIGHTED = 60_000

#: The languages that are highlighted, by the names that kernels and Markdown give them. Authors of
#: content choose the language, and Pygments has hundreds of lexers and plugins whose speed is
#: unknown.
LANGUAGES = {
    "bash": "bash",
    "c": "c",
    "c++": "cpp",
    "clojure": "clojure",
    "cpp": "cpp",
    "css": "css",
    "csharp": "csharp",
    "c#": "csharp",
    "diff": "diff",
    "dockerfile": "docker",
    "elixir": "elixir",
    "fortran": "fortran",
    "f90": "fortran",
    "gnuplot": "gnuplot",
    "go": "go",
    "haskell": "haskell",
    "html": "html",
    "ini": "ini",
    "ipython": "ipython3",
    "ipython3": "ipython3",
    "java": "java",
    "javascript": "javascript",
    "js": "javascript",
    "json": "json",
    "julia": "julia",
    "kotlin": "kotlin",
    "latex": "tex",
    "lua": "lua",
    "makefile": "make",
    "matlab": "matlab",
    "octave": "octave",
    "perl": "perl",
    "php": "php",
    "powershell": "powershell",
    "py": "python",
    "python": "ipython3",
    "python3": "ipython3",
    "r": "r",
    "ruby": "ruby",
    "rust": "rust",
    "scala": "scala",
    "scheme": "scheme",
    "sh": "bash",
    "shell": "bash",
    "sql": "sql",
    "stan": "stan",
    "swift": "swift",
    "tex": "tex",
    "toml": "toml",
    "ts": "typescript",
    "typescript": "typescript",
    "xml": "xml",
    "yaml": "yaml",
    "yml": "yaml",
}
#: The classes that the style sheet knows, ``code.css``; half of a source has none of them.
STYLED = frozenset(
    (
        "bp", "c", "c1", "ch", "cm", "cp", "cpf", "cs", "dl", "fm", "gd", "gh", "gi", "gr", "gu",
        "il", "k", "kc", "kd", "kn", "kp", "kr", "kt", "m", "mb", "mf", "mh", "mi", "mo", "na",
        "nb", "nc", "nd", "ne", "nf", "nn", "nt", "nv", "ow", "s", "s1", "s2", "sa",
        "sb", "sc", "sd", "se", "sh", "si", "sr", "ss", "sx",
    )
)  # fmt: skip
#: The same for files, by extension.
_ENDINGS = {
    "bash": "bash",
    "c": "c",
    "cc": "cpp",
    "cfg": "ini",
    "clj": "clojure",
    "cpp": "cpp",
    "cs": "csharp",
    "css": "css",
    "diff": "diff",
    "ex": "elixir",
    "f": "fortran",
    "f90": "fortran",
    "f95": "fortran",
    "geojson": "json",
    "go": "go",
    "gp": "gnuplot",
    "h": "c",
    "hpp": "cpp",
    "hs": "haskell",
    "htm": "html",
    "html": "html",
    "ini": "ini",
    "java": "java",
    "jl": "julia",
    "js": "javascript",
    "json": "json",
    "kt": "kotlin",
    "lua": "lua",
    "m": "matlab",
    "mjs": "javascript",
    "patch": "diff",
    "php": "php",
    "pl": "perl",
    "ps1": "powershell",
    "py": "python",
    "pyi": "python",
    "r": "r",
    "rb": "ruby",
    "rs": "rust",
    "scala": "scala",
    "scm": "scheme",
    "sh": "bash",
    "sql": "sql",
    "stan": "stan",
    "svg": "xml",
    "swift": "swift",
    "tex": "tex",
    "toml": "toml",
    "ts": "typescript",
    "xml": "xml",
    "yaml": "yaml",
    "yml": "yaml",
}


def is_highlighted(language: str) -> bool:
    """Tell whether source in this language is highlighted."""
    return language.lower() in LANGUAGES


def find_language(filename: str) -> str:
    """Return the language for a file name's extension; empty if unknown."""
    ending = filename.rpartition(".")[2] if "." in filename else ""
    return _ENDINGS.get(ending.lower(), "")


def highlight(source: str, language: str = "") -> Markup:
    """Return `source` as escaped HTML with highlighting classes, for use in a ``<pre>``.

    Parameters
    ----------
    source
        The program text.
    language
        The kernel's name for the language (``python``, ``R``, ``bash``); other
        languages than `LANGUAGES` are not highlighted.

    Raises
    ------
    TooLarge
        When it is too long to be highlighted.
    """
    if not is_highlighted(language):
        return escape(source)
    if len(source) > LONGEST_HIGHLIGHTED:
        raise TooLarge
    from pygments import format as write_tokens
    from pygments.formatters import HtmlFormatter

    tokens = _lexer(LANGUAGES[language.lower()]).get_tokens(source)
    styled = ((_find_styled(kind), text) for kind, text in tokens)
    html = write_tokens(styled, HtmlFormatter(nowrap=True))
    # The formatter ends every line with a line break, even the last.
    whole = html if source.endswith("\n") else html.removesuffix("\n")
    return Markup(whole)  # noqa: S704  # the formatter escapes


@cache
def _find_styled(kind: _TokenType) -> _TokenType:
    """Return a kind of token as it is shown: what has no style of its own needs no element."""
    from pygments.token import STANDARD_TYPES, Text

    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    return kind if STANDARD_TYPES.get(kind) in STYLED else Text


@cache
def _lexer(name: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(name)
    lexer.stripnl = False
    lexer.ensurenl = False
    return lexer
