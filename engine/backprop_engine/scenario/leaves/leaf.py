"""Leaves: a number, a nested list, or a map that says how to fill a shape or which file to read.

Shapes are known before numbers are made: what fills a shape is drawn only when the memory of the whole run
has been checked. A data file (`{file: data/iris.csv, columns: [0, 1], rows: "0:32"}`) is read at once, for
its shape stands in it, and once for a whole load, within the bounds that `DataFiles` sets.

Of a table, one column is a vector and a list of columns a matrix; without `columns` all of them are taken (a
file of one column is a vector then). Of an array in `.npy` or `.npz`, `rows` takes from the first axis and
`columns`, by number, from the last one of an array that has two. `dtype: int` asks for whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Shape, Tensor, shape_text
from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean, near_one_of
from backprop_engine.scenario.format import DATA_DTYPES, FILE, FILE_IN_ARCHIVE, filled_keys
from backprop_engine.scenario.leaves.csv_table import DATA_CELL, read_table
from backprop_engine.scenario.leaves.data_files import DATA_FORMAT, ENDINGS, DataFile, DataFiles
from backprop_engine.scenario.leaves.initializers import INITS, Init
from backprop_engine.scenario.leaves.numbers import NUMBER_RANGE, read_numbers, whole_list
from backprop_engine.scenario.leaves.numpy_files import read_npy, read_npz
from backprop_engine.scenario.leaves.selection import (
    DATA_COLUMNS,
    DATA_ROWS,
    Selection,
    select_columns,
    select_rows,
)
from backprop_engine.scenario.memory import check_size
from backprop_engine.scenario.read.mistakes import (
    as_int,
    as_number,
    as_text,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar

__all__ = ["LEAF_SECTIONS", "Leaf", "read_leaf"]

LEAF_FORM = code(
    "leaf-form",
    msg("A leaf is not a number, a nested list, or a map with `shape` and `init`, or with `file`."),
)
LEAF_SHAPE = code(
    "leaf-shape", msg("A shape has a negative size, too many axes, or does not fit its `init`.")
)
LEAF_INIT = code("leaf-init", msg("`init` names no way to fill a tensor, or its settings do not fit."))

LEAF_SECTIONS: Final = {"inputs": Kind.INPUT, "params": Kind.PARAM, "constants": Kind.CONSTANT}
MAX_AXES: Final = 32
_FORMS: Final = msg("a leaf is a number, a list, or `{{shape: [2, 3], init: zeros}}`")


class Leaf(Struct, frozen=True, eq=False):
    """A leaf whose numbers `make` gives, in double precision; `node` is its value in the file."""

    name: str
    kind: Kind
    key: YamlScalar
    node: YamlNode
    shape: Shape
    make: Callable[[], NDArray[np.float64]]


def read_leaf(
    name: str,
    kind: Kind,
    key: YamlScalar,
    node: YamlNode,
    dtype: np.dtype[Any],
    max_memory: int,
    files: DataFiles | None = None,
) -> Leaf:
    """The leaf that `node` describes; `ScenarioError` where it describes none.

    The leaves of one scenario share `files`, so that each is read once and all together are bounded.
    """
    if isinstance(node, YamlMapping) and "file" in node:
        array = read_file(name, node, dtype, files or DataFiles(max_memory))
        shape, make = array.shape, lambda: array
    elif isinstance(node, YamlMapping):
        shape, make = _filled(name, node, dtype, max_memory)
    else:
        if is_absent(node):
            raise mistake(LEAF_FORM, key, msg("`{name}` has no value", name=name), _FORMS)
        numbers = read_numbers(node, f"`{name}`")
        if len(numbers.shape) > MAX_AXES:
            raise mistake(
                LEAF_SHAPE,
                node,
                msg(
                    "`{name}` has {count} axes, at most {most} are allowed",
                    name=name,
                    count=len(numbers.shape),
                    most=MAX_AXES,
                ),
            )
        numbers.check_range(dtype)
        shape, make = numbers.shape, numbers.array
    return Leaf(name, kind, key, node, shape, make)


def _filled(
    name: str, node: YamlMapping, dtype: np.dtype[Any], max_memory: int
) -> tuple[Shape, Callable[[], NDArray[np.float64]]]:
    """The shape and the numbers of `{shape: …, init: …}`."""
    if "init" not in node or "shape" not in node:
        missing = "init" if "shape" in node else "shape"
        meant = (missing,) if "shape" in node or "init" in node else (missing, "file")
        keys = [key for key in node.entries if key not in ("shape", "init")]
        raise mistake(
            LEAF_FORM,
            node,
            msg("`{name}` is a map without `{missing}`", name=name, missing=missing),
            near_one_of(keys, meant) or _FORMS,
        )
    shape = _shape(name, node.entries["shape"].value)
    init_node = as_text(
        node.entries["init"].value,
        msg("a way to fill the tensor"),
        msg("such as `{text}`", text="init: zeros"),
    )
    init = INITS.get(init_node.text)
    if init is None:
        hint = did_you_mean(init_node.text, INITS) or msg("there are {names}", names=", ".join(INITS))
        raise mistake(LEAF_INIT, init_node, msg("there is no init `{name}`", name=init_node.text), hint)
    settings = _settings(node, init_node.text, init)
    if init.fans and len(shape) < 2:
        message = msg(
            "`{init}` needs two axes or more, `{name}` has {count}",
            init=init_node.text,
            name=name,
            count=len(shape),
        )
        raise mistake(
            LEAF_SHAPE, node.entries["shape"].value, message, msg("for a vector use `normal` or `zeros`")
        )
    if init_node.text == "eye" and len(shape) != 2:
        raise mistake(
            LEAF_SHAPE,
            node.entries["shape"].value,
            msg("`eye` is a matrix with two axes, `{name}` has {count}", name=name, count=len(shape)),
        )
    # An axis of size 0 does not make the others harmless: NumPy counts them before it multiplies.
    entries = prod(max(1, size) for size in shape)
    check_size(node.entries["shape"].value, f"`{name}`", entries, dtype, max_memory)
    _check_settings_range(node, settings, dtype)
    return shape, partial(init.draw, shape, settings)


def _shape(name: str, node: YamlNode) -> Shape:
    hint = msg("write `shape: [2, 3]`, `[3]` for a vector, `[]` for a scalar")
    items, shape = whole_list(node, msg("a shape"), hint)
    for item, size in zip(items, shape, strict=True):
        if size < 0:
            raise mistake(LEAF_SHAPE, item, msg("the size {size} is negative", size=size), hint)
    if len(shape) > MAX_AXES:
        raise mistake(
            LEAF_SHAPE,
            node,
            msg(
                "`{name}` has {count} axes, at most {most} are allowed",
                name=name,
                count=len(shape),
                most=MAX_AXES,
            ),
        )
    return shape


def _settings(node: YamlMapping, init_name: str, init: Init) -> dict[str, Any]:
    """The settings of an init, the seed and the side of the fan among them, with defaults filled in."""
    known = filled_keys(init.settings, random=init.random, fans=init.fans)
    only_keys(node, known, msg("a leaf with `init: {init}`", init=init_name))
    settings: dict[str, Any] = {}
    for setting, default in init.settings.items():
        given = node.get(setting)
        if given is not None:
            settings[setting] = as_number(given, msg("a number for `{name}`", name=setting))
        elif default is None:
            raise mistake(
                LEAF_INIT,
                node.entries["init"].value,
                msg("`init: {init}` needs `{setting}`", init=init_name, setting=setting),
            )
        else:
            settings[setting] = default
    if init.random:
        settings["seed"] = _seed(node, init_name)
    settings["transposed"] = _transposed(node.get("fan"))
    return settings


def _seed(node: YamlMapping, init_name: str) -> int:
    given = node.get("seed")
    if given is None:
        message = msg(
            "`init: {init}` needs a `seed`, so that every run draws the same numbers",
            init=init_name,
        )
        raise mistake(LEAF_INIT, node.entries["init"].value, message, msg("add `{text}`", text="seed: 0"))
    seed = as_int(given, msg("a whole number for `seed`"))
    if seed < 0:
        raise mistake(LEAF_INIT, given, msg("a seed is not negative"))
    return seed


def _transposed(node: YamlNode | None) -> bool:
    if node is None:
        return False
    if isinstance(node, YamlScalar) and node.value == "transposed":
        return True
    message = msg("`fan` can only be `transposed`")
    raise mistake(LEAF_INIT, node, message, msg("for a weight that stands on the right of a product"))


def _check_settings_range(node: YamlMapping, settings: dict[str, Any], dtype: np.dtype[Any]) -> None:
    """Refuse a setting that is finite, but not in `dtype`."""
    largest = float(np.finfo(dtype).max)
    for setting, value in settings.items():
        if setting not in ("seed", "transposed") and largest < abs(value) < float("inf"):
            raise mistake(
                NUMBER_RANGE,
                node.entries[setting].value,
                msg("{dtype} cannot hold {number}", dtype=dtype.name, number=f"{value:g}"),
            )
    low, high = settings.get("low", 0.0), settings.get("high", 0.0)
    if not np.isfinite(high - low):
        raise mistake(LEAF_INIT, node.entries["init"].value, msg("`low` and `high` are too far apart"))


DATA_DTYPE = code("data-dtype", msg("The `dtype` of a leaf from a file is neither int nor float."))

_LARGEST_WHOLE: Final = 2.0**53


class _Numbers(Struct, frozen=True, eq=False):
    """Numbers from a file, and a description of the number at a flat position: its text, and where it is."""

    array: NDArray[np.float64]
    describe: Callable[[int], tuple[str, str]]


def read_file(name: str, node: YamlMapping, dtype: np.dtype[Any], files: DataFiles) -> NDArray[np.float64]:
    """The numbers of the leaf called `name`, which nobody can write to; `ScenarioError` if there are none.

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
    """The ending that tells what is in the file, in small letters."""
    for ending in ENDINGS:
        if path.text.lower().endswith(ending):
            return ending
    shown = shortened(clean(path.text), 60)
    _, dot, own = shown.rpartition(".")
    hint = did_you_mean(f".{own}", ENDINGS) if dot else ""
    message = msg("the ending of `{file}` tells no kind of data file", file=shown)
    raise mistake(DATA_FORMAT, path, message, hint or msg("there are {names}", names=", ".join(ENDINGS)))


def _whole(node: YamlNode | None) -> bool:
    """Whether `dtype` asks for whole numbers."""
    if node is None:
        return False
    text = as_text(node, msg("`int` or `float` for `dtype`")).text
    if text in DATA_DTYPES:
        return text == "int"
    hint = did_you_mean(text, DATA_DTYPES) or msg("there are int and float")
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
                node.entries["rows"].value, DATA_ROWS, stored, msg("`rows` takes from the first axis")
            )
        axes.append(select_rows(node.get("rows"), stored.shape[0]))
    if "columns" in node:
        columns = node.entries["columns"].value
        if stored.ndim != 2:
            raise _no_such_axis(
                columns, DATA_COLUMNS, stored, msg("`columns` takes from an array of two axes")
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
    """`array` with the chosen positions of an axis; all of them are no work."""
    if choice.positions == range(array.shape[axis]):
        return array
    return np.take(array, np.array(choice.positions, dtype=np.intp), axis)


def _no_such_axis(node: YamlNode, kind: Code, array: Tensor, rule: Message) -> ScenarioError:
    return mistake(
        kind, node, msg("{rule}, the shape here is {shape}", rule=rule, shape=shape_text(array.shape))
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
        "{where} is {number}, no whole number up to 2**53 under `dtype: int`", where=where, number=number
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
        "{where} is {number}, {dtype} cannot hold it: its largest number is {largest:.4g}",
        where=where,
        number=number,
        dtype=dtype.name,
        largest=largest,
    )
    raise file.wrong(message, msg("`dtype: float64` for the whole graph holds more"), NUMBER_RANGE)
