"""A model that was read -> the file of a scenario, compared with autograd before it is put in place."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.leaves.leaf import LEAF_SECTIONS
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.write.emit import Document, Open, Spelled, emitted, numbers, spelled
from backprop_engine.scenario.write.writer import checked
from backprop_engine.trace.trace import Trace
from backprop_tui.torch.arranged import arranged
from backprop_tui.torch.aten_readers import FLOAT32_CONSTANTS
from backprop_tui.torch.eager import EagerRun, ModelLoss
from backprop_tui.torch.exported import ProgramReading

__all__ = ["written"]

_CLOSE: Final = {"float64": 1e-10, "float32": 1e-4}
"""How far an entry may be from autograd's, relative to the largest of its tensor, or to 1."""
_CLOSE_IN_FLOAT32: Final = 1e-7
"""The same where a kernel of PyTorch computes with a constant in float32, whatever it is given."""
_MOST_INFINITE: Final = 1_024
_MOST_EXPECTED: Final = 16
"""Gradients of at most this many entries are in the file, so that they are checked wherever it is."""


def written(path: Path, reading: ProgramReading, whole: ModelLoss, eager: EagerRun, inline: int) -> Scenario:
    """The scenario at `path`; `UsageError`, and no file, if a gradient differs from autograd's."""
    data = path.with_suffix(".npz")
    large = {name: leaf.value for name, leaf in reading.draft.leaves.items() if leaf.value.size > inline}
    sections = _sections(reading, whole, dict.fromkeys(large, data.name))
    output = str(sections["output"])
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backprop-") as folder:
        draft = Path(folder, path.name)
        draft.write_text(checked(emitted(sections)), encoding="utf-8")
        if large:
            _write_arrays(Path(folder, data.name), large)
        trace = load_scenario(draft).record()
        _compare(trace, reading, eager)
        sections["expect"] = _expected(output, reading, eager, _infinite(trace))
        draft.write_text(checked(emitted(sections)), encoding="utf-8")
        if large:
            os.replace(Path(folder, data.name), data)
        os.replace(draft, path)
    return load_scenario(path)


def _sections(reading: ProgramReading, whole: ModelLoss, elsewhere: dict[str, str]) -> dict[str, Document]:
    """The sections of the file; `elsewhere` are the leaves whose numbers are in another one."""
    draft, kind = reading.draft, type(whole.module).__name__
    about = {
        "en": f"{kind}, exported from PyTorch. The gradients are those of autograd.",
        "ko": f"PyTorch에서 내보낸 {kind}. 그래디언트가 autograd의 값과 같습니다.",
    }
    sections: dict[str, Document] = {"title": kind, "description": Open(about)}
    if reading.floats != "float64":
        sections["dtype"] = reading.floats
    for section in LEAF_SECTIONS:
        leaves: dict[str, Document] = {
            name: {"file": elsewhere[name], "key": name} if name in elsewhere else numbers(leaf.value[()])
            for name, leaf in draft.leaves.items()
            if leaf.section == section
        }
        if leaves:
            sections[section] = Open(leaves)
    sections |= arranged(draft, reading.output, whole.takes, whole.kinds)
    if draft.shape(reading.output):
        sections["seed"] = Spelled("1")
    return sections


def _write_arrays(path: Path, arrays: dict[str, Tensor]) -> None:
    """A ``.npz`` file; unlike NumPy's own function, one that takes any name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _infinite(trace: Trace) -> dict[str, Document]:
    """The values that are not finite, which must be listed under `expect`, or a check would fail."""
    computed = (node for node in trace.graph.nodes if node.op is not None and "#" not in node.name)
    values = {node.name: trace.values[node.position] for node in computed}
    return {
        name: numbers(value)
        for name, value in values.items()
        if value.size <= _MOST_INFINITE and not np.isfinite(value).all()
    }


def _close(reading: ProgramReading) -> float:
    return max(_CLOSE[reading.floats], _CLOSE_IN_FLOAT32 if reading.called & FLOAT32_CONSTANTS else 0)


def _expected(output: str, reading: ProgramReading, eager: EagerRun, values: dict[str, Document]) -> Document:
    """The loss and small gradients, as autograd computed them, and other `values`."""
    close = spelled(_close(reading))
    loss = np.reshape(eager.loss, reading.draft.shape(reading.output))
    expected = {**values, output: numbers(loss[()])}
    block: dict[str, Document] = {"rtol": close, "atol": close, "values": Open(expected)}
    gradients = {
        name: numbers(gradient[()])
        for name, gradient in _gradients(reading, eager)
        if gradient is not None and gradient.size <= _MOST_EXPECTED
    }
    if gradients:
        block["grads"] = Open(gradients)
    return Open(block)


def _gradients(reading: ProgramReading, eager: EagerRun) -> Iterator[tuple[str, Tensor | None]]:
    """The gradient of each leaf that gets one."""
    for path, name in reading.parameters.items():
        yield name, eager.parameters[path]
    for number, name in reading.arguments.items():
        yield name, eager.arguments[number]


def _compare(trace: Trace, reading: ProgramReading, eager: EagerRun) -> None:
    """Refuse a scenario whose loss or gradients differ from autograd's."""
    _compare_one(msg("the loss"), trace.values[trace.graph.output], eager.loss, _close(reading))
    for name, gradient in _gradients(reading, eager):
        found = trace.gradient(name)
        expected = np.zeros_like(found) if gradient is None else gradient
        _compare_one(msg("the gradient of {name}", name=name), found, expected, _close(reading))


def _compare_one(what: Any, found: Tensor, expected: Tensor, close: float) -> None:
    found = np.reshape(found, expected.shape)
    size = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    if np.allclose(found, expected, rtol=0, atol=close * size, equal_nan=True):
        return
    gap = np.max(np.abs(found - expected), initial=0.0, where=np.isfinite(found - expected))
    raise UsageError(
        msg("{what} differs from autograd's by up to {gap:.3g}; nothing was written", what=what, gap=gap),
        msg("a hook may change it, or an operator may be defined differently here: record the run instead"),
    )
