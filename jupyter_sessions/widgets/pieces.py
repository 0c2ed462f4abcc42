"""Buttons, fields and rows that the parts are made of."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from jupyter_sessions.widgets import ui


def button(
    text: str, icon: str, act: Callable[[], object], *, tooltip: str = "", style: str = ""
) -> ipywidgets.Button:
    """Make a button that does something when it is pressed."""
    made = ipywidgets.Button(
        description=text,
        icon=icon,
        tooltip=tooltip or text,
        button_style=style,
        layout={"width": "auto"},
    )
    made.on_click(lambda _: act())
    return made


def field(placeholder: str, width: str, *, at_once: bool = False) -> ipywidgets.Text:
    """Make a field for text, which counts when it is left or Enter is pressed."""
    return ipywidgets.Text(
        placeholder=placeholder,
        tooltip=placeholder,
        continuous_update=at_once,
        layout={"width": width},
    )


def row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Put widgets beside each other, in several lines where there is little room."""
    made = ipywidgets.HBox(children)
    made.add_class(ui.ROW)
    return made


def lines(rows: int) -> ipywidgets.Select:
    """Make a list to pick from, whose columns stand below each other."""
    made = ipywidgets.Select(rows=rows, layout={"width": "100%"})
    made.add_class(ui.LINES)
    return made


def shown(widget: ipywidgets.Widget, is_shown: bool) -> None:
    """Show a widget, or take it out of sight."""
    widget.layout.display = "" if is_shown else "none"
