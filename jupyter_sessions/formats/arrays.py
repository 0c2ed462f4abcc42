"""Write NumPy arrays, never with pickle, so that opening a file can't run code."""

from __future__ import annotations

import io
import warnings
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.delimited import DelimitedText
from jupyter_sessions.formats.format import Format, Written, always, is_a

#: Types that hold only numbers; other named array types may carry a unit, a mask …
_PLAIN = {"ndarray", "memmap", "recarray", "matrix"}


def _write(value: object, ending: str) -> Written:
    import numpy as np

    given: Any = value
    if is_a(value, "numpy.MaskedArray") and given.mask.any():
        raise BadRequest(
            "The array has masked values, which files of numbers can't store.",
            hint="Say what to write for them: array.filled(0).",
        )
    array = np.asarray(given)
    if array.dtype.hasobject:
        raise BadRequest(
            "An array of Python objects can't be published: reading it would run code.",
            hint="Give it a type of numbers or fixed-length text: array.astype(…).",
        )
    written = _csv(array) if ending == ".csv" else _npy(array)
    kind = type(value).__name__
    if kind not in _PLAIN:
        return Written(
            written, f"The file only holds the numbers of the {kind}, not its other data."
        )
    return Written(written)


def _csv(array: Any) -> bytes:
    if array.ndim not in (1, 2) or array.dtype.kind not in "biufc" or not array.size:
        raise BadRequest(
            "Only an array of numbers with one or two dimensions, and with at least one number in"
            " it, can be written as .csv.",
            hint="Choose .npy.",
        )
    text = DelimitedText()
    text.add_columns(array.T if array.ndim == 2 else [array])
    return text.to_written().data


def _npy(array: Any) -> bytes:
    import numpy as np
    from numpy.lib import format as npy

    target = io.BytesIO()
    with warnings.catch_warnings():
        # The header's version and type metadata are not part of the values.
        warnings.simplefilter("ignore", UserWarning)
        described = npy.descr_to_dtype(npy.dtype_to_descr(array.dtype))
        if described != array.dtype:
            raise BadRequest(
                f".npy can't store the type {array.dtype}.",
                hint="Give it one of NumPy's own types: array.astype(…).",
            )
        np.save(target, array, allow_pickle=False)
    return target.getvalue()


FORMATS = (
    Format("An array", always(".npy", ".csv"), lambda value: is_a(value, "numpy.ndarray"), _write),
)
