"""Forks of a busy process that uses its own store."""

from __future__ import annotations

from tests.faults.forks import run_forks


def test_twenty_children_of_a_busy_parent_all_work_and_the_database_stays_sound() -> None:
    counts = run_forks(20, seed=11)
    assert counts["worked"] == 20, counts
    assert counts["commands"] == counts["acknowledged"], counts
    assert counts["integrity"] == "ok"
