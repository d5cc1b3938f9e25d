"""Cells of recurrent networks, as PyTorch computes them: one step of an LSTM and of a GRU.

The operands are the input, the states and the parameters; a vector, or a row for each sample. The weights of
all gates are one under the other. What comes back to the gates before their nonlinearity has a side for the
input's weights and one for the state's: they are the same in an LSTM, in a GRU the reset gate lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes
from backprop_engine.ops.definition import MATRIX_SPEED, Decomposition, Family
from backprop_engine.ops.rules import Linear, Rules, by_unit_upstreams
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import difference, needed, repair, two_named
from backprop_engine.ops.smooth_activations import SIGMOID, sigmoid_of

define = Family("recurrent").define


class _Back(NamedTuple):
    """What a backward pass brings to the gates, on the side of the input and of the state, and straight on to
    the state that is carried along.
    """

    input_side: Any
    state_side: Any
    carried: Any


Backward = Callable[..., _Back]
"""``backward(g, *operands)``"""


def _wanted(gates: int, x: Shape, h: Shape, count: int) -> list[Shape]:
    """The shapes of the first `count` parameters."""
    rows = gates * h[-1]
    return [(rows, x[-1]), (rows, h[-1]), (rows,), (rows,)][:count]


def _check(name: str, gates: int, x: Shape, states: tuple[Shape, ...], parameters: tuple[Shape, ...]) -> None:
    """Refuse operands that do not fit together."""
    if len(x) not in (1, 2):
        raise ShapeError(
            msg(
                "{0} is {shape}: {cell} takes a vector, or a matrix with a row for each sample",
                shape=shape_text(x),
                cell=name,
            ),
            msg("to process a sequence one time step at a time, use a scan of a cell"),
        )
    for argnum, state in enumerate(states, 1):
        if len(state) != len(x) or state[:-1] != x[:-1]:
            reason = msg("like the input, a state needs one row for each sample")
            raise ShapeError(
                two_named((0, x), (argnum, state), reason), difference(x, state, (0, argnum), -1)
            )
        if state != states[0]:
            reason = msg("both states must have the same number of units")
            hint = difference(states[0], state, (1, argnum))
            raise ShapeError(two_named((1, states[0]), (argnum, state), reason), hint)
    first = len(states) + 1
    wanted = _wanted(gates, x, states[0], len(parameters))
    wrong = [place for place, each in enumerate(wanted) if parameters[place] != each]
    if wrong:
        place = wrong[0]
        argnum, shape = first + place, wanted[place]
        reason = msg(
            "{gates} gates of {units} units need {shape}",
            gates=gates,
            units=states[0][-1],
            shape=shape_text(shape),
        )
        other = repair((parameters[place],), shape.__eq__, first=argnum) if len(wrong) == 1 else ""
        beside = (1, states[0]) if place else (0, x)
        raise ShapeError(
            two_named(beside, (argnum, parameters[place]), reason),
            other or needed(argnum, shape),
        )


def _pre(x: Any, h: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> tuple[Any, Any]:
    """What the input and the state bring to the gates."""
    return x @ weight_ih.T + bias_ih, h @ weight_hh.T + bias_hh


def _rows_times(d: Any, of: Any) -> Any:
    """The gradient of a weight: for each sample the outer product, summed."""
    return np.outer(d, of) if of.ndim == 1 else d.T @ of


def _rules(
    op: str, states: int, sides: tuple[str, str], backward: Backward, shapes: tuple[Shape, ...], names: str
) -> Rules:
    """Rules for the input, the states and the parameters; `sides` are the settings of the text for each."""
    given = ", ".join(names.split()[: len(shapes)])
    batched = len(shapes[0]) == 2
    by_input, by_state = (f"{op}_gates(g, {given}{side})" for side in sides)
    carried = f"{op}_carry(g, {given})"

    def weight_text(side: str, of: str) -> str:
        return f"{side}.T @ {of}" if batched else f"outer({side}, {of})"

    through = Words("through the gates, times their weights", "게이트를 거쳐 그 가중치를 곱함")
    met = Words(
        "through the gates, times the operands of the weights", "게이트를 거쳐 가중치와 곱해진 값을 곱함"
    )
    summed = (0,) if batched else ()

    weights = states + 1

    def to_x(g: Any, out: Any, *operands: Any) -> Any:
        return backward(g, *operands).input_side @ operands[weights]

    def to_h(g: Any, out: Any, *operands: Any) -> Any:
        back = backward(g, *operands)
        through_gates = back.state_side @ operands[weights + 1]
        return through_gates if states > 1 else through_gates + back.carried

    rules = [
        Linear(f"{by_input} @ weight_ih", to_x, shown=through),
        Linear(f"{by_state} @ weight_hh" + ("" if states > 1 else f" + {carried}"), to_h, shown=through),
    ]
    if states > 1:
        rules.append(
            Linear(
                carried,
                lambda g, out, *operands: backward(g, *operands).carried,
                shown=Words("directly, times the forget gate", "망각 게이트만 곱해 곧장 이어짐"),
            )
        )
    rules += [
        Linear(
            weight_text(by_input, "x"),
            lambda g, out, *operands: _rows_times(backward(g, *operands).input_side, operands[0]),
            shown=met,
        ),
        Linear(
            weight_text(by_state, "h"),
            lambda g, out, *operands: _rows_times(backward(g, *operands).state_side, operands[1]),
            shown=met,
        ),
        Linear(
            by_input,
            lambda g, out, *operands: backward(g, *operands).input_side,
            summed=summed,
            shown=Words("through the gates", "게이트를 거침"),
        ),
        Linear(
            by_state,
            lambda g, out, *operands: backward(g, *operands).state_side,
            summed=summed,
            shown=Words("through the gates", "게이트를 거침"),
        ),
    ]
    return tuple(
        replace(rule, entries=by_unit_upstreams(rule.vjp, rule.summed)) for rule in rules[: len(shapes)]
    )


_OF_WEIGHTS = Words(
    en="A weight gets the gradient at its gate's preactivation times the number it multiplied, "
    "summed over the samples.",
    ko="가중치는 자기 게이트의 비선형 함수 앞 그래디언트에 자신과 곱해진 수를 곱하고, 이를 "
    "표본에 걸쳐 더해 받습니다.",
)
_OF_BIASES = Words(
    en="A bias gets the gradient at its gate's preactivation, summed over the samples.",
    ko="편향은 자기 게이트의 비선형 함수 앞 그래디언트를 표본에 걸쳐 더해 받습니다.",
)


def _sum_text(side: str, state: str, count: int) -> str:
    """What comes to the gates from the input or the state, with its bias if there is one."""
    product = f"{state} @ weight_{side}.T"
    return f"{product} + bias_{side}" if count > (0 if side == "ih" else 1) else product


# LSTM


def _lstm_shape(x: Shape, h: Shape, c: Shape, *parameters: Shape) -> Shape:
    _check("lstm_cell", 4, x, (h, c), parameters)
    return (2, *h)


class _Lstm(NamedTuple):
    """The gates of an LSTM, and the cell's new state."""

    i: Any
    f: Any
    g: Any
    o: Any
    cell: Any


def _lstm_parts(
    x: Any, h: Any, c: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = 0.0, bias_hh: Any = 0.0
) -> _Lstm:
    i, f, g, o = np.split(sum(_pre(x, h, weight_ih, weight_hh, bias_ih, bias_hh)), 4, axis=-1)
    i, f, g, o = sigmoid_of(i), sigmoid_of(f), np.tanh(g), sigmoid_of(o)
    return _Lstm(i, f, g, o, f * c + i * g)


def _lstm(*operands: Any) -> Any:
    parts = _lstm_parts(*operands)
    return np.stack([parts.o * np.tanh(parts.cell), parts.cell])


def _lstm_backward(g: Any, *operands: Any) -> _Back:
    i, f, candidate, o, cell = _lstm_parts(*operands)
    c, t = operands[2], np.tanh(cell)
    d = g[1] + g[0] * o * (1.0 - t * t)
    parts = (
        d * candidate * i * (1.0 - i),
        d * c * f * (1.0 - f),
        d * i * (1.0 - candidate * candidate),
        g[0] * t * o * (1.0 - o),
    )
    gates = np.concatenate(parts, axis=-1)
    return _Back(gates, gates, d * f)


_LSTM_OPERANDS = "x h c weight_ih weight_hh bias_ih bias_hh"


def _lstm_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    biases = len(shapes) - 5
    gates = (("i", "sigmoid"), ("f", "sigmoid"), ("g", "tanh"), ("o", "sigmoid"))
    return (
        ("z", f"{_sum_text('ih', 'x', biases)} + {_bracketed(_sum_text('hh', 'h', biases), biases > 1)}"),
        *((name, f"{of}(split(z, parts=4, index={n}, axis=-1))") for n, (name, of) in enumerate(gates)),
        ("c_next", "f * c + i * g"),
        ("h_next", "o * tanh(c_next)"),
        ("out", "stack(h_next, c_next, axis=0)"),
    )


def _bracketed(text: str, brackets: bool) -> str:
    return f"({text})" if brackets else text


LSTM_PARTS = """\
def lstm_parts(x, h, c, weight_ih, weight_hh, bias_ih=0.0, bias_hh=0.0):
    z = x @ weight_ih.T + bias_ih + (h @ weight_hh.T + bias_hh)
    i, f, g, o = np.split(z, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    return i, f, g, o, f * c + i * g
"""

LSTM_CELL = """\
def lstm_cell(*operands):
    *_, o, cell = lstm_parts(*operands)
    return np.stack([o * np.tanh(cell), cell])
"""

LSTM_CELL_GATES = """\
def lstm_cell_gates(upstream, x, h, c, *parameters):
    i, f, g, o, cell = lstm_parts(x, h, c, *parameters)
    d = upstream[1] + upstream[0] * o * (1 - np.tanh(cell) ** 2)
    di, df, dg = d * g * i * (1 - i), d * c * f * (1 - f), d * i * (1 - g ** 2)
    return np.concatenate([di, df, dg, upstream[0] * np.tanh(cell) * o * (1 - o)], axis=-1)
"""

LSTM_CELL_CARRY = """\
def lstm_cell_carry(upstream, *operands):
    _, f, _, o, cell = lstm_parts(*operands)
    return (upstream[1] + upstream[0] * o * (1 - np.tanh(cell) ** 2)) * f
"""


def _work(gates: int, x: Shape, h: Shape, *_: Shape) -> int:
    rows = gates * prod(h)
    return rows * (1 + (x[-1] + h[-1]) // MATRIX_SPEED)


lstm_cell = define(
    "lstm_cell",
    sign="LSTM",
    operands=_LSTM_OPERANDS,
    formula="lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)",
    helpers={
        "lstm_cell": LSTM_CELL,
        "lstm_cell_gates": LSTM_CELL_GATES,
        "lstm_cell_carry": LSTM_CELL_CARRY,
        "lstm_parts": LSTM_PARTS,
        "sigmoid": SIGMOID,
    },
    forward=_lstm,
    shape=_lstm_shape,
    work=lambda x, h, *rest: _work(4, x, h),
    rules=lambda shapes, attributes: _rules("lstm_cell", 2, ("", ""), _lstm_backward, shapes, _LSTM_OPERANDS),
    optional=2,
    inside=_lstm_inside,
    lesson=Words(
        en="Only the forget gate stands between one cell state and the next, so the gradient of the "
        "state reaches far back in time.",
        ko="셀 상태는 망각 게이트만 곱해져 이어지므로, 그 그래디언트는 먼 과거까지 전해집니다.",
    ),
    lessons=(
        None,
        None,
        None,
        _OF_WEIGHTS,
        _OF_WEIGHTS,
        _OF_BIASES,
        _OF_BIASES,
    ),
    conventions=Words(
        "Like PyTorch's LSTMCell: the rows of the weights are the gates i, f, g, o in this "
        "order, and there are two biases. The result stacks the new h and the new c: out[0] and "
        "out[1].",
        "PyTorch의 LSTMCell과 같습니다. 가중치의 행은 게이트 i, f, g, o 순서이고 편향은 둘입니다. 결과는 새 "
        "h와 새 c를 쌓은 것으로, out[0]과 out[1]입니다.",
    ),
    samples=(
        Sample(((2,), (1,), (1,), (4, 2), (4, 1))),
        Sample(((3,), (2,), (2,), (8, 3), (8, 2), (8,), (8,))),
        Sample(((2, 3), (2, 2), (2, 2), (8, 3), (8, 2), (8,))),
        Sample(((3, 1), (3, 2), (3, 2), (8, 1), (8, 2), (8,), (8,)), low=-1.0, high=1.0),
        Sample(((0, 2), (0, 1), (0, 1), (4, 2), (4, 1), (4,), (4,))),
    ),
)


# GRU


def _gru_shape(x: Shape, h: Shape, *parameters: Shape) -> Shape:
    _check("gru_cell", 3, x, (h,), parameters)
    return h


class _Gru(NamedTuple):
    """The gates of a GRU, the candidate, and what the state brought to it before the reset gate."""

    r: Any
    z: Any
    n: Any
    brought: Any


def _gru_parts(
    x: Any, h: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = 0.0, bias_hh: Any = 0.0
) -> _Gru:
    sides = _pre(x, h, weight_ih, weight_hh, bias_ih, bias_hh)
    (r, z, n), (of_r, of_z, brought) = (np.split(side, 3, axis=-1) for side in sides)
    r = sigmoid_of(r + of_r)
    return _Gru(r, sigmoid_of(z + of_z), np.tanh(n + r * brought), brought)


def _gru(x: Any, h: Any, *parameters: Any) -> Any:
    parts = _gru_parts(x, h, *parameters)
    return (1.0 - parts.z) * parts.n + parts.z * h


def _gru_backward(g: Any, x: Any, h: Any, *parameters: Any) -> _Back:
    r, z, n, brought = _gru_parts(x, h, *parameters)
    to_n = g * (1.0 - z) * (1.0 - n * n)
    to_r, to_z = to_n * brought * r * (1.0 - r), g * (h - n) * z * (1.0 - z)
    input_side, state_side = (np.concatenate([to_r, to_z, last], axis=-1) for last in (to_n, to_n * r))
    return _Back(input_side, state_side, g * z)


_GRU_OPERANDS = "x h weight_ih weight_hh bias_ih bias_hh"


def _gru_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    biases = len(shapes) - 4

    def part(side: str, index: int) -> str:
        return f"split({side}, parts=3, index={index}, axis=-1)"

    return (
        ("p", _sum_text("ih", "x", biases)),
        ("q", _sum_text("hh", "h", biases)),
        ("r", f"sigmoid({part('p', 0)} + {part('q', 0)})"),
        ("z", f"sigmoid({part('p', 1)} + {part('q', 1)})"),
        ("n", f"tanh({part('p', 2)} + r * {part('q', 2)})"),
        ("out", "(1 - z) * n + z * h"),
    )


GRU_PARTS = """\
def gru_parts(x, h, weight_ih, weight_hh, bias_ih=0.0, bias_hh=0.0):
    p, q = (np.split(side, 3, axis=-1) for side in (x @ weight_ih.T + bias_ih, h @ weight_hh.T + bias_hh))
    r, z = sigmoid(p[0] + q[0]), sigmoid(p[1] + q[1])
    return r, z, np.tanh(p[2] + r * q[2]), q[2]
"""

GRU_CELL = """\
def gru_cell(x, h, *parameters):
    _, z, n, _ = gru_parts(x, h, *parameters)
    return (1 - z) * n + z * h
"""

GRU_CELL_GATES = """\
def gru_cell_gates(upstream, x, h, *parameters, state=False):
    r, z, n, brought = gru_parts(x, h, *parameters)
    dn = upstream * (1 - z) * (1 - n ** 2)
    dr, dz = dn * brought * r * (1 - r), upstream * (h - n) * z * (1 - z)
    return np.concatenate([dr, dz, dn * r if state else dn], axis=-1)
"""

GRU_CELL_CARRY = """\
def gru_cell_carry(upstream, *operands):
    return upstream * gru_parts(*operands)[1]
"""

gru_cell = define(
    "gru_cell",
    sign="GRU",
    operands=_GRU_OPERANDS,
    formula="gru_cell(x, h, weight_ih, weight_hh, bias_ih, bias_hh)",
    helpers={
        "gru_cell": GRU_CELL,
        "gru_cell_gates": GRU_CELL_GATES,
        "gru_cell_carry": GRU_CELL_CARRY,
        "gru_parts": GRU_PARTS,
        "sigmoid": SIGMOID,
    },
    forward=_gru,
    shape=_gru_shape,
    work=lambda x, h, *rest: _work(3, x, h),
    rules=lambda shapes, attributes: _rules(
        "gru_cell", 1, ("", ", state=true"), _gru_backward, shapes, _GRU_OPERANDS
    ),
    optional=2,
    inside=_gru_inside,
    lesson=Words(
        en="The update gate mixes the old state with a candidate: part of the gradient bypasses the weights.",
        ko="업데이트 게이트가 이전 상태와 후보를 섞으므로, 그래디언트의 일부는 가중치를 거치지 않습니다.",
    ),
    lessons=(
        None,
        None,
        _OF_WEIGHTS,
        _OF_WEIGHTS,
        _OF_BIASES,
        _OF_BIASES,
    ),
    conventions=Words(
        "Like PyTorch's GRUCell: the rows of the weights are the gates r, z and the candidate n "
        "in this order; the reset gate multiplies W_hn h + b_hn as a whole; a z near 1 keeps the "
        "old state.",
        "PyTorch의 GRUCell과 같습니다. 가중치의 행은 게이트 r, z와 후보 n 순서이고, 리셋 게이트는 "
        "W_hn h + b_hn 전체에 곱합니다. z가 1에 가까우면 이전 상태가 남습니다.",
    ),
    samples=(
        Sample(((2,), (1,), (3, 2), (3, 1))),
        Sample(((3,), (2,), (6, 3), (6, 2), (6,), (6,))),
        Sample(((2, 3), (2, 2), (6, 3), (6, 2), (6,))),
        Sample(((3, 1), (3, 2), (6, 1), (6, 2), (6,), (6,)), low=-1.0, high=1.0),
        Sample(((0, 2), (0, 1), (3, 2), (3, 1), (3,), (3,))),
    ),
)

BACKWARD: Final[Mapping[str, Backward]] = {"lstm_cell": _lstm_backward, "gru_cell": _gru_backward}
"""What a backward pass brings to the gates of a cell, and straight on."""
