"""Graphs to test on: one for each operator and sample of the table, and random ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from inspect import signature
from itertools import product as combinations
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pytest
from hypothesis import strategies as st

from asserting import asserts
from backprop_engine.errors import ShapeError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.plans import product
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

CASES = [(op, sample) for op in OPS.values() for sample in op.samples]
IDS = [f"{op.name}-{number}" for op in OPS.values() for number, _ in enumerate(op.samples)]
_TABLED = {(id(op), id(sample)) for op, sample in CASES}
_traces: dict[tuple[int, int, str], Trace] = {}
Fits: TypeAlias = Callable[[Op, Sample], bool]


def each_sample(fits: Fits | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law of an operator and a sample: a case for each operator, which goes through its samples.

    Where `fits` is given the law is about those samples alone, and an operator without any has no case. Each
    sample must be asserted something of, and a failure names it.
    """

    def over_samples(law: Callable[..., None]) -> Callable[..., None]:
        tried = {
            name: [each for each in enumerate(op.samples) if fits is None or fits(op, each[1])]
            for name, op in OPS.items()
        }

        @wraps(law)
        def case(op: Op, **given: Any) -> None:
            for number, sample in tried[op.name]:
                with asserts(f"sample {number} of {op.name}: {sample}"):
                    law(op=op, sample=sample, **given)

        wanted = signature(law)
        case.__signature__ = wanted.replace(  # type: ignore[attr-defined]
            parameters=[one for name, one in wanted.parameters.items() if name != "sample"]
        )
        return pytest.mark.parametrize("op", [OPS[name] for name in tried if tried[name]], ids=repr)(case)

    return over_samples


def each_edge(fits: Callable[[Edge], bool]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law of an operator, a sample and one gradient edge, of those that it `fits`; as `each_sample`."""

    def over_edges(law: Callable[..., None]) -> Callable[..., None]:
        @wraps(law)
        def of_sample(op: Op, sample: Sample) -> None:
            for edge in trace_of(op, sample).graph.edges:
                if fits(edge):
                    with asserts(f"the edge to operand {edge.argnum}"):
                        law(op=op, sample=sample, edge=edge)

        wanted = signature(law)
        of_sample.__signature__ = wanted.replace(  # type: ignore[attr-defined]
            parameters=[one for name, one in wanted.parameters.items() if name != "edge"]
        )
        return each_sample(some_edge(fits))(of_sample)

    return over_edges


def has_edges(op: Op, sample: Sample) -> bool:
    """Whether gradient flows through the operator."""
    return bool(trace_of(op, sample).graph.edges)


def has_entries(op: Op, sample: Sample) -> bool:
    """Whether the result has an entry."""
    return 0 not in trace_of(op, sample).graph["out"].shape


def some_edge(fits: Callable[[Edge], bool] = lambda edge: True, *, filled: bool = False) -> Fits:
    """Whether one of the gradient edges `fits`; its operand has entries where it is to be `filled`."""

    def fitting(op: Op, sample: Sample) -> bool:
        graph = trace_of(op, sample).graph
        return any(
            fits(edge) and not (filled and 0 in graph.nodes[edge.operand].shape) for edge in graph.edges
        )

    return fitting


def attributes_of(op: Op, sample: Sample) -> dict[str, Any]:
    """The attributes of a sample, defaults filled in."""
    return {one.name: one.default for one in op.attributes} | dict(sample.attributes)


def graph_of(op: Op, sample: Sample, dtype: str = "float64") -> Graph:
    """One node called ``out``, over leaves called as the operator's operands."""
    builder = GraphBuilder(dtype)
    drawn = sample.draw()
    indices = op.indices(*map(np.shape, drawn)) if op.indices else ()
    operands = []
    for argnum, (name, tensor) in enumerate(zip(op.names(len(drawn)), drawn, strict=True)):
        fixed = name in op.constants or argnum in indices or tensor.dtype.kind == "b"
        kind = Kind.CONSTANT if fixed else Kind.INPUT
        operands.append(builder.leaf(name, kind, tensor.shape if isinstance(tensor, np.ndarray) else ()))
    builder.apply(op, operands, "out", attributes=sample.attributes)
    return builder.build()


def bindings_of(graph: Graph, op: Op, sample: Sample, seed: int = 0) -> Bindings:
    """The sample's numbers, and a random gradient at the output."""
    drawn = dict(zip(op.names(len(sample.operands)), sample.draw(seed), strict=True))
    upstream = np.random.default_rng(seed + 100).standard_normal(graph["out"].shape)
    return Bindings.of(graph, drawn, upstream)


def trace_of(op: Op, sample: Sample, dtype: str = "float64") -> Trace:
    """The recorded run of one operator on one sample."""
    if (trace := _traces.get((id(op), id(sample), dtype))) is None:
        graph = graph_of(op, sample, dtype)
        trace = record(graph, bindings_of(graph, op, sample))
        if (id(op), id(sample)) in _TABLED:
            _traces[id(op), id(sample), dtype] = trace
    return trace


def applied(op: str, *shapes: tuple[int, ...], **attributes: Any) -> Graph:
    """The graph of one operator over inputs of the given shapes."""
    return graph_of(OPS[op], Sample(shapes, attributes))


class Sketch:
    """A builder that is told names: ``sketch(f="mul q z")``."""

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self.positions: dict[str, int] = {}

    def inputs(self, **shapes: tuple[int, ...]) -> Sketch:
        return self.leaves(Kind.INPUT, **shapes)

    def constants(self, **shapes: tuple[int, ...]) -> Sketch:
        return self.leaves(Kind.CONSTANT, **shapes)

    def leaves(self, kind: Kind, **shapes: tuple[int, ...]) -> Sketch:
        for name, shape in shapes.items():
            self.positions[name] = self.builder.leaf(name, kind, shape)
        return self

    def __call__(self, **nodes: str) -> Sketch:
        for name, text in nodes.items():
            op, *operands = text.split()
            places = [self.positions[one] for one in operands]
            self.positions[name] = self.builder.apply(OPS[op], places, name)
        return self

    def build(self, output: str | None = None) -> Graph:
        return self.builder.build(output)


def largest(*tensors: Any) -> float:
    """The largest magnitude among the entries of `tensors`."""
    return max((float(np.max(np.abs(tensor), initial=0.0)) for tensor in tensors), default=0.0)


def assert_close(found: Any, wanted: Any, rtol: float = 1e-12, *, scale: float = 0.0) -> None:
    """Same shape, and no entry off by more than `rtol` times the largest in `wanted`, or `scale`."""
    assert np.shape(found) == np.shape(wanted)
    gap = largest(1.0 * np.asarray(found) - np.asarray(wanted))
    assert gap <= rtol * max(scale, largest(wanted)), f"off by {gap}: {found!r}, wanted {wanted!r}"


class RandomRun(NamedTuple):
    """A random graph and numbers for it."""

    graph: Graph
    bindings: Bindings


def rounding_decides(trace: Trace, values: Sequence[Any]) -> bool:
    """Whether a rule has another slope at another engine's `values` than at ours, which are the same but for
    rounding: then an operand lies on a kink, and which side of it is chance. Where entries tie, PyTorch does
    not say which of them `topk` keeps, and its adaptive pools hand all to the first.
    """
    for node in trace.graph.nodes:
        if node.op is not None and (node.op.name == "topk" or node.op.name.startswith("adaptive_max")):
            operand = trace.operand_values[node.operands[0]]
            if np.unique(operand).size < np.size(operand):
                return True
    theirs = [
        ours if ours.dtype.kind == "i" else np.asarray(value, dtype=np.float64)[()]
        for ours, value in zip(trace.operand_values, values, strict=True)
    ]
    with np.errstate(all="ignore"):
        for edge in trace.graph.edges:
            node = trace.graph.nodes[edge.node]
            slopes = [
                product(
                    trace.graph,
                    edge,
                    np.ones(node.shape)[()],
                    outs[edge.node],
                    [all_[one] for one in node.operands],
                )
                for outs, all_ in ((trace.outs, trace.operand_values), (theirs, theirs))
            ]
            if largest(slopes[0] - slopes[1]) > 1e-6 * max(1.0, largest(*slopes)):
                return True
    return False


SHAPES = ((), (), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (3, 3))
SMOOTH = (
    "add", "sub", "mul", "mul", "neg", "square", "tanh", "sigmoid", "identity", "detach",
    "sin", "cos", "atan", "softplus", "log_sigmoid", "silu", "mish",
)  # fmt: skip
MORE = (
    "add", "mul", "matmul", "matmul", "matmul",
    "maximum", "minimum", "abs", "relu", "where", "greater", "less_equal", "hadamard", "matmul",
    "outer", "sum", "mean", "transpose", "index", "softmax", "mse",
    "sign", "erf", "clip", "leaky_relu", "elu", "selu", "gelu", "hard_tanh", "relu6",
    "log_softmax", "layer_norm", "rms_norm", "batch_norm", "mae", "huber", "bce_with_logits",
    "scaled_dot_product_attention", "floor", "cumprod", "norm", "smooth_l1",
)  # fmt: skip
_ATTRIBUTES = {
    "sum": ({}, {"axis": 0}, {"axis": -1, "keepdims": True}),
    "mean": ({}, {"axis": 0}, {"axis": -1, "keepdims": True}),
    "index": ({"key": (0,)}, {"key": (-1,)}, {"key": (slice(None, None, -1),)}, {"key": (slice(None), 0)}),
    "softmax": ({}, {"axis": 0}),
    "log_softmax": ({}, {"axis": 0}),
    "clip": ({"min": -1.0, "max": 1.0}, {"min": -0.5}, {"max": 1.0}),
    "leaky_relu": ({}, {"negative_slope": 0.25}),
    "elu": ({}, {"alpha": 0.5}),
    "gelu": ({}, {"approximate": "tanh"}),
    "layer_norm": ({"eps": 0.5}, {"eps": 0.5, "axis": 0}),
    "rms_norm": ({"eps": 0.5}, {"eps": 0.5, "axis": 0}),
    "batch_norm": ({"eps": 0.5},),
    "mse": ({}, {"reduction": "sum"}, {"reduction": "none"}),
    "mae": ({}, {"reduction": "sum"}, {"reduction": "none"}),
    "huber": ({}, {"delta": 0.5}, {"reduction": "none"}),
    "cumprod": ({"axis": 0}, {"axis": -1}),
    "norm": ({}, {"ord": 1.0, "axis": 0}, {"ord": 3.0, "axis": -1}, {"ord": "inf"}),
    "smooth_l1": ({}, {"beta": 0.5}, {"reduction": "none"}),
    "bce_with_logits": ({}, {"reduction": "sum"}, {"reduction": "none"}),
    "scaled_dot_product_attention": ({"additive": True}, {"causal": True, "additive": True}),
}


def _fits(op: Op, shapes: tuple[tuple[int, ...], ...], attributes: dict[str, Any]) -> bool:
    given = {one.name: one.default for one in op.attributes} | attributes
    try:
        op.shape(*shapes, **given)
    except ShapeError:
        return False
    return True


@st.composite
def runs(
    draw: st.DrawFn,
    *,
    ops: tuple[str, ...] = SMOOTH + MORE,
    shapes: tuple[tuple[int, ...], ...] = SHAPES,
    most: int = 10,
    dtype: str = "float64",
    ties: bool = True,
) -> RandomRun:
    """Graphs with repeated uses, broadcasting, detours that lead nowhere, leaves in any place, literals.

    Leaves hold random numbers or, with `ties`, small whole ones for half of the graphs. Operands are
    mostly recent nodes and the output is mostly the last, so that most of a graph is on the way to it.
    """
    builder = GraphBuilder(dtype)
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    whole = ties and draw(st.booleans())
    values: dict[str, Any] = {}
    positions: list[int] = []
    computed: list[str] = []

    def leaf(kinds: tuple[Kind, ...] = (Kind.INPUT, Kind.PARAM, Kind.CONSTANT)) -> None:
        name = f"x{len(values)}"
        shape = draw(st.sampled_from(shapes))
        values[name] = random.integers(-1, 2, shape) if whole else random.uniform(-1.5, 1.5, shape)
        positions.append(builder.leaf(name, draw(st.sampled_from(kinds)), shape))

    def compute() -> None:
        op = OPS[draw(st.sampled_from(ops))]
        attributes = dict(draw(st.sampled_from(_ATTRIBUTES.get(op.name, ({},)))))
        present = list(dict.fromkeys(builder.shape(position) for position in reversed(positions)))
        constants = len(op.constants)  # optional, and the last: an operand that is drawn may be no constant
        count = len(op.operands) - constants - draw(st.integers(0, op.optional - constants))
        fitting = [each for each in combinations(present, repeat=count) if _fits(op, each, attributes)]
        if not fitting:
            op, attributes, fitting = OPS["add"], {}, [(present[0], present[0])]
        operands = []
        for shape in draw(st.sampled_from(fitting)):
            these = [position for position in reversed(positions) if builder.shape(position) == shape]
            operands.append(draw(st.sampled_from(these[:2] * 2 + these)))
        name = f"n{len(computed)}"
        positions.append(builder.apply(op, operands, name, attributes=attributes))
        computed.append(name)

    leaf((Kind.INPUT,))
    leaf((Kind.INPUT, Kind.PARAM))
    for _ in range(draw(st.integers(most // 2, most))):
        match draw(st.integers(0, 9)):
            case 8:
                leaf()
            case 9:
                positions.append(builder.literal(draw(st.sampled_from([2, -1, 0.5]))))
            case _:
                compute()
    compute()
    output = draw(st.sampled_from([computed[-1]] * 3 + computed))
    graph = builder.build(output)
    upstream = random.uniform(-1.0, 1.0, graph[output].shape)
    return RandomRun(graph, Bindings.of(graph, values, upstream))


def tensors_of(trace: Trace) -> Iterator[Any]:
    """Every tensor that a trace holds."""
    yield from trace.values
    yield from trace.operand_values
    yield from trace.outs
    yield from trace.contributions
    yield from trace.arrived
    yield from (gradient for gradient in trace.gradients if gradient is not None)
    yield from trace.bindings.leaves.values()
    yield trace.bindings.seed


def behind_wrong_rules(graph: Graph) -> set[int]:
    """The nodes whose gradients pass through a rule that is wrong on purpose."""
    wrong: set[int] = set()
    for node in reversed(graph.nodes):
        if node.op is not None and (node.op.wrong or node.position in wrong):
            wrong.update(node.operands)
    return wrong
