"""Store objects by key, in a local folder or in an object store with a URL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

from jupyter_sessions.errors import StoreUnusable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PIECE = 1 << 20

#: The process that was the first to use `obstore`.
_using: dict[str, int] = {}


class Entry(NamedTuple):
    """An object's key, and when it was last written or refreshed."""

    key: str
    modified: datetime


class Objects(Protocol):
    """The operations that `Blobs` needs of an object store."""

    def scratch(self) -> IO[bytes]:
        """Open a temporary file for a new object; the caller must close it."""

    def add(self, key: str, scratch: IO[bytes]) -> bool:
        """Store what was written to `scratch` as the object `key`; return False if it exists."""

    def replace(self, key: str, scratch: IO[bytes]) -> None:
        """Store what was written to `scratch` as the object `key`, replacing an existing one."""

    def refresh(self, key: str) -> None:
        """Set an object's age to that of a new one."""

    def pieces(self, key: str, start: int = 0) -> Iterator[bytes]:
        """Yield an object's bytes from `start` on."""

    def entries(self) -> Iterator[Entry]:
        """List all objects, and remains of those that were never completed."""

    def remove(self, key: str, before: datetime) -> bool:
        """Remove an object if it is still older; return whether it was removed."""


class FolderObjects:
    """Objects as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def scratch(self) -> IO[bytes]:
        """Open a file in the objects' folder, so that space is needed only there."""
        # Sweeping removes the file if a crash leaves it behind.
        return tempfile.NamedTemporaryFile(dir=self._folder)

    def add(self, key: str, scratch: IO[bytes]) -> bool:
        """Rename the file, unless the name is taken; its content is synced to disk first."""
        path = self._prepare(key, scratch)
        try:
            os.link(scratch.name, path)
        except FileExistsError:
            _sync_folder(path.parent)  # its writer may not have synced it yet
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            self._rename(scratch, path)
        self._sync_name(path)
        return True

    def replace(self, key: str, scratch: IO[bytes]) -> None:
        """Rename the file atomically."""
        path = self._prepare(key, scratch)
        self._rename(scratch, path)
        self._sync_name(path)

    def refresh(self, key: str) -> None:
        """Set the file's time."""
        os.utime(self._folder / key)

    def pieces(self, key: str, start: int = 0) -> Iterator[bytes]:
        """Yield a file's bytes."""
        with (self._folder / key).open("rb", buffering=0) as file:
            file.seek(start)
            while piece := file.read(PIECE):
                yield piece

    def entries(self) -> Iterator[Entry]:
        """List the files."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    yield Entry(path.relative_to(self._folder).as_posix(), _modified(path))

    def remove(self, key: str, before: datetime) -> bool:
        """Remove a file."""
        path = self._folder / key
        try:
            if _modified(path) >= before:
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def _prepare(self, key: str, scratch: IO[bytes]) -> Path:
        scratch.flush()
        os.fsync(scratch.fileno())
        path = self._folder / key
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path

    @staticmethod
    def _rename(scratch: IO[bytes], path: Path) -> None:
        Path(scratch.name).replace(path)
        # So that closing it finds a file to remove.
        with suppress(FileExistsError):
            Path(scratch.name).touch(mode=0o600, exist_ok=False)

    def _sync_name(self, path: Path) -> None:
        _sync_folder(path.parent)
        _sync_folder(self._folder)


class UrlObjects:
    """Objects in S3, GCS, Azure, or any other store whose URL `obstore` supports."""

    def __init__(self, url: str) -> None:
        from obstore.store import from_url

        self._opened: ObjectStore = from_url(url)

    @property
    def _store(self) -> ObjectStore:
        # obstore's threads exist only in its first process; a forked child would wait for them for
        # ever.
        if _using.setdefault("process", os.getpid()) != os.getpid():
            raise StoreUnusable(
                "A forked process can't use an object store that its parent process has used.",
                hint="Start the process with `spawn`, or connect to a sessions server in it.",
            )
        return self._opened

    def scratch(self) -> IO[bytes]:
        """Open a local file."""
        return tempfile.NamedTemporaryFile()

    def add(self, key: str, scratch: IO[bytes]) -> bool:
        """Upload the file, unless the object exists."""
        import obstore

        with suppress(FileNotFoundError):
            obstore.head(self._store, key)
            return False
        self.replace(key, scratch)
        return True

    def replace(self, key: str, scratch: IO[bytes]) -> None:
        """Upload the file; the object is stored whole or not at all."""
        import obstore

        scratch.flush()
        obstore.put(self._store, key, Path(scratch.name))

    def refresh(self, key: str) -> None:
        """Copy the object onto itself, via another object if necessary."""
        import obstore

        aside = f"refresh/{key.replace('/', '')}"
        obstore.copy(self._store, key, aside)
        obstore.copy(self._store, aside, key)
        obstore.delete(self._store, aside)

    def pieces(self, key: str, start: int = 0) -> Iterator[bytes]:
        """Yield an object's bytes."""
        import obstore

        options = {"range": {"offset": start}} if start else None
        found = obstore.get(self._store, key, options=options)  # type: ignore[arg-type]  # a TypedDict
        for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    def entries(self) -> Iterator[Entry]:
        """List the objects."""
        import obstore

        for page in obstore.list(self._store):
            for entry in page:
                yield Entry(entry["path"], entry["last_modified"])

    def remove(self, key: str, before: datetime) -> bool:
        """Remove an object."""
        import obstore

        with suppress(FileNotFoundError):
            if obstore.head(self._store, key)["last_modified"] < before:
                obstore.delete(self._store, key)
                return True
        return False


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems do not support syncing a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
