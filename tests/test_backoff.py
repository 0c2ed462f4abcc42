"""Waits double up to a limit, however often something failed."""

from __future__ import annotations

from jupyter_sessions.backoff import compute_wait, spread_wait


def test_waits_double_up_to_the_longest() -> None:
    assert [compute_wait(failures, 0.5, 6) for failures in range(1, 7)] == [0.5, 1, 2, 4, 6, 6]
    assert compute_wait(0, 0.5, 6) == 0.5
    assert compute_wait(100_000, 0.5, 6) == 6


def test_a_wait_is_spread_over_its_second_half() -> None:
    spread = [spread_wait(10) for _ in range(200)]
    assert all(5 <= each <= 10 for each in spread)
    assert len(set(spread)) > 1
