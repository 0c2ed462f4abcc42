"""Connections that are cut, or go nowhere, lose nothing of what an outbox has taken."""

from __future__ import annotations

import pytest

from tests.faults.connections import cut_connections, silence_connections


@pytest.mark.timeout(600)
def test_of_commands_whose_connections_are_cut_each_arrives_once_and_in_order() -> None:
    counts = cut_connections(25, seed=1)
    assert counts.failures == []
    assert counts.faults["cut connection"] >= 25


@pytest.mark.timeout(600)
def test_of_commands_for_a_server_that_is_silent_each_arrives_once_and_in_order() -> None:
    counts = silence_connections(4, seed=2)
    assert counts.failures == []
    assert sum(counts.faults.values()) == 4
