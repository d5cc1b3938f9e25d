"""What stands behind the keys of a scenario, as JSON Schema: a fragment for each kind of value."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Op
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.scenario.calls import signature
from backprop_engine.scenario.data_files import ENDINGS
from backprop_engine.scenario.form import Key, Kind
from backprop_engine.scenario.format import DTYPES, MAX_DIGITS
from backprop_engine.scenario.leaf_format import DATA_DTYPES, INIT_NAMES
from backprop_engine.scenario.leaves import MAX_AXES
from backprop_engine.scenario.schema_parts import (
    SLICE,
    Fragment,
    any_case,
    choices,
    list_of,
    names_to,
    one_of,
    or_nothing,
    paths_to,
    reference,
)
from backprop_engine.scenario.training import MAX_STEPS

__all__ = ["value_of", "values_by_kind"]

_STRING: Final[Fragment] = {"type": "string"}
_WHOLE: Final[Fragment] = {"type": "integer"}
_NATURAL: Final[Fragment] = {"type": "integer", "minimum": 0}
_OPERAND: Final[Fragment] = {"type": ["string", "number"]}
_COLUMN: Final[Fragment] = {"type": ["integer", "string"]}

_PLAIN: Final[dict[Kind, Fragment]] = {
    "text": {"type": ["string", "number", "boolean"]},
    "texts": reference("texts"),
    "leaves": names_to(reference("leaf")),
    "nodes": names_to(reference("node")) | {"minProperties": 1},
    "cells": names_to(reference("cell")),
    "path": _STRING,
    "numbers": reference("numbers"),
    "expect": one_of(reference("expectation"), list_of(reference("expectation"))),
    "train": reference("train"),
    "lines": list_of(_STRING),
    "notes": paths_to(or_nothing(reference("texts"))),
    "shape": list_of(_NATURAL, maxItems=MAX_AXES),
    "number": {"type": "number"},
    "natural": _NATURAL,
    "fan": {"const": "transposed"},
    "file": {"type": "string", "pattern": any_case(ENDINGS)},
    "array": _STRING,
    "rows": one_of({"type": "string", "pattern": SLICE}, _WHOLE, list_of(_WHOLE, minItems=1)),
    "columns": one_of(_COLUMN, list_of(_COLUMN, minItems=1)),
    "operands": list_of(_OPERAND),
    "expression": reference("expression"),
    "cell": reference("name"),
    "arguments": names_to(_OPERAND),
    "over": names_to(_STRING) | {"minProperties": 1},
    "carry": names_to(reference("carried")),
    "operand": _OPERAND,
    "names": list_of(reference("name")),
    "values": paths_to(reference("numbers")),
    "gradients": paths_to(one_of(reference("numbers"), reference("formula"))),
    "tolerance": {"type": "number", "minimum": 0},
    "digits": _NATURAL | {"maximum": MAX_DIGITS},
    "flag": {"type": "boolean"},
    "updates": _NATURAL | {"maximum": MAX_STEPS},
}

_NEVER_EMPTY: Final[tuple[Kind, ...]] = (
    "fan", "rows", "columns", "data-dtype", "operands", "natural", "number", "tolerance", "digits", "flag",
)  # fmt: skip
"""Kinds of which something must stand behind the key, even if the key may be left out."""


def values_by_kind(language: str) -> dict[Kind, Fragment]:
    """What a key of each kind takes; choices are explained in `language`."""
    explained: dict[Kind, Fragment] = {
        "dtype": choices(DTYPES, language),
        "init": choices(INIT_NAMES, language),
        "data-dtype": choices(DATA_DTYPES, language),
        "operator": choices({name: _called(op) for name, op in OPS.items()}, language),
        "optimizer": choices({name: one.lesson for name, one in OPTIMIZERS.items()}, language),
    }
    return _PLAIN | explained


def _called(op: Op) -> Words:
    """How an operator is called, and what its backward step does."""
    return Words(*(f"`{signature(op)}`: {lesson}" for lesson in op.lesson))


def value_of(key: Key, kinds: dict[Kind, Fragment]) -> Fragment:
    """What stands behind `key`; a section may be left empty."""
    part = kinds[key.kind]
    return part if key.needed or key.kind in _NEVER_EMPTY else or_nothing(part)
