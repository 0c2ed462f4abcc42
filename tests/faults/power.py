"""What a disk may hold after a machine has lost its power at any moment.

A program that runs under ``disk_shim.c`` notes what it writes, syncs and renames. What was synced
is there; of what was not, anything may be: writes are torn, left out, and take place in another
order, and names that were given or taken since their folder was synced may be as before.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_RECORD = struct.Struct("=c7xQqII")
_SECTOR = 512
_SOURCE = Path(__file__).with_name("disk_shim.c")


def compile_shim(folder: Path) -> Path:
    """Compile the shim; needs a C compiler."""
    made = folder / "disk_shim.so"
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, _SOURCE, "-ldl"], check=True)
    return made


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    #: Writes (where, what) and truncations (to where, None) since the last sync.
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.pending:
            self._apply(offset, data)
        self.pending.clear()

    def lose_some(self, chance: random.Random) -> None:
        """Have anything of what was not synced take place."""
        match chance.randrange(4):
            case 0:
                kept = []
            case 1:
                kept = self.pending[: chance.randint(0, len(self.pending))]
            case _:
                parts = [
                    (offset + start, data[start : start + _SECTOR])
                    if data is not None
                    else (offset, None)
                    for offset, data in self.pending
                    for start in range(0, len(data) if data is not None else 1, _SECTOR)
                ]
                kept = chance.sample(parts, chance.randint(0, len(parts)))
        for offset, data in kept:
            self._apply(offset, data)
        self.pending.clear()

    def _apply(self, offset: int, data: bytes | None) -> None:
        if len(self.durable) < offset:
            self.durable.extend(bytes(offset - len(self.durable)))
        if data is None:
            del self.durable[offset:]
        else:
            self.durable[offset : offset + len(data)] = data


@dataclass(frozen=True)
class _NameChange:
    """Names that come, with their files, and go, both at once."""

    given: tuple[str, _File | None] | None = None  # a folder has no file
    taken: str | None = None


class Disk:
    """The part of a disk below a folder, all of which is durable at first.

    Attributes
    ----------
    torn
        How many files had something that was not synced when the power was lost.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.torn = 0
        self._look()

    def _look(self) -> None:
        self._files: dict[int, _File] = {}
        self._folders: dict[int, str] = {self._folder.stat().st_ino: str(self._folder)}
        self._names: dict[str, _File | None] = {}
        self._changes: dict[str, list[_NameChange]] = {}
        for path in self._folder.rglob("*"):
            inode = path.stat().st_ino
            if path.is_dir():
                self._folders[inode] = str(path)
                self._names[str(path)] = None
            elif path.is_file() and not path.name.endswith("-shm"):
                file = self._files.setdefault(inode, _File(bytearray(path.read_bytes())))
                self._names[str(path)] = file

    def lose_power(self, log: Path, chance: random.Random) -> None:
        """Make of the folder what may be left of it, and begin a new log."""
        for kind, inode, offset, first, second in _records(log.read_bytes()):
            self._replay(kind, inode, offset, first, second, chance)
        for file in self._files.values():
            self.torn += bool(file.pending)
            file.lose_some(chance)
        for changes in self._changes.values():
            for change in changes:
                if chance.random() < 0.5:
                    self._change(change)
        self._write()
        log.unlink()
        self._look()

    def _replay(
        self,
        kind: bytes,
        inode: int,
        offset: int,
        first: bytes,
        second: bytes,
        chance: random.Random,
    ) -> None:
        name = first.decode()
        match kind:
            case b"W":
                self._file(inode).pending.append((offset, second))
            case b"T":
                self._file(inode).pending.append((offset, None))
            case b"F":
                # Linux holds what it could not write for written; nobody knows how much was.
                self._file(inode).lose_some(chance)
            case b"S" if inode in self._folders:
                for change in self._changes.pop(self._folders[inode], []):
                    self._change(change)
            case b"S":
                self._file(inode).sync()
            case b"C":
                self._files[inode] = _File()
                self._add_change(name, _NameChange((name, self._files[inode])))
            case b"M":
                self._folders[inode] = name
                self._add_change(name, _NameChange((name, None)))
            case b"L":
                self._add_change(second.decode(), _NameChange((second.decode(), self._file(inode))))
            case b"R":
                new = second.decode()
                self._add_change(new, _NameChange((new, self._file(inode)), name))
            case _:
                self._add_change(name, _NameChange(taken=name))

    def _file(self, inode: int) -> _File:
        return self._files.setdefault(inode, _File())

    def _add_change(self, name: str, change: _NameChange) -> None:
        self._changes.setdefault(str(Path(name).parent), []).append(change)

    def _change(self, change: _NameChange) -> None:
        if change.taken is not None:
            self._names.pop(change.taken, None)
        if change.given is not None:
            self._names[change.given[0]] = change.given[1]

    def _write(self) -> None:
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        written: dict[int, Path] = {}
        for name in sorted(self._names):
            path, file = Path(name), self._names[name]
            if not path.parent.is_dir():
                continue  # its folder's own name is lost
            if file is None:
                path.mkdir(mode=0o700)
            elif id(file) in written:
                path.hardlink_to(written[id(file)])
            else:
                path.write_bytes(file.durable)
                path.chmod(0o600)
                written[id(file)] = path


def _records(log: bytes) -> Iterator[tuple[bytes, int, int, bytes, bytes]]:
    start = 0
    while start + _RECORD.size <= len(log):
        kind, inode, offset, first, second = _RECORD.unpack_from(log, start)
        start += _RECORD.size
        yield (
            kind,
            inode,
            offset,
            log[start : start + first],
            log[start + first : start + first + second],
        )
        start += first + second
