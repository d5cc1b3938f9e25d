"""The section `operators`: operators that a file defines, by formulas in the language of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError, code
from backprop_engine.evaluation.calls import UNKNOWN_OP, CallError
from backprop_engine.evaluation.compiled_formula import CompiledFormula, UnknownNameError
from backprop_engine.evaluation.composed_operators import GRADIENT_NAMES, composed_operator
from backprop_engine.evaluation.derivative_operators import DERIVATIVES
from backprop_engine.expressions import ExprError, SourceSpan, normalised
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.format import OWN_OPERATOR
from backprop_engine.scenario.read.mistakes import (
    WRONG_TYPE,
    Mistakes,
    as_bool,
    as_mapping,
    as_sequence,
    as_text,
    described,
    expression_mistake,
    is_absent,
    mistake,
    only_keys,
    syntax_mistake,
)
from backprop_engine.scenario.read.names import NameTable
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar
from backprop_engine.scenario.sections.texts import local_text

__all__ = ["read_operators"]

OWN_OPERATOR_FORM = code(
    "operator-form", msg("An operator under `operators` lacks a key, or has one that does not fit.")
)
OWN_OPERATOR_NAME = code("operator-name", msg("An operator under `operators` has the name of another one."))
OWN_OPERATOR_FORMULA = code(
    "operator-formula", msg("The formula of an operator uses a name that is not one of its inputs.")
)

MAX_OPERATORS: Final = 1000
MAX_INPUTS: Final = 32
LONGEST_SIGN: Final = 12
MAX_PARTS: Final = 200
"""The most operators in a formula; its gradient is written out, and rewritten by recursion."""
_EXAMPLE: Final = msg("such as `{text}`", text="swish: {inputs: [a], forward: a * sigmoid(a)}")
_RESERVED: Final = tuple(DERIVATIVES)


def read_operators(node: YamlNode) -> dict[str, Op]:
    """The operators by name; `ScenarioError` with everything that is wrong with them."""
    operators: dict[str, Op] = {}
    mistakes, names = Mistakes(), NameTable()
    section = as_mapping(node, msg("a map from names to operators"), _EXAMPLE)
    if len(section) > MAX_OPERATORS:
        message = msg("a file can define at most {most:,} operators", most=MAX_OPERATORS)
        raise mistake(OWN_OPERATOR_FORM, section, message)
    own = {normalised(key.text) for key, _ in section}
    for key, value in section:
        with mistakes.collected():
            name = names.declare(key, "operators")
            if name in OPS or name in _RESERVED:
                message = msg("`{name}` is already an operator", name=name)
                raise mistake(OWN_OPERATOR_NAME, key, message, msg("give it a name of its own"))
            operators[name] = _operator(
                name, key, as_mapping(value, msg("an operator as a map"), _EXAMPLE), own, mistakes
            )
    mistakes.raise_if_any()
    return operators


def _operator(name: str, key: YamlScalar, node: YamlMapping, own: Set[str], mistakes: Mistakes) -> Op:
    """One operator; independent mistakes in its parts are collected."""
    mistakes.attempt(only_keys, node, OWN_OPERATOR.names, msg("the operator `{name}`", name=name))
    for part in ("inputs", "forward"):
        if is_absent(node.get(part)):
            message = msg("the operator `{name}` has no `{part}`", name=name, part=part)
            raise mistake(OWN_OPERATOR_FORM, key, message, _EXAMPLE)
    inputs = _inputs(node.entries["inputs"].value)
    forward = _formula(node.entries["forward"].value, inputs, own)
    backward = _backward(node.get("backward"), name, inputs, own, mistakes)
    if forward.boolean and any(rule is not None for rule in backward.values()):
        message = msg("`{name}` gives truth values, and no gradient flows through them", name=name)
        raise mistake(OWN_OPERATOR_FORM, node.entries["backward"].key, message)
    return composed_operator(
        name,
        forward,
        backward,
        sign=_sign(node.get("sign")),
        lesson=_lesson(node.get("lesson")),
        wrong=_wrong(node.get("wrong"), name, backward),
        refuse_shapes=_shape_rule(node.get("shape"), name, inputs),
    )


def _inputs(node: YamlNode) -> tuple[str, ...]:
    """The names of the operands."""
    table = NameTable()
    hint = msg("write `{text}`", text="inputs: [a, b]")
    names = []
    for item in as_sequence(node, msg("the operator's inputs as a list of names"), hint):
        scalar = as_text(item, msg("a name"))
        name = table.declare(scalar, "inputs")
        if name in GRADIENT_NAMES:
            message = msg("backward rules use the name `{name}` for {what}", name=name, what=_MEANT[name])
            raise mistake(OWN_OPERATOR_NAME, scalar, message, msg("give the input another name"))
        names.append(name)
    if not 0 < len(names) <= MAX_INPUTS:
        message = msg(
            "an operator has 1 to {most} inputs, but this one has {count}", most=MAX_INPUTS, count=len(names)
        )
        raise mistake(OWN_OPERATOR_FORM, node, message)
    return tuple(names)


_MEANT: Final[Mapping[str, Message]] = {"g": msg("the upstream gradient"), "out": msg("the output")}


def _called(scalar: YamlScalar, span: SourceSpan) -> str:
    return normalised(scalar.text[span.start : span.end])


def _formula(node: YamlNode, names: Sequence[str], own: Set[str]) -> CompiledFormula:
    """The formula at `node` over `names`; `ScenarioError` with the place of what is wrong with it.

    It calls none of the file's `own` operators.
    """
    scalar = node
    if not isinstance(scalar, YamlScalar) or not isinstance(scalar.value, str | int | float):
        raise mistake(WRONG_TYPE, node, msg("expected a formula, found {found}", found=described(node)))
    if isinstance(scalar.value, bool):
        raise mistake(WRONG_TYPE, node, msg("expected a formula, found {found}", found=described(node)))
    try:
        formula = CompiledFormula(scalar.text, names)
    except ExprError as error:
        raise syntax_mistake(scalar, error) from None
    except UnknownNameError as error:
        known = ", ".join(names)
        hint: Hint = did_you_mean(error.name, names) or msg("known here: {names}", names=known)
        if error.name in GRADIENT_NAMES:
            hint = msg("`g` and `out` are known only in backward rules")
        message = msg("`{name}` is not an input of the operator", name=shortened(clean(error.name), 40))
        raise expression_mistake(OWN_OPERATOR_FORMULA, scalar, error.span, message, hint) from None
    except CallError as error:
        hint = error.hint
        if error.kind is UNKNOWN_OP and isinstance(error.at, SourceSpan) and _called(scalar, error.at) in own:
            hint = msg("an operator can use the built-in operators, but not itself or others from the file")
        raise expression_mistake(error.kind, scalar, error.at, error.message, hint) from None
    if len(formula.parts) > MAX_PARTS:
        message = msg(
            "a formula can apply at most {most} operators, but this one applies {count:,}",
            most=MAX_PARTS,
            count=len(formula.parts),
        )
        raise mistake(OWN_OPERATOR_FORM, scalar, message, msg("a cell can have any number of nodes"))
    return formula


def _backward(
    node: YamlNode | None, name: str, inputs: Sequence[str], own: Set[str], mistakes: Mistakes
) -> dict[str, CompiledFormula | None]:
    """The rules that are given, by input; one without a value lets no gradient flow."""
    rules: dict[str, CompiledFormula | None] = {}
    if node is None or is_absent(node):
        return rules
    hint = msg("such as `{text}`", text=f"backward: {{{inputs[0]}: g * …}}")
    for key, value in as_mapping(node, msg("a map from inputs to formulas"), hint):
        with mistakes.collected():
            operand = normalised(key.text)
            if operand not in inputs:
                message = msg(
                    "the operator `{op}` has no input `{name}`", op=name, name=shortened(clean(operand), 40)
                )
                raise mistake(
                    OWN_OPERATOR_FORM, key, message, did_you_mean(operand, inputs) or _its_inputs(inputs)
                )
            rules[operand] = None if is_absent(value) else _formula(value, (*inputs, *GRADIENT_NAMES), own)
    return rules


def _its_inputs(inputs: Sequence[str]) -> Message:
    return msg("its inputs are {names}", names=", ".join(inputs))


def _sign(node: YamlNode | None) -> str:
    """The sign in the operator's node of the graph."""
    if node is None or is_absent(node):
        return ""
    sign = clean(as_text(node, msg("a sign"), msg("put it in quotes")).text).strip()
    if not 0 < len(sign) <= LONGEST_SIGN:
        message = msg("a sign has 1 to {most} characters", most=LONGEST_SIGN)
        raise mistake(OWN_OPERATOR_FORM, node, message)
    return sign


def _wrong(node: YamlNode | None, name: str, backward: Mapping[str, CompiledFormula | None]) -> bool:
    """Whether a rule is a known mistake."""
    if node is None or is_absent(node):
        return False
    wrong = as_bool(node, msg("`true` or `false`"))
    if wrong and not backward:
        message = msg("`{name}` has no rule that could be wrong", name=name)
        raise mistake(OWN_OPERATOR_FORM, node, message, msg("write it under `backward`"))
    return wrong


def _lesson(node: YamlNode | None) -> Words | None:
    """What the author says about the backward step."""
    text = local_text(node, msg("a lesson"))
    return Words.verbatim({"en": str(text), **text.by_language}) if text else None


_Axes = tuple[str | int, ...]


def _shape_rule(
    node: YamlNode | None, name: str, inputs: Sequence[str]
) -> Callable[[tuple[Shape, ...], Shape], None] | None:
    """A function that refuses shapes other than those that are declared; None if there are none.

    It takes the operands' shapes and the output's. Axes with one name have one size.
    """
    if node is None or is_absent(node):
        return None
    hint = msg("such as `{text}`", text=f"shape: {{{inputs[0]}: [n, d], out: [n]}}")
    declared: dict[str, _Axes] = {}
    for key, value in as_mapping(node, msg("a map from inputs to their axes"), hint):
        operand = normalised(key.text)
        if operand not in (*inputs, "out"):
            message = msg(
                "the operator `{op}` has no input `{name}`", op=name, name=shortened(clean(operand), 40)
            )
            raise mistake(OWN_OPERATOR_FORM, key, message, _its_inputs(inputs))
        declared[operand] = tuple(map(_axis, as_sequence(value, msg("a list of axes"), hint)))

    def refuse(shapes: tuple[Shape, ...], out: Shape) -> None:
        sizes: dict[str, int] = {}
        for operand, axes in declared.items():
            shape = out if operand == "out" else shapes[inputs.index(operand)]
            if len(shape) == len(axes) and all(
                size == (axis if isinstance(axis, int) else sizes.setdefault(axis, size))
                for axis, size in zip(axes, shape, strict=True)
            ):
                continue
            known = ", ".join(f"{axis} = {size}" for axis, size in sizes.items())
            message = msg(
                "`{op}` takes `{operand}` of shape {wanted}, found {found}", op=name, operand=operand,
                wanted=f"[{', '.join(map(str, axes))}]", found=shape_text(shape),
            )  # fmt: skip
            raise ShapeError(message, msg("here the names are {known}", known=known) if known else "")

    return refuse


def _axis(node: YamlNode) -> str | int:
    """An axis: a name, or its size."""
    if isinstance(node, YamlScalar) and type(node.value) is int and node.value >= 0:
        return node.value
    text = as_text(node, msg("the name of an axis, or its size")).text
    if not text.isidentifier():
        raise mistake(OWN_OPERATOR_FORM, node, msg("give each axis as a name or a size"))
    return text
