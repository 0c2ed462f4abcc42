"""The long runs of faults: ``python -m tests.faults --help``."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import (
    blob_damage,
    connections,
    disks,
    forks,
    kernel_deaths,
    kills,
    long_kernels,
    processes,
    rendering_floods,
)
from tests.server.recording.jupyter import running
from tests.server.serving import Place


@dataclass(frozen=True)
class Kind:
    """A kind of faults.

    Attributes
    ----------
    run
        Takes rounds and a seed, and returns what came of it.
    rounds
        How many a whole run makes.
    failures
        Says what must not be of that.
    """

    run: Callable[[int, int], Any]
    rounds: int
    failures: Callable[[Any], list[str]] = lambda counts: counts.failures


def _damage_failures(counts: dict[str, int]) -> list[str]:
    missed = counts["rounds"] - counts["found"] - counts["harmless"]
    return [f"{counts['wrong']} wrong bytes"] * bool(counts["wrong"]) + (
        [f"{missed} damages were not found"] * bool(missed)
    )


def _fork_failures(counts: dict[str, Any]) -> list[str]:
    wrong = []
    if counts["hung"]:
        wrong.append(f"{counts['hung']} children hung")
    if counts["commands"] != counts["acknowledged"]:
        wrong.append(f"{counts['commands']} commands of {counts['acknowledged']} acknowledged")
    if counts["integrity"] != "ok":
        wrong.append(counts["integrity"])
    return wrong


def _deaths_at_server(rounds: int, seed: int) -> kernel_deaths.Counts:
    with tempfile.TemporaryDirectory() as folder, running(Place(Path(folder))) as jupyter:
        return kernel_deaths.count_deaths_at_server(rounds, seed, jupyter)


KINDS = {
    "kills-sqlite": Kind(kills.kill_servers, 1000),
    "kills-postgresql": Kind(kills.kill_servers_on_postgresql, 1000),
    "ends-of-postgresql": Kind(kills.end_postgresql, 200),
    "two-servers": Kind(kills.kill_one_of_two_servers, 200),
    "cuts": Kind(connections.cut_connections, 1000),
    "silence": Kind(connections.silence_connections, 100),
    "power": Kind(disks.lose_power, 300),
    "syncs": Kind(disks.fail_syncs, 200),
    "disks": Kind(disks.fill_disk, 200),
    "processes": Kind(processes.share_file, 200),
    "kernels": Kind(long_kernels.run_cells, 1000),
    "kernel-deaths": Kind(kernel_deaths.count_deaths, 100, lambda counts: counts.lost),
    "kernel-deaths-at-server": Kind(_deaths_at_server, 100, lambda counts: counts.lost),
    "forks": Kind(forks.run_forks, 200, _fork_failures),
    "blob-damage": Kind(blob_damage.run_damage, 2000, _damage_failures),
    "rendering": Kind(rendering_floods.flood_renderers, 200, lambda floods: floods.wrong),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the kinds of faults that are named, or all; return how many went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--rounds", type=int, help="of each kind; a whole run's by default")
    parser.add_argument(
        "--only", action="append", choices=sorted(KINDS), help="a kind; may be given again"
    )
    asked = parser.parse_args(arguments)
    wrong = 0
    for name in asked.only or KINDS:
        kind = KINDS[name]
        with tempfile.TemporaryDirectory() as home:
            for folder in ("DATA", "CONFIG", "RUNTIME"):
                os.environ[f"JUPYTER_{folder}_DIR"] = f"{home}/{folder.lower()}"
            counts = kind.run(asked.rounds or kind.rounds, asked.seed)
        failures = kind.failures(counts)
        if not isinstance(counts, dict):  # those have printed theirs
            print(counts)
        for failure in failures:
            print(f"  {name}: {failure}")
        wrong += bool(failures)
        sys.stdout.flush()
    print(
        f"{wrong} kinds of faults went wrong" if wrong else "All is well.", f"Seed: {asked.seed}."
    )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
