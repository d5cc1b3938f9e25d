# pyright: reportMissingImports=false
"""The arrays of the current step: their figures, and their entries where they are small."""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from msgspec import Struct

from backprop_engine.recordings.events import DataSpan, TensorEntry
from backprop_engine.recordings.writer import RecordingWriter

__all__ = ["ArrayStore"]

_DTYPES: Final = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8",
}  # fmt: skip


class _Noted(Struct):
    array: Any
    entry: TensorEntry


class ArrayStore:
    """Arrays by number; arrays of at most `cells` entries are stored (all with None).

    With `hold`, all of a step are stored in which something is not finite.
    """

    def __init__(self, writer: RecordingWriter, cells: int | None, *, hold: bool) -> None:
        self._writer, self._cells, self._hold = writer, cells, hold
        self._noted: list[_Noted] = []
        self._numbers: dict[int, int] = {}
        self._trouble = False

    def add(self, array: Any) -> int:
        """The number of an array."""
        known = self._numbers.get(id(array))
        if known is not None:
            return known
        number = len(self._noted)
        self._numbers[id(array)] = number
        self._noted.append(_Noted(array, self._entry(number, array)))
        return number

    def finish(self) -> list[TensorEntry]:
        """End the step: every array by its number."""
        if self._trouble and self._hold:
            for noted in self._noted:
                if noted.entry.data is None and noted.entry.dtype in _DTYPES.values():
                    span = self._store(_numbers(noted.array), noted.entry.dtype)
                    noted.entry = _with_data(noted.entry, span)
        entries = [noted.entry for noted in self._noted]
        self._noted, self._numbers, self._trouble = [], {}, False
        return entries

    def _entry(self, number: int, array: Any) -> TensorEntry:
        dtype = str(jnp.result_type(array))
        shape = tuple(jnp.shape(array))
        if dtype not in _DTYPES:  # a key of random numbers, a type of eight bits
            return TensorEntry(number, shape, dtype)
        numbers = _numbers(array)
        is_real = jnp.issubdtype(numbers.dtype, jnp.floating)
        norm, nan, inf = self._figures(numbers) if is_real else (None, 0, 0)
        span = None
        if self._cells is None or numbers.size <= self._cells:
            span = self._store(numbers, _DTYPES[dtype])
        return TensorEntry(number, shape, _DTYPES[dtype], norm, nan, inf, span)

    def _figures(self, numbers: Any) -> tuple[float | None, int, int]:
        if not numbers.size:
            return None, 0, 0
        wide = numbers.astype(np.float64)
        nan, inf = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
        self._trouble = self._trouble or nan > 0 or inf > 0
        return (None if nan or inf else float(np.linalg.norm(wide.ravel()))), nan, inf

    def _store(self, numbers: Any, dtype: str) -> DataSpan:
        return self._writer.tensor(dtype, numbers.shape, np.ascontiguousarray(numbers).tobytes())


def _numbers(array: Any) -> Any:
    """An array of NumPy's; a number of Python has the type that JAX gives it."""
    return np.asarray(array, jnp.result_type(array))


def _with_data(entry: TensorEntry, span: DataSpan) -> TensorEntry:
    return TensorEntry(entry.id, entry.shape, entry.dtype, entry.norm, entry.nan, entry.inf, span)
