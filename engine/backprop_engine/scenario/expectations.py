"""The section `expect`: which figures must come out, and how close."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Final, Literal

import numpy as np

from backprop_engine.arrays import Shape, freeze
from backprop_engine.errors import code
from backprop_engine.graph import Graph, Kind, Node
from backprop_engine.scenario.evaluate import EvaluationError, infer_shape
from backprop_engine.scenario.expressions import expression_mistake, parsed
from backprop_engine.scenario.mistakes import (
    Mistakes,
    as_flag,
    as_mapping,
    as_real,
    as_whole,
    described,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.model import Expectation, Figure, Formula
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.nodes import Entry, Mapping, Scalar, Sequence
from backprop_engine.scenario.nodes import Node as FileNode
from backprop_engine.scenario.numbers import NOT_A_NUMBER, written
from backprop_engine.scenario.resolve import undefined

__all__ = ["check_figure", "no_gradient", "read_block", "read_blocks"]

EXPECT_NAME = code("expect-name", "An expectation for a name that no leaf and no node has.")
EXPECT_ITERATION = code("expect-iteration", "An expectation for an iteration that the run does not have.")
EXPECT_TOLERANCE = code("expect-tolerance", "A tolerance is negative, or given in two ways.")
EXPECT_EMPTY = code("expect-empty", "A block of expectations without `values` and without `grads`.")
EXPECT_GRADIENT = code("expect-gradient", "A gradient is expected of a node that has none.")
EXPECT_FORMULA = code("expect-formula", "A formula for a gradient names something unknown or does not fit.")

_KEYS: Final = ("iteration", "values", "grads", "rtol", "atol", "digits", "wrong")


def read_blocks(node: FileNode | None) -> list[Mapping]:
    """The blocks under `expect`: one, or a list of them."""
    if node is None or is_absent(node):
        return []
    if isinstance(node, Sequence):
        return [as_mapping(one, "a block with `values` or `grads`") for one in node]
    return [
        as_mapping(node, "a block with `values` or `grads`, or a list of blocks", "such as `values: {f: 3}`")
    ]


def read_block(block: Mapping, known: Collection[str], mistakes: Mistakes) -> Expectation:
    """One block; `known` are the names of leaves and nodes. Mistakes of single figures are taken up."""
    only_keys(block, _KEYS, "a block of expectations")
    iteration = block.get("iteration")
    if iteration is not None and as_whole(iteration, "a whole number") != 0:
        raise mistake(EXPECT_ITERATION, iteration, "without `train` there is only iteration 0")
    tolerance = _tolerance(block)
    wrong = block.get("wrong")
    figures: list[Figure] = []
    if is_absent(block.get("values")) and is_absent(block.get("grads")):
        raise mistake(EXPECT_EMPTY, block, "this block expects nothing", "it needs `values` or `grads`")
    of: Literal["value", "gradient"]
    for of, section in (("value", "values"), ("gradient", "grads")):
        node = block.get(section)
        if node is None or is_absent(node):
            continue
        for entry in as_mapping(node, "a map from names to numbers", f"such as `{section}: {{x: 3}}`"):
            with mistakes.collected():
                figures.append(_figure(of, entry, known))
    return Expectation(
        figures=tuple(figures),
        block=block,
        wrong=wrong is not None and as_flag(wrong, "`true` or `false`"),
        **tolerance,
    )


def _tolerance(block: Mapping) -> dict[str, Any]:
    """How close the figures of a block must come."""
    found: dict[str, Any] = {}
    for name in ("rtol", "atol"):
        node = block.get(name)
        if node is not None:
            found[name] = as_real(node, f"a number for `{name}`")
            if not 0 <= found[name] < math.inf:
                raise mistake(EXPECT_TOLERANCE, node, f"`{name}` is a number from 0 up")
    digits = block.get("digits")
    if digits is not None:
        found["digits"] = as_whole(digits, "the number of digits behind the decimal point")
        if not 0 <= found["digits"] <= 300:
            raise mistake(EXPECT_TOLERANCE, digits, "`digits` is a whole number from 0 to 300")
        if len(found) > 1:
            key = block.entries["digits"].key
            raise mistake(
                EXPECT_TOLERANCE, key, "`digits` stands beside `rtol` or `atol`", "keep one of them"
            )
    return found


def _figure(of: Literal["value", "gradient"], entry: Entry, known: Collection[str]) -> Figure:
    """One expected value or gradient."""
    name = normalised(entry.key.text)
    base = name.partition("#")[0]
    if base not in known:
        message, hint = undefined(name, tuple(known))
        raise mistake(EXPECT_NAME, entry.key, message, hint)
    node = entry.value
    if isinstance(node, Scalar) and isinstance(node.value, str) and not _meant_as_number(node):
        if of == "value":
            hint = "expressions are for `grads`; what is computed goes under `nodes`"
            raise mistake(NOT_A_NUMBER, node, f"expected a number or list, found {described(node)}", hint)
        return Figure(of, name, Formula(parsed(node), node), entry.key, node)
    numbers = written(node, f"the figure for `{name}`")
    return Figure(of, name, freeze(numbers.array(), np.dtype("float64")), entry.key, node)


def _meant_as_number(scalar: Scalar) -> bool:
    """Whether a text is `NaN` or `inf` as other formats write it, which deserves a hint of its own."""
    return scalar.text.strip("+-.").casefold() in ("nan", "inf", "infinity")


def check_figure(figure: Figure, graph: Graph) -> None:
    """Refuse a figure for a part that there is not or without a gradient, and a formula that does not fit."""
    name = figure.name
    if name not in graph:
        base = name.partition("#")[0]
        parts = sum(1 for node in graph.nodes if node.name.startswith(f"{base}#"))
        message = f"`{base}` has {parts} numbered part{'s' if parts != 1 else ''}, and none is `{name}`"
        raise mistake(EXPECT_NAME, figure.key, message)
    if figure.of == "gradient" and (reason := no_gradient(graph, graph[name])):
        raise mistake(EXPECT_GRADIENT, figure.key, f"`{name}` has no gradient: {reason}")
    if isinstance(figure.expected, Formula):
        _check_formula(figure.expected, graph)


def no_gradient(graph: Graph, node: Node) -> str:
    """Why `node` has no gradient, or nothing where it has one; an input that is not reached has zeros."""
    if node.kind is Kind.CONSTANT:
        return "it is a constant"
    if node.takes_gradient and (node.is_leaf or graph.active[node.position]):
        return ""
    return f"the output `{graph.nodes[graph.output].name}` does not depend on it along a differentiable path"


def _check_formula(formula: Formula, graph: Graph) -> None:
    """Refuse a formula with unknown names or operators, or with shapes that do not fit together."""

    def shape_of(name: str) -> Shape:
        if name not in graph:
            message, hint = undefined(name, [node.name for node in graph.nodes if node.name])
            raise LookupError(f"{message}; {hint}" if hint else message)
        return graph[name].shape

    def gradient_shape(name: str) -> Shape:
        shape = shape_of(name)
        if reason := no_gradient(graph, graph[name]):
            raise LookupError(f"`{name}` has no gradient: {reason}")
        return shape

    try:
        infer_shape(formula.tree, shape_of, gradient_shape)
    except EvaluationError as error:
        raise expression_mistake(
            EXPECT_FORMULA, formula.scalar, error.span, error.message, error.hint
        ) from None
