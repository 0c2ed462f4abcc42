"""Collect a command's outputs by the rules of a front end.

The rules are JupyterLab's (4.6): consecutive text of the same stream is one output, in which
backspace and carriage return move the cursor and overwrite as on a terminal; `clear_output` with
`wait` clears when the next output arrives; a display id refers to every output that was displayed
under it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.formatting import format_size
from jupyter_sessions.local_files import PIECE, release_memory, spool
from jupyter_sessions.schemas.encoded import EncodedOutput, is_encoded

_CONTROL = re.compile("[\b\r\n]")
_encode = msgspec.json.Encoder().encode

#: Bytes of a command's outputs, other than text, that are kept in memory; others are kept on disk.
IN_MEMORY = 8 << 20
_OUTPUTS = (schemas.DisplayData, schemas.ExecuteResult, schemas.ErrorOutput, schemas.Stream)


class Text(Protocol):
    """The text of consecutive stream outputs: `StreamText`, or a terminal's `ScreenText`."""

    @property
    def size(self) -> int:
        """The number of bytes that are kept."""

    def accepts(self, name: str) -> bool:
        """Return whether text of a stream continues this output."""

    def write(self, text: str, name: str) -> None:
        """Write text of a stream."""

    def to_outputs(self) -> list[schemas.Output]:
        """Return the text so far as nbformat outputs."""


class StreamText:
    """The text of one stream output.

    Only the last line can still change. Finished lines are kept as they are, so the cost of a flood
    of text is proportional to its length.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._size = 0
        self._ended: list[str] = []
        self._line = ""
        self._cursor = 0

    @property
    def size(self) -> int:
        """The number of bytes that are kept."""
        return self._size

    def accepts(self, name: str) -> bool:
        """Return whether text of a stream continues this output."""
        return name == self.name

    def write(self, text: str, name: str = "") -> None:  # noqa: ARG002  # there is one stream
        """Append `text`, applying its control characters."""
        if "\b" not in text and "\r" not in text and self._cursor == len(self._line):
            ended, newline, rest = text.rpartition("\n")
            if newline:
                self._end_line(self._line + ended)
            self._put(rest)
            return
        start = 0
        for control in _CONTROL.finditer(text):
            self._put(text[start : control.start()])
            start = control.end()
            self._move(control.group())
        self._put(text[start:])

    def _move(self, control: str) -> None:
        if control == "\n":
            self._end_line(self._line)
        elif control == "\r":
            self._cursor = 0
        elif self._cursor:
            self._replace(self._line[: self._cursor - 1] + self._line[self._cursor :])
            self._cursor -= 1

    def _put(self, text: str) -> None:
        if not text:
            return
        end = self._cursor + len(text)
        self._replace(self._line[: self._cursor] + text + self._line[end:])
        self._cursor = end

    def _replace(self, line: str) -> None:
        self._size += byte_size(line) - byte_size(self._line)
        self._line = line

    def _end_line(self, line: str) -> None:
        self._replace(line)
        self._size += 1
        self._ended.append(line + "\n")
        self._line, self._cursor = "", 0

    def to_outputs(self) -> list[schemas.Output]:
        """Return the text so far as an nbformat output."""
        if len(self._ended) > 1:
            self._ended = ["".join(self._ended)]
        return [schemas.Stream(name=self.name, text="".join(self._ended) + self._line)]


class OutputArea:
    """The outputs of one command.

    Parameters
    ----------
    limit
        The maximum size to keep, in bytes; what exceeds it is left out, and `note` says so.
    new_text
        Creates the object that keeps the text of the stream of this name and of following text.
    """

    def __init__(self, limit: int, new_text: Callable[[str], Text] = StreamText) -> None:
        self.limit = limit
        self._new_text = new_text
        self._text: Text | None = None  # the text of the last output, if that is a stream
        self._outputs: list[Text | schemas.Output | EncodedOutput] = []
        self._sizes: list[int] = []
        self._settled = 0
        self._in_memory: dict[int, int] = {}  # the sizes of outputs, other than text, by place
        self._in_memory_size = 0
        self._displays: dict[str, list[int]] = {}
        self._clear_next = False
        self._omitted = 0
        self._unreadable = 0

    @property
    def size(self) -> int:
        """The number of bytes that are kept."""
        return self._settled + (self._text.size if self._text is not None else 0)

    @property
    def note(self) -> str:
        """What is missing, as text; empty if nothing is."""
        return " ".join(self._losses())

    def _losses(self) -> Iterator[str]:
        if self._omitted:
            yield (
                f"The outputs were cut at {format_size(self.limit)}; another "
                f"{format_size(self._omitted)} was not kept."
            )
        if self._unreadable:
            yield f"{self._unreadable} outputs could not be read, and were not kept."

    def write(self, name: str, text: str) -> None:
        """Append text to the stream `name`."""
        self._clear_if_due()
        kept = self._fit(text)
        if not kept:
            return
        text_now = self._text
        if text_now is None or not text_now.accepts(name):
            text_now = self._new_text(name)
            self._append(text_now, 0)
            self._text = text_now
        text_now.write(kept, name)

    def _fit(self, text: str) -> str:
        size = byte_size(text)
        room = self.limit - self.size
        if size <= room and not self._omitted:
            return text
        # Once something is left out, all that follows is too, so the kept part is a beginning
        # without gaps.
        kept = "" if self._omitted else text.encode(errors="replace")[:room].decode(errors="ignore")
        self._omitted += size - byte_size(kept)
        return kept

    def add(self, output: schemas.Output, size: int, display_id: str | None = None) -> None:
        """Append an output that is not a stream; `size` is its length in bytes."""
        self._clear_if_due()
        if self._omitted or size > self.limit - self.size:
            self._omitted += size
            return
        self._append(output, size)
        self._keep_in_memory(len(self._outputs) - 1, size)
        if display_id:
            self._displays.setdefault(display_id, []).append(len(self._outputs) - 1)

    def _append(self, output: Text | schemas.Output, size: int) -> None:
        if self._text is not None:
            self._resize(len(self._sizes) - 1, self._text.size)
            self._text = None
        self._outputs.append(output)
        self._sizes.append(0)
        self._resize(len(self._sizes) - 1, size)

    def _resize(self, place: int, size: int) -> None:
        self._settled += size - self._sizes[place]
        self._sizes[place] = size

    def _keep_in_memory(self, place: int, size: int) -> None:
        """Note that an output is in memory; move all of these to the disk if that gets too much."""
        self._in_memory_size += size - self._in_memory.get(place, 0)
        self._in_memory[place] = size
        if self._in_memory_size > IN_MEMORY:
            for each in self._in_memory:
                output = self._outputs[each]
                if isinstance(output, _OUTPUTS):
                    self._outputs[each] = _move_to_disk(output)
            self._in_memory.clear()
            self._in_memory_size = 0

    def shows(self, display_id: str) -> bool:
        """Return whether an output is displayed under `display_id`."""
        return display_id in self._displays

    def update(self, display_id: str, output: schemas.DisplayData, size: int) -> None:
        """Replace every output displayed under `display_id`."""
        for place in self._displays.get(display_id, []):
            if self.size - self._sizes[place] + size > self.limit:
                self._omitted += size
                self._outputs[place] = schemas.DisplayData(data={}, metadata={})
                self._resize(place, 0)
            else:
                self._outputs[place] = output
                self._resize(place, size)
                self._keep_in_memory(place, size)

    def clear(self, *, wait: bool) -> None:
        """Clear all outputs, now or when the next one arrives."""
        if wait:
            self._clear_next = True
            return
        self._outputs.clear()
        self._text = None
        self._sizes.clear()
        self._in_memory.clear()
        self._in_memory_size = 0
        self._settled = 0
        self._displays.clear()
        self._omitted = self._unreadable = 0

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self.clear(wait=False)

    def add_unreadable(self) -> None:
        """Record that an output arrived that could not be read."""
        self._unreadable += 1

    def add_again(self, output: schemas.Output) -> None:
        """Append an output from `to_outputs`; later display updates do not change it."""
        if isinstance(output, schemas.Stream):
            self.write(output.name, "".join(output.text))
        else:
            self.add(output, len(msgspec.json.encode(output)), None)

    def to_outputs(self) -> list[schemas.Output]:
        """Return the current outputs."""
        outputs: list[schemas.Output] = []
        for output in self._outputs:
            if isinstance(output, _OUTPUTS) or is_encoded(output):
                outputs.append(output)  # type: ignore[arg-type]  # encoded, as delivery takes it
            else:
                outputs += output.to_outputs()  # type: ignore[union-attr]
        return outputs


def _move_to_disk(output: schemas.Output) -> schemas.Output | EncodedOutput:
    """Return the same output with its content on disk, or itself if that is not possible."""
    try:
        content = spool(_encode_in_pieces(output))
    except (ValueError, TypeError, RecursionError):  # values that JSON can't represent
        return output
    if content is None:
        return output
    encoded: EncodedOutput = msgspec.json.decode(content, type=EncodedOutput)
    release_memory()
    return encoded


def _encode_in_pieces(output: schemas.Output) -> Iterator[bytes]:
    """Yield the JSON of an output without another copy of its long texts."""
    if not isinstance(output, (schemas.DisplayData, schemas.ExecuteResult)):
        yield _encode(output)
        return
    head, _, tail = _encode(msgspec.structs.replace(output, data={"": None})).partition(b"null")
    before = head.removesuffix(b'"":')
    for media_type, value in output.data.items():
        yield before + _encode(media_type) + b":"
        before = b","
        if isinstance(value, str) and len(value) > PIECE:
            yield b'"'
            for start in range(0, len(value), PIECE):
                yield _encode(value[start : start + PIECE])[1:-1]
            yield b'"'
        else:
            yield _encode(value)
    yield tail if before == b"," else before + tail


def output_from_content(kind: str, content: dict[str, Any]) -> schemas.Output:
    """Return the nbformat output for the content of a message of type `kind`.

    Raises
    ------
    ValueError
        If the content does not follow the messaging protocol.
    """
    try:
        output: schemas.Output = msgspec.convert(
            {**_shaped(kind, content), "output_type": kind}, schemas.Output
        )
    except (KeyError, msgspec.ValidationError) as error:
        raise ValueError(f"not the content of {kind}: {error}") from error
    return output


def _shaped(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    if kind == "error":
        names: tuple[str, ...] = ("ename", "evalue", "traceback")
        return {name: content[name] for name in names}
    shaped = {"data": content["data"], "metadata": content.get("metadata") or {}}
    if kind == "execute_result":
        shaped["execution_count"] = content.get("execution_count")
    return shaped


def byte_size(text: str) -> int:
    """Return the length of `text` in UTF-8, in bytes."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
