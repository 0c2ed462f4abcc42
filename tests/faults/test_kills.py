"""Servers and databases that are killed lose nothing that was acknowledged, and double nothing."""

from __future__ import annotations

import pytest

from tests.faults import kills


@pytest.mark.timeout(600)
def test_kills_of_a_server_on_sqlite_lose_no_acknowledged_command_and_double_none() -> None:
    counts = kills.kill_servers(25, seed=1)
    assert counts.failures == []
    assert counts.faults["SIGKILL of the server"] == 25
    assert counts.acknowledged >= 25


@pytest.mark.timeout(600)
def test_kills_of_a_server_on_postgresql_lose_no_acknowledged_command_and_double_none() -> None:
    counts = kills.kill_servers_on_postgresql(6, seed=2)
    assert counts.failures == []
    assert counts.acknowledged >= 6


@pytest.mark.timeout(600)
def test_ends_of_postgresql_are_told_and_lose_nothing() -> None:
    counts = kills.end_postgresql(5, seed=3)
    assert counts.failures == []
    assert sum(counts.faults.values()) == 5


@pytest.mark.timeout(600)
def test_of_two_servers_on_one_postgresql_either_may_die() -> None:
    counts = kills.kill_one_of_two_servers(4, seed=4)
    assert counts.failures == []
    assert sum(counts.faults.values()) == 4
