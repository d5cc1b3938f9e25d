"""Verifying a scenario: the figures that its author expects, and every gradient numerically."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.derivatives.misconceptions import cosine, largest_gap, resemblance
from backprop_engine.derivatives.numeric_check import check_trace, latest
from backprop_engine.errors import Code, Diagnostic, Place, code
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate_on
from backprop_engine.expressions import normalised
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlSequence
from backprop_engine.scenario.sections.expectations import Expectation, Figure, Formula
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace

__all__ = [
    "CheckInterrupted",
    "Failure",
    "Verification",
    "block_failures",
    "failures",
    "figure_failure",
    "unexpectedly_right",
    "verify",
]

EXPECT_DIFFERS = code("expect-differs", msg("A figure differs from the expected one."))
EXPECT_SHAPE = code("expect-shape", msg("A figure does not have the expected shape."))
EXPECT_WRONG = code("expect-wrong", msg("Every figure in a block marked `wrong` is correct as written."))


class Failure(Struct, frozen=True, eq=False):
    """An expectation that is not met; `name` is empty if it is about a whole block.

    `index` is that of the first entry that differs, `()` for a scalar, and None where shapes differ.
    """

    code: Code
    name: str
    message: Message
    node: YamlNode
    hint: Hint = ""
    index: tuple[int, ...] | None = None

    @property
    def place(self) -> Place:
        """Where the figure is in the file."""
        return self.node.place

    @property
    def diagnostic(self) -> Diagnostic:
        """The failure with its line quoted, ready to be shown."""
        return self.node.source.diagnostic(self.code, self.message, self.place, self.hint)

    def __str__(self) -> str:
        return str(self.diagnostic)


def failures(scenario: Scenario, run: Run) -> list[Failure]:
    """The expectations that `run`, the iterations of `scenario`, does not meet; in the file's order."""
    return [
        failure
        for block in scenario.expectations
        for failure in block_failures(block, run.trace(block.iteration))
    ]


def block_failures(block: Expectation, trace: Trace) -> list[Failure]:
    """The expectations of a block that the trace of its iteration does not meet."""
    failed = [
        failure for figure in block.figures if (failure := figure_failure(figure, block, trace)) is not None
    ]
    if not block.wrong:
        return failed
    if failed:
        return []
    message = msg("this block is marked `wrong`, but every figure in it is correct")
    return [Failure(EXPECT_WRONG, "", message, block.block, msg("remove `wrong: true`"))]


def figure_failure(figure: Figure, block: Expectation, trace: Trace) -> Failure | None:
    """How `figure` of `block` fails in the trace of the block's iteration, or None if it is right."""
    name = figure.name
    what = f"`{name}`" if figure.of == "value" else msg("the gradient of `{name}`", name=name)
    try:
        expected = _float64(_expected(figure.expected, trace))
    except EvaluationError as error:
        return Failure(
            EXPECT_DIFFERS,
            name,
            msg("the formula has no value: {message}", message=error.message),
            figure.node,
            error.hint,
        )
    found = _float64(trace.value(name) if figure.of == "value" else trace.gradient(name))
    if found.shape != expected.shape:
        message = msg(
            "{what} has shape {shape}, expected {wanted}",
            what=what,
            shape=shape_text(found.shape),
            wanted=shape_text(expected.shape),
        )
        return Failure(EXPECT_SHAPE, name, message, figure.node, _fitting(found, expected, block))
    close = np.asarray(block.close(found, expected))
    if close.all():
        return None
    wrong = np.argwhere(~close)
    index = tuple(map(int, wrong[0]))
    shown, wanted = _apart(float(found[index]), float(expected[index]))
    message = msg("{what} is {found}, expected {wanted}", what=what, found=shown, wanted=wanted)
    if index:
        message = msg(
            "{what} at {entry} is {found}, expected {wanted}",
            what=what,
            entry=list(index),
            found=shown,
            wanted=wanted,
        )
    if len(wrong) > 1:
        message = msg(
            "{message}; {count} of {size} entries differ", message=message, count=len(wrong), size=found.size
        )
    if isinstance(figure.node, YamlMapping) and found.size > 1:  # the figures of a data file are not shown
        message = _measured(message, found, expected)
    hint = _fitting(found, expected, block)
    if not hint and not (hint := _rounded(found, expected, block)) and figure.of == "gradient":
        hint = resemblance(found, expected)
    return Failure(EXPECT_DIFFERS, name, message, _entry_node(figure.node, index), hint, index)


def _measured(message: Message, found: NDArray[np.float64], expected: NDArray[np.float64]) -> Message:
    """With the largest difference, its place, and the angle between the two."""
    difference, place = largest_gap(found, expected)
    return msg(
        "{message}; the largest difference is {difference:.3g} at {entry}, the cosine {cosine:.6g}",
        message=message,
        difference=difference,
        entry=list(place),
        cosine=cosine(found, expected),
    )


def _expected(expected: Tensor | Formula, trace: Trace) -> Tensor:
    if not isinstance(expected, Formula):
        return expected
    return evaluate_on(expected.tree, trace)


def _float64(tensor: Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor, dtype=np.float64)


def _entry_node(node: YamlNode, index: Sequence[int]) -> YamlNode:
    """The node of an entry of a nested list."""
    for position in index:
        if not isinstance(node, YamlSequence):
            break
        node = node.items[position]
    return node


def _fitting(found: NDArray[Any], expected: NDArray[Any], block: Expectation) -> Hint:
    """A transposition, or a sum over an axis, under which the two would be equal."""

    def fits(left: NDArray[Any], other: NDArray[Any]) -> bool:
        return left.shape == other.shape and bool(np.all(block.close(left, other)))

    if found.ndim > 1 and fits(found.T, expected):
        return msg("its transpose would fit: write the rows as columns, or look for a missing `.T`")
    with np.errstate(all="ignore"):
        for axis in range(found.ndim):
            for keep in (False, True):
                if fits(found.sum(axis=axis, keepdims=keep), expected):
                    return msg("its sum over axis {axis} would fit", axis=axis)
        for axis in range(expected.ndim):
            for keep in (False, True):
                if fits(found, expected.sum(axis=axis, keepdims=keep)):
                    return msg(
                        "the sum of the expected figures over axis {axis} would fit: the gradient of a "
                        "broadcast operand is a sum",
                        axis=axis,
                    )
    return ""


def _rounded(found: NDArray[np.float64], expected: NDArray[np.float64], block: Expectation) -> Hint:
    """The number of decimals to which the figures are right, if they look rounded to that many."""
    given = block.block.entries if isinstance(block.block, YamlMapping) else {}
    if not given.keys().isdisjoint(("digits", "rtol", "atol")) or not np.isfinite(expected).all():
        return ""
    for digits in range(1, _MOST_ROUNDED + 1):
        if np.array_equal(np.round(expected, digits), expected):
            if not structs.replace(block, digits=digits).close(found, expected).all():
                return ""
            return msg(
                "rounded to {count} digits after the point it would fit: write `digits: {count}` beside it",
                count=digits,
            )
    return ""


_MOST_ROUNDED: Final = 8


def _apart(found: float, expected: float) -> tuple[str, str]:
    """Both numbers, with just enough digits to show that they differ."""
    for digits in (6, 10, 14):
        shown, other = f"{found:.{digits}g}", f"{expected:.{digits}g}"
        if shown != other:
            return shown, other
    return repr(found), repr(expected)


class Verification(Struct, frozen=True, eq=False):
    """What was found: expectations that failed, and every numeric check with those that are accepted."""

    figures: int
    failures: Sequence[Failure]
    checks: Sequence[GradientCheck]
    bad: Sequence[GradientCheck]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures and not self.bad


class CheckInterrupted(KeyboardInterrupt):
    """An interrupt during `verify`: what was found so far, out of how many gradients."""

    def __init__(self, found: Verification, count: int) -> None:
        self.found, self.count = found, count
        super().__init__()


def verify(
    scenario: Scenario,
    hear: Callable[[int, int], None] | None = None,
    reach: Callable[[Run, int], None] | None = None,
) -> Verification:
    """Compare `expect`, then check every gradient.

    A gradient that is not finite is accepted only where `expect` names it, or names one that it flows into;
    where the output is not finite, nothing can be compared, and `expect` must name that. A gradient that a
    rule marked `wrong` makes differ is accepted, and there must be one. With `train`, the
    gradients of the first iteration are checked, and of each that has expectations of its own.

    `hear` is told after each gradient how many have been checked, and how many there are; again from the
    first where directions are checked before entries. `reach` may compute the iterations before one that is
    looked at, and tell of it. An interrupt becomes `CheckInterrupted`.
    """
    run, graph = scenario.run(), scenario.graph
    checks: list[GradientCheck] = []
    bad: list[GradientCheck] = []
    right: list[str] = []
    last = run.iterations - 1
    named = dict.fromkeys((0, *sorted(block.iteration for block in scenario.expectations)))
    iterations = [iteration for iteration in named if iteration < last or scenario.training is None]
    each = len(graph.edges) + sum(leaf.takes_gradient for leaf in graph.leaves)
    count = len(iterations) * each
    begin = 0
    try:
        for iteration in iterations:
            blocks = [block for block in scenario.expectations if block.iteration == iteration]
            if reach is not None:
                reach(run, iteration)
            trace, begin = run.trace(iteration), len(checks)
            for turn, check in enumerate(check_trace(trace)):
                checks.append(check)
                if hear is not None:
                    hear(begin + turn % each + 1, count)
            found = checks[begin:] = latest(checks[begin:])
            bad += _bad(found, trace, blocks)
            right += [] if iteration else _right_after_all(found, graph)
            begin = len(checks)
        if reach is not None and named:
            reach(run, max(named))
    except KeyboardInterrupt:
        checks[begin:] = latest(checks[begin:])
        bad += [check for check in checks[begin:] if not check.verdict.good]
        raise CheckInterrupted(Verification(0, [], checks, bad), count) from None
    figures = sum(len(block.figures) for block in scenario.expectations)
    unexpected = [_marked_wrong(name, scenario) for name in right]
    return Verification(figures, [*failures(scenario, run), *unexpected], checks, bad)


def unexpectedly_right(verification: Verification, operator: str) -> list[Failure]:
    """The failure that an operator is marked `wrong`, and its rules agree; none where a gradient differs."""
    return [
        failure
        for failure in verification.failures
        if failure.code is EXPECT_WRONG and failure.name == operator
    ]


def _right_after_all(checks: Sequence[GradientCheck], graph: Graph) -> list[str]:
    """The operators that are marked `wrong`, and with which no gradient differs."""
    found = {check.name for check in checks if check.verdict is Verdict.DIFFERS}
    edges = [edge for edge in graph.edges if graph.edge_name(edge) in found]
    caught = {op.name for edge in edges if (op := graph.nodes[edge.node].op) is not None}
    used = {node.op.name for node in graph.nodes if node.op is not None and node.op.wrong}
    return sorted(used - caught)


def _marked_wrong(name: str, scenario: Scenario) -> Failure:
    root = read(scenario.text)
    assert isinstance(root, YamlMapping)  # it was loaded before
    section = root.entries["operators"].value
    assert isinstance(section, YamlMapping)
    message = msg("the operator `{name}` is marked `wrong`, but its rules agree", name=name)
    entry = next(entry for entry in section if normalised(entry.key.text) == name)
    return Failure(EXPECT_WRONG, name, message, entry.key, msg("remove `wrong: true`"))


def _known_mistakes(graph: Graph) -> frozenset[str]:
    """The names of the checks in which a rule marked `wrong` has a part."""
    wrong = [node.op is not None and node.op.wrong for node in graph.nodes]
    if not any(wrong):
        return frozenset()
    names = {graph.edge_name(edge) for edge in graph.edges if wrong[edge.node]}
    for leaf in graph.leaves:
        reached = {leaf.position}
        for position in graph.order:
            if reached.intersection(graph.nodes[position].operands):
                reached.add(position)
        if any(wrong[position] for position in reached):
            names.add(leaf.name)
    return frozenset(names)


def _bad(checks: Sequence[GradientCheck], trace: Trace, blocks: Sequence[Expectation]) -> list[GradientCheck]:
    """The checks that are not accepted."""
    figures = [figure for block in blocks for figure in block.figures if _not_finite(figure.expected)]
    accepted = _flowing_into(trace, {figure.name for figure in figures if figure.of == "gradient"})
    values = {figure.name for figure in figures if figure.of == "value"}
    output = trace.graph.nodes[trace.graph.output].name
    known = _known_mistakes(trace.graph)
    return [
        check
        for check in checks
        if not check.verdict.good
        and not (check.verdict is Verdict.DIFFERS and check.name in known)
        and not (check.verdict is Verdict.NOT_FINITE and _target(check) in accepted)
        and not (check.verdict is Verdict.NOT_FINITE and _source(check) in values)
        and not (check.method == "output" and output in values)
    ]


def _not_finite(expected: object) -> bool:
    return isinstance(expected, np.ndarray | np.generic) and not bool(np.all(np.isfinite(_numbers(expected))))


def _numbers(expected: object) -> Tensor:
    return np.asarray(expected, dtype=np.float64)


def _target(check: GradientCheck) -> str:
    """The node that a checked gradient belongs to."""
    return check.name.rpartition(" → ")[2]


def _source(check: GradientCheck) -> str:
    """The node whose output a check found not to be finite."""
    return check.name.partition(" → ")[0]


def _flowing_into(trace: Trace, names: set[str]) -> set[str]:
    """The nodes whose gradient flows, edge by edge, into one of `names`; those themselves too."""
    reached = {trace.graph.position(name) for name in names}
    for edge in reversed(trace.graph.edges):
        if edge.operand in reached:
            reached.add(edge.node)
    return {trace.graph.nodes[position].name for position in reached}
