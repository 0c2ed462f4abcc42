"""Figures of matplotlib and images of Pillow."""

from __future__ import annotations

import io
from typing import Any

from jupyter_sessions.formats.format import Format, always, is_a


def _figure(value: object, ending: str) -> bytes:
    drawn: Any = value
    figure = drawn if is_a(value, "matplotlib.Figure") else drawn.get_figure()
    target = io.BytesIO()
    figure.savefig(target, format=ending.removeprefix("."), bbox_inches="tight", dpi=150)
    return target.getvalue()


def _image(value: object, ending: str) -> bytes:
    image: Any = value
    target = io.BytesIO()
    if ending in {".jpg", ".jpeg"}:
        image = image.convert("RGB")
    image.save(target, format={".jpg": "JPEG"}.get(ending, ending.removeprefix(".").upper()))
    return target.getvalue()


FORMATS = (
    Format(
        "A figure",
        always(".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp"),
        lambda value: is_a(value, "matplotlib.Figure", "matplotlib.Axes"),
        _figure,
    ),
    Format(
        "An image",
        always(".png", ".jpg", ".jpeg", ".webp", ".gif"),
        lambda value: is_a(value, "PIL.Image"),
        _image,
    ),
)
