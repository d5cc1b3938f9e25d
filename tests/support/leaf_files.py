"""Leaves from files, as the tests of them write and read them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine import ScenarioError, load_scenario
from backprop_engine.errors import Diagnostic
from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.leaves.data_files import DataFiles
from backprop_engine.scenario.leaves.leaf import read_leaf
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping

IRIS = """\
sepal_length,sepal_width,species
5.1,3.5,0
4.9,3.0,0
7.0,3.2,1
6.3,3.3,2
"""
LITTLE = 20 * 2**20
"""More than loading any scenario takes: its text is read into 16 MiB."""
TEXT_CLASSES = "width,species\n0.2,setosa\n0.2,setosa\n1.4,versicolor\n2.5,virginica\n"


def scenario(leaf: str, dtype: str = "float64") -> str:
    return f"dtype: {dtype}\ninputs:\n  x: {leaf}\nnodes: {{f: sum(x)}}\n"


def numbers(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> np.ndarray:
    """The numbers of the leaf `x` that `leaf` describes, in a scenario in `folder`."""
    path = folder / "scenario.yaml"
    path.write_text(scenario(leaf, dtype), encoding="utf-8")
    return np.asarray(load_scenario(path, **options).bindings.leaves[0])


def refusal(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> Diagnostic:
    """The one mistake of a leaf; nothing of it tells where the scenario lies, or how Python failed."""
    with pytest.raises(ScenarioError) as caught:
        numbers(folder, leaf, dtype, **options)
    (found,) = caught.value.diagnostics
    told = f"{found.message}\n{found.hint}"
    assert str(folder) not in told
    assert str(folder.parent) not in told
    assert "Errno" not in told
    assert found.place is not None
    assert found.place.path == str(folder / "scenario.yaml")
    return found


def refused(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> tuple[str, str, str]:
    found = refusal(folder, leaf, dtype, **options)
    return found.code.name, found.message, found.hint


def table(folder: Path, text: str | bytes, leaf: str = "{file: t.csv}", **options: Any) -> np.ndarray:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return numbers(folder, leaf, **options)


def bad_table(folder: Path, text: str | bytes, leaf: str = "{file: t.csv}", **options: Any) -> Any:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return refused(folder, leaf, **options)


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(text: str, version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin-1")


def described(descr: str, shape: str, fortran: bool = False) -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n")


def array(folder: Path, data: bytes, leaf: str = "{file: a.npy}", **options: Any) -> np.ndarray:
    (folder / "a.npy").write_bytes(data)
    return numbers(folder, leaf, **options)


def bad_array(folder: Path, data: bytes, leaf: str = "{file: a.npy}", **options: Any) -> Any:
    (folder / "a.npy").write_bytes(data)
    return refused(folder, leaf, **options)


def npz(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(folder / "a.npz", "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def leaf_of(folder: Path, text: str, files: DataFiles) -> np.ndarray:
    """A leaf that is read with `files`, as the leaves of one scenario are."""
    source = Source.from_bytes(str(folder / "scenario.yaml"), f"x: {text}".encode())
    root = read(source)
    assert isinstance(root, YamlMapping)
    entry = root.entries["x"]
    return read_leaf("x", Kind.INPUT, *entry, np.dtype("float64"), files.max_memory, files).make()
