"""What was acknowledged, remembered, and compared with what is there in the end."""

from __future__ import annotations

import base64
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jupyter_sessions import api, errors, schemas
from tests.conftest import Store

#: Every so many commands have an output that is too large for a row, and goes into a blob.
_LARGE_EVERY = 12
_START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Counts:
    """What came of a kind of faults.

    Attributes
    ----------
    faults
        How often each was made.
    tried, acknowledged
        How many commands and files were sent at least once, and how many were acknowledged.
    lost, doubled, altered
        Which acknowledged ones are not there, are there twice, or are not what was sent.
    wrong
        What else must not be: numbers with gaps, answers that nobody should get.
    seen
        What else was counted, for the reader.
    """

    kind: str
    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def failures(self) -> list[str]:
        """Everything that must not be."""
        return [
            f"{what}: {which}"
            for what in ("lost", "doubled", "altered", "wrong")
            for which in getattr(self, what)
        ]

    def __str__(self) -> str:
        made = ", ".join(f"{count} × {what}" for what, count in self.faults.most_common())
        seen = ", ".join(f"{count} × {what}" for what, count in self.seen.most_common())
        found = ", ".join(
            f"{len(getattr(self, what))} {what}" for what in ("lost", "doubled", "altered", "wrong")
        )
        return (
            f"{self.kind} (seed {self.seed}): {made or 'no faults'}; {self.tried} tried, "
            f"{self.acknowledged} acknowledged, {found}" + f" ({seen})" * bool(seen)
        )


class Oracle:
    """Makes commands and files, remembers which were acknowledged, and compares in the end.

    What a command or file holds follows from its name and the seed. So whoever has these can tell
    whether it is unaltered.

    Parameters
    ----------
    kind
        What is tried.
    seed
        Makes the same contents again.
    """

    def __init__(self, kind: str, seed: int) -> None:
        self.counts = Counts(kind, seed)
        self._lock = threading.Lock()
        self._commands: dict[str, int | None] = {}
        self._files: set[str] = set()

    def make_command(self, name: str) -> schemas.Recording:
        """Make the command of that name: always the same one."""
        return make_command(self.counts.seed, name)

    def make_file(self, name: str) -> bytes:
        """Make the content of the file of that name."""
        return random.Random(f"{self.counts.seed}-{name}").randbytes(30_000)

    def note_tried(self, count: int = 1) -> None:
        """Note that something is sent for the first time."""
        with self._lock:
            self.counts.tried += count

    def note_fault(self, what: str) -> None:
        """Note that a fault was made."""
        with self._lock:
            self.counts.faults[what] += 1

    def note_seen(self, what: str) -> None:
        """Note something for the reader."""
        with self._lock:
            self.counts.seen[what] += 1

    def note_wrong(self, what: str) -> None:
        """Note something that must not be."""
        with self._lock:
            self.counts.wrong.append(what)

    def acknowledge(self, name: str, number: int | None = None) -> None:
        """Note that a command was acknowledged, with the number that it got where that is known."""
        with self._lock:
            self.counts.acknowledged += 1
            self._commands[name] = number

    def acknowledge_file(self, name: str) -> None:
        """Note that a file was acknowledged."""
        with self._lock:
            self.counts.acknowledged += 1
            self._files.add(name)

    @property
    def acknowledged(self) -> int:
        """How much was acknowledged so far."""
        return self.counts.acknowledged

    def compare(self, store: Store, code: str, *, order: bool = False) -> Counts:
        """Compare what was acknowledged with what is in a session.

        Parameters
        ----------
        store
            The store; ``root`` owns the session.
        code
            The session, which nobody else writes into.
        order
            Whether the commands of each writer (``WRITER-NUMBER``) must stand in their order.
        """
        stored: dict[str, list[int]] = {}
        for command in _commands(store, code):
            name = command.source
            stored.setdefault(name, []).append(command.number)
        counts = self.counts
        for name, number in self._commands.items():
            found = stored.get(name, [])
            if not found:
                counts.lost.append(f"command {name} ({number})")
            elif len(found) == 1 and number not in {None, found[0]}:
                counts.altered.append(f"command {name} was {number} and is {found[0]}")
        # What nobody was sure of may be there, but whole, and once.
        for name, numbers in stored.items():
            if len(numbers) > 1:
                counts.doubled.append(f"command {name} ({numbers})")
            self._compare_command(store, code, name, numbers[0])
        taken = sorted(number for numbers in stored.values() for number in numbers)
        if taken != list(range(1, len(taken) + 1)):
            counts.wrong.append("the numbers of commands have gaps")
        if order:
            self._compare_order(stored)
        for name in sorted(self._files):
            self._compare_file(store, code, name)
        counts.seen["stored without an acknowledgment"] += len(stored) - len(self._commands)
        return counts

    def _compare_command(self, store: Store, code: str, name: str, number: int) -> None:
        try:
            command = store.call(
                "root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=number)
            )
        except errors.NotFound as error:
            self.counts.lost.append(f"content of command {name} ({number}): {error.message}")
            return
        except errors.ContentDamaged as error:
            self.counts.altered.append(f"command {name} ({number}): {error.message}")
            return
        expected = self.make_command(name)
        assert expected.response is not None
        if command.request != expected.request or command.outputs != expected.response.outputs:
            self.counts.altered.append(f"command {name} ({number})")

    def _compare_order(self, stored: dict[str, list[int]]) -> None:
        last: dict[str, int] = {}
        for name in sorted(stored, key=lambda each: stored[each][0]):
            writer, _, number = name.rpartition("-")
            if int(number) < last.get(writer, -1):
                self.counts.wrong.append(f"command {name} stands after a later one of its writer")
            last[writer] = int(number)

    def _compare_file(self, store: Store, code: str, name: str) -> None:
        path = f"{name}.bin"
        try:
            _, blob = store.call("root", api.DOWNLOAD_FILE, schemas.FileNamed(code=code, path=path))
            content = b"".join(store.dispatcher.blobs.stream(blob))
        except errors.NotFound as error:
            self.counts.lost.append(f"file {name}: {error.message}")
            return
        except errors.ContentDamaged as error:
            self.counts.altered.append(f"file {name}: {error.message}")
            return
        if content != self.make_file(name):
            self.counts.altered.append(f"file {name}")


def make_command(seed: int, name: str) -> schemas.Recording:
    """Make the command of a name; some have outputs that go into blobs."""
    random_ = random.Random(f"{seed}-{name}")
    size = 60_000 if not random_.randrange(_LARGE_EVERY) else random_.randrange(200)
    text = base64.b85encode(random_.randbytes(size)).decode()
    started = _START + timedelta(seconds=random_.randrange(1_000_000))
    return schemas.Recording(
        id=name,
        request=schemas.CommandRequest(source=name, started=started),
        response=schemas.CommandResponse(
            status="completed",
            outputs=[schemas.Stream(name="stdout", text=text)],
            finished=started + timedelta(seconds=1),
            duration=1.0,
        ),
    )


def _commands(store: Store, code: str) -> Iterator[schemas.CommandSummary]:
    after = None
    while True:
        request = schemas.ListCommands(code=code, order="oldest", limit=500, after=after)
        page = store.call("root", api.LIST_COMMANDS, request)
        yield from page.items
        after = page.next
        if after is None:
            return
