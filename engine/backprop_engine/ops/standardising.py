"""Normalising rows to mean 0 and variance 1: layer and RMS normalisation, and what those of channels share.

All of them scale by the root of a mean square over some axes. `axes` are those axes, counted from 0; what is
normalised is called `n`, and the root `r`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.rules import (
    ONE,
    Elementwise,
    Indices,
    Jacobian,
    Linear,
    Rule,
    Rules,
    here,
    same,
)
from backprop_engine.ops.samples import Kink, Sample
from backprop_engine.ops.shape_rules import needed, no_axis, repair, two_named
from backprop_engine.ops.shared_work import remembered

define = Family("normalisation").define

EPS = OpAttribute(
    "eps",
    float,
    1e-5,
    Words(
        "a small number under the square root that prevents a division by 0",
        "0으로 나누지 않도록 근호 안에 더하는 작은 수",
    ),
    least=0,
)
OF_WEIGHT = Words(
    en="The weight gets the upstream gradient times the normalised entries that it multiplied.",
    ko="가중치는 흘러들어온 그래디언트에, 자신과 곱해진 정규화된 값을 곱해 받습니다.",
)
OF_BIAS = Words(
    en="The bias is added to every normalised row, so it gets the sum of their gradients.",
    ko="편향은 정규화된 모든 행에 더해졌으므로 그 그래디언트를 모두 더해 받습니다.",
)
SHOWN = Words(
    "minus its mean and its part along the normalised row, divided by the standard deviation",
    "평균과 정규화된 행 방향의 성분을 빼고 표준편차로 나눔",
)


def root_of(a: Any, axes: tuple[int, ...], eps: float, *, centred: bool) -> tuple[Any, Any]:
    """What is normalised, and the root it is divided by."""
    d = a - np.mean(a, axis=axes, keepdims=True) if centred else a
    r = np.sqrt(np.mean(d * d, axis=axes, keepdims=True) + eps)
    return d / r, r


def standard_vjp(h: Any, n: Any, r: Any, axes: tuple[int, ...], *, centred: bool) -> Any:
    """The gradient with respect to the operand; `h` is the one with respect to `n`."""
    along = np.mean(h * n, axis=axes, keepdims=True) * n
    found = h - np.mean(h, axis=axes, keepdims=True) * centred
    found -= along
    found /= r
    return found


def standard_entries(i: Indices, j: Indices, n: Any, r: Any, axes: tuple[int, ...], *, centred: bool) -> Any:
    """Entries of ∂n/∂a."""
    others = [axis for axis in range(n.ndim) if axis not in axes]
    size = prod(n.shape[axis] for axis in axes)
    itself = here(same([i[axis] for axis in axes], [j[axis] for axis in axes]))
    together = same([i[axis] for axis in others], [j[axis] for axis in others])
    return here(together, (itself - (centred + n[i] * n[j]) / size) / np.broadcast_to(r, n.shape)[i])


def standard_text(h: str, n: str, axis: str, eps: float, *, centred: bool, a: str = "a") -> str:
    """The text of `standard_vjp`."""
    along = f"axis={axis}, keepdims=true"
    root = f"var({a}, {along})" if centred else f"mean({a} ** 2, {along})"
    mean = f" - mean({h}, {along})" if centred else ""
    return f"({h}{mean} - {n} * mean({h} * {n}, {along})) / sqrt({root} + {eps})"


def standard_inside(axis: str, eps: float, *, centred: bool, a: str = "a") -> Decomposition:
    """The decomposition of the normalisation alone; its last part is ``n``."""
    along = f"axis={axis}, keepdims=true"
    d = "d" if centred else a
    steps = (("m", f"mean({a}, {along})"), ("d", f"{a} - m")) if centred else ()
    return (*steps, ("v", f"mean({d} ** 2, {along})"), ("r", f"sqrt(v + {eps})"), ("n", f"{d} / r"))


def with_parameters(steps: Decomposition, count: int, scale: str = "{}") -> Decomposition:
    """The decomposition for `count` operands, from that of the normalisation alone; `scale` is how a weight
    and a bias are written.
    """
    if count > 1:
        steps = (*steps, ("w", f"n * {scale.format('weight')}"))
    if count > 2:
        steps = (*steps, ("b", f"w + {scale.format('bias')}"))
    return (*steps[:-1], ("out", steps[-1][1]))


def axes_text(axes: tuple[int, ...]) -> str:
    """One axis as a number, more as a list."""
    return str(axes[0]) if len(axes) == 1 else str(list(axes))


def standard_formula(
    axes: str, eps: float, count: int, *, centred: bool, scale: str = "{}", a: str = "a"
) -> str:
    """The formula of an operator that normalises `a` over `axes`, with `count` operands.

    `scale` has a place for a parameter, as it meets the operand.
    """
    along = f"axis={axes}, keepdims=true"
    n = f"({a} - mean({a}, {along})) / sqrt(var({a}, {along}) + {eps})"
    if not centred:
        n = f"{a} / sqrt(mean({a} ** 2, {along}) + {eps})"
    return scaled_formula(n, count, scale)


def scaled_formula(n: str, count: int, scale: str = "{}") -> str:
    """What is normalised, times the weight, plus the bias, if there are a weight and a bias."""
    n += f" * {scale.format('weight')}" * (count > 1)
    return n + f" + {scale.format('bias')}" * (count > 2)


def plain_call(name: str, attributes: Attributes, **defaults: Any) -> str:
    """The operator without weights, as it is written."""
    given = [f"{key}={attributes[key]}" for key, value in defaults.items() if attributes[key] != value]
    return f"{name}({', '.join(['a', *given])})"


def _last_axes(ndim: int, axis: int) -> tuple[int, ...]:
    return tuple(range(axis % ndim, ndim))


def check_parameters(a: Shape, parameters: tuple[Shape, ...], wanted: Shape, reason: Message) -> None:
    """Refuse parameters that do not have the shape that `a` asks for; they are the operands after it."""
    wrong = [argnum for argnum, parameter in enumerate(parameters, 1) if parameter != wanted]
    if wrong:
        argnum, parameter = wrong[0], parameters[wrong[0] - 1]
        other = repair((parameter,), wanted.__eq__, first=argnum) if len(wrong) == 1 else ""
        raise ShapeError(two_named((0, a), (argnum, parameter), reason), other or needed(argnum, wanted))


def _last_axes_shape(a: Shape, *parameters: Shape, axis: int, eps: float) -> Shape:
    """The shape rule: parameters have the shape of the normalised axes."""
    if not -len(a) <= axis < len(a):
        raise no_axis(a, axis)
    normalised = a[axis % len(a) :]
    if 0 in normalised:
        raise ShapeError(msg("{0} is {shape}: the normalised axes are empty", shape=shape_text(a)))
    reason = msg("the normalised axes of {0} have shape {shape}", shape=shape_text(normalised))
    check_parameters(a, parameters, normalised, reason)
    return a


class _Normalisation(NamedTuple):
    forward: Callable[..., Any]
    rules: Callable[[tuple[Shape, ...], Attributes], Rules]
    inside: Callable[[tuple[Shape, ...], Attributes], Decomposition]
    exact: Callable[[tuple[Shape, ...], Attributes], str]


def _over_last_axes(name: str, *, centred: bool) -> _Normalisation:
    """Forward, rules and inside of an operator that normalises the last axes."""
    divided = remembered(partial(root_of, centred=centred))

    def normalised(a: Any, axis: int, eps: float) -> tuple[Any, Any, tuple[int, ...]]:
        axes = _last_axes(a.ndim, axis)
        return (*divided(a, axes=axes, eps=eps), axes)

    def forward(a: Any, weight: Any = 1.0, bias: Any = 0.0, *, axis: int, eps: float) -> Any:
        return normalised(a, axis, eps)[0] * weight + bias

    def vjp(g: Any, out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, axis: int, eps: float) -> Any:
        return standard_vjp(g * weight, *normalised(a, axis, eps), centred=centred)

    def entries(
        i: Indices, j: Indices, out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, axis: int, eps: float
    ) -> Any:
        found = standard_entries(i, j, *normalised(a, axis, eps), centred=centred)
        return found * np.broadcast_to(weight, a.shape)[i]

    def matrix(out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, axis: int, eps: float) -> Any:
        n, r, _ = normalised(a, axis, eps)
        size = a.shape[-1]
        inner = np.eye(size) - (centred + n[..., :, np.newaxis] * n[..., np.newaxis, :]) / size
        return np.broadcast_to(weight, (size,))[:, np.newaxis] * inner / r[..., np.newaxis]

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
        a, axis, eps = shapes[0], attributes["axis"], attributes["eps"]
        axes = tuple(range(axis % len(a) - len(a), 0))
        weighted, size = len(shapes) > 1, a[-1]
        call = plain_call(name, attributes, axis=-1, eps=1e-5)
        n = call if weighted else "out"
        text = standard_text("g * weight" if weighted else "g", n, axes_text(axes), eps, centred=centred)
        mean = f" - ones([{size}, {size}]) / {size}" * centred
        inner = f"(eye({size}){mean} - outer({n}, {n}) / {size})"
        root = f"sqrt({'var(a)' if centred else 'mean(a ** 2)'} + {eps})"
        by_a: Rule = Linear(text, vjp, shown=SHOWN, entries=entries)
        if len(axes) == 1:
            rows = ("diag(weight) @ " if shapes[1] else "weight * ") if weighted else ""
            matrix_text = f"{rows}{inner} / {root}"
            by_a = Jacobian(text, vjp, matrix, matrix_text, (*a, size), entries)
        by_weight = Elementwise(call, lambda out, a, *_, axis, eps: normalised(a, axis, eps)[0])
        return (by_a, by_weight, ONE)[: len(shapes)]

    def inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
        a, axis = shapes[0], attributes["axis"]
        axes = tuple(range(axis % len(a) - len(a), 0))
        steps = standard_inside(axes_text(axes), attributes["eps"], centred=centred)
        return with_parameters(steps, len(shapes))

    def exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
        a, axis = shapes[0], attributes["axis"]
        axes = axes_text(tuple(range(axis % len(a) - len(a), 0)))
        return standard_formula(axes, attributes["eps"], len(shapes), centred=centred)

    return _Normalisation(forward, rules, inside, exact)


_AXIS = OpAttribute(
    "axis",
    int,
    -1,
    Words(
        "the first of the axes that are normalised together; the last is the last axis",
        "함께 정규화할 축의 처음, 마지막 축까지",
    ),
)

_LAYER = _over_last_axes("layer_norm", centred=True)
_ROOT_MEAN_SQUARE = _over_last_axes("rms_norm", centred=False)

LAYER_NORM = """\
def layer_norm(a, weight=1.0, bias=0.0, axis=-1, eps=1e-05):
    return standardised(a, tuple(range(axis % a.ndim, a.ndim)), eps) * weight + bias
"""

STANDARDISED = """\
def standardised(a, axes, eps):
    return (a - np.mean(a, axes, keepdims=True)) / np.sqrt(np.var(a, axes, keepdims=True) + eps)
"""

layer_norm = define(
    "layer_norm",
    sign="LN",
    operands="a weight bias",
    formula="(a - mean(a)) / sqrt(var(a) + eps) * weight + bias",
    exact=_LAYER.exact,
    helpers={"layer_norm": LAYER_NORM, "standardised": STANDARDISED},
    forward=_LAYER.forward,
    shape=_last_axes_shape,
    rules=_LAYER.rules,
    attributes=(_AXIS, EPS),
    optional=2,
    inside=_LAYER.inside,
    lesson=Words(
        en="Each row is recentred and rescaled, so its gradient sums to 0 and has no component along "
        "the normalised row.",
        ko="행마다 평균과 크기를 맞추므로, 그래디언트의 합은 0이고 정규화된 행 방향의 성분이 없습니다.",
    ),
    lessons=(None, OF_WEIGHT, OF_BIAS),
    conventions=Words(
        "The variance is that of the row itself and divides by its size. A row of equal numbers gives 0.",
        "분산은 그 행 자신의 것이며 크기로 나눕니다. 모두 같은 수이면 0이 됩니다.",
    ),
    meets=lambda a, *_, axis, eps: bool(np.any(np.ptp(a, axis=tuple(range(axis % a.ndim, a.ndim))) == 0)),
    kinks=(
        Kink(
            ([3.0, 3.0],),
            [0, 0],
            ([2, -2],),
            Words("eps bounds the slope", "eps가 기울기를 제한함"),
            {"eps": 0.25},
            [1, -1],
        ),
    ),
    samples=(
        Sample(((3,),)),
        Sample(((1,),)),
        Sample(((2, 3),)),
        Sample(((3,), (3,))),
        Sample(((2, 3), (3,), (3,))),
        Sample(((2, 3, 4), (4,), (4,)), {"eps": 0.01}),
        Sample(((2, 3, 4),), {"axis": -2}),
        Sample(((2, 3, 4), (3, 4), (3, 4)), {"axis": 1}),
        Sample(((0, 3), (3,))),
    ),
)

RMS_NORM = """\
def rms_norm(a, weight=1.0, axis=-1, eps=1e-05):
    axes = tuple(range(axis % a.ndim, a.ndim))
    return a / np.sqrt(np.mean(a ** 2, axes, keepdims=True) + eps) * weight
"""

rms_norm = define(
    "rms_norm",
    sign="RMS",
    operands="a weight",
    formula="a / sqrt(mean(a ** 2) + eps) * weight",
    exact=_ROOT_MEAN_SQUARE.exact,
    helpers={"rms_norm": RMS_NORM},
    forward=_ROOT_MEAN_SQUARE.forward,
    shape=_last_axes_shape,
    rules=_ROOT_MEAN_SQUARE.rules,
    attributes=(_AXIS, EPS),
    optional=1,
    inside=_ROOT_MEAN_SQUARE.inside,
    lesson=Words(
        en="Each row is rescaled to a root mean square of 1, so its gradient has no component along "
        "the row itself.",
        ko="행마다 제곱평균제곱근(RMS)을 1로 맞추므로, 그래디언트에 그 행 방향의 성분이 없습니다.",
    ),
    lessons=(None, OF_WEIGHT),
    conventions=Words(
        "eps is 1e-5; PyTorch's default is the machine epsilon of the type.",
        "eps는 1e-5입니다. PyTorch의 기본값은 자료형의 머신 엡실론입니다.",
    ),
    samples=(
        Sample(((3,),)),
        Sample(((1,),), {"eps": 0.5}),
        Sample(((2, 3),)),
        Sample(((3,), (3,))),
        Sample(((2, 3, 4), (4,)), {"eps": 0.01}),
        Sample(((2, 3, 4), (3, 4)), {"axis": -2}),
        Sample(((0, 3), (3,))),
    ),
)
