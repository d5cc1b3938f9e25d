"""What was recorded of tensors: what their figures tell is told without reading them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from backprop_engine import Trace, make_graph, record
from backprop_engine.arrays import Figures, Measured, has_norm, norm
from backprop_engine.debugger.troubles import troubles
from backprop_engine.recordings.tensors import added, constant, joined, placed, zeros
from backprop_engine.trace.lazy_tensors import LazyTensors, Supply, figures_at

F32 = np.dtype(np.float32)


def unread(figures: Figures | None) -> Supply:
    """A tensor that must not be made."""

    def make() -> None:
        raise AssertionError("a tensor was read")

    return Supply(make, figures)  # type: ignore[arg-type]


def known(*entries: float, figures: bool = True) -> Supply:
    """A vector, with its figures or without."""
    array = np.array(entries, F32)
    array.flags.writeable = False
    size = float(np.linalg.norm(array.astype(float)))
    return Supply(lambda: array, Figures(size) if figures else None)


def untouched(trace: Trace, spoilt: int) -> Trace:
    """The trace with tensors that cannot be read; the value of the node `spoilt` has a NaN."""
    figures = [Figures(None, nan=1) if at == spoilt else Figures(1.0) for at in range(len(trace.values))]
    values = LazyTensors([unread(one) for one in figures])
    edges = LazyTensors([unread(Figures(1.0)) for _ in trace.contributions])
    gradients = LazyTensors([None if one is None else unread(Figures(1.0)) for one in trace.gradients])
    return replace(
        trace, values=values, operand_values=values, contributions=edges, arrived=edges, gradients=gradients
    )


def test_troubles_of_computed_nodes_are_found_from_figures_alone() -> None:
    graph = make_graph({"h": "tanh(x)", "f": "sum(h * h)"}, constants={"x": [1.0, 2.0]})
    trace = untouched(record(graph), graph.position("h"))
    (trouble,) = troubles(trace)
    assert (trouble.position, trouble.is_nan) == (1, True)


def test_a_sum_of_finite_tensors_is_known_to_be_finite() -> None:
    total = added(known(3.0, 4.0), known(1.0, 2.0))
    assert total.figures == Figures(None)
    np.testing.assert_array_equal(total.make(), [4.0, 6.0])
    big = Figures(3e38)
    assert added(unread(big), unread(big)).figures is None  # it may overflow
    assert added(unread(Figures(None, inf=1)), unread(Figures(1.0))).figures is None
    assert added(known(1.0, figures=False), known(1.0)).figures is None


def test_a_sum_of_thousands_is_that_of_its_terms_in_order() -> None:
    terms = np.random.default_rng(0).normal(size=(5000, 2)).astype(F32)
    read: list[int] = []

    def term(at: int) -> Supply:
        return Supply(lambda: (read.append(at), terms[at])[1])

    sums = [term(0)]
    for at in range(1, len(terms)):
        sums.append(added(sums[-1], term(at)))
    expected = np.add.accumulate(terms, axis=0)
    assert sums[-1].make().tolist() == expected[-1].tolist()
    read.clear()
    for at in (4998, 3000, 1):
        assert sums[at].make().tolist() == expected[at].tolist()
    assert len(read) < 3 * 64, "what was made before is not made again"


def test_a_tensor_among_zeros_has_its_own_figures() -> None:
    part = known(3.0, 4.0)
    whole = placed(part, (slice(1, 3),), (4,), F32)
    assert whole.figures == part.figures == Figures(5.0)
    made = whole.make()
    np.testing.assert_array_equal(made, [0, 3, 4, 0])
    assert norm(made) == 5.0
    assert zeros((2, 3), F32).figures == Figures(0.0)
    np.testing.assert_array_equal(zeros((2, 3), F32).make(), np.zeros((2, 3)))


def test_tensors_side_by_side_have_the_figures_of_all() -> None:
    parts = [(known(3.0), (1,)), (None, (2,)), (known(4.0), (1,))]
    whole = joined(parts, F32)
    assert whole.figures == Figures(5.0)
    np.testing.assert_array_equal(whole.make(), [3, 0, 0, 4])
    assert joined(
        [(unread(Figures(None, 2, 1)), (3,)), (unread(Figures(1.0)), (1,))], F32
    ).figures == Figures(None, 2, 1)
    assert joined([(constant(1.0, F32), (1,))], F32).figures is None


def test_figures_are_those_of_a_tensor_or_of_its_supply() -> None:
    lazy = LazyTensors([unread(Figures(2.0)), None])
    assert (figures_at(lazy, 0), figures_at(lazy, 1)) == (Figures(2.0), None)
    made = Measured.of(np.ones(4, F32), Figures(2.0))
    assert [figures_at([made, np.ones(4), None], at) for at in range(3)] == [Figures(2.0), None, None]


@pytest.mark.parametrize("stored", [True, False])
def test_a_norm_that_was_not_recorded_is_that_of_the_entries(stored: bool) -> None:
    if stored:
        tensor = Measured.of(np.array([3.0, 4.0], F32), Figures(None))
        assert (norm(tensor), has_norm(tensor)) == (5.0, True)
    else:
        tensor = Measured.without_entries((2,), F32, Figures(None))
        assert (math.isnan(norm(tensor)), has_norm(tensor)) == (True, False)
