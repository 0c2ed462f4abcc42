"""The end of the workers that these tests have rendered in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.rendering import rendered


@pytest.fixture(scope="package", autouse=True)
def workers() -> Iterator[None]:
    yield
    rendered.stop()
