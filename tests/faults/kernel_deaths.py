"""Cells that kill their kernel: each leaves its command, and the one before it is whole."""

from __future__ import annotations

import random
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from queue import Empty
from typing import Any

import psutil

from jupyter_sessions import api, schemas
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.schemas.commands import KERNEL_ENDED
from tests.faults.kernel_nursery import KernelNursery, kernel_nursery
from tests.server.recording.jupyter import Jupyter, send
from tests.waiting import until

#: What ends a kernel, as the last lines of a cell.
DEATHS = {
    "os._exit": "import os; os._exit(3)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "exit()": "exit()",
    "out of memory": """
import resource
with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (64 << 20), taken + (64 << 20)))
hoard = []
while True:
    hoard.append(bytearray(1 << 16))
""",
    "out-of-memory killer": """
import os, subprocess
with open("/proc/self/statm") as file:
    most = int(file.read().split()[0]) + (1 << 14)
killer = f"while read pages rest < /proc/{os.getpid()}/statm && [ $pages -lt {most} ]; do :; done"
subprocess.Popen(["sh", "-c", f"{killer}; kill -9 {os.getpid()}"])
hoard = []
while True:
    hoard += [bytearray(1 << 16)] * (len(hoard) < 1 << 13)
""",
}
#: Those that leave the kernel no time for a word.
_SUDDEN = {"os._exit", "segfault", "SIGKILL", "out-of-memory killer"}
#: How the last command may end where a Jupyter server records: its status and note.
_ENDS_AT_SERVER = {
    kind: {("aborted", "The kernel died while this command ran.")} for kind in _SUDDEN
} | {
    "exit()": {("completed", "")},
    "out of memory": {("error", ""), ("aborted", KERNEL_ENDED)},
}
#: Seconds that the cell runs for before that.
DELAYS = (0.0, 0.005, 0.05, 0.3)

#: Deaths after which a long run prints its counts so far.
_TOLD_EVERY = 100
#: Kernels that live, and die, side by side in a long run.
_AT_A_TIME = 3

_STARTED_WITHIN = 90.0
_DEAD_WITHIN = 60.0
_DELIVERED_WITHIN = 30.0
_ANSWERED_WITHIN = 15.0


@dataclass
class Counts:
    """What came of the deaths."""

    deaths: int = 0
    recorded: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{status}: {count}" for status, count in sorted(self.recorded.items()))
        return (
            f"{self.deaths} kernels died; last commands: {told}; not as expected: {len(self.lost)}"
        )


@dataclass(frozen=True)
class Death:
    """One way to die.

    Attributes
    ----------
    kind
        A name of `DEATHS`.
    delay
        Seconds that the cell runs for before.
    name
        What is printed, which no other one prints.
    """

    kind: str
    delay: float
    name: str

    @property
    def before(self) -> str:
        """The cell before the last."""
        return f"print('before {self.name}')"

    @property
    def last(self) -> str:
        """The cell that kills its kernel."""
        wait = f"import time; time.sleep({self.delay})\n" if self.delay else ""
        return f"print('bye {self.name}', flush=True)\n{wait}{DEATHS[self.kind].strip()}"


def _run(client: Any, source: str) -> None:
    reply = client.execute(source, reply=True, timeout=_STARTED_WITHIN)
    assert reply["content"]["status"] == "ok", reply["content"]


def die(death: Death, code: str, nursery: KernelNursery, folder: Path) -> None:
    """Let a kernel that records into a session of the own store die, both cells in its queue."""
    with nursery.kernel(folder) as (kernel, client):
        _run(client, "%load_ext jupyter_sessions")
        _run(client, f"%session resume {code}")
        client.execute(death.before)
        sent = client.execute(death.last)
        end = time.monotonic() + _DEAD_WITHIN
        while psutil.pid_exists(kernel) and time.monotonic() < end:
            try:
                reply = client.get_shell_msg(timeout=0.1)
            except Empty:
                continue
            if reply["parent_header"].get("msg_id") == sent and death.kind != "exit()":
                break  # it came through, by an error
        if death.kind == "exit()":
            until(lambda: not psutil.pid_exists(kernel), "the kernel's end")


def commands_of(transport: LocalTransport, code: str) -> dict[str, schemas.Command]:
    """Bring in what dead kernels left, and return a session's last commands by their sources."""
    delivery = OutboxDelivery(transport, code)
    delivery.deliver_orphaned(_STARTED_WITHIN, held=True)
    delivery.close(5.0)
    items = transport.call(api.LIST_COMMANDS, schemas.ListCommands(code=code, limit=5)).items
    named = [schemas.CommandNamed(code=code, number=each.number) for each in items]
    found = [transport.call(api.GET_COMMAND, each) for each in named]
    return {each.request.source: each for each in found if each.request is not None}


def problems(death: Death, commands: dict[str, schemas.Command]) -> list[str]:
    """Say what is not as it has to be of a kernel's last two commands."""
    told = f"{death.kind} after {1000 * death.delay:.0f} ms"
    before, last = commands.get(death.before), commands.get(death.last)
    found = []
    if before is None:
        found.append(f"{told}: the command before is not there")
    elif before.summary.status != "completed" or f"before {death.name}" not in _text(before):
        found.append(f"{told}: the command before is {before.summary.status}: {_text(before)!r}")
    if last is None:
        found.append(f"{told}: the last command is not there")
    else:
        ended = {"exit()": {"completed"}, "out of memory": {"error", "aborted"}}
        if last.summary.status not in ended.get(death.kind, {"aborted"}):
            found.append(f"{told}: the last command is {last.summary.status}")
        if last.summary.status == "aborted" and not last.summary.note:
            found.append(f"{told}: nothing says why the last command was aborted")
        if f"bye {death.name}" not in _text(last):
            found.append(f"{told}: what was flushed is not there: {_text(last)!r}")
    return found


def _text(command: schemas.Command) -> str:
    return "".join(
        "".join(each.text) for each in command.outputs if isinstance(each, schemas.Stream)
    )


def die_at_server(
    jupyter: Jupyter, death: Death, code: str, *, silent: bool
) -> tuple[str, list[str]]:
    """Let a kernel that its Jupyter server records die.

    Return the last command's status, and what is not as it has to be.

    Parameters
    ----------
    silent
        Whether nothing is put out before, so that the kernel dies at its very first step.
    """
    kernel = jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "import ctypes, os, resource, signal, subprocess, time")  # it is heard
    last = DEATHS[death.kind].strip() + f" # {death.name}" if silent else death.last
    never = f"print('never run {death.name}')"
    with jupyter.connected(kernel) as connection:
        for source in (death.before, last, never):
            send(connection, source, uuid.uuid4().hex)
        if death.kind == "out of memory":
            until(lambda: last in jupyter.sources(code), "the start of the last command")
            with suppress(AssertionError):  # what is left of the kernel may be unable to answer
                jupyter.command(code, last, within=_ANSWERED_WITHIN)
            jupyter.ask("DELETE", f"/api/kernels/{kernel}", 204)
        found = jupyter.command(code, last)
    before = jupyter.command(code, death.before)
    if death.kind != "out of memory":
        jupyter.detach(kernel)
        jupyter.ask("DELETE", f"/api/kernels/{kernel}", 204)
    told = f"{death.kind} after {1000 * death.delay:.0f} ms{', silent' * silent}"
    wrong = []
    if (found["status"], found["note"]) not in _ENDS_AT_SERVER[death.kind]:
        wrong.append(f"{told}: the last command is {found['status']}: {found['note']}")
    # What is flushed is the transport's then, in the kernel's memory for an instant more.
    if not silent and death.delay and f"bye {death.name}" not in found["preview"]:
        wrong.append(f"{told}: what was flushed is not there: {found['preview']!r}")
    if (before["status"], before["preview"].strip()) != ("completed", f"before {death.name}"):
        wrong.append(f"{told}: the one before is {before['status']}: {before['preview']!r}")
    if never in jupyter.sources(code) and death.kind != "exit()":  # ipykernel ends a moment later
        wrong.append(f"{told}: what was never run is recorded")
    return found["status"], wrong


def count_deaths_at_server(rounds: int, seed: int, jupyter: Jupyter) -> Counts:
    """Let kernels that a Jupyter server records die in every way, `rounds` times each."""
    counts = Counts()
    deaths = [
        (Death(kind, delay or 0.0, f"{number}-{kind}-{delay}"), delay is None)
        for number, kind, delay in product(range(rounds), DEATHS, (None, *DELAYS))
    ]
    random.Random(seed).shuffle(deaths)
    for death, silent in deaths:
        counts.deaths += 1
        code = jupyter.session(label=death.name)
        try:
            status, wrong = die_at_server(jupyter, death, code, silent=silent)
            counts.recorded[status] += 1
            counts.lost += wrong
        except AssertionError as error:
            counts.lost.append(f"{death}: {error}")
    return counts


def count_deaths(rounds: int, seed: int) -> Counts:
    """Let kernels die in every way, `rounds` times each, a few at a time, in an order by chance.

    The environment names the folders of the store, as the fixture ``home`` does.
    """
    counts = Counts()
    deaths = [
        Death(kind, delay, f"{number}-{kind}-{delay}")
        for number, kind, delay in product(range(rounds), DEATHS, DELAYS)
    ]
    random.Random(seed).shuffle(deaths)
    transport = LocalTransport()
    one_at_a_time = threading.Lock()

    def let_die(some: list[Death]) -> None:
        code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="Dying kernels")).code
        for death in some:
            die(death, code, nursery, Path(folder))
            found: list[str] = []
            commands: dict[str, schemas.Command] = {}
            end = time.monotonic() + _DELIVERED_WITHIN
            # Another kernel may be delivering what this one left, and may die of its own last cell.
            while not commands or (found and time.monotonic() < end):
                time.sleep(0.1 * bool(commands))
                with one_at_a_time:
                    commands = commands_of(transport, code)
                found = problems(death, commands)
            with one_at_a_time:
                counts.deaths += 1
                last = commands.get(death.last)
                counts.recorded[last.summary.status if last is not None else "none"] += 1
                counts.lost += found
                if counts.deaths % _TOLD_EVERY == 0:
                    print(counts, flush=True)

    with (
        tempfile.TemporaryDirectory() as folder,
        kernel_nursery() as nursery,
        ThreadPoolExecutor(_AT_A_TIME) as threads,
    ):
        shares = [deaths[start::_AT_A_TIME] for start in range(_AT_A_TIME)]
        for _ in threads.map(let_die, shares):
            pass
    transport.close()
    return counts
