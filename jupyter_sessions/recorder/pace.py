"""When a command is told of again: soon at first, then more rarely, and never too much a second."""

from __future__ import annotations

#: Seconds after which a command that still runs is told of.
ANNOUNCED_AFTER = 0.5

#: It is told of again with its outputs so far: at first after so many seconds …
RETOLD_AFTER = 1.0

#: … then ever more rarely, by this part of the time that it has run for …
RETOLD_PART = 0.1

#: … but not more rarely than each so many seconds …
RETOLD_AT_LEAST = 15.0

#: … unless that would be more than so many bytes a second.
RETOLD_RATE = 2**16

#: At least so many seconds lie between two deliveries of an ended command whose outputs change …
REDELIVERED_AFTER = 1.0

#: … and more for large ones, so that no more than this many bytes a second are told again.
REDELIVERED_RATE = 8 * 2**20


def while_it_runs(opened: float, told: float | None, size: int) -> float:
    """Return when a command that runs is to be told of.

    Parameters
    ----------
    opened, told
        When it began and when it was last told of (None: never), in seconds of one clock.
    size
        How large it was when it was last told of, in bytes.
    """
    if told is None:
        return opened + ANNOUNCED_AFTER
    rarely = min(RETOLD_PART * (told - opened), RETOLD_AT_LEAST)
    return told + max(RETOLD_AFTER, rarely, size / RETOLD_RATE)


def after_its_end(delivered: float, size: int) -> float:
    """Return when a command that has ended is to be told of again; see `while_it_runs`."""
    return delivered + max(REDELIVERED_AFTER, size / REDELIVERED_RATE)
