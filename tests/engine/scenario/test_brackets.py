"""What stands in brackets, and conditions joined by words: from a file to NumPy's numbers and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.ops import OPS
from backprop_engine.scenario.loader import Scenario, load_source
from backprop_engine.scenario.read.source import Source
from graphs import assert_close

X = np.arange(24.0).reshape(2, 3, 4) / 7 - 1
I = np.array([2, 0, 2])  # noqa: E741 - as it is called in the file
J = np.array([[0, -1], [1, 1]])


def load(node: str) -> Scenario:
    text = f"""\
inputs: {{x: {X.tolist()}, p: [0, 1]}}
constants: {{i: {I.tolist()}, j: {J.tolist()}, h: [0.5], far: [0, 3], twice: [[[1, 1, 1, 1]]]}}
nodes:
  y: {node}
  L: sum(y * y)
"""
    return load_source(Source.from_bytes("brackets.yaml", text.encode()))


KEYS = {
    "x[..., 1]": np.s_[..., 1],
    "x[None]": np.s_[None],
    "x[:, None, ..., 1:, None]": np.s_[:, None, ..., 1:, None],
    "x[[1, 0, 1]]": np.s_[[1, 0, 1]],
    "x[:, [0, -1]]": np.s_[:, [0, -1]],
    "x[..., [3, 3], None]": np.s_[..., [3, 3], None],
    "x[[0, 1, 1], [2, 0, 0]]": np.s_[[0, 1, 1], [2, 0, 0]],
    "x[:, 1, [0, 2, 2]]": np.s_[:, 1, [0, 2, 2]],
    "x[[]]": np.s_[[]],
    "x[:, i]": np.s_[:, I],
    "x[..., i]": np.s_[..., I],
    "x[..., j, :]": np.s_[:, J],
}


@pytest.mark.parametrize(("written", "key"), KEYS.items(), ids=KEYS)
def test_brackets_mean_what_they_mean_in_numpy(written: str, key: Any) -> None:
    trace = load(written).record()
    np.testing.assert_array_equal(trace.value("y"), X[key])
    gradient = np.zeros(X.shape)
    np.add.at(gradient, key, 2 * X[key])
    assert_close(trace.gradient("x"), gradient)


def test_a_name_in_brackets_is_a_call_of_index_select() -> None:
    node = load("x[..., i, :]").graph["y"]
    assert node.op is OPS["index_select"]
    assert (node.text, node.attributes["axis"]) == ("x[..., i, :]", -2)


@pytest.mark.parametrize(
    ("node", "column", "code", "said", "hint"),
    [
        ("x[p]", 8, "not-constant", "`indices` of `index_select` must be a constant", "move `p`"),
        ("x[h]", 15, "class-target", "an index must be a whole number", ""),
        ("x[far]", 15, "class-target", "the index 3 is out of range: there are 2 places along axis 0", ""),
        ("x[[0, 2]]", 7, "shapes", "the index 2 is out of range for axis 0", "-2 to 1"),
        ("x[..., 0, 0, 0, 0]", 7, "shapes", "cannot take 4 indices", "3 axes"),
        ("x[[0], [0, 1]]", 7, "shapes", "paired entry by entry", "the lists one after the other"),
        ("x[0, :, [0, 1]]", 7, "shapes", "must be next to the other", "x[0][:, [0, 2]]"),
        ("x[0, i]", 7, "expr-syntax", "only `:` can be combined", "x[i][0]"),
        ("x[x > 0]", 10, "expr-syntax", "expected `,` or `]`", "where(x > 0, x, 0)"),
        ("gather(x, argmax(x, axis=1, keepdims=true), axis=1)", 16, "not-constant", "is computed", "one_hot"),
        ("scatter(x, twice, 0, axis=2)", 51, "class-target", "the index 1 occurs twice", ""),
    ],
)
def test_mistakes_are_answered_at_their_place(
    node: str, column: int, code: str, said: str, hint: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(node)
    (found,) = refused.value.diagnostics
    assert found.place is not None
    assert found.code.name == code
    assert said in found.message
    assert hint in (found.hint or "")
    if code != "class-target":
        assert found.place.column == column


CONDITIONS = {
    "x > 0 and x < 1": (X > 0) & (X < 1),
    "x < 0 or x > 1 and x < 2": (X < 0) | ((X > 1) & (X < 2)),
    "not x > 0": ~(X > 0),
    "not (x > 0 and x < 1) or x == 0": ~((X > 0) & (X < 1)) | (X == 0),
}


@pytest.mark.parametrize(("written", "wanted"), CONDITIONS.items(), ids=CONDITIONS)
def test_words_join_conditions_as_in_python(written: str, wanted: Any) -> None:
    trace = load(f"where({written}, x, 0)").record()
    np.testing.assert_array_equal(trace.value("y"), np.where(wanted, X, 0))
    assert_close(trace.gradient("x"), np.where(wanted, 2 * X, 0))
