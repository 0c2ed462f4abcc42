"""Write NumPy arrays, never with pickle, so that opening a file can't run code."""

from __future__ import annotations

import io
import warnings
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.delimited import DelimitedText
from jupyter_sessions.formats.format import (
    Format,
    Written,
    always,
    describe_reader_type,
    first_line,
    is_a,
    join_notes,
)

#: Types that hold only numbers; other named array types may carry a unit, a mask …
_PLAIN = {"ndarray", "memmap", "recarray", "matrix"}
_LOADTXT = "numpy.loadtxt(FILE, delimiter=','"


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
    notes = [
        describe_reader_type(value, "ndarray", "memmap")
        if kind in _PLAIN
        else f"The file only holds the numbers of the {kind}, not its other data.",
        _explain_csv(written, array) if ending == ".csv" else "",
    ]
    return Written(written, join_notes(*notes))


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


def _explain_csv(written: bytes, array: Any) -> str:
    """Say what NumPy needs to read an array's CSV file, and what it changes all the same."""
    options: dict[str, Any] = {}
    for more in ({}, {"dtype": array.dtype.name}, {"dtype": array.dtype.name, "ndmin": array.ndim}):
        options = more
        try:
            read = _read_csv(written, options)
        except (ValueError, TypeError, OverflowError) as error:
            failed = first_line(error)
            continue
        failed = ""
        if read.shape == array.shape and read.dtype == array.dtype:
            break
    said = ""
    if options:
        how = ", ".join((_LOADTXT, *(f"{name}={each!r}" for name, each in options.items())))
        said = f"To read it with NumPy: {how})."
    if failed:
        return f"NumPy can't read it back: {failed} Choose .npy, which NumPy reads."
    if not _is_equal(read, array):
        return f"{said} It reads some numbers differently; choose .npy.".lstrip()
    if read.dtype != array.dtype:
        return f"{said} The type {array.dtype} becomes {read.dtype}.".lstrip()
    return said


def _read_csv(written: bytes, options: dict[str, Any]) -> Any:
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.loadtxt(io.BytesIO(written), delimiter=",", **options)


def _is_equal(read: Any, array: Any) -> bool:
    import numpy as np

    nan = array.dtype.kind in "fc"
    return bool(np.array_equal(read, array, equal_nan=nan))


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
