"""Numbers and nested lists of one depth, as they are written."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import Shape
from backprop_engine.errors import code
from backprop_engine.messages.message import Hint, msg
from backprop_engine.scenario.read.mistakes import described, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar, YamlSequence, is_blank

__all__ = ["NOT_A_NUMBER", "read_numbers", "whole_list"]

NOT_A_NUMBER = code(
    "not-a-number", msg("There is something else where a number or a list of numbers should be.")
)
RAGGED = code("ragged", msg("The rows of a nested list differ in length or depth."))
NUMBER_RANGE = code("number-range", msg("A number is too large for the scenario's dtype."))

_SEED = "`seed`"
_NUMBERS = (int, float, bool)


class NumberList(NamedTuple):
    """Numbers as they are written, row by row, and the shape that they have."""

    entries: list[YamlScalar]
    shape: Shape

    def array(self) -> NDArray[np.float64]:
        """The numbers in double precision."""
        flat = np.array([float(entry.value) for entry in self.entries], dtype=np.float64)  # type: ignore[arg-type]
        return flat.reshape(self.shape)

    def check_range(self, dtype: np.dtype[Any]) -> None:
        """Refuse the first finite number that `dtype` would turn into an infinity."""
        largest = float(np.finfo(dtype).max)
        if dtype.itemsize == 8:
            return
        for entry in self.entries:
            size = abs(float(entry.value))  # type: ignore[arg-type]
            if largest < size < math.inf:
                message = msg(
                    "{dtype} cannot hold {number}: its largest number is {largest:.4g}",
                    dtype=dtype.name,
                    number=entry.text,
                    largest=largest,
                )
                raise mistake(NUMBER_RANGE, entry, message, msg("`dtype: float64` can hold larger numbers"))


def read_numbers(node: YamlNode, what: str) -> NumberList:
    """The number or nested list at `node`; `ScenarioError` at the first row that differs from the others."""
    shape: list[int] = []
    first: YamlNode = node
    while isinstance(first, YamlSequence):
        shape.append(len(first.items))
        if not first.items:
            break
        first = first.items[0]
    entries: list[YamlScalar] = []
    _gather(node, tuple(shape), 0, what, entries)
    return NumberList(entries, tuple(shape))


def _gather(node: YamlNode, shape: Shape, depth: int, what: str, entries: list[YamlScalar]) -> None:
    """Append the numbers under `node` to `entries`; nesting is bounded by the reader."""
    if depth == len(shape):
        if type(node) is YamlScalar and type(node.value) in _NUMBERS:
            entries.append(node)
            return
        if isinstance(node, YamlSequence) and depth:
            raise mistake(
                RAGGED,
                node,
                msg("found a list, but the first entry of {what} at this depth is a number", what=what),
            )
        raise _no_number(node, what)
    if not isinstance(node, YamlSequence):
        if isinstance(node, YamlScalar) and type(node.value) in _NUMBERS:
            message = msg("found a number, but the first entry of {what} at this depth is a list", what=what)
            raise mistake(RAGGED, node, message, msg("expected a list of {count}", count=shape[depth]))
        raise _no_number(node, what)
    if len(node.items) != shape[depth]:
        count = len(node.items)
        wanted = shape[depth]
        message = (
            msg("this row has 1 entry, but the first one has {wanted}", wanted=wanted)
            if count == 1
            else msg(
                "this row has {count} entries, but the first one has {wanted}", count=count, wanted=wanted
            )
        )
        raise mistake(
            RAGGED,
            node,
            message,
            msg("every row of {what} at this depth needs {count}", what=what, count=wanted),
        )
    inner = depth + 1
    for item in node.items:
        if inner == len(shape) and type(item) is YamlScalar and type(item.value) in _NUMBERS:
            entries.append(item)  # nearly always
        else:
            _gather(item, shape, inner, what, entries)


def _no_number(node: YamlNode, what: str) -> Exception:
    hint: Hint = ""
    if isinstance(node, YamlScalar) and isinstance(node.value, str):
        # imported here, since it makes patterns that no right file needs
        from backprop_engine.scenario.read.foreign_numbers import (
            is_number,
            list_hint,
            number_hint,
            tensor_hint,
        )

        text = node.text
        hint = number_hint(text) or list_hint(text) or tensor_hint(text)
        if is_number(text):
            hint = msg("write numbers without quotes")
        elif not hint and what != _SEED and (text.isidentifier() or any(sign in text for sign in "*/+(")):
            hint = msg("computed nodes go under `nodes`")
    if is_blank(node):
        hint = msg("only figures under `expect` and answers under `ask` can be left blank")
    return mistake(
        NOT_A_NUMBER,
        node,
        msg("expected a number in {what}, found {found}", what=what, found=described(node)),
        hint,
    )


def whole_list(node: YamlNode, what: str, hint: Hint) -> tuple[list[YamlScalar], tuple[int, ...]]:
    """The list of whole numbers at `node`, with the places of its entries."""
    if not isinstance(node, YamlSequence):
        raise mistake(
            NOT_A_NUMBER,
            node,
            msg("{what} must be a list of whole numbers, found {found}", what=what, found=described(node)),
            hint,
        )
    entries = []
    for item in node.items:
        if not (isinstance(item, YamlScalar) and type(item.value) is int):
            raise mistake(
                NOT_A_NUMBER,
                item,
                msg("expected a whole number in {what}, found {found}", what=what, found=described(item)),
                hint,
            )
        entries.append(item)
    return entries, tuple(entry.value for entry in entries)  # type: ignore[misc]
