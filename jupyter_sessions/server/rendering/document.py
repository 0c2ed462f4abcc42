"""Build the self-contained HTML document that shows user content in its sandbox."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import escape

HTML = "text/html; charset=utf-8"

#: Reports the content's height to the page around the frame, and applies that page's colour scheme.
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
    """Wrap the HTML of user content in a complete document.

    Parameters
    ----------
    body
        The content. Any HTML is allowed, since it is only ever shown in a sandbox.
    title
        The document's title, as text.
    kind
        The class of its body, for the style sheet: ``html``, ``markdown``, ``math``,
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


_FRAME_STYLE = (
    "html,body{margin:0;height:100%;overflow:hidden}"
    "iframe{display:block;width:100%;height:100%;border:0}"
)
#: Passes on only two things from the content: a height and a colour scheme.
_FRAME_SCRIPT = """
const frame = document.querySelector("iframe");
let theme = "light";
const greet = () => frame.contentWindow.postMessage({jupyterSessions: "greeting", theme}, "*");
addEventListener("message", ({source, origin, data}) => {
  if (source === frame.contentWindow && data?.jupyterSessions === "height") {
    const height = Number(data.height);
    parent.postMessage({jupyterSessions: "height", height}, location.origin);
  } else if (source === parent && origin === location.origin
      && data?.jupyterSessions === "greeting") {
    theme = data.theme === "dark" ? "dark" : "light";
    greet();
  }
});
frame.addEventListener("load", greet);
"""


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


#: The policy of `frame_document`. A policy of the content itself can't keep it from navigating its
#: frame elsewhere, which would reveal its address to another site; the policy of the framing page
#: can.
FRAME_POLICY = (
    f"default-src 'none'; frame-src 'self'; script-src {_source(_FRAME_SCRIPT)}; "
    f"style-src {_source(_FRAME_STYLE)}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def frame_document(source: str) -> bytes:
    """Return a document of ours that shows user content in a sandboxed frame.

    Parameters
    ----------
    source
        The address of the content, relative to the document's.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Output</title>\n'
        f"<style>{_FRAME_STYLE}</style>\n</head>\n<body>\n"
        '<iframe title="Output" sandbox="allow-scripts" referrerpolicy="no-referrer" '
        f'src="{escape(source)}"></iframe>\n<script>{_FRAME_SCRIPT}</script>\n</body>\n</html>\n'
    ).encode()


def image_document(source: str) -> bytes:
    """Return a document that shows an image; scripts in the image do not run there."""
    image = f'<img src="{escape(source)}" alt="">'
    return document(image, title="Output", kind="html")
