"""What was acknowledged outlives disks that fill up, fail, or lose what was not synced."""

from __future__ import annotations

import pytest

from tests.faults import disks


@pytest.mark.timeout(600)
def test_a_machine_that_loses_its_power_has_all_that_was_acknowledged() -> None:
    counts = disks.lose_power(8, seed=1)
    assert counts.failures == []
    assert sum(counts.faults.values()) == 8
    assert counts.seen["file with unsynced writes"]


@pytest.mark.timeout(600)
def test_failing_syncs_and_writes_are_told_and_what_is_acknowledged_is_there() -> None:
    counts = disks.fail_syncs(5, seed=2)
    assert counts.failures == []
    assert counts.seen["answer 503"]


@pytest.mark.timeout(600)
def test_full_and_read_only_disks_are_told_and_what_is_acknowledged_is_there() -> None:
    counts = disks.fill_disk(5, seed=1)
    assert counts.failures == []
    assert counts.seen["answer 507"]
