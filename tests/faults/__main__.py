"""The long runs of faults: ``python -m tests.faults --help``."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults import blob_damage, connections, forks, kills
from tests.faults.oracle import Counts


@dataclass(frozen=True)
class Kind:
    """A kind of faults.

    Attributes
    ----------
    run
        Takes rounds and a seed, prints nothing, and returns what came of it.
    rounds
        How many a whole run makes.
    failures
        Says what must not be of that.
    """

    run: Callable[[int, int], Any]
    rounds: int
    failures: Callable[[Any], list[str]] = lambda counts: counts.failures


def _damage_failures(counts: dict[str, int]) -> list[str]:
    missed = counts["rounds"] - counts["found"]
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


KINDS = {
    "kills-sqlite": Kind(kills.kill_servers, 1000),
    "kills-postgresql": Kind(kills.kill_servers_on_postgresql, 1000),
    "ends-of-postgresql": Kind(kills.end_postgresql, 200),
    "two-servers": Kind(kills.kill_one_of_two_servers, 200),
    "cuts": Kind(connections.cut_connections, 1000),
    "silence": Kind(connections.silence_connections, 100),
    "forks": Kind(forks.run_forks, 200, _fork_failures),
    "blob-damage": Kind(blob_damage.run_damage, 2000, _damage_failures),
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
        if isinstance(counts, Counts):
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
