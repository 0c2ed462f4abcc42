"""Sandbox other users' outputs for display in a notebook.

A notebook trusts what its kernel displays: scripts in it could control the page and, through it,
the kernel. Foreign HTML is therefore shown in an isolated frame, images remain images, and other
active types are omitted.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any

from jupyter_sessions import schemas

_PASSIVE = {
    "application/json",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/latex",
    "text/plain",
}
# A widget is gone with its kernel: front ends would say so instead of showing its text.
_KERNEL_BOUND = {"application/vnd.jupyter.widget-view+json"}

# The policy allows only embedded content. It is set on the document around the content, whose own
# frame inherits it: a policy of the content itself could not keep it from navigating its frame to
# another site, which would reveal its address to that site.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:; "
    "worker-src blob:; frame-src 'none'; form-action 'none'; base-uri 'none'"
)
_AROUND = (
    '<meta http-equiv="Content-Security-Policy" content="{policy}">'
    "<style>html,body,iframe{{margin:0;border:0;width:100%;height:100%;display:block}}"
    "body{{overflow:hidden}}</style>"
    '<iframe sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc="{document}"></iframe>'
)
# Most tables and plots fit; the user can drag the corner.
_FRAME = (
    '<iframe sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc="{document}" '
    'style="width:100%;height:{height}px;border:1px solid rgba(128,128,128,.35);'
    'border-radius:4px;resize:vertical;background:#fff" title="output of {user}"></iframe>'
)
# Style tables like a notebook.
_STYLE = (
    "body{font:14px sans-serif}"
    "table.dataframe{border:0;border-collapse:collapse;font-size:12px}"
    ".dataframe th,.dataframe td{padding:4px 8px;border:0;text-align:right;white-space:nowrap}"
    ".dataframe thead{border-bottom:1px solid #bdbdbd}"
    ".dataframe tbody tr:nth-child(odd){background:#f5f5f5}"
)
_ROW, _LOWEST, _HIGHEST = 27, 120, 480


def contain_output(data: schemas.MimeBundle, user: str, *, own: bool) -> schemas.MimeBundle:
    """Return what a notebook may show of an output.

    Parameters
    ----------
    data
        The output's MIME bundle.
    user
        The user who ran the command.
    own
        Whether that is the viewer: their own outputs are returned unchanged.
    """
    alive = {media: each for media, each in data.items() if media not in _KERNEL_BOUND}
    return alive if own else contained(alive, user)


def contained(data: schemas.MimeBundle, user: str) -> schemas.MimeBundle:
    """Make another user's MIME bundle harmless for this notebook, but keep what can be shown."""
    shown = {media: each for media, each in data.items() if media in _PASSIVE}
    frame = data.get("text/html")
    if frame is None and "application/javascript" in data:
        frame = f"<script>{joined(data['application/javascript'])}</script>"
    if frame is not None:
        shown["text/html"] = framed(joined(frame), user)
    elif "image/svg+xml" in data:
        drawn = base64.b64encode(joined(data["image/svg+xml"]).encode("utf-8", "replace")).decode()
        shown["text/html"] = f'<img alt="" src="data:image/svg+xml;base64,{drawn}">'
    if not shown:
        types = ", ".join(sorted(data))
        shown["text/plain"] = f"(an output of {user} in {types}; see the session's page)"
    return shown


def framed(html: str, user: str) -> str:
    """Put HTML into a frame that may run scripts but is isolated."""
    rows = max(html.count("<tr"), html.count("<p"), html.count("<br"))
    height = min(max(_LOWEST, rows * _ROW), _HIGHEST)
    if "<script" in html.lower():
        height = _HIGHEST
    document = f'<meta charset="utf-8"><style>{_STYLE}</style>{html}'
    around = _AROUND.format(policy=_POLICY, document=escape(document))
    return _FRAME.format(document=escape(around), height=height, user=escape(user))


def joined(text: Any) -> str:
    """Return a text of nbformat, which may be a list of lines, as one string."""
    return text if isinstance(text, str) else "".join(text)
