"""The small pieces of the JSON Schema: patterns of names, choices, and the types of settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from backprop_engine.expressions.cursor import RESERVED
from backprop_engine.messages.words import Words
from backprop_engine.ops import OpAttribute
from backprop_engine.optim import Setting
from backprop_engine.scenario.names import MAX_LENGTH

__all__ = [
    "NAME",
    "PATH",
    "SLICE",
    "Fragment",
    "any_case",
    "choices",
    "list_of",
    "names_to",
    "of_attribute",
    "of_setting",
    "one_of",
    "or_nothing",
    "paths_to",
    "reference",
    "sentence",
]

Fragment: TypeAlias = dict[str, Any]

_OUTSIDE: Final = r"\u0000-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00a9"
"""What is in no name. All else counts as a letter: engines of regular expressions agree on no more than that,
and the loader is exact."""
_STEP: Final = rf"[^{_OUTSIDE}0-9][^{_OUTSIDE}]*"
_IN_ASCII: Final = rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}$"
_IN_ANY_SCRIPT: Final = rf"(?=.*[^\u0000-\u007f]){_STEP}$"
NAME: Final = rf"^(?!(?:{'|'.join(sorted(RESERVED))})$)(?:{_IN_ASCII}|{_IN_ANY_SCRIPT})"
"""The pattern of names, in the part of regular expressions that all languages share."""
PATH: Final = rf"^\s*{_STEP}(?:\.{_STEP}|\[-?[0-9]+\])*(?:#[0-9]+)?\s*$"
"""The pattern of what figures and notes are for: `q`, `states[-1].h`, `f#1`."""
SLICE: Final = r"^\s*(?:[-+]?[0-9]+)?\s*:\s*(?:[-+]?[0-9]+)?\s*(?::\s*(?:[-+]?[0-9]+)?\s*)?$"

_TYPES: Final = {int: "integer", float: "number", bool: "boolean", str: "string", NoneType: "null"}


def reference(name: str) -> Fragment:
    """What is defined under `name`."""
    return {"$ref": f"#/$defs/{name}"}


def one_of(*parts: Fragment) -> Fragment:
    """Whatever is valid under one of the parts."""
    return {"anyOf": list(parts)}


def names_to(value: Fragment) -> Fragment:
    """A map from names to such values."""
    return {"type": "object", "propertyNames": reference("name"), "additionalProperties": value}


def paths_to(value: Fragment) -> Fragment:
    """A map from names and paths to such values."""
    return {"type": "object", "propertyNames": reference("path"), "additionalProperties": value}


def list_of(item: Fragment, **limits: int) -> Fragment:
    """A list of such items."""
    return {"type": "array", "items": item, **limits}


def or_nothing(part: Fragment) -> Fragment:
    """The same, or nothing behind the key."""
    if "type" in part:
        kinds = part["type"]
        return part | {"type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
    return one_of(*part.get("anyOf", [part]), {"type": "null"})


def choices(table: Mapping[str, Words], language: str) -> Fragment:
    """One of the names in a table, each with its meaning."""
    return one_of(
        *({"const": name, "description": meaning.in_language(language)} for name, meaning in table.items())
    )


def any_case(endings: Iterable[str]) -> str:
    """A pattern for file names with one of these endings, in large or small letters."""
    written = (
        "".join(f"[{one}{one.upper()}]" if one.isalpha() else rf"\{one}" for one in ending)
        for ending in endings
    )
    return f"(?:{'|'.join(written)})$"


def of_attribute(attribute: OpAttribute) -> Fragment:
    """What an attribute of an operator takes."""
    bounds = {
        "minimum": attribute.least,
        "exclusiveMinimum": attribute.above,
        "maximum": attribute.most,
        "exclusiveMaximum": attribute.below,
    }
    limits = {keyword: bound for keyword, bound in bounds.items() if bound is not None}
    return _limited(of_type(attribute.type), limits)


def _limited(part: Fragment, limits: Fragment) -> Fragment:
    """`part` with limits on each number in it, at any depth."""
    if "anyOf" in part:
        return {**part, "anyOf": [_limited(one, limits) for one in part["anyOf"]]}
    if "items" in part:
        return {**part, "items": _limited(part["items"], limits)}
    return part | limits if part.get("type") in ("integer", "number") else part


def of_type(kind: Any) -> Fragment:
    """What an attribute of this Python type takes."""
    if kind is tuple:  # the key of `index`, whose slices only brackets can write
        return one_of({"type": "integer"}, list_of({"type": "integer"}))
    if get_origin(kind) in (Union, UnionType):
        return one_of(*map(of_type, get_args(kind)))
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return _of_tuple(*get_args(kind))
    return {"type": _TYPES[kind]}


def _of_tuple(*kinds: Any) -> Fragment:
    """A list: of any length, or of as many items as there are kinds, which are all the same."""
    item = of_type(kinds[0])
    return list_of(item) if ... in kinds else list_of(item, minItems=len(kinds), maxItems=len(kinds))


def of_setting(setting: Setting) -> Fragment:
    """What a setting of an optimiser takes."""
    limits: Fragment = {} if setting.least is None else {"minimum": setting.least}
    limits |= {} if setting.below is None else {"exclusiveMaximum": setting.below}
    part = of_type(setting.type)
    if setting.type is bool:
        return part
    if "items" in part:
        return {**part, "items": part["items"] | limits}
    return part | limits


def sentence(text: str) -> str:
    """A phrase as a sentence of its own."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
