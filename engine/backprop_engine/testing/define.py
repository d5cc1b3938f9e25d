"""`define`: an operator of your own, from formulas or from functions over NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Shape
from backprop_engine.errors import BackpropError, ShapeError, UsageError
from backprop_engine.evaluation.calls import CallError
from backprop_engine.evaluation.compiled_formula import CompiledFormula, UnknownNameError
from backprop_engine.evaluation.composed_operators import GRADIENT_NAMES, OWN, composed_operator
from backprop_engine.evaluation.execution_plans import forget_plans
from backprop_engine.expressions import ExprError
from backprop_engine.messages.message import msg, rewritten
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Linear, Op, Sample

__all__ = ["define", "undefine"]

_Forward: TypeAlias = str | Callable[..., Any]
_Backward: TypeAlias = Mapping[str, str | Callable[..., Any] | None]

_TRIED: Final[tuple[Shape, ...]] = ((), (3,), (2, 3), (3, 2), (3, 3))
_MOST_TRIED_OPERANDS: Final = 3
_LESSON: Final = Words(
    "The gradient is computed by the operator's own backward function.",
    "그래디언트는 이 연산에 정의된 역전파 함수가 계산합니다.",
)


def define(
    name: str,
    *,
    inputs: str | Sequence[str],
    forward: _Forward,
    backward: _Backward | None = None,
    shape: Callable[..., Shape] | None = None,
    samples: Sequence[Sequence[Any]] = (),
    sign: str = "",
    lesson: str | Mapping[str, str] = "",
) -> Op:
    """Add a user-defined operator to the table, under a name that is not taken.

    `inputs` are the names of its operands. `forward` is a formula over them, such as ``"a * sigmoid(a)"``, or
    a function of NumPy arrays. `backward` has, by operand, a formula over the operands, ``out`` and the
    upstream gradient ``g``, or a function ``(g, out, *operands)`` that gives the gradient in the operand's
    shape. If it is omitted, the gradient is derived from a formula; a function requires it. An operand whose
    rule is None gets no gradient.

    `shape` gives the output's shape for the operands' shapes; without it, a function is called on arrays of
    ones to find out. `samples` are operands for checks, each a tuple of arrays; `sign` is shown in its node
    of the graph; `lesson` explains its backward step, in English or by language. A user-defined operator of
    the same name is replaced.

    >>> from backprop_engine import define, undefine
    >>> define("cube", inputs="a", forward="a ** 3")
    <op cube>
    >>> undefine("cube")

    Raises `UsageError` for a name that is taken, and for an invalid formula or rule.
    """
    names = tuple(inputs.split() if isinstance(inputs, str) else inputs)
    _check_names(name, names)
    rules = dict(backward or {})
    for operand in rules:
        if operand not in names:
            raise UsageError(msg("the operator `{op}` has no input `{name}`", op=name, name=operand))
    if isinstance(forward, str):
        op = _from_formula(name, names, forward, rules)
    else:
        op = _from_function(name, names, forward, rules, shape)
    texts = {"en": lesson} if isinstance(lesson, str) else dict(lesson)
    op = structs.replace(op, sign=sign or name)
    if texts.get("en"):
        op = structs.replace(op, lesson=Words.verbatim(texts))
    given = tuple(
        Sample(tuple(np.asarray(operand, dtype=np.float64) for operand in each)) for each in samples
    )
    op = structs.replace(op, samples=given or tuple(_fitting_samples(op)))
    if name in OPS:
        undefine(name)
    OPS.add(op)
    forget_plans()  # a call of it may have been refused before
    return op


def undefine(name: str) -> None:
    """Remove a user-defined operator from the table; `UsageError` if `name` is not one.

    >>> from backprop_engine import OPS, define, undefine
    >>> undefine(define("cube", inputs="a", forward="a ** 3").name)
    >>> "cube" in OPS
    False
    """
    if name not in OPS or OPS[name].family != OWN:
        raise UsageError(msg("`{name}` is not an operator of your own", name=name))
    OPS.remove(name)
    forget_plans()


def _check_names(name: str, names: Sequence[str]) -> None:
    for each in (name, *names):
        if not each.isidentifier():
            raise UsageError(msg("`{name}` is not a name", name=each))
    if name in OPS and OPS[name].family != OWN:
        raise UsageError(msg("`{name}` is already an operator", name=name), msg("give it a name of its own"))
    if not names:
        raise UsageError(msg("the operator `{name}` has no `{part}`", name=name, part="inputs"))
    for each in names:
        if each in GRADIENT_NAMES or names.count(each) > 1:
            raise UsageError(msg("`{name}` cannot be the name of an input here", name=each))


def _from_formula(name: str, names: Sequence[str], forward: str, rules: _Backward) -> Op:
    given: dict[str, CompiledFormula | None] = {}
    for operand, rule in rules.items():
        if rule is not None and not isinstance(rule, str):
            raise UsageError(
                msg(
                    "`{op}` is a formula, but its rule for `{name}` is a Python function",
                    op=name,
                    name=operand,
                ),
                msg("write both in the same way"),
            )
        given[operand] = None if rule is None else _compiled(rule, (*names, *GRADIENT_NAMES))
    return composed_operator(name, _compiled(forward, names), given)


def _compiled(text: str, names: Sequence[str]) -> CompiledFormula:
    try:
        return CompiledFormula(text, names)
    except UnknownNameError as error:
        raise UsageError(
            msg("`{text}`: `{name}` is not an input of the operator", text=text, name=error.name)
        ) from None
    except (ExprError, CallError) as error:
        raise UsageError(msg("`{text}`: {problem}", text=text, problem=error.message), error.hint) from None


def _from_function(
    name: str,
    names: Sequence[str],
    forward: Callable[..., Any],
    rules: _Backward,
    shape: Callable[..., Shape] | None,
) -> Op:
    missing = [operand for operand in names if operand not in rules]
    if missing:
        raise UsageError(
            msg("`{op}` is a Python function and has no rule for `{name}`", op=name, name=missing[0]),
            msg("write it under `backward`; a formula needs none"),
        )
    for operand, rule in rules.items():
        if isinstance(rule, str):
            raise UsageError(
                msg(
                    "`{op}` is a Python function, but its rule for `{name}` is a formula",
                    op=name,
                    name=operand,
                ),
                msg("write both in the same way"),
            )
    guarded = _guarded(name, forward)
    arguments = ", ".join(("g", "out", *names))
    call = f"{name}({', '.join(names)})"
    return Op(
        name=name,
        family=OWN,
        sign=name,
        operands=tuple(names),
        formula=call,
        helpers={name: _stub(name, names)}
        | {rule: _stub(rule, ("g", "out", *names)) for rule in (f"{name}_{operand}" for operand in names)},
        forward=guarded,
        shape=shape or partial(_tried, guarded),
        rules=tuple(
            Linear(f"{name}_{operand}({arguments})", _rule(name, rules[operand], number))
            for number, operand in enumerate(names)
        ),
        analytic=False,
        lesson=_LESSON,
        samples=(),
    )


def _stub(name: str, names: Sequence[str]) -> str:
    """What stands for the function in a program that has NumPy alone."""
    return (
        f"def {name}({', '.join(names)}):\n"
        f'    raise NotImplementedError("{name} was defined in Python: put its function here")'
    )


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the user's own: its exceptions, and results that are not numbers, are reported like other
    mistakes.
    """

    def guarded(*operands: Any) -> Any:
        try:
            found = function(*operands)
            if np.asarray(found).dtype.kind not in "biufc":
                raise UsageError(
                    msg(
                        "the function of `{op}` does not return numbers: {found}",
                        op=name,
                        found=_shown(found),
                    )
                )
            return found
        except BackpropError:
            raise
        except Exception as error:
            raise UsageError(
                msg("the function of `{op}` raises {error}", op=name, error=_told(error))
            ) from error

    return guarded


def _shown(found: object) -> str:
    return shortened(clean(repr(found)), 40)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _rule(name: str, function: Any, number: int) -> Callable[..., Any]:
    """A function as a rule; None hands nothing on."""
    if function is not None:
        return _guarded(name, function)
    return lambda g, out, *operands: np.zeros(np.shape(operands[number]))


def _tried(forward: Callable[..., Any], *shapes: Shape) -> Shape:
    """The shape that a function gives, tried on ones."""
    try:
        with np.errstate(all="ignore"):
            return np.shape(forward(*(np.ones(shape)[()] for shape in shapes)))
    except UsageError as error:
        raise ShapeError(rewritten(error.text, _without_places)) from None


def _without_places(text: str) -> str:
    """A text in which no brace stands for an operand's name."""
    return text.replace("{", "(").replace("}", ")")


def _fitting_samples(op: Op) -> Iterator[Sample]:
    """Operands of small shapes that the operator takes."""
    count = len(op.operands)
    shapes = (
        product(_TRIED, repeat=count)
        if count <= _MOST_TRIED_OPERANDS
        else ((shape,) * count for shape in _TRIED)
    )
    found = 0
    for each in shapes:
        try:
            op.shape(*each)
        except BackpropError:
            continue
        yield Sample(tuple(each))
        found += 1
        if found == len(_TRIED):
            return
