"""The web space widget: list, preview, save and publish files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import ipywidgets
import traitlets

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.formats import Content, outputs
from jupyter_sessions.formats.folders import explain_omitted
from jupyter_sessions.widgets import preview, ui
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.progress import Progress, Steps
from jupyter_sessions.widgets.publish import PublishForm, contents, published
from jupyter_sessions.widgets.ui import button, file_line, lines, row, set_visible

_ROWS = 8
_PAGE = 200
_UP = ".."
_NEEDS = "Publishing needs the role write"


class WebSpace(Part):
    """The published files of a session, by folder, with a preview and a form to publish more.

    Attributes
    ----------
    folder
        The listed folder, empty for the top.
    files
        The files and folders in it.
    selected
        The previewed file, or None.
    """

    folder = traitlets.Unicode()
    files: traitlets.List[schemas.File] = traitlets.List(traitlets.Instance(schemas.File))
    selected = traitlets.Instance(schemas.File, allow_none=True)

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the widgets."""
        self._listing = False
        self._next: str | None = None
        self.place = ipywidgets.HTML()
        self.list = lines(_ROWS)
        self.list.observe(self._picked, "value")
        self.empty = ipywidgets.HTML()
        self.more = button("More", "chevron-down", self._load_more)
        self.about = ipywidgets.HTML()
        self.preview = ipywidgets.Output()
        self.save = button("Save to disk", "download", self._save, tooltip="Save beside the kernel")
        self.remove = button("Unpublish", "trash", self._unpublish)
        self.actions = row(self.save, self.remove)
        body = ipywidgets.VBox([self.about, self.actions, self.preview])
        body.add_class(ui.SCROLLS)
        self.looking, self.progress = Progress(), Progress()
        self.form = PublishForm(self._publish_item, self._give)
        self.observe(self._entered, "folder")
        self.observe(self._show_selected, "selected")
        self._show_selected({})
        listed = (self.place, self.list, self.empty, self.more)
        return (*listed, self.form, self.progress, self.looking, body)

    # ---- the list

    def begin(self) -> None:
        """Show the top folder of another session's web space."""
        self.looking.stop()
        self.selected = None
        self.folder = ""
        self.refresh()

    def refresh(self) -> None:
        """Reload the folder's list."""
        if self.session is None:
            self._list([], None)
        else:
            page = self._page(None)
            self._list(page.items, page.next)
        self.described()

    def described(self) -> None:
        """Apply changes of the user's roles."""
        allowed = self.may("write")
        set_visible(self.form, allowed)
        self.remove.disabled = not allowed
        self.remove.tooltip = "Remove it from the web space" if allowed else _NEEDS

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Handle published and unpublished files."""
        paths = {event.data.get("path") for event in events if event.kind.startswith("file.")}
        if not paths:
            return
        self.refresh()
        if self.selected is not None and self.selected.path in paths:
            self._look_again(self.selected.path)

    def _page(self, after: str | None) -> schemas.Page[schemas.File]:
        request = schemas.ListFiles(code=self.code, folder=self.folder, limit=_PAGE, after=after)
        return self.call(api.LIST_FILES, request)

    def _list(self, files: list[schemas.File], more: str | None) -> None:
        self.files, self._next = files, more
        up = [(f"{_UP}/", _UP)] if self.folder else []
        self._listing = True
        try:
            self.list.options = [*up, *((file_line(each), each.path) for each in files)]
            self._mark()
        finally:
            self._listing = False
        where = f"/{self.folder}" if self.folder else ""
        name = (self.session.label or self.session.code) if self.session else ""
        self.place.value = ui.empty(f"{name}{where}")
        set_visible(self.list, bool(up or files))
        set_visible(self.more, more is not None)
        self.empty.value = "" if files else ui.empty(self._describe_empty())

    def _describe_empty(self) -> str:
        if self.session is None:
            return "Select a session to see its web space."
        if self.may("write"):
            return (
                "Nothing is published here yet. To publish, name a variable, a "
                "file or a folder below."
            )
        return f"Nothing is published here. {_NEEDS}."

    def _load_more(self) -> None:
        with self.show_errors():
            page = self._page(self._next)
            self._list([*self.files, *page.items], page.next)

    def _mark(self) -> None:
        listed = {each.path for each in self.files if not each.folder}
        path = self.selected.path if self.selected is not None else None
        self.list.value = path if path in listed else None

    def _picked(self, change: dict[str, Any]) -> None:
        path = change["new"]
        if self._listing or path is None:
            return
        if path == _UP:
            parent = PurePosixPath(self.folder).parent
            self.folder = "" if parent == PurePosixPath() else str(parent)
            return
        file = next(each for each in self.files if each.path == path)
        if file.folder:
            self.folder = file.path
        else:
            self.selected = file

    def _entered(self, _: dict[str, Any]) -> None:
        with self.show_errors():
            self.refresh()

    # ---- the file that is looked at

    def _look_again(self, path: str) -> None:
        try:
            self.selected = self.call(api.GET_FILE, schemas.FileNamed(code=self.code, path=path))
        except errors.NotFound:
            self.selected = None

    def _show_selected(self, _: dict[str, Any]) -> None:
        file = self.selected
        self._listing = True
        try:
            self._mark()
        finally:
            self._listing = False
        self.preview.outputs = ()
        set_visible(self.actions, file is not None)
        self.about.value = "" if file is None else self._card(file)
        if file is None:
            return
        transport = self.transport
        if not preview.possible(file):
            self.preview.outputs = preview.without(file)
            return

        def work(steps: Steps) -> tuple[dict[str, Any], ...]:
            return preview.render_file(file, transport, self.code, steps)

        def done(seen: tuple[dict[str, Any], ...]) -> None:
            if self.selected == file:
                self.preview.outputs = seen

        with self.show_errors():
            self.looking.run(work, done, self._failed, instead=True)

    def _card(self, file: schemas.File) -> str:
        return ui.file(file, file.url)

    def _failed(self, failure: errors.SessionsError | None) -> None:
        if failure is None:
            self.show_notice("Cancelled. What was finished before stays.", tone="warning")
        else:
            self.notice.value = ui.failure(failure)

    def save_to(self, target: Path) -> None:
        """Save the selected file on the kernel's disk.

        Parameters
        ----------
        target
            The target path.
        """
        transport, code, file = self.transport, self.code, self._chosen()

        def work(steps: Steps) -> None:
            preview.save(file, target, transport, code, steps)

        self.progress.run(work, lambda _: self.show_notice(f"Saved to {target}."), self._failed)

    def _chosen(self) -> schemas.File:
        if self.selected is None:
            raise errors.BadRequest("No file is selected.", hint="Select one in the list.")
        return self.selected

    def _save(self) -> None:
        with self.show_errors():
            self.save_to(Path(self._chosen().name))

    def unpublish(self, path: str) -> None:
        """Remove a file, or a folder with its content, from the web space."""
        self.call(api.UNPUBLISH_FILE, schemas.FileNamed(code=self.code, path=path))
        if self.selected is not None and self.selected.path == path:
            self.selected = None
        self.refresh()

    def _unpublish(self) -> None:
        with self.show_errors():
            path = self._chosen().path
            self.unpublish(path)
            self.show_notice(f"{path} was unpublished.")

    # ---- publishing

    def publish(self, what: str, path: str | None = None) -> None:
        """Publish a variable of this notebook, a file, or a folder with its content.

        Parameters
        ----------
        what
            Its name.
        path
            The path in the web space; by default its own name.
        """
        left_out: list[Path] = []
        found = contents(what, path, left_out.append)
        notes = [each.note for each in found if each.note]
        self.publish_contents(found, [*notes, *explain_omitted(left_out)])

    def publish_contents(self, contents: Sequence[Content], notes: Sequence[str] = ()) -> None:
        """Publish contents in order, with a progress bar that can be cancelled.

        Parameters
        ----------
        contents
            The contents.
        notes
            Notes to show when it is published: what was omitted.
        """
        code, transport = self.code, self.transport

        def work(steps: Steps) -> list[schemas.File]:
            return list(published(contents, transport, code, steps))

        def done(files: list[schemas.File]) -> None:
            if self.session is not None and self.session.code == code:
                self.refresh()
                self.selected = files[0] if len(files) == 1 else self.selected
            said = f"Published {files[0].path if len(files) == 1 else f'{len(files)} files'}."
            self.show_notice(" ".join([said, *notes]))

        self.progress.run(work, done, self._failed)

    def _publish_item(self, what: str, path: str) -> bool:
        here = f"{self.folder}/" if self.folder else ""
        try:
            self.publish(what, path or here)
        except errors.SessionsError as error:
            self.notice.value = ui.failure(error)
            return False
        return True

    def _give(self, chosen: Sequence[Content], path: str) -> None:
        folder = path or self.folder
        with self.show_errors():
            self.publish_contents(outputs.renamed(list(chosen), f"{folder}/") if folder else chosen)

    def text(self) -> str:
        """Describe the listed files."""
        if self.session is None:
            return "web space, no session selected"
        names = (f"{each.path}/" if each.folder else each.path for each in self.files)
        return ", ".join(names) or "no published files"
