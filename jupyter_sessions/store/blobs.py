"""Content-addressed blobs: what is too large for a row, and every published file.

A blob is stored before the row that names it; `sweep` removes what no row names. Contents that
shrink are kept in zstd. The object store is a local folder, or S3, GCS or Azure by URL.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

import obstore
import zstandard
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from jupyter_sessions.errors import NotFound, SessionsError, StoreFull, StoreUnusable

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
# What does not shrink by a tenth is kept as it is, and read without work.
_WORTH_IT = 0.9
_LEVEL = 3
# So much, in bytes, may stand in memory a second time, compressed.
_HELD = 1 << 24
# How old a blob without a row must be before it is swept: its row may still be on its way.
_GRACE = timedelta(days=1)


class Blob(NamedTuple):
    """A stored blob: its SHA-256 (hex), its size in bytes before encoding, and its encoding."""

    sha256: str
    size: int
    encoding: str


_own = threading.local()


def compress(content: bytes) -> bytes:
    """Compress what is kept in a row."""
    # A compressor costs more to make than to use, and serves one thread at a time.
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    packed: bytes = _own.compressor.compress(content)
    return packed


def decompress(content: bytes) -> bytes:
    """Undo `compress`."""
    return zstandard.ZstdDecompressor().decompress(content)


class Blobs:
    """A store of blobs at a URL or in a local folder.

    Parameters
    ----------
    place
        A folder, or a URL that `obstore` knows (``s3://…``, ``gs://…``, ``az://…``).
    """

    def __init__(self, place: str | Path) -> None:
        self._folder: Path | None = None
        if isinstance(place, Path) or "://" not in place:
            self._folder = Path(place)
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise _translate(error) from error
            self._store: obstore.store.ObjectStore = LocalStore(self._folder)
        else:
            self._store = from_url(place)

    def put(self, content: bytes) -> Blob:
        """Store bytes; when it returns they are on disk."""
        digest = hashlib.sha256(content).hexdigest()
        encoding = _encoding(content[:_SAMPLE])
        if encoding == "identity":
            self._store_object(digest, content)
        elif len(content) <= _HELD:
            self._store_object(digest, compress(content))
        else:
            self._pack_and_store(digest, io.BytesIO(content))
        return Blob(digest, len(content), encoding)

    def put_file(self, path: Path) -> Blob:
        """Store a file's content without holding it in memory."""
        digest = hashlib.sha256()
        size = 0
        with path.open("rb") as source:
            encoding = _encoding(source.read(_SAMPLE))
            source.seek(0)
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
            source.seek(0)
            if encoding == "identity":
                self._store_object(digest.hexdigest(), path)
            else:
                self._pack_and_store(digest.hexdigest(), source)
        return Blob(digest.hexdigest(), size, encoding)

    def read(self, blob: Blob) -> bytes:
        """Return a blob's whole content."""
        return b"".join(self.stream(blob))

    def stream(self, blob: Blob) -> Iterator[bytes]:
        """Yield a blob's content in pieces of about 1 MiB.

        Raises
        ------
        NotFound
            When it is not there.
        StoreUnusable
            When it is damaged, at the latest in place of its end.
        """
        size = 0
        for piece in self._pieces(blob):
            size += len(piece)
            yield piece
        if size != blob.size:
            raise _damaged()

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        try:
            pieces = iter(obstore.get(self._store, _key(blob.sha256)).stream(min_chunk_size=_CHUNK))
            if blob.encoding == "identity":
                for piece in pieces:
                    yield bytes(piece)
                return
            # A piece may hold a thousand times its size, which must not be in memory at once.
            packed = _Pieces(map(bytes, pieces))
            unpack = zstandard.ZstdDecompressor().read_to_iter
            yield from unpack(packed, write_size=_CHUNK)  # type: ignore[arg-type]  # it only reads
        except FileNotFoundError:
            raise NotFound(
                "The content is not in the blob store any more.",
                hint="Restore the blob store from the same backup as the database.",
            ) from None
        except zstandard.ZstdError as error:
            raise _damaged() from error
        except BaseError as error:
            raise _translate(error) from error

    def sweep(self, named: set[str]) -> int:
        """Remove the blobs that are not in `named` and older than a day.

        Returns
        -------
        int
            How many were removed.
        """
        limit = datetime.now(UTC) - _GRACE
        stale = [
            entry["path"]
            for page in obstore.list(self._store)
            for entry in page
            if entry["path"].replace("/", "") not in named and entry["last_modified"] < limit
        ]
        # Looked at once more just before: the same content may have been stored again meanwhile.
        removed = 0
        for path in stale:
            with suppress(FileNotFoundError):  # another server may sweep as well
                if obstore.head(self._store, path)["last_modified"] < limit:
                    obstore.delete(self._store, path)
                    removed += 1
        return removed

    def _pack_and_store(self, digest: str, source: BinaryIO) -> None:
        # Beside the blobs, where there is to be room for it: what a crash leaves there is swept.
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder) as packed:
                zstandard.ZstdCompressor(level=_LEVEL).copy_stream(source, packed)
                packed.flush()
                self._store_object(digest, Path(packed.name))
        except OSError as error:
            raise _translate(error) from error

    def _store_object(self, digest: str, content: bytes | Path) -> None:
        # An existing one is written again: its age decides whether a sweep may take it.
        key = _key(digest)
        try:
            obstore.put(self._store, key, content)
            if self._folder is not None:
                _sync(self._folder / key)
        except (BaseError, OSError) as error:
            raise _translate(error) from error


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


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"


def _encoding(sample: bytes) -> str:
    shrinks = len(compress(sample)) < _WORTH_IT * len(sample)
    return "zstd" if shrinks else "identity"


def _sync(path: Path) -> None:
    """Put a local blob, and its name in its folder, on the disk itself."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # some file systems know no sync of a folder
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _damaged() -> StoreUnusable:
    return StoreUnusable(
        "The content is damaged in the blob store.",
        hint="Restore the blob store from a backup, or publish the content again.",
    )


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
