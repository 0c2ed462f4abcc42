"""What a Jupyter server itself does, besides what its store does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

#: How it is done: of a request, who asks, and the URL that they ask at.
Use: TypeAlias = Callable[..., Awaitable[Any]]
