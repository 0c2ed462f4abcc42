"""NumPy arrays, never with pickle: who opens a file must not run it."""

from __future__ import annotations

import io
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, always, is_a


def _write(value: object, ending: str) -> bytes:
    import numpy as np

    array: Any = value
    target = io.BytesIO()
    if ending == ".csv":
        if array.ndim > 2 or array.dtype.kind not in "biuf":
            raise BadRequest(
                "Only an array of numbers with one or two dimensions can be written as .csv.",
                hint="Choose .npy.",
            )
        np.savetxt(target, array, delimiter=",", fmt="%.18g")
        return target.getvalue()
    try:
        np.save(target, array, allow_pickle=False)
    except ValueError as error:
        raise BadRequest(
            "An array of Python objects can't be published: reading it would run code.",
            hint="Give it a type of numbers or fixed-length text: array.astype(…).",
        ) from error
    return target.getvalue()


FORMATS = (
    Format("An array", always(".npy", ".csv"), lambda value: is_a(value, "numpy.ndarray"), _write),
)
