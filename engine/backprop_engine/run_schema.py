"""The JSON Schema of what `run --json` prints, so that other programs can rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

__all__ = ["run_schema"]

_Fragment: TypeAlias = Mapping[str, Any]

_STRING: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_POSITIVE: Final = {"type": "integer", "minimum": 1}
_COUNTS: Final = {"type": "array", "items": _COUNT}
_TENSOR: Final = {"$ref": "#/$defs/tensor"}
_NUMBER: Final = {"$ref": "#/$defs/number"}
_STEPS: Final = {"$ref": "#/$defs/steps"}
_NAMED: Final = {"type": "object", "additionalProperties": _TENSOR}


def _or_null(fragment: _Fragment) -> _Fragment:
    return {"anyOf": [fragment, {"type": "null"}]}


def _list_of(fragment: _Fragment) -> _Fragment:
    return {"type": "array", "items": fragment}


def _object(needed: _Fragment, optional: _Fragment | None = None) -> _Fragment:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**needed, **(optional or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


_STEP_KINDS: Final[Mapping[str, tuple[_Fragment, _Fragment]]] = {
    "forward": (
        {
            "node": _STRING,
            "op": _STRING,
            "operands": _list_of({"anyOf": [_STRING, _TENSOR]}),
            "value": _TENSOR,
        },
        {"inside": _STEPS},
    ),
    "seed": ({"node": _STRING, "gradient": _TENSOR}, {}),
    "backward": (
        {
            "node": _STRING,
            "operand": _STRING,
            "argnum": _COUNT,
            "upstream": _TENSOR,
            "local": {"$ref": "#/$defs/local"},
            "product": _TENSOR,
            "summed_axes": _COUNTS,
        },
        {"inside": _STEPS},
    ),
    "accumulate": ({"node": _STRING, "count": _POSITIVE, "of": _POSITIVE, "sum": _TENSOR}, {}),
    "all-reduce": (
        {
            "node": _STRING,
            "operation": {"enum": ["mean", "sum", None]},
            "contributions": _NAMED,
            "gradient": _TENSOR,
        },
        {},
    ),
    "update": (
        {"node": _STRING, "before": _TENSOR, "gradient": _TENSOR, "after": _TENSOR},
        {"rate": _NUMBER, "norm": _NUMBER, "clipped": _TENSOR},
    ),
    "clear": ({}, {"running": _NAMED}),
}
"""What a step of each kind holds, and what it may hold, besides what every step has."""

_LOCAL: Final[_Fragment] = {
    "oneOf": [
        _object({"form": {"enum": ["scalar", "elementwise"]}, "value": _TENSOR}),
        _object({"form": {"const": "jacobian"}, "value": _or_null(_TENSOR)}),
        _object(
            {
                "form": {"const": "map"},
                "rule": _STRING,
                "shapes": _object({"upstream": _COUNTS, "product": _COUNTS}, {"factor": _COUNTS}),
            }
        ),
    ]
}


def run_schema() -> dict[str, Any]:
    """The schema, in the draft of 2020-12; the same on every call.

    A tensor is a number or nested lists of numbers; `NaN` and infinities, which JSON has no numbers for, are
    strings, and entries of conditions are truth values.
    """
    steps = [
        _object(
            {"index": _COUNT, "kind": {"const": kind}, **needed},
            {"group": _STRING, "iteration": _COUNT, **optional},
        )
        for kind, (needed, optional) in _STEP_KINDS.items()
    ]
    run = _object(
        {
            "scenario": _STRING,
            "output": _STRING,
            "loss": _or_null(_NUMBER),
            "dtype": {"enum": ["float64", "float32", "float16"]},
            "values": _NAMED,
            "grads": _NAMED,
            "steps": _STEPS,
            "warnings": _list_of(_object({"code": _STRING, "message": _STRING, "node": _STRING})),
        },
        {"iterations": _list_of(_object({"iteration": _COUNT, "loss": _or_null(_NUMBER)}))},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **run,
        "$defs": {
            "number": {
                "anyOf": [{"type": ["number", "boolean"]}, {"enum": ["NaN", "Infinity", "-Infinity"]}]
            },
            "tensor": {"anyOf": [_NUMBER, _list_of(_TENSOR)]},
            "local": _LOCAL,
            "steps": _list_of({"oneOf": steps}),
        },
    }
