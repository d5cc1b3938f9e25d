"""Leaves: a number, a nested list, or a map that says how to fill a shape or which file to read.

Shapes are known before numbers are made: what fills a shape is drawn only when the memory of the whole run
has been checked. A data file is read at once, for its shape is in it, and once for a whole load, within
the bounds that `DataFiles` sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import MAX_AXES, Shape
from backprop_engine.errors import code
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.suggestions import did_you_mean, near_one_of
from backprop_engine.ops import OPS
from backprop_engine.scenario.format import filled_keys
from backprop_engine.scenario.leaves.data_files import DataFiles
from backprop_engine.scenario.leaves.numbers import NUMBER_RANGE, read_numbers, whole_list
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

if TYPE_CHECKING:
    from backprop_engine.scenario.leaves.initializers import Init

__all__ = ["LEAF_SECTIONS", "Leaf", "read_leaf"]

LEAF_FORM = code(
    "leaf-form",
    msg("A leaf is not a number, a nested list, or a map with `shape` and `init`, or with `file`."),
)
LEAF_SHAPE = code(
    "leaf-shape", msg("A shape has a negative size, too many axes, or does not fit its `init`.")
)
LEAF_INIT = code("leaf-init", msg("`init` is not the name of an initialiser, or its settings do not fit."))

LEAF_SECTIONS: Final = {"inputs": Kind.INPUT, "params": Kind.PARAM, "constants": Kind.CONSTANT}
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
    """The leaf that `node` describes; `ScenarioError` if it does not describe one.

    The leaves of one scenario share `files`, so that each is read once and all together are bounded.
    """
    if isinstance(node, YamlMapping) and "file" in node:
        # imported here, since most scenarios have no data files
        from backprop_engine.scenario.leaves.leaf_files import read_file

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
                    "`{name}` has {count} axes; at most {most} are allowed",
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
    from backprop_engine.scenario.leaves.initializers import INITS

    shape = _shape(name, node.entries["shape"].value)
    init_node = as_text(
        node.entries["init"].value,
        msg("a way to fill the tensor"),
        msg("such as `{text}`", text="init: zeros"),
    )
    init = INITS.get(init_node.text)
    if init is None:
        hint = did_you_mean(init_node.text, INITS) or _otherwise_filled(init_node.text, INITS)
        raise mistake(LEAF_INIT, init_node, msg("there is no init `{name}`", name=init_node.text), hint)
    settings = _settings(node, init_node.text, init)
    if init.fans and len(shape) < 2:
        message = msg(
            "`{init}` needs two axes or more, but `{name}` has {count}",
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
            msg("`eye` makes a matrix with two axes, but `{name}` has {count}", name=name, count=len(shape)),
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
                "`{name}` has {count} axes; at most {most} are allowed",
                name=name,
                count=len(shape),
                most=MAX_AXES,
            ),
        )
    return shape


def _otherwise_filled(init: str, known: Iterable[str]) -> Message:
    """How to fill a leaf with values that no init gives."""
    if init in OPS:
        return msg("`{op}` is an operator: fill with `ones`, and write `{op}(…)` in a node", op=init)
    if init.startswith("randint"):
        return msg("write whole numbers as a list, such as `[3, 0, 2]`, or put them in a file")
    return msg("available: {names}", names=", ".join(known))


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
        raise mistake(LEAF_INIT, given, msg("a seed cannot be negative"))
    return seed


def _transposed(node: YamlNode | None) -> bool:
    if node is None:
        return False
    if isinstance(node, YamlScalar) and node.value == "transposed":
        return True
    message = msg("`fan` can only be `transposed`")
    raise mistake(LEAF_INIT, node, message, msg("it is for a weight on the right of a product"))


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
