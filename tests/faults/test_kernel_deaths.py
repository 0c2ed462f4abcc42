"""Cells that kill their kernel, in each way once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.faults.kernel_deaths import DEATHS, Death, commands_of, die, problems
from tests.faults.kernel_nursery import KernelNursery, kernel_nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[KernelNursery]:
    """Give a process that kernels are forked from."""
    with kernel_nursery() as made:
        yield made


@pytest.mark.parametrize(
    ("kind", "delay"),
    [*((kind, 0.0) for kind in DEATHS), ("os._exit", 0.005), ("os._exit", 0.3)],
)
@pytest.mark.usefixtures("home")
def test_a_cell_that_kills_its_kernel_leaves_its_command_and_the_one_before_is_whole(
    kind: str, delay: float, nursery: KernelNursery, tmp_path: Path
) -> None:
    transport = LocalTransport()
    code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="deaths")).code
    death = Death(kind, delay, "here")
    die(death, code, nursery, tmp_path)
    assert problems(death, commands_of(transport, code)) == []
    transport.close()
