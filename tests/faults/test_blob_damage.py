"""Damage to blobs, in short."""

from __future__ import annotations

from tests.faults.blob_damage import run_damage


def test_of_sixty_damages_none_is_given_out_and_a_check_finds_all() -> None:
    counts = run_damage(60, seed=3)
    assert counts["wrong"] == 0
    assert counts["refused"] + counts["right"] == 60, counts
    assert counts["found"] == 60
    assert counts["refused"] > 30
