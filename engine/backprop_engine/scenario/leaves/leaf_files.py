"""The numbers of a leaf that names a data file (`{file: data/iris.csv, columns: [0, 1], rows: "0:32"}`).

Of a table, one column is a vector and a list of columns a matrix; without `columns` all of them are taken (a
file of one column is a vector then). Of an array in `.npy` or `.npz`, `rows` takes from the first axis and
`columns`, by number, from the last one of an array that has two. `dtype: int` asks for whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import DATA_DTYPES, FILE, FILE_IN_ARCHIVE
from backprop_engine.scenario.leaves.csv_table import DATA_CELL, read_table
from backprop_engine.scenario.leaves.data_files import DATA_FORMAT, ENDINGS, DataFile, DataFiles
from backprop_engine.scenario.leaves.numbers import NUMBER_RANGE
from backprop_engine.scenario.leaves.numpy_files import read_npy, read_npz
from backprop_engine.scenario.leaves.selection import (
    DATA_COLUMNS,
    DATA_ROWS,
    Selection,
    select_columns,
    select_rows,
)
from backprop_engine.scenario.read.mistakes import as_text, mistake, only_keys
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar

__all__ = ["read_file"]

DATA_DTYPE = code("data-dtype", msg("The `dtype` of a leaf from a file is neither int nor float."))

_LARGEST_WHOLE: Final = 2.0**53


class _Numbers(Struct, frozen=True, eq=False):
    """Numbers from a file, and a description of the number at a flat position: its text, and where it is."""

    array: NDArray[np.float64]
    describe: Callable[[int], tuple[str, str]]


def read_file(name: str, node: YamlMapping, dtype: np.dtype[Any], files: DataFiles) -> NDArray[np.float64]:
    """The numbers of the leaf called `name`, read-only; `ScenarioError` if there are none.

    `dtype` is what the graph computes in, and has to hold them.
    """
    path = as_text(
        node.entries["file"].value, msg("the path of a data file"), msg("such as `file: data/iris.csv`")
    )
    ending = _ending(path)
    form = FILE_IN_ARCHIVE if ending == ".npz" else FILE
    only_keys(node, form.names, msg("a leaf from a `{ending}` file", ending=ending))
    whole = _whole(node.get("dtype"))
    file = files.read(path)
    if ending == ".csv":
        numbers = _table(name, node, file, files, whole)
    else:
        numbers = _array(name, node, file, files, ending)
    if whole:
        _check_whole(file, numbers)
    _check_range(file, numbers, dtype)
    numbers.array.flags.writeable = False
    return numbers.array


def _ending(path: YamlScalar) -> str:
    """The extension that says what is in the file, in lower case."""
    for ending in ENDINGS:
        if path.text.lower().endswith(ending):
            return ending
    shown = shortened(clean(path.text), 60)
    _, dot, own = shown.rpartition(".")
    hint = did_you_mean(f".{own}", ENDINGS) if dot else ""
    message = msg("`{file}` does not have the extension of a data file", file=shown)
    raise mistake(DATA_FORMAT, path, message, hint or msg("available: {names}", names=", ".join(ENDINGS)))


def _whole(node: YamlNode | None) -> bool:
    """Whether `dtype` asks for whole numbers."""
    if node is None:
        return False
    text = as_text(node, msg("`int` or `float` for `dtype`")).text
    if text in DATA_DTYPES:
        return text == "int"
    hint = did_you_mean(text, DATA_DTYPES) or msg("it can be int or float")
    raise mistake(
        DATA_DTYPE,
        node,
        msg("a leaf from a file has no dtype `{name}`", name=shortened(clean(text), 40)),
        hint,
    )


def _table(name: str, node: YamlMapping, file: DataFile, files: DataFiles, whole: bool) -> _Numbers:
    table = read_table(file)
    columns = select_columns(node.get("columns"), table.width, table.names, table.divider_hint())
    rows = select_rows(node.get("rows"), table.count)
    files.keep(file.node, f"`{name}`", len(rows.positions) * len(columns.positions))
    matrix = table.numbers(rows.positions, columns.positions, whole)

    def describe(position: int) -> tuple[str, str]:
        row, column = divmod(position, len(columns.positions))
        return table.cell(rows.positions[row], columns.positions[column])

    vector = columns.single or ("columns" not in node and table.width == 1)
    shape = (*(() if rows.single else matrix.shape[:1]), *(() if vector else matrix.shape[1:]))
    return _Numbers(matrix.reshape(shape), describe)


def _array(name: str, node: YamlMapping, file: DataFile, files: DataFiles, ending: str) -> _Numbers:
    stored = read_npz(name, node, file, files) if ending == ".npz" else read_npy(name, file, files)
    axes: list[Selection] = []
    if "rows" in node:
        if not stored.ndim:
            raise _no_such_axis(
                node.entries["rows"].value, DATA_ROWS, stored, msg("`rows` selects along the first axis")
            )
        axes.append(select_rows(node.get("rows"), stored.shape[0]))
    if "columns" in node:
        columns = node.entries["columns"].value
        if stored.ndim != 2:
            raise _no_such_axis(
                columns, DATA_COLUMNS, stored, msg("`columns` selects from an array with two axes")
            )
        axes = axes or [select_rows(None, stored.shape[0])]
        axes.append(select_columns(columns, stored.shape[1], None))
    kept = prod(len(axis.positions) for axis in axes) * prod(stored.shape[len(axes) :])
    files.keep(file.node, f"`{name}`", kept)
    for number, axis in enumerate(axes):
        stored = _taken(stored, axis, number)
    shape = (*(len(axis.positions) for axis in axes if not axis.single), *stored.shape[len(axes) :])
    with np.errstate(all="ignore"):  # a signalling NaN is a NaN
        array = np.array(stored, dtype=np.float64, order="C").reshape(shape)

    def describe(position: int) -> tuple[str, str]:
        at = ", ".join(str(index) for index in np.unravel_index(position, shape))
        return f"{array.flat[position]:.17g}", f"`{name}[{at}]`" if at else f"`{name}`"

    return _Numbers(array, describe)


def _taken(array: Tensor, choice: Selection, axis: int) -> Tensor:
    """`array` with the chosen positions of an axis; choosing all of them costs nothing."""
    if choice.positions == range(array.shape[axis]):
        return array
    return np.take(array, np.array(choice.positions, dtype=np.intp), axis)


def _no_such_axis(node: YamlNode, kind: Code, array: Tensor, rule: Message) -> ScenarioError:
    return mistake(
        kind, node, msg("{rule}, but the shape here is {shape}", rule=rule, shape=shape_text(array.shape))
    )


def _check_whole(file: DataFile, numbers: _Numbers) -> None:
    """Refuse the first number that is not whole, or too large to be held exactly."""
    array = numbers.array
    with np.errstate(invalid="ignore"):
        exact = (array == np.floor(array)) & (np.abs(array) <= _LARGEST_WHOLE)
    if exact.all():
        return
    number, where = numbers.describe(int(np.argmin(exact)))
    message = msg(
        "{where} is {number}, but `dtype: int` needs whole numbers up to 2**53", where=where, number=number
    )
    raise file.wrong(message, msg("without `dtype` the numbers are read as they are"), DATA_CELL)


def _check_range(file: DataFile, numbers: _Numbers, dtype: np.dtype[Any]) -> None:
    """Refuse the first finite number that `dtype` would turn into an infinity."""
    largest = float(np.finfo(dtype).max)
    lost = np.isfinite(numbers.array) & (np.abs(numbers.array) > largest)
    if not lost.any():
        return
    number, where = numbers.describe(int(np.argmax(lost)))
    message = msg(
        "{where} is {number}, which {dtype} cannot hold: its largest number is {largest:.4g}",
        where=where,
        number=number,
        dtype=dtype.name,
        largest=largest,
    )
    raise file.wrong(
        message, msg("`dtype: float64` for the whole graph can hold larger numbers"), NUMBER_RANGE
    )
