"""The description of an operator, as data: its call, derivatives, shapes and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.catalogue.conventions import Convention
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.attributes import shown_value, type_words
from backprop_engine.evaluation.calls import meant, signature
from backprop_engine.evaluation.complete_texts import formula_text, gradient_text, local_text
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Elementwise, Jacobian, Op, Sample
from backprop_engine.ops.arithmetic import times
from backprop_engine.ops.attributes import key_text
from backprop_engine.ops.shape_rules import broadcast, same_shape

__all__ = [
    "data",
    "decompositions",
    "derivatives",
    "find",
    "fits",
    "formula",
    "how_written",
    "kinks",
    "shape_rule",
]

RuleForm: TypeAlias = Literal["elementwise", "jacobian", "map", "none"]


class Derivative(Struct, frozen=True):
    """The rule of one operand, as expressions over ``g``, ``out`` and the operands.

    `product` is what the rule makes of the upstream gradient `g`, complete with the sum over broadcast axes;
    `local` is the local gradient itself, where it is a tensor to look at. Both are expressions that can be
    pasted. `where` are operands' shapes that it is written for, where it is not the only rule.
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
    hint = meant(name) or msg("`backprop-tui ops` lists them all")
    raise UsageError(msg("there is no operator {name}: {hint}", name=name, hint=hint))


def how_written(op: Op) -> str:
    """How it is written in an expression: ``a + b``, or a call with the defaults of its settings."""
    return op.written or signature(op)


def derivatives(op: Op) -> list[Derivative]:
    """The rules of each operand, as many as its samples need, with default settings where possible.

    Where any number of operands may be given, those of one sample are told, so that they belong together.
    """
    found: list[Derivative] = []
    tried = _tried(op)
    if op.variadic:
        tried = [next((sample for sample in tried if len(sample.operands) > 1), tried[0])]
    for argnum in range(max(len(sample.operands) for sample in tried)):
        operand = op.names(max(argnum + 1, len(op.operands)))[argnum]
        texts: dict[str, Derivative] = {}
        for sample in tried:
            if argnum < len(sample.operands):
                derivative = _derivative(op, argnum, operand, sample)
                texts.setdefault(_kind(derivative), derivative)
        several = len(texts) > 1 or op.variadic
        found += [structs.replace(each, where=each.where * several) for each in texts.values()]
    return found


def _kind(derivative: Derivative) -> str:
    """What tells a derivative from the others of its operand: its text, whatever the sizes in it.

    Of an elementwise operator there are two, without and with a sum over broadcast axes.
    """
    if derivative.form == "elementwise" and derivative.product.startswith("sum("):
        return "sum"
    return re.sub(r"\[[\d, ]*\]|\d+", "", derivative.product)


def _tried(op: Op) -> list[Sample]:
    """The samples that have something in them; scalars and other settings only where need be."""
    usual = [sample for sample in op.samples if not _settings(op, sample)] or list(op.samples)
    wide = [sample for sample in usual if any(shape and 0 not in shape for shape in _operands(sample))]
    return wide or usual


def _derivative(op: Op, argnum: int, operand: str, sample: Sample) -> Derivative:
    """The rule of an operand for a sample: its form, its product with the upstream gradient, and itself."""
    shapes, attributes = _operands(sample), _attributes(op, sample)
    rule = op.rules_for(shapes, attributes)[argnum]
    if rule is None:
        return Derivative(operand, "none", "", "", _shapes(shapes))
    form: RuleForm = "map"
    if isinstance(rule, Elementwise | Jacobian):
        form = "elementwise" if isinstance(rule, Elementwise) else "jacobian"
    product = gradient_text(op, argnum, shapes, attributes)
    return Derivative(operand, form, product, local_text(op, rule, shapes, attributes), _shapes(shapes))


def formula(op: Op) -> str:
    """What it computes, for its plainest operands; empty where it is not made of other operators."""
    if op.written or op.is_called:
        return ""
    sample = max(_tried(op), key=lambda tried: _plainness(op, tried))
    return formula_text(op, _operands(sample), _attributes(op, sample))


def _plainness(op: Op, sample: Sample) -> tuple[int, int, int]:
    """Every operand that is differentiated, few that are not, and a batch."""
    names = op.names(len(sample.operands))
    fixed = sum(name in op.constants for name in names)
    return len(names) - fixed, -fixed, len(_operands(sample)[0])


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
    for sample in sorted(_tried(op), key=lambda tried: (bool(_settings(op, tried)), -len(tried.operands))):
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
        "formula": op.written or formula(op) or op.formula,
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
