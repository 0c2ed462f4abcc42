"""Kernels that run many cells side by side: what is recorded is what their front ends saw."""

from __future__ import annotations

import os
import random
import threading
from contextlib import suppress
from typing import Any

import msgspec
from jupyter_client.manager import KernelManager
from nbformat.v4 import output_from_msg

from jupyter_sessions import api, schemas
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.transports.local import LocalTransport
from tests.faults.oracle import Counts
from tests.waiting import STARTED_WITHIN

_CELLS = (
    "print({name!r})",
    "print({name!r}); print('more')",
    "import sys; print({name!r}); print('oh', file=sys.stderr)",
    "{name!r}",
    "from IPython.display import Markdown, display; display(Markdown('*{name}*'))",
    "raise ValueError({name!r})",
    "for i in range(200): print({name!r}, i)",
    "import time; time.sleep(0.02); print({name!r})",
    "x = {name!r}",
    "print('y' * 40_000, {name!r})",
)


def run_cells(rounds: int, seed: int, kernels: int = 10) -> Counts:
    """Run so many cells in each of several kernels that record into one session.

    The environment names the folders of the store, as the fixture ``home`` does.
    """
    counts = Counts(f"{kernels} kernels with {rounds} cells each", seed)
    transport = LocalTransport()
    code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="Long kernels")).code
    seen: dict[str, tuple[str, list[Any]]] = {}
    threads = [
        threading.Thread(target=_run, args=(f"kernel{number}", rounds, seed, code, seen, counts))
        for number in range(kernels)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What a kernel that ended had no time for.
    delivery = OutboxDelivery(transport, code)
    delivery.deliver_orphaned(STARTED_WITHIN, held=True)
    delivery.close(5.0)
    _compare(transport, code, seen, counts)
    transport.close()
    return counts


def _run(
    name: str,
    cells: int,
    seed: int,
    code: str,
    seen: dict[str, tuple[str, list[Any]]],
    counts: Counts,
) -> None:
    chance = random.Random(f"{seed}-{name}")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=dict(os.environ))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(STARTED_WITHIN)
        for line in ("%load_ext jupyter_sessions", f"%session resume {code}"):
            client.execute(line, reply=True, timeout=STARTED_WITHIN)
        for number in range(cells):
            source = chance.choice(_CELLS).format(name=f"{name}-{number}")
            outputs: list[Any] = []
            reply = client.execute_interactive(
                f"{source}  # {name}-{number}",
                output_hook=lambda message: _take(message, outputs),  # noqa: B023  # called at once
                timeout=STARTED_WITHIN,
            )
            counts.tried += 1
            seen[f"{source}  # {name}-{number}"] = reply["content"]["status"], outputs
        client.execute("%session stop", reply=True, timeout=STARTED_WITHIN)
    except Exception as error:  # noqa: BLE001  # it is told with what else went wrong
        counts.wrong.append(f"{name}: {error!r}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        manager.cleanup_resources()


def _take(message: dict[str, Any], outputs: list[Any]) -> None:
    with suppress(ValueError):  # what is not an output
        outputs.append(output_from_msg(message))


def _compare(
    transport: LocalTransport, code: str, seen: dict[str, tuple[str, list[Any]]], counts: Counts
) -> None:
    counts.acknowledged = len(seen)
    found: dict[str, list[int]] = {}
    after = None
    while True:
        request = schemas.ListCommands(code=code, order="oldest", limit=500, after=after)
        page = transport.call(api.LIST_COMMANDS, request)
        for command in page.items:
            found.setdefault(command.source, []).append(command.number)
        after = page.next
        if after is None:
            break
    for source, (status, outputs) in seen.items():
        numbers = found.get(source, [])
        if not numbers:
            counts.lost.append(source)
            continue
        if len(numbers) > 1:
            counts.doubled.append(f"{source} ({numbers})")
        named = schemas.CommandNamed(code=code, number=numbers[0])
        command = transport.call(api.GET_COMMAND, named)
        expected = "completed" if status == "ok" else "error"
        if command.summary.status != expected:
            counts.altered.append(f"{source}: {command.summary.status}, not {expected}")
        elif _joined(msgspec.to_builtins(command.outputs)) != _joined(outputs):
            counts.altered.append(f"{source}: {command.outputs}")
    for kernel in {source.rpartition("# ")[2].partition("-")[0] for source in seen}:
        of_it = [source for source in seen if source.rpartition("# ")[2].startswith(f"{kernel}-")]
        numbers = [found[source][0] for source in of_it if source in found]
        if numbers != sorted(numbers):
            counts.wrong.append(f"the commands of {kernel} are out of order")


def _joined(outputs: list[Any]) -> list[Any]:
    """Join texts of one stream that follow each other, as front ends do."""
    joined: list[Any] = []
    for output in outputs:
        plain = {name: value for name, value in output.items() if name != "execution_count"}
        if "text" in plain:
            plain["text"] = "".join(plain["text"])
            last = joined[-1] if joined else {}
            if last.get("output_type") == "stream" and last["name"] == plain["name"]:
                last["text"] += plain["text"]
                continue
        joined.append(plain)
    return joined
