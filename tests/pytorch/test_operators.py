"""Every operator and every sample of the table against PyTorch: values, and a gradient for each operand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import opinion
import pytest

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.record import record
from graphs import CASES, IDS, bindings_of, graph_of, largest

CLOSE = 1e-12
"""What an entry may differ by, as a part of the largest magnitude in its own tensor."""

PYTORCH_REFUSES = {
    "batch_norm-1": "one value for each channel, whose variance is 0",
    "batch_norm-6": "no channels",
    "instance_norm-1": "a channel of one position",
    "instance_norm-5": "no samples",
}

LONG = [
    # 10,000 entries are summed to one: PyTorch sums in another order than NumPy's pairs do
    ("sum", Sample(((10_000,),)), 1e-10),
    ("mean", Sample(((10_000,),)), 1e-10),
    ("var", Sample(((10_000,),)), 1e-10),
    ("std", Sample(((2, 10_000),), {"axis": 1}), 1e-10),
    ("norm", Sample(((10_000,),)), 1e-10),
    ("logsumexp", Sample(((10_000,),)), 1e-10),
    ("softmax", Sample(((10_000,),)), 1e-10),
    ("log_softmax", Sample(((10_000,),)), 1e-10),
    ("layer_norm", Sample(((10_000,), (10_000,), (10_000,))), 1e-10),
    ("cumsum", Sample(((10_000,),), {"axis": 0}), 1e-10),
    ("cumprod", Sample(((1_000,),), {"axis": 0}, low=0.9, high=1.1), 1e-10),
    ("dot", Sample(((10_000,), (10_000,))), 1e-10),
    ("matmul", Sample(((3, 10_000), (10_000, 2))), 1e-10),
    ("mse", Sample(((10_000,), (10_000,))), 1e-10),
    ("prod", Sample(((1_000,),), low=0.9, high=1.1), 1e-10),
    # entries apart: nothing is summed, so the bound is the ordinary one
    ("tanh", Sample(((10_000,),)), CLOSE),
    ("gelu", Sample(((10_000,),)), CLOSE),
]

EDGES = [
    ("hadamard", Sample(((0, 3), (0, 3)))),
    ("hadamard", Sample(((1, 1), (1, 1)))),
    ("outer", Sample(((0,), (3,)))),
    ("where", Sample((np.ones((1, 1)), (1, 3), (0, 1, 3)))),
    ("add", Sample(((1,), ()))),
    ("mul", Sample(((3, 1, 1), (1, 0, 2)))),
    ("matmul", Sample(((0, 3), (3, 2)))),
    ("matmul", Sample(((0,), (0,)))),
    ("matmul", Sample(((1, 1, 2, 3), (4, 1, 3, 1)))),
    ("matmul", Sample(((0, 2, 3), (3, 2)))),
    ("linear", Sample(((3, 0), (2, 0), (2,)))),
    ("einsum", Sample(((1, 3), (1, 2)), {"subscripts": "ij,ik->jk"})),
    ("prod", Sample(((2, 0),), {"axis": -1})),
    ("max", Sample(((1, 1),), {"axis": (0, 1), "keepdims": True})),
    ("var", Sample(((1, 3),), {"axis": (-2, -1), "keepdims": True})),
    ("cumsum", Sample(((1, 1),), {"axis": -1})),
    ("softmax", Sample(((1, 1, 1),), {"axis": 1})),
    ("log_softmax", Sample(((3, 1),), {"axis": -2})),
    ("layer_norm", Sample(((2, 1),))),
    ("rms_norm", Sample(((1, 1), (1,)), {"eps": 0.5})),
    ("concat", Sample(((1, 0), (1, 3)), {"axis": -1})),
    ("stack", Sample(((0,), (0,)), {"axis": -1})),
    ("tile", Sample(((1, 0),), {"reps": (2, 3)})),
    ("flip", Sample(((1, 0, 2),))),
    ("transpose", Sample(((1, 0, 3),))),
    ("permute", Sample(((1, 1, 2),), {"axes": (-1, 1, 0)})),
    ("split", Sample(((1, 4),), {"parts": 4, "index": -1, "axis": -1})),
    ("index", Sample(((1, 3),), {"key": (0, slice(None, None, -1))})),
    ("embedding", Sample(((1, 1), np.zeros((2, 0), int)))),
    ("pad", Sample(((1, 0),), {"width": ((0, 0), (1, 2)), "value": 2.0})),
    ("conv1d", Sample(((1, 1, 1), (1, 1, 1), (1,)))),
    ("avg_pool2d", Sample(((1, 1, 1),), {"kernel_size": 1})),
    ("scaled_dot_product_attention", Sample(((1, 3), (1, 3), (1, 1)), {"causal": True})),
    ("mse", Sample(((0, 3), (0, 3)), {"reduction": "sum"})),
]


def compare(graph: Graph, bindings: Bindings, bound: float = CLOSE) -> None:
    """Values and gradients of the node ``out`` and its operands, elementwise."""
    trace, theirs = record(graph, bindings), opinion.run(graph, bindings)
    out = graph["out"]
    assert_close(trace.value("out"), theirs.values[out.position], "the value", bound)
    reached = {edge.operand for edge in graph.edges}
    for one in set(out.operands):
        name, wanted = graph.nodes[one].name, theirs.gradients[one]
        if one in reached:
            wanted = np.zeros(graph.nodes[one].shape) if wanted is None else wanted
            assert_close(trace.gradient(name), wanted, f"the gradient of {name}", bound)
        else:
            assert wanted is None or not np.any(wanted), f"PyTorch has a gradient of {name}"


def assert_close(ours: Any, theirs: Any, what: str, bound: float) -> None:
    """Same shape; infinities and NaN in the same entries; the rest within `bound` of the largest of them."""
    assert np.shape(ours) == np.shape(theirs), what
    scale = largest(np.where(np.isfinite(theirs), theirs, 0.0))
    np.testing.assert_allclose(1.0 * ours, theirs, rtol=0.0, atol=bound * scale, err_msg=what)


def test_every_operator_has_a_definition() -> None:
    assert set(opinion.DEFINITIONS) - set(opinion.OWN) == set(OPS)


@pytest.mark.parametrize(
    ("op", "sample"), [case for case, name in zip(CASES, IDS, strict=True) if name not in PYTORCH_REFUSES],
    ids=[name for name in IDS if name not in PYTORCH_REFUSES],
)  # fmt: skip
def test_values_and_gradients(op: Op, sample: Sample) -> None:
    graph = graph_of(op, sample)
    compare(graph, bindings_of(graph, op, sample))


@pytest.mark.parametrize("name", PYTORCH_REFUSES)
def test_pytorch_refuses(name: str) -> None:
    op, sample = CASES[IDS.index(name)]
    graph = graph_of(op, sample)
    with pytest.raises((ValueError, IndexError)):
        opinion.run(graph, bindings_of(graph, op, sample))


@pytest.mark.parametrize(("name", "sample"), EDGES, ids=[name for name, _ in EDGES])
def test_empty_and_size_one_axes(name: str, sample: Sample) -> None:
    graph = graph_of(OPS[name], sample)
    compare(graph, bindings_of(graph, OPS[name], sample))


@pytest.mark.parametrize(("name", "sample", "bound"), LONG, ids=[name for name, *_ in LONG])
def test_long_operands(name: str, sample: Sample, bound: float) -> None:
    graph = graph_of(OPS[name], sample)
    compare(graph, bindings_of(graph, OPS[name], sample), bound)


LAYOUTS = ("transposed", "strided", "backwards")


def _laid_out(tensor: Any, layout: str) -> Any:
    """The same numbers, read-only, in memory of other strides."""
    if np.ndim(tensor) == 0:
        return tensor
    if layout == "transposed":
        view = np.ascontiguousarray(tensor.T).T
    elif layout == "strided":
        wide = np.repeat(np.repeat(tensor, 2, axis=0), 3, axis=-1)
        view = wide[::2][..., ::3]
    else:
        view = np.flip(np.ascontiguousarray(np.flip(tensor)))
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("op", OPS.values(), ids=repr)
def test_operands_that_are_not_contiguous(op: Op, layout: str) -> None:
    for number, sample in enumerate(op.samples):
        if f"{op.name}-{number}" in PYTORCH_REFUSES:
            continue
        graph = graph_of(op, sample)
        bindings = bindings_of(graph, op, sample)
        leaves = {position: _laid_out(tensor, layout) for position, tensor in bindings.leaves.items()}
        compare(graph, Bindings(leaves, _laid_out(bindings.seed, layout)))


def test_layouts_are_not_contiguous() -> None:
    tensor = np.arange(12.0).reshape(3, 4)
    for layout in LAYOUTS:
        view = _laid_out(tensor, layout)
        assert not view.flags.c_contiguous
        np.testing.assert_array_equal(view, tensor)


class Kink(NamedTuple):
    """A point where conventions could differ."""

    op: str
    operands: tuple[Any, ...]
    attributes: dict[str, Any] = {}  # noqa: RUF012 - never written to
    upstream: float = 1.0


def _kink(op: str, *operands: Any, upstream: float = 1.0, **attributes: Any) -> Kink:
    return Kink(op, tuple(np.array(one) for one in operands), attributes, upstream)


inf, nan = np.inf, np.nan

AT_BOUNDS = _kink("clip", [-1.0, 1.0, 0.0], min=-1.0, max=1.0)
AT_MARGIN = _kink("hinge", [1.0, 0.0], [1.0, 1.0])
SAME = [
    _kink("relu", [0.0, -1.0, inf]),
    _kink("leaky_relu", [0.0, -inf]),
    _kink("elu", [0.0, -inf], alpha=0.5),
    _kink("selu", [0.0]),
    _kink("hard_tanh", [-1.0, 1.0]),
    _kink("relu6", [0.0, 6.0]),
    *([AT_BOUNDS] if opinion.CLAMP_IS_OPEN else [AT_MARGIN]),
    _kink("abs", [0.0, -0.0, -inf]),
    _kink("sign", [0.0, -0.0]),
    _kink("maximum", [1.0, inf, 0.0], [1.0, inf, -0.0]),
    _kink("minimum", [1.0, -inf], [1.0, -inf]),
    _kink("max", [1.0, 1.0, 0.0]),
    _kink("max", [inf, inf]),
    _kink("max", [1.0, nan, 0.0]),
    _kink("min", [[1.0, 1.0], [0.0, 1.0]], axis=0),
    _kink("sqrt", [0.0, -1.0]),
    _kink("rsqrt", [0.0]),
    _kink("reciprocal", [0.0, inf]),
    _kink("log", [0.0, -1.0]),
    _kink("log1p", [-1.0, 1e-10]),
    _kink("expm1", [1e-10, 800.0]),
    _kink("div", [1.0, 0.0], [0.0, 0.0]),
    _kink("mul", [0.0], [inf]),
    _kink("pow", [0.0, 0.0, 2.0, -2.0, -2.0], [0.0, 2.0, 0.0, 2.0, 3.0]),
    _kink("pow", [0.0], [-1.0]),
    _kink("norm", [0.0, 0.0]),
    _kink("norm", [inf, 1.0]),
    _kink("var", [2.0, 2.0]),
    _kink("std", [2.0, 2.0, 2.0]),
    _kink("norm", [0.0, 0.0], ord=3.0),
    _kink("norm", [0.0, -2.0], ord=1.0),
    _kink("norm", [2.0, -2.0, 1.0], ord="inf"),
    _kink("norm", [0.0, 0.0], ord="inf"),
    _kink("prod", [0.0, 2.0, 0.0]),
    _kink("cumprod", [2.0, 0.0, 3.0, 0.0, 5.0], axis=0),
    _kink("cumprod", [0.0, 0.0, 3.0], axis=0),
    _kink("prod", [0.0, 2.0, 3.0]),
    _kink("cumsum", [inf, -inf], axis=0),
    _kink("logsumexp", [1e4, 1e4]),
    _kink("logsumexp", [-inf, -inf]),
    _kink("logsumexp", [inf, 0.0]),
    _kink("softmax", [1e4, -1e4]),
    _kink("softmax", [inf, 0.0]),
    _kink("softmax", [[-inf, -inf], [1.0, 2.0]]),
    _kink("log_softmax", [[-inf, -inf], [1.0, 2.0]]),
    _kink("softmax_with_loss", [[-inf, -inf], [1.0, 2.0]], [0, 1]),
    _kink("softmax_with_loss", [[-inf, 0.0], [1.0, 2.0]], [0, 1], [0.5, 2.0]),
    _kink("log_softmax", [1e4, -1e4]),
    _kink("softplus", [21.0, 1e4, -1e4]),
    _kink("log_sigmoid", [1e4, -1e4]),
    _kink("sigmoid", [1e3, -1e3]),
    _kink("tanh", [1e3, -1e3]),
    _kink("erf", [30.0, -30.0]),
    _kink("tan", [0.0, np.pi / 2, 1e6, inf]),
    _kink("asin", [-1.0, 1.0, 2.0]),
    _kink("acos", [-1.0, 1.0, 2.0]),
    _kink("atan", [inf, -inf, 1e200]),
    _kink("atan2", [0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 1.0]),
    _kink("sinh", [1e4, -1e4, 0.0]),
    _kink("cosh", [1e4, -1e4, 0.0]),
    _kink("floor", [1.0, -0.5, inf]),
    _kink("ceil", [1.0, -0.5, -inf]),
    _kink("round", [0.5, 1.5, 2.5, -0.5]),
    _kink("mod", [6.0, -1.0, 1.0, 1.0, 0.3], [3.0, 3.0, -3.0, 0.0, 0.1]),
    _kink("silu", [1e3, -1e3, -inf]),
    _kink("mish", [1e3, -1e3, 21.0, -inf]),
    _kink("gelu", [1e3, -1e3, -inf]),
    _kink("where", [1.0, 0.0, nan], [1.0, nan, 3.0], [nan, 5.0, 6.0]),
    _kink("bce_with_logits", [1e4, -1e4, 0.0], [0.0, 1.0, 1.0]),
    _kink("mae", [1.0, 2.0], [1.0, 0.0]),
    _kink("huber", [1.0, -1.0, 2.0], [0.0, 0.0, 0.0]),
    _kink("smooth_l1", [1.0, -1.0, 2.0, 0.25], [0.0, 0.0, 0.0, 0.0]),
    _kink("smooth_l1", [0.5, -0.5, 1e200], [0.0, 0.0, 0.0], beta=0.5),
    _kink("softmax_with_loss", [1e4, -1e4], 1),
    _kink("softmax_with_loss", [inf, 0.0], 1),
    _kink("layer_norm", [2.0, 2.0, 2.0]),
    _kink("batch_norm", [[3.0, 3.0], [3.0, 3.0]]),
    _kink("rms_norm", [0.0, 0.0]),
    _kink("sort", [2.0, nan, 1.0, 1.0, -inf]),
    _kink("sort", [2.0, nan, 1.0, 1.0, -inf], descending=True),
    _kink("argsort", [2.0, nan, 1.0, 1.0, 2.0]),
    _kink("argsort", [2.0, nan, 1.0, 1.0, 2.0, nan], descending=True),
    _kink("argmax", [[2.0, 2.0], [1.0, nan]], axis=1),
    _kink("argmin", [1.0, nan, 0.0, nan]),
    _kink("topk", [1.0, nan, 3.0, 3.0], k=3),
    _kink("tril", [[inf, inf], [nan, 1.0]]),
    _kink("masked_fill", [1.0, inf, nan], [0.0, 1.0, 1.0], -inf),
    _kink("masked_fill", [1.0, 2.0], [nan, 0.0], 3.0),
    _kink("logical_and", [nan, 0.0], [1.0, nan]),
    _kink("logical_or", [nan, 0.0], [0.0, -0.0]),
    _kink("logical_not", [nan, -0.0, inf]),
    _kink("scatter_add", [1.0, 2.0], [1, 1, -1], [inf, 1.0, 2.0], axis=0),
    _kink("scatter", [inf, nan, 1.0], [0, 1], [1.0, 2.0], axis=0),
    _kink(
        "scaled_dot_product_attention", [[1.0, 2.0]] * 2, [[0.5, -1.0]] * 2, [[1.0], [3.0]], [[0.0], [1.0]]
    ),
    _kink(
        "scaled_dot_product_attention",
        [[1.0, 2.0]] * 3,
        [[0.5, -1.0], [2.0, 1.0]],
        [[1.0], [3.0]],
        [[-inf, -inf], [0.5, -inf], [-inf, 0.0]],
        additive=True,
    ),
    _kink("less", [nan], [1.0]),
    _kink("not_equal", [nan], [nan]),
]


@pytest.mark.parametrize("kink", SAME, ids=lambda kink: kink.op)
def test_conventions_in_common(kink: Kink) -> None:
    sample = Sample(kink.operands, kink.attributes)
    graph = graph_of(OPS[kink.op], sample)
    compare(graph, _bound(graph, kink))


def _bound(graph: Graph, kink: Kink) -> Bindings:
    names = OPS[kink.op].names(len(kink.operands))
    seed = np.full(graph["out"].shape, kink.upstream)
    return Bindings.of(graph, dict(zip(names, kink.operands, strict=True)), seed)


class Difference(NamedTuple):
    """A point where PyTorch does otherwise, in ``out``, the value, or in an operand's gradient."""

    kink: Kink
    of: str
    ours: Any
    theirs: Any
    why: str


NAN_MASKED = "a NaN stays a NaN; PyTorch hands the gradient on by a comparison, which NaN fails or passes"
DIFFERENT = [
    Difference(_kink("relu", [nan]), "a", [nan], [1.0], NAN_MASKED),
    Difference(_kink("leaky_relu", [nan]), "a", [nan], [0.01], NAN_MASKED),
    Difference(_kink("elu", [nan], alpha=0.5), "a", [nan], [1.0], NAN_MASKED),
    Difference(_kink("selu", [nan]), "a", [nan], [1.0507009873554805], NAN_MASKED),
    Difference(_kink("hard_tanh", [nan]), "a", [nan], [1.0], NAN_MASKED),
    Difference(_kink("relu6", [nan]), "a", [nan], [1.0], NAN_MASKED),
    Difference(_kink("clip", [nan], min=-1.0, max=1.0), "a", [nan], [0.0], NAN_MASKED),
    Difference(_kink("abs", [nan]), "a", [nan], [0.0], NAN_MASKED),
    Difference(_kink("sign", [nan]), "out", [nan], [0.0], NAN_MASKED),
    Difference(_kink("floor", [nan]), "a", [nan], [0.0], NAN_MASKED),
    Difference(_kink("ceil", [nan]), "a", [nan], [0.0], NAN_MASKED),
    Difference(_kink("round", [nan]), "a", [nan], [0.0], NAN_MASKED),
    Difference(
        _kink("atan2", [0.0], [2.0**600]), "y", [2.0**-600], [0.0],
        "nothing is squared; PyTorch's square overflows, and its reciprocal is 0",
    ),
    Difference(_kink("maximum", [nan], [1.0]), "b", [nan], [1.0], NAN_MASKED),
    Difference(_kink("minimum", [nan], [1.0]), "b", [nan], [1.0], NAN_MASKED),
    Difference(_kink("dropout", [nan], [0.0]), "out", [nan], [0.0], "0 · NaN is NaN; the definition masks"),
    Difference(
        _kink("relu", [-1.0], upstream=inf), "a", [nan], [0.0], "0 · inf is NaN; PyTorch masks the upstream"
    ),
    Difference(
        _kink("max_pool2d", np.ones((1, 2, 2)), kernel_size=2), "x",
        [[[0.25, 0.25], [0.25, 0.25]]], [[[1.0, 0.0], [0.0, 0.0]]],
        "ties share the gradient, as those of max do; PyTorch's pooling hands it to the first",
    ),
    Difference(
        AT_MARGIN, "a", [0.0, -0.5], [-0.5, -0.5],
        "at the margin the loss is 0, and so is its derivative; PyTorch's clamp passes at its bound",
    )
    if opinion.CLAMP_IS_OPEN else
    Difference(
        AT_BOUNDS, "a", [1.0, 1.0, 1.0], [0.0, 0.0, 1.0],
        "the gradient passes at the bounds; PyTorch's clamp of this version stops it there",
    ),
    Difference(
        _kink("bce", [0.0, 1.0], [1.0, 0.0]), "out", inf, 100.0,
        "-log 0 is infinite; PyTorch clamps the logarithm at -100",
    ),
    Difference(
        _kink("bce", [0.0, 1.0], [0.0, 1.0]), "p", [0.5, -0.5], [0.0, 0.0],
        "the one-sided slope of -log(1 - p) at p = 0; PyTorch's clamped quotient is 0 / tiny",
    ),
    Difference(
        _kink("kl_div", [-1.0], [0.0], reduction="sum"), "target", [-inf], [nan],
        "log(target) + 1 - log_p at 0 is -inf; PyTorch's rule multiplies 0 by it",
    ),
]  # fmt: skip


@pytest.mark.parametrize("difference", DIFFERENT, ids=lambda one: f"{one.kink.op}-{one.of}")
def test_conventions_that_differ(difference: Difference) -> None:
    kink, _, ours, theirs, why = difference
    graph = graph_of(OPS[kink.op], Sample(kink.operands, kink.attributes))
    bindings = _bound(graph, kink)
    trace, opposite = record(graph, bindings), opinion.run(graph, bindings)
    position = graph.position(difference.of)
    if difference.of == "out":
        found = trace.value("out"), opposite.values[position]
    else:
        found = trace.gradient(difference.of), opposite.gradients[position]
    np.testing.assert_array_equal(found[0], ours, err_msg=why)
    np.testing.assert_array_equal(found[1], theirs, err_msg=why)
