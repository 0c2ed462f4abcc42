"""The media types of a shown value that a terminal does without, and its session should have."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from jupyter_sessions.recorder.streams.patching import replace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MimeBundle = dict[str, Any]
Format = Callable[..., tuple[MimeBundle, MimeBundle]]


def _say_nothing(*_: object, **__: object) -> None:
    """Stand in for what would tell the user of a failure."""


class OtherForms:
    """Finds for each value that IPython formats the forms (HTML, PNG, …) that it leaves out.

    A terminal asks for text alone. What is recorded of a value is what a notebook would have.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._found: dict[int, tuple[MimeBundle, MimeBundle, MimeBundle]] = {}

    def watching(self, format_value: Format) -> Format:
        """Return a `format_value` that also remembers the other forms of what it formats."""

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
        # A form that fails would be told to the user, who never asked for it.
        unmute = replace(self._shell, showtraceback=_say_nothing)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for mime in mimes:
                    value = self._form(obj, mime)
                    if isinstance(value, tuple) and len(value) == 2:
                        value, metadata[mime] = value
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
        """Return data and metadata of an output with the forms that were remembered for `data`."""
        found = self._found.pop(id(data), None)
        if found is None or found[0] is not data:
            return {"data": data, "metadata": metadata}
        return {"data": {**found[1], **data}, "metadata": {**found[2], **metadata}}

    def forget(self) -> None:
        """Let go of what was remembered."""
        self._found.clear()
