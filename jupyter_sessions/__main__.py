"""Run the command line: ``jupyter sessions`` or ``python -m jupyter_sessions``."""

from __future__ import annotations

import gc

# The number of new objects before a garbage collection: imports create many, and none is garbage.
_BEFORE_COLLECTING = 100_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_BEFORE_COLLECTING)
    from jupyter_sessions.cli.shell import main as run

    run()


if __name__ == "__main__":
    main()
