"""Prepare commands for storage: cut, count, preview and pack outputs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from jupyter_sessions.core import normalize
from jupyter_sessions.core.history import json_scan
from jupyter_sessions.core.history.encoded import NOTHING, encode_outputs, read_bundle
from jupyter_sessions.errors import ContentDamaged
from jupyter_sessions.escape_sequences import remove_sequences
from jupyter_sessions.local_files import split_pieces
from jupyter_sessions.schemas import Output, Recording
from jupyter_sessions.schemas.encoded import (
    EncodedDisplay,
    EncodedError,
    EncodedOutput,
    EncodedResult,
    EncodedStream,
    encode_in_parts,
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

# How many line ends are tried to find the beginning of a list.
_MOST_TRIES = 20

_LONGEST_NOTE = 1_000

_TEXT_MEDIA = ("text/plain", "text/markdown", "text/latex")


_encode = msgspec.json.Encoder().encode

_decode_any = msgspec.json.Decoder().decode
_decode_lines = msgspec.json.Decoder(list[str]).decode
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
    outputs = 0 if told is None else sum(map(_measure, told.outputs))
    return None if outputs > _INLINE else len(request.source) + outputs


def known_until(recording: Recording) -> datetime | None:
    """Return up to when a recording has the command's outputs; None if it does not say."""
    if recording.response is not None:
        return recording.response.finished
    return recording.so_far.until if recording.so_far is not None else None


def _measure(output: Output | EncodedOutput) -> int:
    """Return the size of what an output consists of, as JSON, in bytes."""
    match output:
        case EncodedStream(text=part) | EncodedError(traceback=part):
            return len(memoryview(part))
        case EncodedDisplay() | EncodedResult():
            return len(memoryview(output.data)) + len(memoryview(output.metadata))
        case _:
            return len(_encode(output))


def keep(recording: Recording, identity: str, blobs: Blobs, limit: int) -> PreparedCommand:
    """Prepare a recording, and store the parts that are too large for a row.

    Parameters
    ----------
    identity
        The recording's identity.
    limit
        The maximum size of a command's outputs, as JSON, in bytes. Larger outputs are cut, and the
        note says so.
    """
    request, response = recording.request, recording.response
    told = response or recording.so_far
    outputs = encode_outputs(told.outputs) if told else []
    note = response.note if response else ""
    size, packed = _pack(outputs)
    if size > limit:
        outputs, note = _cut(outputs, note, limit)
        size, packed = _pack(outputs)
    until = known_until(recording)
    text, media = _read_texts_and_media(outputs)
    source_blob = (
        blobs.put(request.source.encode())
        if len(request.source) > SOURCE_PREVIEW or "\0" in request.source
        else None
    )
    small = packed
    outputs_blob = None
    if packed is None:
        outputs_blob = _put_in_parts(blobs, outputs)
    elif len(small := compress(packed)) > _INLINE:
        outputs_blob = blobs.put(packed)
    source, preview = _storable(request.source[:SOURCE_PREVIEW]), _storable(text[:_PREVIEW])
    columns: dict[str, Any] = {
        "uid": identity,
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
        "media": _storable(" ".join(media)),
        "output_count": len(outputs),
        "size": size if told else 0,
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


def _pack(outputs: list[EncodedOutput]) -> tuple[int, bytes | None]:
    """Return the size of the outputs' JSON, and the JSON itself unless it is large."""
    if sum(map(_measure, outputs)) <= _TRIED:
        packed = _encode(outputs)
        if len(packed) <= _TRIED:
            return len(packed), packed
    return sum(map(len, encode_in_parts(outputs))), None


def _put_in_parts(blobs: Blobs, outputs: list[EncodedOutput]) -> Blob:
    """Store the outputs' JSON, which is never in memory as a whole."""
    with blobs.writer() as writer:
        for piece in split_pieces(encode_in_parts(outputs)):
            writer.write(piece)
        return writer.store()


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


def _storable(text: str) -> str:
    # PostgreSQL's text type can't hold NUL; lists show the symbol for it instead.
    return text.replace("\0", "␀") if "\0" in text else text


def _cut(outputs: list[EncodedOutput], note: str, limit: int) -> tuple[list[EncodedOutput], str]:
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


def _beginning(output: EncodedOutput, room: int) -> list[EncodedOutput]:
    """Truncate a text output to at most `room` bytes; return nothing for other outputs."""
    if not isinstance(output, EncodedStream):
        return []
    whole = bytes(output.text)
    if whole[:1] != b'"':
        whole = _encode("".join(_decode_lines(whole)))
    room -= len(_encode(EncodedStream(output.name, msgspec.Raw(b""))))
    begun = _shorten(whole, room)
    return [EncodedStream(output.name, msgspec.Raw(begun))] if begun else []


def _shorten(text: bytes, room: int) -> bytes:
    """Return the beginning of a string's JSON in at most so many bytes; nothing if none fits."""
    begun = text[:-1][: max(0, room - 1)]
    # The cut can fall inside a character or an escape, which has at most six bytes, or inside the
    # first of two escapes that are one character.
    for end in range(len(begun), max(1, len(begun) - 12), -1):
        shortened = begun[:end] + b'"'
        try:
            msgspec.json.decode(shortened, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        return shortened
    return b""


def _read_texts_and_media(outputs: list[EncodedOutput]) -> tuple[str, list[str]]:
    """Return the beginning of what is searchable and shown in previews, and the media types."""
    found: list[str] = []
    left = _SEARCHED
    media: dict[str, None] = {}
    for output in outputs:
        text: str | None = None
        match output:
            case EncodedStream():
                media["stream"] = None
                if left >= 0:
                    text = _plain(output.text)
            case EncodedError(ename=ename, evalue=evalue):
                media["error"] = None
                text = f"{ename}: {evalue}"
            case _:
                bundle = read_bundle(output.data)
                media.update(("".join(name.split()), None) for name in bundle)
                if left >= 0 and (kind := next(filter(bundle.__contains__, _TEXT_MEDIA), None)):
                    text = _plain(bundle[kind])
        if left >= 0 and text is not None:
            found.append(text)
            left -= len(text) + 1
    return "\n".join(found), list(media)


def _plain(encoded: msgspec.Raw) -> str:
    """Return a text without escape sequences, or the beginning of a very long one."""
    if len(memoryview(encoded)) > json_scan.SMALL:
        encoded = msgspec.Raw(_shorten_any(bytes(encoded)))
    read = _decode_any(encoded)
    whole = "".join(map(str, read)) if isinstance(read, list) else str(read)
    return remove_sequences(whole)


def _shorten_any(text: bytes) -> bytes:
    """Return a shorter text or list of lines, as JSON; an empty one for other values."""
    if text[:1] == b'"':
        return _shorten(text, json_scan.SMALL)
    end = json_scan.SMALL
    for _ in range(_MOST_TRIES):
        # The last line that ends before it; what looks like a line's end may be within a line.
        end = text.rfind(b'",', 0, end)
        if end < 0:
            break
        lines = text[: end + 1] + b"]"
        try:
            _decode_lines(lines)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        return lines
    return b'""'
