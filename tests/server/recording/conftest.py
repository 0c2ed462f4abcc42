"""Two Jupyter servers: one person's, and one that several people use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.recording.jupyter import Jupyter, install_bash, running
from tests.server.serving import Place


@pytest.fixture(scope="package")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Give a Jupyter server as people start it for themselves."""
    place = Place(tmp_path_factory.mktemp("jupyter"))
    install_bash(place)
    with running(place) as started:
        yield started


@pytest.fixture(scope="package")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Give a Jupyter server that knows several people."""
    with running(Place(tmp_path_factory.mktemp("people")), people=True) as started:
        yield started
