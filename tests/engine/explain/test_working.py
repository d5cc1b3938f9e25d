"""How local gradients are worked out: what is shown, computed once more by another way, gives the numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backprop_engine import load_scenario, make_graph, record
from backprop_engine.explain.facts import BackwardFacts, step_facts
from backprop_engine.explain.working import Working, workings
from backprop_engine.ops import OPS, Linear, Op
from backprop_engine.ops.samples import Sample
from backprop_engine.trace.trace import Trace
from graphs import each_sample, has_edges, trace_of

_SIGNS = {"−": "-", "⊙": "*", "·": "*"}
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_LOW = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def computed(working: Working) -> Any:
    """What the pieces come to, as Python computes them with NumPy."""
    names: dict[str, Any] = {}
    text = ""
    for piece in working.pieces:
        if isinstance(piece, str):
            text += (
                f" {_RAISED.sub(lambda match: f'** {match[0].translate(_LOW)}', _SIGNS.get(piece, piece))}"
            )
        else:
            names[f"t{len(names)}"] = np.asarray(piece.tensor, dtype=float)
            text += f" t{len(names) - 1}"
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, names)  # the pieces are ours


def steps(run: Trace) -> list[BackwardFacts]:
    found = (step_facts(run.frame(position)) for position in range(1, run.schedule.last + 1))
    return [facts for facts in found if isinstance(facts, BackwardFacts)]


@each_sample(has_edges)
def test_the_pieces_come_to_the_result(op: Op, sample: Sample) -> None:
    shown = 0
    for facts in steps(trace_of(op, sample)):
        for working in workings(facts):
            shown += 1
            found = np.broadcast_to(computed(working), working.result.tensor.shape)
            np.testing.assert_allclose(found, working.result.tensor, rtol=1e-9, atol=1e-12)
    plain = op.name in ("tanh", "sigmoid", "mse", "bce") and np.size(trace_of(op, sample).values[-1])
    assert shown or not plain


def spelled(working: Working) -> str:
    return " ".join(piece if isinstance(piece, str) else piece.name for piece in working.pieces)


def test_softmax_with_loss_is_the_probabilities_less_the_target_by_the_count() -> None:
    (facts,) = [
        facts for facts in steps(load_scenario("softmax_classifier").record()) if facts.node.name == "L"
    ]
    (working,) = workings(facts)
    assert spelled(working) == "( softmax(logits) − one_hot(species, 3) ) / 6"
    probabilities, target = (piece.tensor for piece in working.pieces if not isinstance(piece, str))
    assert np.sum(probabilities, axis=-1) == pytest.approx(np.ones(6))
    assert target.tolist() == np.eye(3)[[0, 0, 1, 1, 2, 2]].tolist()


def test_mse_says_how_many_there_are() -> None:
    run = record(make_graph({"L": "mse(h, target=t)"}, inputs={"h": [3, 1]}, constants={"t": [1, 2]}))
    (working,) = workings(steps(run)[0])
    assert spelled(working) == "2 / 2 · ( h − t )"


def test_attention_shows_the_gradient_of_its_scores() -> None:
    first, second, third = steps(load_scenario("causal_attention").record())
    (query,), (key,) = workings(first), workings(second)
    assert spelled(query) == spelled(key) == "P ⊙ ( dP − rowsum )"
    assert dict(query.where)["dP"] == "∂L/∂y @ vᵀ"
    weights = next(piece.tensor for piece in query.pieces if not isinstance(piece, str))
    assert np.sum(weights, axis=-1) == pytest.approx(np.ones(4))
    scores = query.result.tensor
    assert np.sum(scores, axis=-1) == pytest.approx(np.zeros(4), abs=1e-12)
    assert scores @ first.trace.value("k") / np.sqrt(2) == pytest.approx(first.product.tensor)
    assert workings(third) == ()


@pytest.mark.parametrize("stem", ["conv_3x3", "conv1d_filter"])
def test_a_convolution_has_its_kernel_flipped(stem: str) -> None:
    of = {facts.operand.name: facts.local.picture for facts in steps(load_scenario(stem).record())}
    to_x, to_w = of["x"], of["w"]
    assert to_x is not None
    assert to_w is not None
    run = load_scenario(stem).record()
    spatial = tuple(range(2, run.value("w").ndim))
    assert (to_x[1].name, to_x[0].sign) == ("flip(w)", "∗")
    assert to_x[1].tensor.tolist() == np.flip(run.value("w"), spatial).tolist()
    assert to_w[0].before
    assert to_w[1].tensor.tolist() == run.value("x").tolist()


def test_a_convolution_with_the_flipped_kernel_gives_the_gradient() -> None:
    """What the equation says: the padded upstream gradient, correlated with the flipped kernel."""
    facts = next(facts for facts in steps(load_scenario("conv_3x3").record()) if facts.operand.name == "x")
    assert facts.local.picture is not None
    kernel = facts.local.picture[1].tensor
    around = [(0, 0), *((size - 1, size - 1) for size in kernel.shape[2:])]
    padded = np.pad(facts.upstream.tensor, around)
    conv = OPS["conv2d"]
    given = {attribute.name: attribute.default for attribute in conv.attributes}
    assert conv.forward(padded, kernel, **given) == pytest.approx(facts.product.tensor)


def test_a_pool_has_a_mask() -> None:
    (facts,) = steps(load_scenario("max_pool").record())
    assert facts.local.picture is not None
    mask = facts.local.picture[1].tensor
    assert sorted(np.unique(mask)) == [0, 1]
    assert mask.sum() == facts.upstream.tensor.size
    assert ((facts.product.tensor != 0) == (mask == 1)).all()


def test_what_is_large_is_not_worked_out() -> None:
    run = record(make_graph({"y": "tanh(x)", "f": "sum(y)"}, inputs={"x": np.ones(401)}))
    assert [workings(facts) for facts in steps(run)] == [(), ()]


def test_every_part_and_picture_is_of_a_map_without_a_factor() -> None:
    drawn = 0
    for op in OPS.values():
        for sample in op.samples:
            for edge in trace_of(op, sample).schedule.edges:
                rule = edge.rule
                if isinstance(rule, Linear) and (rule.picture or rule.parts):
                    assert rule.factor is None
                    drawn += 1
    assert drawn > 10
