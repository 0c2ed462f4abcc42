"""``jupyter sessions`` and ``python -m jupyter_sessions``."""

from __future__ import annotations

import gc

# Objects that come before the collector looks: most are made by imports, and none of them is waste.
_BEFORE_COLLECTING = 100_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_BEFORE_COLLECTING)
    from jupyter_sessions.cli.shell import main as run

    run()


if __name__ == "__main__":
    main()
