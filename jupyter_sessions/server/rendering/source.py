"""Source code as HTML with the classes of Pygments."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

#: Longer sources are shown without colours: highlighting them would hold up the server.
LONGEST_HIGHLIGHTED = 60_000


@lru_cache(maxsize=1024)
def highlight(source: str, language: str = "", filename: str = "") -> Markup:
    """Return `source` as escaped HTML with highlighting classes, to stand in a ``<pre>``.

    Parameters
    ----------
    source
        The program text.
    language
        The kernel's name for the language (``python``, ``R``, ``bash``); an unknown one gives
        text without colours.
    filename
        A name whose ending tells the language, where `language` is not known.
    """
    from pygments import highlight as pygmentize
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
    from pygments.util import ClassNotFound

    if len(source) > LONGEST_HIGHLIGHTED:
        return escape(source)
    try:
        if language:
            name = language.lower()
            lexer = get_lexer_by_name("ipython3" if name in {"python", "ipython"} else name)
        else:
            lexer = get_lexer_for_filename(filename)
    except ClassNotFound:
        return escape(source)
    lexer.stripnl = False
    lexer.ensurenl = False
    html = pygmentize(source, lexer, HtmlFormatter(nowrap=True))
    # The formatter ends every line, the last one too.
    whole = html if source.endswith("\n") else html.removesuffix("\n")
    return Markup(whole)  # noqa: S704  # the formatter escapes
