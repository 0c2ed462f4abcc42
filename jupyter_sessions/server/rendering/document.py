"""The self-contained HTML document in which user content is shown inside its sandbox."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from markupsafe import escape

HTML = "text/html; charset=utf-8"

#: Tells the page around the frame how high the content is, and takes its colour scheme from there.
_SCRIPT = """
const root = document.documentElement;
const tell = () => parent.postMessage({
  jupyterSessions: "height",
  height: Math.ceil(root.getBoundingClientRect().height)
    + (root.scrollWidth > root.clientWidth ? 16 : 0),
}, "*");
addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.jupyterSessions !== "greeting") return;
  if (data.theme) root.dataset.theme = data.theme;
  tell();
});
new ResizeObserver(tell).observe(root);
"""


@cache
def _stylesheet() -> str:
    static = files("jupyter_sessions.server") / "static"
    return "\n".join(
        (static / name).read_text("utf-8") for name in ("tokens.css", "code.css", "document.css")
    )


def document(body: str, *, title: str, kind: str) -> bytes:
    """Wrap the HTML of user content into a whole document.

    Parameters
    ----------
    body
        HTML; it may hold anything, since it is only ever shown in a sandbox.
    title
        What the document is, as text.
    kind
        The class of its body, which the style sheet knows: ``html``, ``markdown``, ``math``,
        ``json``, ``table``, ``text`` or ``notebook``.

    Returns
    -------
    bytes
        The document in UTF-8.
    """
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_stylesheet()}</style>\n<script>{_SCRIPT}</script>\n</head>\n"
        f'<body class="{kind}">\n{body}\n</body>\n</html>\n'
    ).encode("utf-8", "replace")
