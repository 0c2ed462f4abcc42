"""Start programs in a pseudo-terminal, as someone sees them who types."""

from __future__ import annotations

from typing import Any

import pexpect

from tests.waiting import STARTED_WITHIN

EOF = pexpect.EOF  #: the output has ended
TIMEOUT = pexpect.TIMEOUT  #: what was expected did not come


def spawn(
    program: str, arguments: list[str], *, rows: int = 40, columns: int = 200, **more: Any
) -> Any:
    """Start a program in a terminal; `more` is for `pexpect.spawn`."""
    return pexpect.spawn(
        program,
        arguments,
        encoding="utf-8",
        timeout=STARTED_WITHIN,
        # `select` fails for file descriptors above 1,023, which a whole suite may reach.
        dimensions=(rows, columns),
        use_poll=True,
        **more,
    )
