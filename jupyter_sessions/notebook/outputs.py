"""Outputs of recorded commands, displayed in a notebook once more.

One's own come as they were. A notebook trusts what its kernel displays, so what someone else's
command put out could run script in the page, and with it anything in this kernel: their HTML runs
in a frame that reaches nothing, their pictures are pictures, and other active types are left out.
"""

from __future__ import annotations

import base64
import sys
from html import escape
from typing import Any

from jupyter_sessions import model

_PASSIVE = {
    "application/json",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/latex",
    "text/plain",
}
# A widget is gone with its kernel: front ends would say so in place of its text.
_GONE = {"application/vnd.jupyter.widget-view+json"}

# Most tables and plots fit; the corner can be dragged.
_FRAME = (
    '<iframe sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc="{document}" '
    'style="width:100%;height:{height}px;border:1px solid rgba(128,128,128,.35);'
    'border-radius:4px;resize:vertical;background:#fff" title="output of {user}"></iframe>'
)
_ROW, _LOWEST, _HIGHEST = 27, 120, 480


def display_outputs(command: model.Command, *, own: bool) -> None:
    """Display a command's outputs.

    Parameters
    ----------
    command
        The command.
    own
        Whether the one who looks ran it.
    """
    from IPython.display import display

    if command.response is None:
        return
    for output in command.response.outputs:
        match output:
            case model.Stream(name=name, text=text):
                stream = sys.stderr if name == "stderr" else sys.stdout
                stream.write(_joined(text))
                stream.flush()
            case model.ErrorOutput(traceback=traceback, ename=name, evalue=value):
                sys.stderr.write("\n".join(traceback) or f"{name}: {value}")
                sys.stderr.write("\n")
                sys.stderr.flush()
            case (
                model.DisplayData(data=data, metadata=about)
                | model.ExecuteResult(data=data, metadata=about)
            ):
                shown = {media: each for media, each in data.items() if media not in _GONE}
                if not own:
                    shown = contained(shown, command.summary.user)
                display(shown, metadata=about, raw=True)  # type: ignore[no-untyped-call]


def contained(data: model.MimeBundle, user: str) -> model.MimeBundle:
    """Make a MIME bundle of someone else harmless to this notebook, and keep what it shows."""
    shown = {media: each for media, each in data.items() if media in _PASSIVE}
    frame = data.get("text/html")
    if frame is None and "application/javascript" in data:
        frame = f"<script>{_joined(data['application/javascript'])}</script>"
    if frame is not None:
        shown["text/html"] = _framed(_joined(frame), user)
    elif "image/svg+xml" in data:
        drawn = base64.b64encode(_joined(data["image/svg+xml"]).encode("utf-8", "replace")).decode()
        shown["text/html"] = f'<img alt="" src="data:image/svg+xml;base64,{drawn}">'
    if not shown:
        types = ", ".join(sorted(data))
        shown["text/plain"] = f"(an output of {user} in {types}, which only its session page shows)"
    return shown


def _framed(html: str, user: str) -> str:
    rows = max(html.count("<tr"), html.count("<p"), html.count("<br"))
    height = min(max(_LOWEST, rows * _ROW), _HIGHEST)
    if "<script" in html.lower():
        height = _HIGHEST
    document = f'<meta charset="utf-8"><style>body{{font:14px sans-serif}}</style>{html}'
    return _FRAME.format(document=escape(document), height=height, user=escape(user))


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)
