"""Content-addressed blobs: what is too large for a row, and every published file.

A blob is written once, hashed on its way into a temporary object, and then named after what was
written; what is there already stays. It is stored before the row that names it; `sweep` removes
what no row names. Contents that shrink are kept in zstd. What is read is verified before it is
given: a short blob by its SHA-256, a longer one by the digests of its chunks, which stand in its
row. The object store is a local folder, or S3, GCS or Azure by URL.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import zstandard
from xxhash import xxh3_128, xxh3_128_digest

from jupyter_sessions.errors import (
    ContentDamaged,
    NotFound,
    SessionsError,
    StoreFull,
    StoreUnusable,
)
from jupyter_sessions.file_snapshots import open_snapshot
from jupyter_sessions.store.blob_storage import PIECE, FolderObjects, Objects, UrlObjects

#: How much has a digest of its own, in bytes: the least that is read to verify a part.
CHUNK = 1 << 20
_DIGEST = 16  # bytes of each of them
_SAMPLE = 1 << 16
# What does not shrink by a tenth is kept as it is, and read without work.
_WORTH_IT = 0.9
_LEVEL = 3
_ENCODINGS = ("identity", "zstd")
# How old a blob without a row must be before it is swept: its row may still be on its way.
_GRACE = timedelta(days=1)
# Of so many old blobs, without digests of their chunks, these are remembered.
_REMEMBERED = 256


@dataclass(frozen=True)
class Blob:
    """A stored blob.

    Attributes
    ----------
    sha256
        Of its content, in hexadecimal; its name.
    size
        In bytes, before encoding.
    encoding
        How the object is encoded.
    digests
        The XXH3 digests of its chunks, one after the other; None for a blob that has one only, or
        that was stored before there were digests.
    used_as
        What it is, for messages: "'a.csv' of session 123".
    """

    sha256: str
    size: int
    encoding: str
    digests: bytes | None = field(default=None, compare=False, repr=False)
    used_as: str = field(default="", compare=False)


_own = threading.local()


def compress(content: bytes) -> bytes:
    """Compress what is kept in a row, with a checksum."""
    # A compressor costs more to make than to use, and serves one thread at a time.
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    packed: bytes = _own.compressor.compress(content)
    return packed


def decompress(content: bytes) -> bytes:
    """Undo `compress`.

    Raises
    ------
    ContentDamaged
        When it is not what was compressed.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(content)
    except zstandard.ZstdError as error:
        raise damaged() from error


class Blobs:
    """A store of blobs at a URL or in a local folder.

    Parameters
    ----------
    place
        A folder, or a URL that `obstore` knows (``s3://…``, ``gs://…``, ``az://…``).

    Attributes
    ----------
    place
        The same.
    damaged
        The SHA-256 of blobs that were found to be damaged, and not found to be sound since.
    """

    def __init__(self, place: str | Path) -> None:
        self.place = place
        self.damaged: set[str] = set()
        self._found: dict[str, bytes] = {}
        self._objects: Objects
        if isinstance(place, Path) or "://" not in place:
            with _failures_named():
                self._objects = FolderObjects(Path(place))
        else:
            self._objects = UrlObjects(place)

    # ---- in

    def put(self, content: bytes) -> Blob:
        """Store bytes; when it returns they are on disk."""
        with self.writer() as writer:
            writer.write(content)
            return writer.store()

    def put_file(self, path: Path) -> Blob:
        """Store the content that a file has now, without holding it in memory.

        Raises
        ------
        FileChanged
            When the file is changed meanwhile, other than by appending to it.
        """
        with open_snapshot(path) as snapshot, self.writer() as writer:
            for piece in snapshot.pieces():
                writer.write(piece)
            return writer.store()

    def writer(self) -> BlobWriter:
        """Begin a blob whose content comes piece by piece."""
        with _failures_named():
            return BlobWriter(self, self._objects.scratch())

    def _add(self, blob: Blob, scratch: IO[bytes]) -> Blob:
        key = _key(blob.sha256)
        with _failures_named():
            while not self._objects.add(key, scratch):
                # Its age decides whether a sweep may take it: from now on none does.
                try:
                    self._objects.refresh(key)
                except FileNotFoundError:
                    continue
                encoding = self._sound_encoding(blob)
                if encoding is not None:
                    return replace(blob, encoding=encoding)
                self._objects.replace(key, scratch)
                break
        self.damaged.discard(blob.sha256)
        return blob

    def _sound_encoding(self, blob: Blob) -> str | None:
        """Return the encoding of the object that is there already; None where it is damaged."""
        for encoding in sorted(_ENCODINGS, key=lambda name: name != blob.encoding):
            try:
                self.verify(replace(blob, encoding=encoding))
            except (ContentDamaged, NotFound):
                continue
            return encoding
        return None

    # ---- out

    def read(self, blob: Blob) -> bytes:
        """Return a blob's whole content.

        Raises
        ------
        NotFound
            When it is not there.
        ContentDamaged
            When it is not what was stored.
        """
        content = b"".join(self._pieces(blob))
        if len(content) != blob.size or hashlib.sha256(content).hexdigest() != blob.sha256:
            raise self._note_damage(blob)
        self.damaged.discard(blob.sha256)
        return content

    def stream(self, blob: Blob, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield a blob's content, or a part of it, in verified pieces of at most 1 MiB.

        Raises
        ------
        NotFound
            When it is not there.
        ContentDamaged
            When it is not what was stored: before the first byte that is not.
        """
        stop = blob.size if stop is None else min(stop, blob.size)
        if blob.size <= CHUNK:
            content = self.read(blob)[start:stop]
            if content:
                yield content
            return
        digests = self._digests(blob)
        index = start // CHUNK
        for chunk in self._chunks(blob, index):
            if xxh3_128_digest(chunk) != digests[index * _DIGEST : (index + 1) * _DIGEST]:
                # The digests themselves may be what is damaged; the SHA-256 tells.
                digests = self.verify(blob)
                if xxh3_128_digest(chunk) != digests[index * _DIGEST : (index + 1) * _DIGEST]:
                    raise self._note_damage(blob)
            begin = index * CHUNK
            yield chunk[max(0, start - begin) : max(0, stop - begin)]
            index += 1
            if index * CHUNK >= stop:
                return
        raise self._note_damage(blob)

    def verify(self, blob: Blob, pace: Callable[[int], None] = lambda _: None) -> bytes:
        """Read a blob whole, and return the digests of its chunks.

        Parameters
        ----------
        blob
            What to verify.
        pace
            Is called with the size of each piece that was read.

        Raises
        ------
        NotFound
            When it is not there.
        ContentDamaged
            When it is not what was stored.
        """
        whole, found, size = hashlib.sha256(), bytearray(), 0
        for chunk in self._chunks(blob, 0):
            whole.update(chunk)
            found += xxh3_128_digest(chunk)
            size += len(chunk)
            pace(len(chunk))
        if size != blob.size or whole.hexdigest() != blob.sha256:
            raise self._note_damage(blob)
        self.damaged.discard(blob.sha256)
        return bytes(found)

    def _digests(self, blob: Blob) -> bytes:
        """Return the digests of a blob's chunks: those stored, else what verifying it gives."""
        if blob.sha256 in self.damaged:
            return self.verify(blob)
        if blob.digests is not None and len(blob.digests) == -(-blob.size // CHUNK) * _DIGEST:
            return blob.digests
        found = self._found.get(blob.sha256)
        if found is None:
            found = self._found[blob.sha256] = self.verify(blob)
            while len(self._found) > _REMEMBERED:
                self._found.pop(next(iter(self._found)), None)
        return found

    def _chunks(self, blob: Blob, first: int) -> Iterator[bytes]:
        """Yield a blob's chunks, as they are read, from one on."""
        skipped = 0 if blob.encoding == "identity" else first * CHUNK
        left = bytearray()
        for piece in self._pieces(blob, first * CHUNK - skipped):
            fresh = memoryview(piece)
            if skipped:
                gone = min(skipped, len(fresh))
                skipped -= gone
                fresh = fresh[gone:]
            if not left and len(fresh) == CHUNK:
                yield bytes(fresh)
                continue
            left += fresh
            while len(left) >= CHUNK:
                yield bytes(left[:CHUNK])
                del left[:CHUNK]
        if left:
            yield bytes(left)

    def _pieces(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        """Yield a blob's content as it is read, decoded but not verified."""
        with _failures_named():
            try:
                pieces = self._objects.pieces(_key(blob.sha256), start)
                if blob.encoding == "identity":
                    yield from pieces
                    return
                # A piece may hold a thousand times its size, which must not be in memory at once.
                unpack: Any = zstandard.ZstdDecompressor().read_to_iter
                yield from unpack(_Pieces(pieces), write_size=PIECE)
            except FileNotFoundError:
                raise NotFound(
                    f"{_subject(blob.used_as)} is not in the blob store any more.",
                    hint="Restore the blob store from the same backup as the database.",
                ) from None
            except zstandard.ZstdError as error:
                raise self._note_damage(blob) from error

    def _note_damage(self, blob: Blob) -> ContentDamaged:
        self.damaged.add(blob.sha256)
        return damaged(blob.used_as)

    # ---- keeping

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all."""
        with _failures_named():
            return next(self._objects.entries(), None) is None

    def sweep(self, named: set[str]) -> int:
        """Remove the blobs that are not in `named` and older than a day.

        Returns
        -------
        int
            How many were removed.
        """
        limit = datetime.now(UTC) - _GRACE
        with _failures_named():
            stale = [
                entry.key
                for entry in self._objects.entries()
                if entry.key.replace("/", "") not in named and entry.modified < limit
            ]
            # Looked at once more just before: the same content may have been stored meanwhile.
            return sum(self._objects.remove(key, limit) for key in stale)


class BlobWriter:
    """A blob whose content comes piece by piece; closed without `store`, it leaves nothing."""

    def __init__(self, blobs: Blobs, scratch: IO[bytes]) -> None:
        self._blobs = blobs
        self._scratch = scratch
        self._whole = hashlib.sha256()
        self._chunk = xxh3_128()
        self._digests = bytearray()
        self._size = 0
        self._sample: bytes | None = b""  # what begins it, until the encoding is chosen
        self._pack: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, piece: bytes) -> None:
        """Take the next piece.

        Raises
        ------
        StoreFull
            When there is no room for it.
        """
        self._whole.update(piece)
        self._digest(piece)
        if self._sample is not None:
            self._sample += piece
            if len(self._sample) < _SAMPLE:
                return
            piece = self._choose_encoding()
        self._put(piece)

    def store(self) -> Blob:
        """Name the blob after what was written; when it returns it is on disk."""
        if self._sample is not None:
            self._put(self._choose_encoding())
        with _failures_named():
            if self._pack is not None:
                self._scratch.write(self._pack.flush())
            if self._size % CHUNK:
                self._digests += self._chunk.digest()
            blob = Blob(
                self._whole.hexdigest(),
                self._size,
                "identity" if self._pack is None else "zstd",
                bytes(self._digests) if self._size > CHUNK else None,
            )
        return self._blobs._add(blob, self._scratch)  # its other half

    def close(self) -> None:
        """Let the temporary object go."""
        self._scratch.close()

    def _digest(self, piece: bytes) -> None:
        fresh = memoryview(piece)
        while fresh:
            taken = fresh[: CHUNK - self._size % CHUNK]
            self._chunk.update(taken)
            self._size += len(taken)
            fresh = fresh[len(taken) :]
            if not self._size % CHUNK:
                self._digests += self._chunk.digest()
                self._chunk.reset()

    def _choose_encoding(self) -> bytes:
        begun, self._sample = self._sample or b"", None
        sample = begun[:_SAMPLE]
        if len(compress(sample)) < _WORTH_IT * len(sample):
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            self._pack = compressor.compressobj()
        return begun

    def _put(self, piece: bytes) -> None:
        with _failures_named():
            self._scratch.write(piece if self._pack is None else self._pack.compress(piece))


class _Pieces:
    """Pieces of bytes, to be read like a file: never more than was asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size` of them; nothing at the end."""
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)


def damaged(what: str = "") -> ContentDamaged:
    """Return the failure of content that is not what was stored."""
    return ContentDamaged(
        f"{_subject(what)} is damaged in the store, and is not given out.",
        hint="Restore the store from a backup, or publish or record it again.",
    )


def _subject(what: str) -> str:
    return f"The content of {what}" if what else "The content"


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn what a disk or an object store raises into what it means."""
    try:
        yield
    except OSError as error:
        raise _translate(error) from error
    except Exception as error:
        # `obstore` is imported for object stores that have a URL only.
        if type(error).__module__.partition(".")[0] != "obstore":
            raise
        raise _translate(error) from error


def _translate(error: Exception) -> SessionsError:
    told = str(error).lower()
    if "no space" in told or "quota" in told or "storagefull" in told or "too large" in told:
        return StoreFull(
            "There is no room for the content in the blob store. Nothing was changed.",
            hint="Free some room and try again.",
        )
    return StoreUnusable(
        f"The blob store can't be used: {type(error).__name__}.",
        hint="See that it is there, reachable and writable.",
    )
