"""Content rendered as the server does it, in workers of one renderer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering.renderer import Renderer

T = TypeVar("T")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


@cache
def _renderer() -> Renderer:
    return Renderer()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something on the loop that the renderer lives on."""
    return _runner().run(work)


def render_output_document(
    output: schemas.Output, before: Sequence[tuple[str, str]] = ()
) -> tuple[bytes, str]:
    """Render an output."""
    return run(_renderer().render_output("somebody", output, before))


def render_file_preview(content: bytes, file: schemas.File) -> tuple[bytes, str]:
    """Render a file."""
    named = msgspec.structs.replace(file, sha256=hashlib.sha256(content).hexdigest())
    return run(_renderer().render_file("somebody", named, lambda: content))


def stop() -> None:
    """End the workers."""
    run(_renderer().stop())
    _runner().close()
    _renderer.cache_clear()
    _runner.cache_clear()
