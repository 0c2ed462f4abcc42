"""Kernels with the magics loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.notebook.kernels import Kernel

Start = Callable[..., Kernel]


@pytest.fixture(autouse=True)
def _home_exists(home: Path) -> None:
    home.mkdir()  # or IPython complains


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start kernels; those with the same name share a home."""
    with ExitStack() as stack:

        def started(name: str = "one", **environment: str) -> Kernel:
            kernel = stack.enter_context(Kernel(tmp_path / name, **environment))
            kernel.good("%load_ext jupyter_sessions")
            return kernel

        yield started
