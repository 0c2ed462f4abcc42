"""Store blobs by content address: data that is too large for a row, and published files.

A blob is written once: its content is hashed while it is written to a temporary object, which is
then named after the hash; an existing object stays. A blob is stored before the row that refers to
it; `sweep` removes blobs without rows. Content that shrinks is compressed with zstd. Content is
verified before it is returned: a short blob by its SHA-256, a longer one by the digests of its
chunks, which are in its row. The object store is a local folder, or S3, GCS or Azure by URL.
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
from typing import IO, Any, Protocol, Self

import zstandard
from xxhash import xxh3_64_digest, xxh3_128, xxh3_128_digest

from jupyter_sessions.errors import (
    ContentDamaged,
    NotFound,
    SessionsError,
    StoreFull,
    StoreUnusable,
)
from jupyter_sessions.local_files import open_snapshot
from jupyter_sessions.store.object_storage import PIECE, FolderObjects, Objects, UrlObjects

#: The size in bytes of a chunk with its own digest: the least that is read to verify a part.
CHUNK = 1 << 20
_DIGEST = 16  # bytes of each digest
_SAMPLE = 1 << 16
# Content that does not shrink by a tenth is stored uncompressed, which makes reads cheaper.
_WORTH_IT = 0.9
_LEVEL = 3
_ENCODINGS = ("identity", "zstd")
# How old a blob without a row must be before it is swept, since its row may still follow.
_GRACE = timedelta(days=1)
# The number of old blobs without digests of their chunks whose digests are cached.
_REMEMBERED = 256


@dataclass(frozen=True)
class Blob:
    """A stored blob.

    Attributes
    ----------
    sha256
        The SHA-256 of its content, in hexadecimal: its name.
    size
        The size in bytes, before encoding.
    encoding
        How the object is encoded.
    digests
        The concatenated XXH3 digests of its chunks; None for a blob with a single chunk, or one
        that was stored before digests existed.
    used_as
        A description for messages: "'a.csv' of session 123".
    """

    sha256: str
    size: int
    encoding: str
    digests: bytes | None = field(default=None, compare=False, repr=False)
    used_as: str = field(default="", compare=False)


class Observer(Protocol):
    """Observer of blobs that are damaged or missing."""

    def note_damaged(self, sha256: str, *, missing: bool) -> None:
        """Note that a blob was found damaged or missing; must not block or fail."""

    def note_mended(self, sha256: str) -> None:
        """Note that a blob that was found damaged is intact; must not block or fail."""


_own = threading.local()


#: Shorter content is not worth the time, and while a thread compresses, others take over.
_COMPRESSED_FROM = 512
#: What uncompressed content in a row begins with, before its checksum; zstd's frames don't.
_PLAIN = b"\0"


def compress(content: bytes) -> bytes:
    """Pack content for a row, with a checksum; short content is not compressed."""
    if len(content) < _COMPRESSED_FROM:
        return _PLAIN + xxh3_64_digest(content) + content
    # A compressor costs more to create than to use, and serves one thread at a time.
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    packed: bytes = _own.compressor.compress(content)
    return packed


def decompress(content: bytes) -> bytes:
    """Unpack what `compress` returned.

    Raises
    ------
    ContentDamaged
        If it is damaged.
    """
    if content[:1] == _PLAIN:
        digest, plain = content[1:9], content[9:]
        if xxh3_64_digest(plain) != digest:
            raise damaged()
        return plain
    if not hasattr(_own, "decompressor"):
        _own.decompressor = zstandard.ZstdDecompressor()
    try:
        unpacked: bytes = _own.decompressor.decompress(content)
        return unpacked
    except zstandard.ZstdError as error:
        raise damaged() from error


class Blobs:
    """A store of blobs in a local folder or at a URL.

    Parameters
    ----------
    place
        A folder, or a URL that `obstore` supports (``s3://…``, ``gs://…``, ``az://…``).

    Attributes
    ----------
    place
        The folder or URL of the store.
    damaged
        The SHA-256 of blobs that were found damaged, and not found intact since.
    observer
        Is informed when a read finds a blob damaged or missing, and when one was mended.
    """

    def __init__(self, place: str | Path) -> None:
        self.place = place
        self.damaged: set[str] = set()
        self.observer: Observer | None = None
        self._found: dict[str, bytes] = {}
        self._objects: Objects
        if isinstance(place, Path) or "://" not in place:
            with _translate_failures():
                self._objects = FolderObjects(Path(place))
        else:
            self._objects = UrlObjects(place)

    # ---- writing

    def put(self, content: bytes) -> Blob:
        """Store bytes; they are on disk when this returns."""
        with self.writer() as writer:
            writer.write(content)
            return writer.store()

    def put_file(self, path: Path) -> Blob:
        """Store the current content of a file, without loading it into memory.

        Raises
        ------
        FileChanged
            If the file is changed meanwhile, other than by appending to it.
        """
        with open_snapshot(path) as snapshot, self.writer() as writer:
            for piece in snapshot.pieces():
                writer.write(piece)
            return writer.store()

    def writer(self) -> BlobWriter:
        """Start a blob whose content is written piece by piece."""
        with _translate_failures():
            return BlobWriter(self, self._objects.scratch())

    def _add(self, blob: Blob, scratch: IO[bytes]) -> Blob:
        key = _key(blob.sha256)
        with _translate_failures():
            while not self._objects.add(key, scratch):
                # A sweep decides by the blob's age; from now on it will not be removed.
                try:
                    self._objects.refresh(key)
                except FileNotFoundError:
                    continue
                encoding = self._sound_encoding(blob)
                if encoding is not None:
                    return replace(blob, encoding=encoding)
                self._objects.replace(key, scratch)
                self.damaged.add(blob.sha256)
                break
        self._note_sound(blob)
        return blob

    def _sound_encoding(self, blob: Blob) -> str | None:
        """Return the encoding of the existing object; None if it is damaged."""
        for encoding in sorted(_ENCODINGS, key=lambda name: name != blob.encoding):
            try:
                self.verify(replace(blob, encoding=encoding))
            except (ContentDamaged, NotFound):
                continue
            return encoding
        return None

    # ---- reading

    def read(self, blob: Blob) -> bytes:
        """Return a blob's whole content.

        Raises
        ------
        NotFound
            If it does not exist.
        ContentDamaged
            If it differs from what was stored.
        """
        with self._observed(blob):
            content = b"".join(self._pieces(blob))
            if len(content) != blob.size or hashlib.sha256(content).hexdigest() != blob.sha256:
                raise self._note_damage(blob)
        self._note_sound(blob)
        return content

    def stream(self, blob: Blob, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield a blob's content, or a part of it, in verified pieces of at most 1 MiB.

        Raises
        ------
        NotFound
            If it does not exist.
        ContentDamaged
            If it differs from what was stored; raised before the first damaged byte is returned.
        """
        stop = blob.size if stop is None else min(stop, blob.size)
        if blob.size <= CHUNK:
            content = self.read(blob)[start:stop]
            if content:
                yield content
            return
        with self._observed(blob):
            yield from self._stream_chunks(blob, start, stop)

    def _stream_chunks(self, blob: Blob, start: int, stop: int) -> Iterator[bytes]:
        digests = self._digests(blob)
        index = start // CHUNK
        for chunk in self._chunks(blob, index):
            if xxh3_128_digest(chunk) != digests[index * _DIGEST : (index + 1) * _DIGEST]:
                # The digests themselves may be damaged; the SHA-256 decides.
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
        """Read a whole blob, and return the digests of its chunks.

        Parameters
        ----------
        blob
            The blob to verify.
        pace
            Called with the size of each piece after it was read.

        Raises
        ------
        NotFound
            If it does not exist.
        ContentDamaged
            If it differs from what was stored.
        """
        whole, found, size = hashlib.sha256(), bytearray(), 0
        for chunk in self._chunks(blob, 0):
            whole.update(chunk)
            found += xxh3_128_digest(chunk)
            size += len(chunk)
            pace(len(chunk))
        if size != blob.size or whole.hexdigest() != blob.sha256:
            raise self._note_damage(blob)
        self._note_sound(blob)
        return bytes(found)

    def _digests(self, blob: Blob) -> bytes:
        """Return the digests of a blob's chunks: the stored ones, or those from verifying it."""
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
        """Yield a blob's chunks as they are read, starting with chunk `first`."""
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
        with _translate_failures():
            try:
                pieces = self._objects.pieces(_key(blob.sha256), start)
                if blob.encoding == "identity":
                    yield from pieces
                    return
                # A piece may decompress to a thousand times its size, which must not be in memory
                # at once.
                unpack: Any = zstandard.ZstdDecompressor().read_to_iter
                yield from unpack(_Pieces(pieces), write_size=PIECE)
            except FileNotFoundError:
                raise NotFound(
                    f"{_subject(blob.used_as)} is missing from the blob store.",
                    hint="Restore the blob store from the same backup as the database.",
                ) from None
            except zstandard.ZstdError as error:
                raise self._note_damage(blob) from error

    def _note_damage(self, blob: Blob) -> ContentDamaged:
        self.damaged.add(blob.sha256)
        return damaged(blob.used_as)

    def _note_sound(self, blob: Blob) -> None:
        if blob.sha256 in self.damaged:
            self.damaged.discard(blob.sha256)
            if self.observer is not None:
                self.observer.note_mended(blob.sha256)

    @contextmanager
    def _observed(self, blob: Blob) -> Iterator[None]:
        """Inform the observer if what is read in the block is damaged or missing."""
        try:
            yield
        except (ContentDamaged, NotFound) as failure:
            if isinstance(failure, NotFound):
                self.damaged.add(blob.sha256)
            if self.observer is not None:
                self.observer.note_damaged(blob.sha256, missing=isinstance(failure, NotFound))
            raise

    # ---- maintenance

    @property
    def empty(self) -> bool:
        """Whether the store contains nothing at all."""
        with _translate_failures():
            return next(self._objects.entries(), None) is None

    def sweep(self, referenced: set[str]) -> int:
        """Remove the blobs that are not in `referenced` and are older than a day.

        Returns
        -------
        int
            The number of removed blobs.
        """
        limit = datetime.now(UTC) - _GRACE
        with _translate_failures():
            stale = [
                entry.key
                for entry in self._objects.entries()
                if entry.key.replace("/", "") not in referenced and entry.modified < limit
            ]
            # Checked again just before removal, since the same content may have been stored
            # meanwhile.
            return sum(self._objects.remove(key, limit) for key in stale)


class BlobWriter:
    """A blob that is written piece by piece; closing it without `store` leaves nothing behind."""

    def __init__(self, blobs: Blobs, scratch: IO[bytes]) -> None:
        self._blobs = blobs
        self._scratch = scratch
        self._sha256 = hashlib.sha256()
        self._chunk = xxh3_128()
        self._digests = bytearray()
        self._size = 0
        self._sample: bytes | None = b""  # the beginning, until the encoding is chosen
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
        """Write the next piece.

        Raises
        ------
        StoreFull
            If there is no space left for it.
        """
        self._sha256.update(piece)
        self._digest(piece)
        if self._sample is not None:
            self._sample += piece
            if len(self._sample) < _SAMPLE:
                return
            piece = self._choose_encoding()
        self._put(piece)

    def store(self) -> Blob:
        """Name the blob after its content; it is on disk when this returns."""
        if self._sample is not None:
            self._put(self._choose_encoding())
        with _translate_failures():
            if self._pack is not None:
                self._scratch.write(self._pack.flush())
            if self._size % CHUNK:
                self._digests += self._chunk.digest()
            blob = Blob(
                self._sha256.hexdigest(),
                self._size,
                "identity" if self._pack is None else "zstd",
                bytes(self._digests) if self._size > CHUNK else None,
            )
        return self._blobs._add(blob, self._scratch)  # its other half

    def close(self) -> None:
        """Delete the temporary object."""
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
        with _translate_failures():
            self._scratch.write(piece if self._pack is None else self._pack.compress(piece))


class _Pieces:
    """Pieces of bytes as a file-like object that never returns more than was requested."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size` of them; empty at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


def damaged(what: str = "") -> ContentDamaged:
    """Return the error for content that differs from what was stored."""
    return ContentDamaged(
        f"{_subject(what)} is damaged in the store, so it was not returned.",
        hint="Restore the store from a backup, or publish or record it again.",
    )


def _subject(what: str) -> str:
    return f"The content of {what}" if what else "The content"


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"


@contextmanager
def _translate_failures() -> Iterator[None]:
    """Translate errors of a disk or an object store into errors of ours."""
    try:
        yield
    except OSError as error:
        raise _translate(error) from error
    except Exception as error:
        # `obstore` is imported only for object stores with a URL.
        if type(error).__module__.partition(".")[0] != "obstore":
            raise
        raise _translate(error) from error


def _translate(error: Exception) -> SessionsError:
    told = str(error).lower()
    if "no space" in told or "quota" in told or "storagefull" in told or "too large" in told:
        return StoreFull(
            "The blob store is full, so nothing was changed.",
            hint="Free some space, and try again.",
        )
    return StoreUnusable(
        f"The blob store can't be used: {type(error).__name__}.",
        hint="Check that it exists, and that you can reach it and write to it.",
    )
