"""Forks of a busy process that uses its own store."""

from __future__ import annotations

from tests.conftest import new_postgresql_database
from tests.faults.forks import WAYS, run_forks


def test_twenty_children_of_a_busy_parent_all_work_and_the_database_stays_sound() -> None:
    counts = run_forks(20, seed=11)
    assert counts["ways"] == sorted(WAYS)
    assert counts["worked"] == 20, counts
    assert counts["commands"] == counts["acknowledged"], counts
    assert counts["integrity"] == "ok"


def test_children_of_a_busy_parent_whose_store_is_on_postgresql_all_work(postgresql: str) -> None:
    with new_postgresql_database(postgresql) as database:
        counts = run_forks(8, seed=12, database=database)
    assert counts["ways"] == sorted(WAYS)
    assert counts["worked"] == 8, counts
    assert counts["commands"] == counts["acknowledged"], counts
