"""Processes and kernels side by side lose nothing, in whatever order they write."""

from __future__ import annotations

import pytest

from tests.faults.long_kernels import run_cells
from tests.faults.processes import share_file


@pytest.mark.timeout(600)
def test_processes_on_one_sqlite_file_may_be_killed_and_lose_nothing() -> None:
    counts = share_file(4, seed=1, processes=8)
    assert counts.failures == []
    assert counts.faults["SIGKILL of a process"] == 4


@pytest.mark.timeout(600)
def test_kernels_side_by_side_have_recorded_what_their_front_ends_saw() -> None:
    counts = run_cells(40, seed=1, kernels=2)
    assert counts.failures == []
    assert counts.acknowledged == 80
