"""Record IPython's displays, results and tracebacks in a terminal, in all media types.

A terminal also shows a text form of each, which belongs to that output rather than to a stream.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.recorder.figures import FigureWatch, draw
from jupyter_sessions.recorder.outputs import output_from_content
from jupyter_sessions.recorder.streams.patching import replace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


MimeBundle = dict[str, Any]

Format = Callable[..., tuple[MimeBundle, MimeBundle]]


def _ignore(*_: object, **__: object) -> None:
    """Do nothing, in place of a function that would report a failure to the user."""


class OtherForms:
    """Finds the media types (HTML, PNG, …) that IPython leaves out when it formats a value.

    A terminal requests only text. The recording has the media types that a notebook would show.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._found: dict[int, tuple[MimeBundle, MimeBundle, MimeBundle]] = {}

    def watching(self, format_value: Format) -> Format:
        """Return a `format_value` that also remembers the other media types of the value."""

        def format_and_remember(
            obj: object,
            include: Collection[str] | None = None,
            exclude: Collection[str] | None = None,
        ) -> tuple[MimeBundle, MimeBundle]:
            data, metadata = format_value(obj, include, exclude)
            if data:
                wanted = [
                    mime
                    for mime, formatter in self._shell.display_formatter.formatters.items()
                    if not formatter.enabled
                    and mime not in data
                    and (not include or mime in include)
                    and (not exclude or mime not in exclude)
                ]
                self._found[id(data)] = (data, *self._forms(obj, wanted))
            return data, metadata

        return format_and_remember

    def _forms(self, obj: object, mimes: list[str]) -> tuple[MimeBundle, MimeBundle]:
        data, metadata = {}, {}
        # A failing formatter would be reported to the user, who did not ask for this media type.
        unmute = replace(self._shell, showtraceback=_ignore)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for mime in mimes:
                    value = self._form(obj, mime)
                    if isinstance(value, tuple) and len(value) == 2:
                        value, metadata[mime] = value
                    if value is None and mime == "image/png":
                        value = draw(obj)
                    if value is not None:
                        data[mime] = value
        finally:
            unmute()
        return data, metadata

    def _form(self, obj: object, mime: str) -> Any:
        formatter = self._shell.display_formatter.formatters[mime]
        formatter.enabled = True
        try:
            return formatter(obj)
        finally:
            formatter.enabled = False

    def complete(self, data: MimeBundle, metadata: MimeBundle) -> dict[str, Any]:
        """Return an output's data and metadata with the media types remembered for `data`."""
        found = self._found.pop(id(data), None)
        if found is None or found[0] is not data:
            return {"data": data, "metadata": metadata}
        return {"data": {**found[1], **data}, "metadata": {**found[2], **metadata}}

    def forget(self) -> None:
        """Discard what was remembered."""
        self._found.clear()


_OURS = frozenset(str(path) for path in Path(__file__).parent.glob("*.py"))


class Page(Protocol):
    """Receives displayed outputs, each at its position in the text."""

    def hide_text(self) -> None:
        """Treat the text written from now on as the text form of an output."""

    def show_text(self) -> None:
        """Treat the text written from now on as a stream's text again."""

    def add(self, output: schemas.Output | None, size: int, display_id: str | None) -> None:
        """Add an output here; None stands for one that can't be stored."""

    def update(self, output: schemas.Output | None, size: int, display_id: str) -> None:
        """Replace the outputs displayed under `display_id`."""

    def clear(self, *, wait: bool) -> None:
        """Clear the command's outputs."""


class DisplayReporter:
    """Reports what IPython displays to a page, between `begin` and `end`.

    Parameters
    ----------
    shell
        The shell to observe.
    page
        Where to report displayed outputs.
    """

    def __init__(self, shell: InteractiveShell, page: Page) -> None:
        self._shell: Any = shell
        self._page = page
        self._restore: list[Callable[[], None]] = []
        self._forms = OtherForms(shell)
        self._figures = FigureWatch(self._put_figure)
        self._result: dict[str, Any] = {}

    def begin(self) -> None:
        """Observe the functions through which IPython displays outputs."""
        shell, publisher, hook = self._shell, self._shell.display_pub, self._shell.displayhook
        formatter: Any = shell.display_formatter
        self._restore = [
            replace(
                publisher,
                publish=self._publishing(publisher.publish),
                clear_output=self._clearing(publisher.clear_output),
            ),
            replace(
                hook,
                start_displayhook=self._starting(hook.start_displayhook),
                write_format_data=self._formatting(hook.write_format_data),
                finish_displayhook=self._finishing(hook.finish_displayhook),
            ),
            replace(formatter, format=self._forms.watching(formatter.format)),
            replace(
                shell.InteractiveTB,
                structured_traceback=_without_us(shell.InteractiveTB.structured_traceback),
            ),
            replace(shell, _showtraceback=self._failing(shell._showtraceback)),
        ]
        self._figures.begin()

    def end(self) -> None:
        """Stop observing."""
        self._figures.end()
        while self._restore:
            self._restore.pop()()
        self._forms.forget()

    def _put_figure(self, text: str, picture: str) -> None:
        content = {"data": {"text/plain": text, "image/png": picture}, "metadata": {}}
        self._page.add(*stored("display_data", content), None)

    @contextmanager
    def _its_own_text(self) -> Iterator[None]:
        self._page.hide_text()
        try:
            yield
        finally:
            self._page.show_text()

    def _publishing(self, publish: Callable[..., None]) -> Callable[..., None]:
        def publish_and_put(
            data: dict[str, Any],
            metadata: dict[str, Any] | None = None,
            *args: Any,
            transient: dict[str, Any] | None = None,
            update: bool = False,
            **kwargs: Any,
        ) -> None:
            with self._its_own_text():
                publish(data, metadata, *args, transient=transient, update=update, **kwargs)
            output, size = stored("display_data", self._forms.complete(data, metadata or {}))
            display_id = (transient or {}).get("display_id")
            if update and display_id:
                self._page.update(output, size, display_id)
            else:
                self._page.add(output, size, display_id)

        return publish_and_put

    def _clearing(self, clear: Callable[..., None]) -> Callable[..., None]:
        def clear_and_report(wait: bool = False) -> None:
            with self._its_own_text():
                clear(wait)
            self._page.clear(wait=wait)

        return clear_and_report

    def _starting(self, start: Callable[[], None]) -> Callable[[], None]:
        def start_hidden() -> None:
            self._page.hide_text()
            self._result = {}
            start()

        return start_hidden

    def _formatting(self, write: Callable[..., None]) -> Callable[..., None]:
        def write_and_store(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
            self._result = self._forms.complete(data, metadata or {})
            self._result["execution_count"] = self._shell.displayhook.prompt_count
            write(data, metadata)

        return write_and_store

    def _finishing(self, finish: Callable[[], None]) -> Callable[[], None]:
        def finish_and_put() -> None:
            finish()
            self._page.show_text()
            if self._result:
                self._page.add(*stored("execute_result", self._result), None)

        return finish_and_put

    def _failing(self, show: Callable[..., None]) -> Callable[..., None]:
        def show_and_put(kind: type[BaseException], value: object, traceback: list[str]) -> None:
            with self._its_own_text():
                show(kind, value, traceback)
            content = {"ename": kind.__name__, "evalue": str(value), "traceback": traceback}
            self._page.add(*stored("error", content), None)

        return show_and_put


def _without_us(structure: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Remove our frames from tracebacks, since the user called IPython's functions, not ours."""

    def structure_theirs(
        kind: type[BaseException],
        value: BaseException | None,
        traceback: TracebackType | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> list[str]:
        entry = traceback
        while entry is not None and entry.tb_next is not None:
            if entry.tb_next.tb_frame.f_code.co_filename in _OURS:
                entry.tb_next = entry.tb_next.tb_next
            else:
                entry = entry.tb_next
        return structure(kind, value, traceback, *args, **kwargs)

    return structure_theirs


def stored(kind: str, content: dict[str, Any]) -> tuple[schemas.Output | None, int]:
    """Return `content` as an output with its size in bytes; None and 0 if it can't be stored."""
    try:
        # Copied through JSON, since the user may change a displayed object afterwards.
        encoded = msgspec.json.encode(content)
        return output_from_content(kind, msgspec.json.decode(encoded)), len(encoded)
    except (TypeError, ValueError, RecursionError):
        return None, 0
