"""``python -m benchmarks [ROW …]``: measure, and print the ratios."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.timing import FULL, QUICK, noise

#: The rows in the order of the design's table; each is a module with a function ``measure``.
ROWS = (
    "recording",
    "singles",
    "batches",
    "followers",
    "pages",
    "search",
    "startup",
    "disk",
    "flood",
    "lab",
    "session_page",
    "session_list",
    "first_command",
    "live",
    "postgresql",
    "transfer",
)


def main() -> int:
    """Measure the rows that were named, or all; return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(ROWS)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    given = parser.parse_args()
    unknown = set(given.rows) - set(ROWS)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    effort = QUICK if given.quick else FULL
    # Programs start as users' do: from bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found: dict[str, Any] = {}
    missed = False
    for name in given.rows or ROWS:
        begin, around = time.monotonic(), noise()
        with tempfile.TemporaryDirectory(prefix="jupyter-sessions-benchmark-") as folder:
            row = importlib.import_module(f"benchmarks.{name}").measure(effort, Path(folder))
        row.notes.append(f"{around}; took {time.monotonic() - begin:.0f} s.")
        missed |= not all(goal.holds for goal in row.goals)
        found[name] = row.to_json()
        if not given.json:
            print(row, end="\n\n", flush=True)
    if given.json:
        json.dump(found, sys.stdout, indent=2)
        print()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
