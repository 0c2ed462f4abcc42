"""ipywidgets for sessions: a panel, and its parts.

``SessionPanel()`` selects a session and shows it live. Its parts, `SessionPicker`,
`HistoryBrowser`, `MemberTable` and `WebSpace`, can be used separately. Selections are traits that
code can read and observe.
"""

from __future__ import annotations

try:
    import ipywidgets
except ImportError as error:
    raise ImportError(
        "The widgets need ipywidgets, which is not installed here. "
        'Install it: pip install "jupyter_sessions[widgets]"'
    ) from error

from jupyter_sessions.widgets.history import HistoryBrowser
from jupyter_sessions.widgets.members import MemberTable
from jupyter_sessions.widgets.panel import SessionPanel
from jupyter_sessions.widgets.picker import SessionPicker
from jupyter_sessions.widgets.webspace import WebSpace

del ipywidgets

__all__ = ["HistoryBrowser", "MemberTable", "SessionPanel", "SessionPicker", "WebSpace"]
