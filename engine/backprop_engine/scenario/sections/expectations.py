"""The section `expect`: which figures are expected, and how close."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, freeze
from backprop_engine.errors import Code, Place, code
from backprop_engine.evaluation.evaluate import EvaluationError, infer_shape
from backprop_engine.expressions import Expr, derivative_parts
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import Hint, joined, msg
from backprop_engine.scenario.format import EXPECT, MAX_DIGITS
from backprop_engine.scenario.leaves.data_files import DataFiles
from backprop_engine.scenario.leaves.numbers import NOT_A_NUMBER, read_numbers
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.lower.resolve import undefined
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_bool,
    as_int,
    as_mapping,
    as_number,
    described,
    expression_mistake,
    is_absent,
    mistake,
    only_keys,
    parsed,
)
from backprop_engine.scenario.read.yaml_nodes import (
    YamlEntry,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    is_blank,
)

if TYPE_CHECKING:
    from backprop_engine.trace.run import Training

__all__ = [
    "UNKNOWN",
    "BlankFigure",
    "Expectation",
    "Figure",
    "Formula",
    "check_figure",
    "check_formula",
    "last_iteration",
    "no_gradient",
    "read_expectations",
]

EXPECT_NAME = code("expect-name", msg("An expectation names something that is neither a leaf nor a node."))
EXPECT_ITERATION = code(
    "expect-iteration", msg("An expectation is for an iteration that the run does not have.")
)
EXPECT_TOLERANCE = code("expect-tolerance", msg("A tolerance is negative, or given in two ways."))
EXPECT_EMPTY = code("expect-empty", msg("A block of expectations has neither `values` nor `grads`."))
EXPECT_GRADIENT = code("expect-gradient", msg("A gradient is expected for a node that has none."))
EXPECT_FORMULA = code(
    "expect-formula", msg("A formula for a gradient uses an unknown name, or does not fit.")
)

_DOUBLE: Final = np.dtype(np.float64)

ExpectedQuantity: TypeAlias = Literal["value", "gradient"]


class Formula(Struct, frozen=True, eq=False):
    """A gradient written by hand, or an answer: an expression over nodes, with `grad(NAME)`."""

    tree: Expr
    scalar: YamlScalar


class Figure(Struct, frozen=True, eq=False):
    """One expected value or gradient; `key` is its name in the file, `node` its value there."""

    of: ExpectedQuantity
    name: str
    expected: Tensor | Formula
    key: YamlScalar
    node: YamlNode

    @property
    def place(self) -> Place:
        """Where the figure is in the file."""
        return self.node.place


class BlankFigure(Struct, frozen=True, eq=False):
    """A figure that is still to be filled in, with ``?`` in its place: nothing is expected of it yet."""

    of: ExpectedQuantity
    name: str
    key: YamlScalar


class Expectation(Struct, frozen=True, eq=False):
    """A block under `expect`: figures, how close they must come, and whether they are known to be wrong.

    `blanks` are those that an exercise leaves to be filled in.
    """

    figures: tuple[Figure, ...]
    block: YamlNode
    blanks: tuple[BlankFigure, ...] = ()
    iteration: int = 0
    rtol: float = 1e-9
    atol: float = 1e-12
    digits: int | None = None
    wrong: bool = False

    @property
    def asked(self) -> tuple[Figure | BlankFigure, ...]:
        """Its figures with those that are still blank, in the file's order."""
        return tuple(sorted((*self.figures, *self.blanks), key=lambda figure: figure.key.start))

    def close(self, found: Any, expected: Any) -> Any:
        """For each entry, whether it matches; an infinity or a NaN only matches its like."""
        with np.errstate(all="ignore"):
            difference = np.abs(found - expected)
            if self.digits is None:
                allowed = self.atol + self.rtol * np.abs(expected)
            else:
                # Half a unit of the last digit, and a hair: the binary forms of both are inexact.
                allowed = 0.5 * 10.0**-self.digits + 4 * np.spacing(np.abs(expected))
            both_nan = np.isnan(found) & np.isnan(expected)
            return (found == expected) | both_nan | (np.isfinite(expected) & (difference <= allowed))


def read_expectations(
    node: YamlNode | None,
    known: DefinedNames,
    mistakes: Mistakes,
    training: Training | Unknown | None = None,
    *,
    files: DataFiles,
) -> tuple[Expectation, ...]:
    """The blocks under `expect`, one or a list of them; `known` are the names of leaves and nodes.

    Figures may be in data files, which are read as those of leaves are, with the same `files`.
    A mistake in a block or a single figure is collected, and the others are still read.
    """
    if node is None or is_absent(node):
        return ()
    blocks: list[Expectation] = []
    for item in node.items if isinstance(node, YamlSequence) else (node,):
        with mistakes.collected():
            hint = msg("such as `{text}`", text="values: {f: 3}")
            block = as_mapping(item, msg("a block with `values` or `grads`"), hint)
            blocks.append(_block(block, known, mistakes, last_iteration(training), files))
    return tuple(blocks)


class Unknown(Enum):
    """The one value of a training that is there and cannot be read."""

    TRAINING = "training"


UNKNOWN: Final = Unknown.TRAINING


def last_iteration(training: Training | Unknown | None) -> int | None:
    """The number of the last iteration; None if that is unknown."""
    if isinstance(training, Unknown):
        return None
    return training.steps if training else 0


def _block(
    block: YamlMapping, known: DefinedNames, mistakes: Mistakes, last: int | None, files: DataFiles
) -> Expectation:
    """One block; `last` is the number of the last iteration, which is a forward pass alone unless it is 0."""
    settings: dict[str, Any] = {}
    mistakes.attempt(only_keys, block, EXPECT.names, msg("a block of expectations"))
    with mistakes.collected():
        settings = _settings(block, last)
    if not {"values", "grads"} & block.entries.keys() and block.entries.keys() <= set(EXPECT.names):
        raise mistake(
            EXPECT_EMPTY, block, msg("this block expects nothing"), msg("it needs `values` or `grads`")
        )
    found = [
        *_figures("value", "values", block, known, mistakes, files),
        *_figures("gradient", "grads", block, known, mistakes, files),
    ]
    figures = tuple(figure for figure in found if isinstance(figure, Figure))
    blanks = tuple(figure for figure in found if isinstance(figure, BlankFigure))
    return Expectation(figures, block, blanks, **settings)


def _figures(
    of: ExpectedQuantity,
    section: str,
    block: YamlMapping,
    known: DefinedNames,
    mistakes: Mistakes,
    files: DataFiles,
) -> Iterator[Figure | BlankFigure]:
    """The figures of one section of a block."""
    node = block.get(section)
    if node is None or is_absent(node):
        return
    with mistakes.collected():
        for entry in as_mapping(
            node, msg("a map from names to numbers"), msg("such as `{text}`", text=f"{section}: {{x: 3}}")
        ):
            if mistakes.gives_up():
                break
            with mistakes.collected():
                yield _figure(of, entry, known, files)


def _settings(block: YamlMapping, last: int | None) -> dict[str, Any]:
    """Which iteration a block is about, how close its figures must come, and whether they are wrong."""
    found = _tolerance(block)
    iteration = block.get("iteration")
    if iteration is not None:
        found["iteration"] = number = as_int(iteration, msg("a whole number"))
        if last is None:
            return found
        if not 0 <= number <= last:
            there = (
                msg("the iterations are 0 to {last}", last=last)
                if last
                else msg("without `train` there is only iteration 0")
            )
            raise mistake(EXPECT_ITERATION, iteration, there)
        if last and number == last and not is_absent(block.get("grads")):
            message = msg("iteration {last} is just a final forward pass, without gradients", last=last)
            raise mistake(
                EXPECT_ITERATION,
                block.entries["grads"].key,
                message,
                msg("the last gradients are in iteration {last}", last=last - 1),
            )
    wrong = block.get("wrong")
    if wrong is not None:
        found["wrong"] = as_bool(wrong, msg("`true` or `false`"))
    return found


def _tolerance(block: YamlMapping) -> dict[str, Any]:
    """How close the figures of a block must come."""
    found: dict[str, Any] = {}
    for name in ("rtol", "atol"):
        node = block.get(name)
        if node is not None:
            found[name] = as_number(node, msg("a number for `{name}`", name=name))
            if not 0 <= found[name] < math.inf:
                raise mistake(
                    EXPECT_TOLERANCE, node, msg("`{name}` must be a number, 0 or larger", name=name)
                )
    digits = block.get("digits")
    if digits is not None:
        found["digits"] = as_int(digits, msg("the number of digits after the decimal point"))
        if not 0 <= found["digits"] <= MAX_DIGITS:
            raise mistake(
                EXPECT_TOLERANCE,
                digits,
                msg("`digits` must be a whole number from 0 to {most}", most=MAX_DIGITS),
            )
        if len(found) > 1:
            key = block.entries["digits"].key
            raise mistake(
                EXPECT_TOLERANCE,
                key,
                msg("`digits` cannot be combined with `rtol` or `atol`"),
                msg("keep one of them"),
            )
    return found


def _figure(
    of: ExpectedQuantity, entry: YamlEntry, known: DefinedNames, files: DataFiles
) -> Figure | BlankFigure:
    """One expected value or gradient, as numbers, from a file, as a formula, or still blank."""
    name = known.canonical(entry.key.text)
    if name not in known:
        raise mistake(EXPECT_NAME, entry.key, *known.undefined(name))
    node = entry.value
    if is_blank(node):
        return BlankFigure(of, name, entry.key)
    if isinstance(node, YamlScalar) and isinstance(node.value, str) and not _meant_as_number(node):
        if of == "value":
            hint = msg("expressions are only for `grads`; computed nodes go under `nodes`")
            raise mistake(
                NOT_A_NUMBER,
                node,
                msg("expected a number or list, found {found}", found=described(node)),
                hint,
            )
        return Figure(of, name, Formula(parsed(node), node), entry.key, node)
    if isinstance(node, YamlMapping) and "file" in node:
        # imported here, since most scenarios have no data files
        from backprop_engine.scenario.leaves.leaf_files import read_file

        stored = read_file(name, node, _DOUBLE, files)
        return Figure(of, name, freeze(stored, _DOUBLE), entry.key, node)
    numbers = read_numbers(node, msg("the figure for `{name}`", name=name))
    return Figure(of, name, freeze(numbers.array(), _DOUBLE), entry.key, node)


def _meant_as_number(scalar: YamlScalar) -> bool:
    """Whether a text is `NaN` or `inf` as other formats write it, which deserves a hint of its own."""
    return scalar.text.strip("+-.").casefold() in ("nan", "inf", "infinity")


def check_figure(figure: Figure | BlankFigure, graph: Graph) -> None:
    """Refuse a figure for a part that does not exist or has no gradient, and a formula that does not fit."""
    name = figure.name
    if name not in graph:
        base = name.partition("#")[0]
        parts = sum(1 for node in graph.nodes if node.name.startswith(f"{base}#"))
        message = (
            msg("`{unit}` has 1 numbered part, but no `{name}`", unit=base, name=name)
            if parts == 1
            else msg(
                "`{unit}` has {count} numbered parts, but no `{name}`", unit=base, count=parts, name=name
            )
        )
        raise mistake(EXPECT_NAME, figure.key, message)
    if figure.of == "gradient" and (reason := no_gradient(graph, graph[name])):
        raise mistake(
            EXPECT_GRADIENT, figure.key, msg("`{name}` has no gradient: {reason}", name=name, reason=reason)
        )
    if isinstance(figure, Figure) and isinstance(figure.expected, Formula):
        check_formula(figure.expected, graph, EXPECT_FORMULA)


def no_gradient(graph: Graph, node: Node) -> Hint:
    """Why `node` has no gradient, or nothing where it has one; an input that is not reached has zeros."""
    if node.kind is Kind.CONSTANT:
        return msg("it is a constant")
    if node.takes_gradient and (node.is_leaf or graph.active[node.position]):
        return ""
    return msg(
        "no differentiable path leads from it to the output `{name}`",
        name=graph.nodes[graph.output].name,
    )


def check_formula(formula: Formula, graph: Graph, kind: Code) -> bool:
    """Whether a formula uses gradients; raises `ScenarioError` of this kind where it does not fit the graph.

    That is so for unknown names or operators, and for shapes that do not fit together.
    """
    gradients: list[str] = []

    def shape_of(name: str) -> Shape:
        if derivative := derivative_parts(name):
            raise LookupError(
                msg(
                    "`{name}` is a local gradient: write it out; the gradient of {operand} is `{gradient}`",
                    name=name,
                    operand=derivative[1],
                    gradient=f"∂{graph.loss_name}/∂{derivative[1]}",
                )
            )
        if name not in graph:
            message, hint = undefined(name, [node.name for node in graph.nodes if node.name])
            raise LookupError(joined(msg("; "), (message, hint)) if hint else message)
        return graph[name].shape

    def gradient_shape(name: str) -> Shape:
        shape = shape_of(name)
        if reason := no_gradient(graph, graph[name]):
            raise LookupError(msg("`{name}` has no gradient: {reason}", name=name, reason=reason))
        gradients.append(name)
        return shape

    try:
        infer_shape(formula.tree, shape_of, gradient_shape, graph.operators, loss=graph.loss_name)
    except EvaluationError as error:
        raise expression_mistake(kind, formula.scalar, error.span, error.message, error.hint) from None
    return bool(gradients)
