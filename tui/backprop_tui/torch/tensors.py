# pyright: reportMissingImports=false
"""Recording tensors: always their figures, and their entries if they are few or the step is not finite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from ctypes import c_char
from typing import Any, Final

import torch

from backprop_engine.arrays import MAX_AXES
from backprop_engine.recordings.events import DataSpan, TensorEntry
from backprop_engine.recordings.writer import RecordingWriter

__all__ = ["TensorStore", "version"]

_DTYPES: Final = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.bool: "BOOL", torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8",
}  # fmt: skip
_HALF: Final = (torch.float16, torch.bfloat16)


class _Draft:
    """A tensor that was added in this step, and what its description will be made of."""

    __slots__ = (
        "dtype",
        "figures",
        "inf",
        "made",
        "nan",
        "norm",
        "original",
        "shape",
        "span",
        "tensor",
        "version",
    )

    def __init__(self, shape: tuple[int, ...], dtype: Any, *, made: bool) -> None:
        self.shape, self.dtype, self.made = shape, dtype, made
        self.tensor: Any = None
        """What is stored of it later, or keeps its storage alive; None where neither is wanted."""
        self.original: Any = None
        """The tensor itself, which counts the writes to it; what is detached within an operator does not."""
        self.version = 0
        self.figures: Any = None
        self.norm: float | None = None
        self.nan = self.inf = 0
        self.span: DataSpan | None = None


class TensorStore:
    """The tensors of the current step.

    Figures are computed on a tensor's own device, and fetched together when the step ends. Tensors of at
    most `cells` entries, or all with None, are stored. With `hold`, larger ones are kept in memory until the
    step ends, and stored if anything in the step is not finite and they have not been written to since.
    """

    def __init__(self, writer: RecordingWriter, cells: int | None, *, hold: bool) -> None:
        self._writer, self._cells, self._hold = writer, cells, hold
        self._drafts: list[_Draft] = []
        self._known: dict[tuple[Any, ...] | None, int] = {}
        self._keys: dict[int, list[tuple[Any, ...]]] = {}
        """The keys in `_known` of each storage."""
        self._fresh: list[tuple[int, Any]] = []
        self._trouble = False
        self.overwritten = 0
        """How many tensors of steps that are not finite were overwritten before they could be stored."""

    def add(self, tensor: Any, *, store: bool = False, made: bool = True) -> int:
        """Add a tensor as it is now; returns its number in the step.

        With `store` its entries are stored, however many there are. The content of a tensor that was not
        `made` in the step, such as uninitialised memory, does not count as trouble.
        """
        self._settle()
        tensor = _local(tensor)
        known = self._known.get(self._key(tensor))
        if known is not None:
            return known
        number = self._note(tensor, made=made)
        self._remember(number, tensor)
        draft = self._drafts[number]
        if store and draft.span is None:
            draft.tensor = tensor
            self._store(draft)
        return number

    def add_outputs(self, tensors: Sequence[Any], *, made: bool = True) -> list[int]:
        """Add the outputs of an operator while it is being dispatched.

        Autograd updates versions and the bases of views only after the operator is done; until then these
        tensors cannot be identified, so that is done when the next tensor is added.
        """
        self._settle()
        tensors = [_local(tensor) for tensor in tensors]
        numbers = [self._note(tensor, made=made) for tensor in tensors]
        self._fresh = list(zip(numbers, tensors, strict=True))
        return numbers

    def _settle(self) -> None:
        """Identify the outputs that were added last, whose operator is done by now."""
        for number, tensor in self._fresh:
            self._remember(number, tensor)
        self._fresh = []

    def _note(self, tensor: Any, *, made: bool) -> int:
        draft = _Draft(_shape(tensor), tensor.dtype, made=made)
        self._drafts.append(draft)
        tensor = tensor.detach()
        if tensor.is_meta or _gone(tensor):
            return len(self._drafts) - 1
        if self._hold or self._stores(tensor):
            draft.tensor = tensor
        if tensor.layout is torch.strided and tensor.dtype in _DTYPES:
            if tensor.is_floating_point() and tensor.numel():
                self._measure(draft, tensor)
            if self._stores(tensor):
                self._store(draft)
        return len(self._drafts) - 1

    def _remember(self, number: int, tensor: Any) -> None:
        """Make a tensor known by its key from now on, if its storage stays alive."""
        draft = self._drafts[number]
        draft.version = version(tensor)
        if self._hold:
            draft.original = tensor
        key = self._key(tensor)
        if key is not None:
            self._known[key] = number
            self._keys.setdefault(key[0], []).append(key)

    def forget(self, tensors: Sequence[Any]) -> None:
        """Discard what is known of tensors, and of all that share their storage."""
        for tensor in map(_local, tensors):
            if tensor.layout is torch.strided:
                for key in self._keys.pop(tensor.untyped_storage()._cdata, ()):
                    self._known.pop(key, None)

    def finish(self) -> list[TensorEntry]:
        """End the step; returns the description of every tensor, by number."""
        self._settle()
        waiting = [draft for draft in self._drafts if draft.figures is not None]
        if waiting:
            rows = torch.stack([draft.figures for draft in waiting]).cpu().tolist()  # the one synchronisation
            for draft, (norm, nan, inf) in zip(waiting, rows, strict=True):
                self._set(draft, norm, int(nan), int(inf))
        if self._trouble and self._hold:
            for draft in self._drafts:
                self._store_late(draft)
        entries = [self._entry(number, draft) for number, draft in enumerate(self._drafts)]
        self._drafts, self._known, self._keys, self._trouble = [], {}, {}, False
        return entries

    def _key(self, tensor: Any) -> tuple[Any, ...] | None:
        """What identifies a tensor whose storage stays alive, so that no address is reused; else None."""
        if tensor.layout is not torch.strided or not (self._hold or self._stores(tensor)):
            return None
        storage = tensor.untyped_storage()._cdata
        shape, stride = tuple(tensor.shape), tuple(tensor.stride())
        return storage, tensor.storage_offset(), shape, stride, version(tensor), tensor.dtype

    def _stores(self, tensor: Any) -> bool:
        return self._cells is None or tensor.numel() <= self._cells

    def _measure(self, draft: _Draft, tensor: Any) -> None:
        tensor = tensor.float() if tensor.dtype in _HALF else tensor
        norm = torch.linalg.vector_norm(tensor)
        if tensor.device.type == "cpu":
            found = float(norm)
            if math.isfinite(found):
                draft.norm = found
                return
            nan, inf = int(torch.isnan(tensor).sum()), int(torch.isinf(tensor).sum())
            if not nan and not inf:  # squares overflow before their root does
                found = float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
            self._set(draft, found, nan, inf)
            return
        counts = torch.stack([torch.isnan(tensor).sum(), torch.isinf(tensor).sum()])
        draft.figures = torch.cat([norm.double().reshape(1), counts.double()])

    def _set(self, draft: _Draft, norm: float, nan: int, inf: int) -> None:
        draft.norm = norm if math.isfinite(norm) else None
        draft.nan, draft.inf = nan, inf
        self._trouble = self._trouble or (draft.made and (nan > 0 or inf > 0))

    def _store(self, draft: _Draft) -> None:
        """Write a tensor straight from its memory: a view by NumPy would prevent FSDP from resizing it."""
        tensor = draft.tensor
        tensor = tensor.cpu().resolve_neg().contiguous()
        raw = (c_char * tensor.nbytes).from_address(tensor.data_ptr()) if tensor.nbytes else b""
        draft.span = self._writer.tensor(_DTYPES[tensor.dtype], draft.shape, raw)

    def _store_late(self, draft: _Draft) -> None:
        tensor = draft.tensor
        if (
            draft.span is not None
            or tensor is None
            or tensor.layout is not torch.strided
            or tensor.dtype not in _DTYPES
        ):
            return
        if version(draft.original) != draft.version:
            self.overwritten += 1
            return
        self._store(draft)

    def _entry(self, number: int, draft: _Draft) -> TensorEntry:
        dtype = _DTYPES.get(draft.dtype, str(draft.dtype))
        return TensorEntry(number, draft.shape, dtype, draft.norm, draft.nan, draft.inf, draft.span)


def _shape(tensor: Any) -> tuple[int, ...]:
    """The shape of a tensor; flat where it has more axes than an array here may have."""
    return tuple(tensor.shape) if tensor.ndim <= MAX_AXES else (tensor.numel(),)


def _local(tensor: Any) -> Any:
    """The local shard of a tensor that is distributed over ranks; any other tensor itself."""
    local = getattr(tensor, "to_local", None)
    return tensor if local is None else local()


def _gone(tensor: Any) -> bool:
    """Whether the storage was freed, as FSDP does with parameters that it can gather again."""
    return bool(tensor.layout is torch.strided and tensor.numel() and not tensor.untyped_storage().size())


def version(tensor: Any) -> int:
    """How often a tensor was written to; 0 for tensors of inference mode, which do not count it."""
    return 0 if tensor.is_inference() else int(tensor._version)
