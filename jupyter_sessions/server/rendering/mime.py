"""Choose the MIME representation of an output to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Media types in the order in which JupyterLab's standard renderers prefer them. Types that only
#: run inside JupyterLab (widgets, JavaScript that expects its page) are left out: their plain text
#: is shown.
PREFERENCE = (
    "application/json",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/plain",
)

#: The types that an ``<img>`` can show; scripts in an SVG do not run there.
IMAGES = frozenset(kind for kind in PREFERENCE if kind.startswith("image/"))

#: Those that can't contain scripts.
RASTER_IMAGES = IMAGES - {"image/svg+xml"}


def preferred(data: Mapping[str, Any]) -> str | None:
    """Return the media type of `data` to show, or None if none can be shown."""
    for kind in PREFERENCE:
        if kind in data and not (kind == "application/json" and _only_by_the_way(data)):
            return kind
    return None


def _only_by_the_way(data: Mapping[str, Any]) -> bool:
    # Libraries add a JSON form to a picture of the same value; readers want the picture.
    return any(kind in data for kind in IMAGES)


def joined(text: object) -> str:
    """Return a text of nbformat, which may be a list of lines, as one string."""
    if isinstance(text, str):
        return text
    try:
        return "".join(map(str, text)) if isinstance(text, list) else str(text)
    except RecursionError:
        return "(Too deeply nested to be shown.)"
