"""``jupyter sessions`` and ``python -m jupyter_sessions``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from jupyter_sessions.commands.shell import main as run

    run()


if __name__ == "__main__":
    main()
