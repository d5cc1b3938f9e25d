"""What there is to say about an operator, as data: its call, derivatives, shapes and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.catalogue.conventions import Convention
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.attributes import shown_value, type_words
from backprop_engine.evaluation.calls import meant, signature
from backprop_engine.explain.symbols import mathematical
from backprop_engine.expressions import Call, Name, Number, parse
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Elementwise, Jacobian, Linear, Op, Rule, Sample
from backprop_engine.ops.arithmetic import times
from backprop_engine.ops.attributes import key_text
from backprop_engine.ops.shape_rules import broadcast, same_shape

__all__ = [
    "data",
    "decompositions",
    "derivatives",
    "find",
    "fits",
    "how_written",
    "kinks",
    "shape_rule",
]

RuleForm: TypeAlias = Literal["elementwise", "jacobian", "map", "none"]


class Derivative(Struct, frozen=True):
    """The rule of one operand, in readable mathematics.

    `product` is what the rule makes of the upstream gradient `g`; `local` is the local gradient itself, where
    it is a tensor to look at. `where` are operands' shapes that it is written for, where it is not the only
    rule.
    """

    operand: str
    form: RuleForm
    product: str
    local: str
    where: str = ""


class Fit(Struct, frozen=True):
    """Operands that fit: their shapes and settings, and the output's shape."""

    operands: tuple[Shape, ...]
    attributes: Mapping[str, Any]
    output: Shape

    def __str__(self) -> str:
        settings = "".join(
            f", {name}={shown_value(value)}" for name, value in _plain(self.attributes).items()
        )
        return f"{_shapes(self.operands)}{settings} → {shape_text(self.output)}"


def find(name: str) -> Op:
    """The operator called `name`; `UsageError` with what is written instead, where there is none."""
    if name in OPS:
        return OPS[name]
    hint = meant(name) or msg("`backprop-tui ops` lists all")
    raise UsageError(msg("there is no operator {name}: {hint}", name=name, hint=hint))


def how_written(op: Op) -> str:
    """How it stands in an expression: ``a + b``, or a call with the defaults of its settings."""
    return op.written or signature(op)


def derivatives(op: Op) -> list[Derivative]:
    """The rules of each operand, as many as its samples need, with default settings where possible."""
    found: list[Derivative] = []
    variants = [(_shapes(shapes), rules) for shapes, rules in _rules(op)]
    for argnum in range(max(len(rules) for _, rules in variants)):
        operand = op.names(max(argnum + 1, len(op.operands)))[argnum]
        texts: dict[str, tuple[tuple[RuleForm, str, str], str]] = {}
        for where, rules in variants:
            if argnum < len(rules):
                text = _text(rules[argnum])
                texts.setdefault(re.sub(r"\d+", "", text[1]), (text, where))  # sizes alone are the same rule
        found += [Derivative(operand, *text, where * (len(texts) > 1)) for text, where in texts.values()]
    return found


def _rules(op: Op) -> Iterator[tuple[tuple[Shape, ...], tuple[Rule | None, ...]]]:
    """The rules for each sample that has something in it; scalars and other settings only where need be."""
    usual = [sample for sample in op.samples if not _settings(op, sample)] or list(op.samples)
    wide = [sample for sample in usual if any(shape and 0 not in shape for shape in _operands(sample))]
    for sample in wide or usual:
        shapes = _operands(sample)
        yield shapes, op.rules_for(shapes, _attributes(op, sample))


def _text(rule: Rule | None) -> tuple[RuleForm, str, str]:
    """The form of a rule, its product with the upstream gradient, and the local gradient."""
    match rule:
        case None:
            return "none", "", ""
        case Elementwise(text=text):
            product = {"1": "g", "-1": "−g"}.get(text, f"g ⊙ {_factor(text)}")
            return "elementwise", product, mathematical(text)
        case Jacobian(text=text, matrix_text=matrix_text):
            return "jacobian", mathematical(text), mathematical(matrix_text)
        case Linear(text=text, factor=factor):
            return "map", mathematical(text), mathematical(factor.text) if factor else ""


def _factor(text: str) -> str:
    """A rule's text as a factor: in brackets where it is more than a name, a number or a call."""
    plain = isinstance(parse(text), Name | Number | Call)
    return mathematical(text) if plain else f"({mathematical(text)})"


def fits(op: Op) -> list[Fit]:
    """Shapes that fit, one of each kind, from the operator's samples."""
    found: dict[str, Fit] = {}
    for sample in op.samples:
        shapes = _operands(sample)
        fit = Fit(shapes, dict(sample.attributes), op.shape(*shapes, **_attributes(op, sample)))
        found.setdefault(str(fit), fit)
    return list(found.values())


def decompositions(op: Op) -> tuple[tuple[str, str], ...]:
    """The parts of a composite operator, as they are for the fullest of its samples; none for others."""
    if op.inside is None:
        return ()
    for sample in sorted(op.samples, key=lambda tried: (bool(_settings(op, tried)), -len(tried.operands))):
        parts = op.inside_for(_operands(sample), _attributes(op, sample))
        if parts:
            return parts
    return ()


def shape_rule(op: Op) -> Hint:
    """How shapes fit; empty where the examples must do."""
    if op.shape in (broadcast, times):
        return msg("operands broadcast, as in NumPy")
    return msg("operands of one shape") if op.shape is same_shape else ""


def kinks(op: Op) -> tuple[Convention, ...]:
    """What an operator gives at its kinks and extremes."""
    return tuple(Convention(op, kink) for kink in op.kinks)


def data(op: Op) -> dict[str, Any]:
    """An operator as plain data: what `ops --json` prints."""
    return {
        "name": op.name,
        "family": op.family,
        "sign": op.sign,
        "call": signature(op),
        "written": op.written,
        "formula": op.formula,
        "lesson": {language: op.lesson.in_language(language) for language in languages()},
        "operands": list(op.operands),
        "optional": op.optional,
        "variadic": op.variadic,
        "constants": list(op.constants),
        "attributes": [
            {
                "name": attribute.name,
                "type": type_words(attribute.type),
                "required": attribute.default is ...,
                "default": None if attribute.default is ... else attribute.default,
                "meaning": str(attribute.meaning),
                "limits": attribute.limits,
            }
            for attribute in op.attributes
        ],
        "derivatives": [
            {
                "operand": derivative.operand,
                "form": derivative.form,
                "product": derivative.product,
                "local": derivative.local,
                "shapes": derivative.where,
            }
            for derivative in derivatives(op)
        ],
        "shapes": [
            {"operands": fit.operands, "attributes": _plain(fit.attributes), "output": fit.output}
            for fit in fits(op)
        ],
        "conventions": str(op.conventions) if op.conventions else "",
        "kinks": [
            {
                "call": kink.call,
                "value": kink.value_text,
                "gradient": kink.gradient_text,
                "note": kink.kink.note,
            }
            for kink in kinks(op)
        ],
        "analytic": op.analytic,
        "inside": [{"name": name, "expression": text} for name, text in decompositions(op)],
    }  # fmt: skip


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that JSON has a form for: a key becomes the text in its brackets."""
    return {name: key_text(value) if name == "key" else value for name, value in attributes.items()}


def _operands(sample: Sample) -> tuple[Shape, ...]:
    return tuple(operand if isinstance(operand, tuple) else np.shape(operand) for operand in sample.operands)


def _attributes(op: Op, sample: Sample) -> dict[str, Any]:
    return {attribute.name: attribute.default for attribute in op.attributes} | dict(sample.attributes)


def _settings(op: Op, sample: Sample) -> list[str]:
    """The settings of a sample that could have been left out."""
    return [
        attribute.name
        for attribute in op.attributes
        if attribute.default is not ...
        and sample.attributes.get(attribute.name, attribute.default) != attribute.default
    ]


def _shapes(shapes: tuple[Shape, ...]) -> str:
    return ", ".join(map(shape_text, shapes))
