"""Prepare commands for storage: cut, count, preview and pack outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from jupyter_sessions.core import normalize
from jupyter_sessions.core.history.encoded import NOTHING
from jupyter_sessions.errors import ContentDamaged
from jupyter_sessions.escape_sequences import remove_sequences
from jupyter_sessions.schemas import (
    DisplayData,
    ErrorOutput,
    ExecuteResult,
    Output,
    Recording,
    Stream,
)
from jupyter_sessions.session_lines import manages_sessions
from jupyter_sessions.store.blobs import Blob, Blobs, compress, damaged, decompress

#: How many characters of a source lists show. A longer source is stored whole in a blob.
SOURCE_PREVIEW = 4_000

_PREVIEW = 600

_SEARCHED = 50_000

_INLINE = 16_384

# Larger outputs go into a blob without trying how far they compress.
_TRIED = 64 * _INLINE

_LONGEST_NOTE = 1_000

_TEXT_MEDIA = ("text/plain", "text/markdown", "text/latex")


_encode = msgspec.json.Encoder().encode

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_scan = msgspec.json.Decoder(msgspec.Raw).decode


@dataclass(frozen=True, kw_only=True)
class PreparedCommand:
    """What the rows of a command contain in addition to the request's own fields."""

    id: str
    keyed: bool
    columns: dict[str, Any]
    blobs: tuple[Blob, ...]
    searched: str


def checksum_of(source: str, preview: str) -> int:
    """Return the checksum of the texts of a row, as the signed number that databases know."""
    texts = f"{source}\0{preview}".encode("utf-8", "surrogatepass")
    return xxh3_64_intdigest(texts) - (1 << 63)


def check_texts(checksum: int | None, source: str, preview: str, used_as: str) -> None:
    """Verify the source and the preview of a row.

    Raises
    ------
    ContentDamaged
        If they differ from what was recorded; `used_as` describes them in the message.
    """
    if checksum is not None and checksum != checksum_of(source, preview):
        raise damaged(used_as)


def size_if_small(recording: Recording) -> int | None:
    """Estimate, cheaply, the size of a recording that certainly needs no blob."""
    request, response = recording.request, recording.response
    if len(request.source) > SOURCE_PREVIEW or "\0" in request.source:
        return None
    told = response or recording.so_far
    outputs = 0 if told is None else sum(map(_roughly, told.outputs))
    return None if outputs > _INLINE else len(request.source) + outputs


def known_until(recording: Recording) -> datetime | None:
    """Return up to when a recording has the command's outputs; None if it does not say."""
    if recording.response is not None:
        return recording.response.finished
    return recording.so_far.until if recording.so_far is not None else None


def _roughly(output: Output) -> int:
    """Estimate an output's size in characters; more than the limit if it is not text."""
    match output:
        case Stream(text=str(text)):
            return len(text)
        case ErrorOutput(traceback=traceback):
            return sum(map(len, traceback))
        case DisplayData(data=data) | ExecuteResult(data=data):
            return sum(len(value) if isinstance(value, str) else _INLINE for value in data.values())
        case _:
            return _INLINE + 1


def keep(recording: Recording, blobs: Blobs, limit: int) -> PreparedCommand:
    """Prepare a recording, and store the parts that are too large for a row.

    Parameters
    ----------
    limit
        The maximum size of a command's outputs, as JSON, in bytes. Larger outputs are cut, and the
        note says so.
    """
    request, response = recording.request, recording.response
    told = response or recording.so_far
    outputs, note = told.outputs if told else [], response.note if response else ""
    packed = _encode(outputs)
    if len(packed) > limit:
        outputs, note = _cut(outputs, note, limit)
        packed = _encode(outputs)
    until = known_until(recording)
    text = "\n".join(_texts(outputs))
    source_blob = (
        blobs.put(request.source.encode())
        if len(request.source) > SOURCE_PREVIEW or "\0" in request.source
        else None
    )
    small = compress(packed) if len(packed) <= _TRIED else packed
    outputs_blob = blobs.put(packed) if len(small) > _INLINE else None
    source, preview = _storable(request.source[:SOURCE_PREVIEW]), _storable(text[:_PREVIEW])
    columns: dict[str, Any] = {
        "uid": recording.identity,
        "version": recording.version,
        "status": response.status if response else "running",
        "started": normalize.utc(request.started),
        "finished": normalize.utc(until) if until else None,
        "duration": response.duration if response else None,
        "language": _storable(request.language),
        "kernel": _storable(request.kernel),
        "notebook": _storable(request.notebook),
        "execution_count": request.execution_count,
        "source": source,
        "source_blob": source_blob and source_blob.sha256,
        "preview": preview,
        "checksum": checksum_of(source, preview),
        "media": _storable(" ".join(dict.fromkeys(_media(outputs)))),
        "output_count": len(outputs),
        "size": len(packed) if told else 0,
        "outputs": None if outputs_blob else small,
        "outputs_blob": outputs_blob and outputs_blob.sha256,
        "note": _storable(note),
        "forgotten": False,
        "managing": manages_sessions(request.source),
    }
    stored = tuple(blob for blob in (source_blob, outputs_blob) if blob)
    return PreparedCommand(
        id=recording.id,
        keyed=recording.keyed,
        columns=columns,
        blobs=stored,
        searched=f"{request.source[:_SEARCHED]}\n{text[:_SEARCHED]}",
    )


def unpack(
    inline: bytes | None, size: int, blob: Blob | None, blobs: Blobs, used_as: str
) -> msgspec.Raw:
    """Return the outputs of a row as JSON, as they were recorded.

    They are not decoded: they may consist of millions of values, which would hold up the whole
    process, and most callers only pass them on.

    Raises
    ------
    ContentDamaged
        If they differ from what was recorded; `used_as` describes them in the message.
    NotFound
        If they do not exist.
    """
    if blob is not None:
        return msgspec.Raw(blobs.read(blob))
    if not inline:
        return NOTHING
    try:
        content = decompress(inline)
        # Rows of early versions have no checksum, but all non-empty ones have a size.
        if size not in {0, len(content)}:
            raise damaged(used_as)
        if not content.isascii():
            content.decode()
        return _scan(content)
    except (ContentDamaged, msgspec.DecodeError, UnicodeDecodeError):
        raise damaged(used_as) from None


def split(outputs: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the JSON of each output, for a caller who needs few of them."""
    return _split(outputs)


def _storable(text: str) -> str:
    # PostgreSQL's text type can't hold NUL; lists show the symbol for it instead.
    return text.replace("\0", "␀") if "\0" in text else text


def _cut(outputs: list[Output], note: str, limit: int) -> tuple[list[Output], str]:
    """Keep the outputs that fit and the beginning of a text, and note what is missing."""
    left = limit
    for index, output in enumerate(outputs):
        size = len(_encode(output))
        if size > left:
            begun = _beginning(output, left)
            missing = len(outputs) - index - len(begun)
            losses = [f"output {index + 1} was cut"] if begun else []
            if missing:
                losses.append(f"{missing} of {len(outputs)} outputs were left out")
            told = f"{' and '.join(losses)}: more than {limit / 2**20:.0f} MiB in one command."
            told = f"{note[: _LONGEST_NOTE - len(told) - 1]} {told[0].upper()}{told[1:]}"
            return [*outputs[:index], *begun], told.strip()
        left -= size
    return outputs, note


def _beginning(output: Output, room: int) -> list[Output]:
    """Truncate a text output to at most `room` bytes; return nothing for other outputs."""
    if not isinstance(output, Stream):
        return []
    whole = output.text if isinstance(output.text, str) else "".join(output.text)
    packed = _encode(whole)[:-1]
    packed = packed[: max(0, room - len(_encode(Stream(output.name, ""))) + 1)]
    # The cut can fall inside a character or an escape, which has at most six bytes.
    for end in range(len(packed), max(1, len(packed) - 6), -1):
        try:
            return [Stream(output.name, msgspec.json.decode(packed[:end] + b'"', type=str))]
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return []


def _texts(outputs: list[Output]) -> Iterator[str]:
    """Yield the parts of outputs that are searchable and shown in previews."""
    for output in outputs:
        match output:
            case Stream(text=text):
                yield _plain(text)
            case ErrorOutput(ename=ename, evalue=evalue):
                yield f"{ename}: {evalue}"
            case _:
                for media in _TEXT_MEDIA:
                    if media in output.data:
                        yield _plain(output.data[media])
                        break


def _plain(text: Any) -> str:
    whole = "".join(map(str, text)) if isinstance(text, list) else str(text)
    return remove_sequences(whole)


def _media(outputs: list[Output]) -> Iterator[str]:
    for output in outputs:
        match output:
            case Stream():
                yield "stream"
            case ErrorOutput():
                yield "error"
            case _:
                yield from ("".join(name.split()) for name in output.data)
