"""Cells that kill their kernel, in each way once."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.faults.kernel_deaths import DEATHS, Death, commands_of, die, problems


@pytest.mark.parametrize(
    ("kind", "delay"),
    [*((kind, 0.0) for kind in DEATHS), ("os._exit", 0.005), ("os._exit", 0.3)],
)
@pytest.mark.usefixtures("home")
def test_a_cell_that_kills_its_kernel_leaves_its_command_and_the_one_before_is_whole(
    kind: str, delay: float
) -> None:
    transport = LocalTransport()
    code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="deaths")).code
    death = Death(kind, delay, "here")
    die(death, code)
    assert problems(death, commands_of(transport, code)) == []
    transport.close()
