"""Publish variables, files of the kernel's disk or files of the user's computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.commands.webspace import resolve_content
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.formats import Content, media_type
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.progress import Steps
from jupyter_sessions.widgets.ui import button, field


def contents(
    what: str, path: str | None, omitted: Callable[[Path], object] = lambda _: None
) -> list[Content]:
    """Return the content to publish for a name.

    Parameters
    ----------
    what
        A variable of this notebook, a file or a folder.
    path
        The path in the web space; by default the thing's own name.
    omitted
        Called with each item that is omitted from a folder.
    """
    if not what:
        raise errors.BadRequest(
            "There is nothing to publish.", hint="Name a variable, a file or a folder."
        )
    return list(resolve_content(what, path or None, _variable, omitted))


def published(
    contents: Sequence[Content], transport: Transport, code: str, steps: Steps
) -> Iterator[schemas.File]:
    """Publish contents in order, and report the progress."""
    for place, content in enumerate(contents):
        steps.report(place, len(contents), content.name)
        request = schemas.PublishFile(code=code, path=content.name, media_type=content.media_type)
        yield transport.call(api.PUBLISH_FILE, request, content.data)


class PublishForm(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A form for what to publish and where, with an upload button for the user's own files.

    Parameters
    ----------
    publish
        Publishes a named thing, under a path if given.
    give
        Publishes chosen files by name and type, in a folder if given.
    """

    def __init__(
        self,
        publish: Callable[[str, str], bool],
        give: Callable[[Sequence[Content], str], object],
    ) -> None:
        self._publish_item = publish
        self._give = give
        self.what = field("Variable, file or folder", "16em", at_once=True)
        self.path = field("Path in the web space (optional)", "18em", at_once=True)
        self.publish = button("Publish", "upload", self._publish, style="primary")
        self.chosen = ipywidgets.FileUpload(
            multiple=True, description="Upload…", layout={"width": "auto"}
        )
        self.chosen.observe(self._uploaded, "value")
        super().__init__([self.what, self.path, self.publish, self.chosen])
        self.add_class(ui.ROW)

    def _publish(self) -> None:
        if self._publish_item(self.what.value.strip(), self.path.value.strip()):
            self.what.value = self.path.value = ""

    def _uploaded(self, change: dict[str, Any]) -> None:
        if change["new"]:
            chosen = [
                Content(
                    each["name"], bytes(each["content"]), each["type"] or media_type(each["name"])
                )
                for each in change["new"]
            ]
            self._give(chosen, self.path.value.strip())
            self.chosen.value = ()


def _variable(name: str) -> tuple[bool, Any]:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    known = shell is not None and name in shell.user_ns
    return known, shell.user_ns[name] if known else None
