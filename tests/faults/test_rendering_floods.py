"""The short version of the floods of renderers."""

from __future__ import annotations

from tests.faults.rendering_floods import flood_renderers


def test_a_megabyte_of_anything_takes_at_most_its_second_of_a_worker() -> None:
    floods = flood_renderers(rounds=5, seed=16)
    assert floods.jobs == 25
    assert not floods.wrong, (str(floods), floods.wrong)
