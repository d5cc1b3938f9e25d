"""The JSON Schema (2020-12) of scenario files, for editors: completion, explanations, and checking.

It is made from what the loader knows: the declarations of the format, and the tables of operators, inits and
optimisers. What the loader reads is valid under it. What depends on the graph is left to the loader: names
that are missing, shapes, and whether an expression is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from backprop_engine.arrays import MAX_AXES
from backprop_engine.evaluation.calls import signature
from backprop_engine.expressions.cursor import RESERVED
from backprop_engine.expressions.tokens import TRANSPOSED
from backprop_engine.messages.message import Message, msg
from backprop_engine.ops import OPS, Op, OpAttribute
from backprop_engine.optim import OPTIMIZERS, SCHEDULES, Setting
from backprop_engine.scenario.format import (
    ASK,
    ASKED_BEFORE,
    BATCH,
    CARRIED,
    CELL,
    DATA_DTYPES,
    DTYPES,
    EXPECT,
    FANS,
    FILE,
    FILE_IN_ARCHIVE,
    FILLED,
    INIT_NAMES,
    INIT_SETTINGS,
    LANGUAGE,
    MAX_DIGITS,
    NODE_FORMS,
    NOTE,
    OPERATOR,
    OWN_OPERATOR,
    PHASES,
    RANDOM,
    RUNNING,
    SCENARIO,
    SCHEDULE,
    TRAIN,
    Form,
    FormatKey,
    ValueKind,
)
from backprop_engine.scenario.leaves.data_files import ENDINGS
from backprop_engine.scenario.leaves.initializers import INITS, Init
from backprop_engine.scenario.read.names import MAX_LENGTH
from backprop_engine.scenario.sections.asks import LEAST_CHOICES, MOST_CHOICES
from backprop_engine.scenario.sections.training import MAX_STEPS

__all__ = ["schema"]

Fragment: TypeAlias = dict[str, Any]

_OUTSIDE: Final = r"\u0000-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00a9"
"""Characters that no name contains. Everything else counts as a letter, since regular-expression engines
agree on no more than that, and the loader is exact.
"""
_STEP: Final = rf"[^{_OUTSIDE}0-9][^{_OUTSIDE}]*"
_IN_ASCII: Final = rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}$"
_IN_ANY_SCRIPT: Final = rf"(?=.*[^\u0000-\u007f]){_STEP}$"
NAME: Final = rf"^(?!(?:{'|'.join(sorted(RESERVED))})$)(?!.*{TRANSPOSED})(?:{_IN_ASCII}|{_IN_ANY_SCRIPT})"
"""The pattern of names, in the part of regular expressions that all languages share."""
PATH: Final = rf"^\s*{_STEP}(?:\.{_STEP}|\[-?[0-9]+\])*(?:#[0-9]+)?\s*$"
"""The pattern of what figures and notes are for: `q`, `states[-1].h`, `f#1`."""
SCENARIO_NAME: Final = r"^\s*[^\s/\\](?:[^/\\]*[^\s/\\])?\s*$"
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
    """The same, or no value at all."""
    if "type" in part:
        kinds = part["type"]
        return part | {"type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
    return one_of(*part.get("anyOf", [part]), {"type": "null"})


def choices(table: Mapping[str, Message], language: str) -> Fragment:
    """One of the names in a table, each with its meaning."""
    return one_of(
        *({"const": name, "description": meaning.in_language(language)} for name, meaning in table.items())
    )


def any_case(endings: Iterable[str]) -> str:
    """A pattern for file names with one of these endings, in large or small letters."""
    written = (
        "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else rf"\{letter}" for letter in ending)
        for ending in endings
    )
    return f"(?:{'|'.join(written)})$"


def of_attribute(attribute: OpAttribute) -> Fragment:
    """The values that an attribute of an operator takes."""
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
        return {**part, "anyOf": [_limited(choice, limits) for choice in part["anyOf"]]}
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
    """The values that a setting of an optimiser takes."""
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


_STRING: Final[Fragment] = {"type": "string"}
_WHOLE: Final[Fragment] = {"type": "integer"}
_NATURAL: Final[Fragment] = {"type": "integer", "minimum": 0}
_OPERAND: Final[Fragment] = {"type": ["string", "number"]}
_COLUMN: Final[Fragment] = {"type": ["integer", "string"]}

_PLAIN: Final[dict[ValueKind, Fragment]] = {
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
    "notes": paths_to(or_nothing(reference("note"))),
    "note": reference("note"),
    "which-iteration": one_of(_NATURAL, {"const": "last"}),
    "scenarios": one_of(reference("scenario"), list_of(reference("scenario"))),
    "asks": paths_to(or_nothing(one_of(reference("ask"), list_of(reference("ask"))))),
    "answer": one_of(reference("texts"), reference("numbers")),
    "choices": list_of(reference("texts"), minItems=LEAST_CHOICES, maxItems=MOST_CHOICES),
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
    "values": paths_to(one_of(reference("numbers"), reference("leaf-file"))),
    "gradients": paths_to(one_of(reference("numbers"), reference("leaf-file"), reference("formula"))),
    "tolerance": {"type": "number", "minimum": 0},
    "digits": _NATURAL | {"maximum": MAX_DIGITS},
    "flag": {"type": "boolean"},
    "operators": names_to(reference("own-operator")),
    "formula": reference("expression"),
    "rules": names_to(or_nothing(reference("expression"))),
    "axes": names_to(list_of(one_of(_STRING, _NATURAL))),
    "sign": _STRING,
    "positive": {"type": "number", "exclusiveMinimum": 0},
    "schedule": reference("schedule"),
    "batch": reference("batch"),
    "running": names_to(reference("running")),
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "size": {"type": "integer", "minimum": 1},
    "updates": _NATURAL | {"maximum": MAX_STEPS},
}

_NEVER_EMPTY: Final[tuple[ValueKind, ...]] = (
    "fan", "rows", "columns", "data-dtype", "answer", "operands", "natural", "number", "tolerance", "digits",
    "flag", "positive", "which-iteration", "phase", "before",
)  # fmt: skip
"""Kinds that need a value where the key is given, even if the key may be left out."""


def values_by_kind(language: str) -> dict[ValueKind, Fragment]:
    """What a key of each kind takes; choices are explained in `language`."""
    explained: dict[ValueKind, Fragment] = {
        "dtype": choices(DTYPES, language),
        "phase": choices(PHASES, language),
        "before": choices(ASKED_BEFORE, language),
        "init": choices(INIT_NAMES, language),
        "data-dtype": choices(DATA_DTYPES, language),
        "operator": one_of(
            choices({name: _called(op) for name, op in OPS.items()}, language), reference("name")
        ),
        "schedule-kind": choices({name: kind.lesson for name, kind in SCHEDULES.items()}, language),
        "optimizer": choices({name: optimizer.lesson for name, optimizer in OPTIMIZERS.items()}, language),
    }
    return _PLAIN | explained


def _called(op: Op) -> Message:
    """How to call an operator, and what its backward step does."""
    return msg("`{signature}`: {lesson}", signature=signature(op), lesson=op.lesson)


def value_of(key: FormatKey, kinds: dict[ValueKind, Fragment]) -> Fragment:
    """The value of `key`; a section may be left empty."""
    part = kinds[key.kind]
    return part if key.needed or key.kind in _NEVER_EMPTY else or_nothing(part)


DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: Final = "urn:backprop-tui:scenario"

_NAME: Final = msg(
    "A name consists of letters of any script, digits and `_`, does not begin with a digit, is not a "
    "reserved Python keyword, and has at most {max_length} characters.",
    max_length=MAX_LENGTH,
)
_PATH: Final = msg("A name, or a path into an instance: `q`, `states[-1].h`, `f#1`.")
_SCENARIO_NAME: Final = msg(
    "The name of a bundled scenario, or of a file in the same folder, without the extension: `add_multiply`."
)
_TITLE: Final = msg("A scenario of backprop-tui")
_NUMBERS: Final = msg("A number, or a nested list of one depth.")
_EXPRESSION: Final = msg(
    "An expression: `W @ x + b`, `tanh(a)`, `softmax_with_loss(h, target=t)`, `x[0]`, `W.T`, `[0.5, -1]`."
)
_FORMULA: Final = msg(
    "A gradient written by hand: an expression with gradients, such as `outer(∂L/∂a, x)` or "
    "`outer(grad(a), x)`."
)
_TEXTS: Final = msg("A text, or one for each language: `{{en: …, ko: …}}`.")
_AN_OPERAND: Final = msg("An operand, by its name.")


def schema(language: str = "en") -> Fragment:
    """The schema, with explanations in `language`; the same on every call."""
    writer = _Writer(language)
    return {
        "$schema": DIALECT,
        "$id": IDENTITY,
        "title": writer.say(_TITLE),
        **writer.closed(SCENARIO),
        "$defs": dict(writer.definitions()),
    }


class _Writer:
    """Writes the maps of the format, with explanations in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.kinds = values_by_kind(language)

    def say(self, words: Message) -> str:
        """One of our sentences."""
        return words.in_language(self.language)

    def described(self, words: Message, part: Fragment) -> Fragment:
        """A part with its explanation before it."""
        return {"description": sentence(self.say(words)), **part}

    # Maps

    def properties(self, keys: Iterable[FormatKey]) -> Fragment:
        """The value of each of the keys."""
        return {key.name: self.described(key.meaning, value_of(key, self.kinds)) for key in keys}

    def map_of(self, form: Form) -> Fragment:
        """A map with the keys of a form, and perhaps others."""
        keys: Fragment = {"properties": self.properties(form.keys)}
        needed = [key.name for key in form.keys if key.needed]
        keys |= {"required": needed} if needed else {}
        return self.described(form.meaning, {"type": "object", **keys})

    def closed(self, form: Form) -> Fragment:
        """A map with the keys of a form, and no others."""
        return {**self.map_of(form), "additionalProperties": False}

    def opened(self, form: Form, choices: Iterable[Fragment]) -> Fragment:
        """A map with the keys of a form, and those that follow from what is chosen."""
        return {**self.map_of(form), "allOf": list(choices)}

    # Definitions

    def definitions(self) -> Iterator[tuple[str, Fragment]]:
        """The definitions that the keys refer to."""
        text = self.kinds["text"]
        by_language = {"type": "object", "propertyNames": {"pattern": f"^(?:{LANGUAGE.pattern})$"}}
        by_language["additionalProperties"] = or_nothing(text)
        yield "name", self.pattern(_NAME, NAME)
        yield "path", self.pattern(_PATH, PATH)
        yield "texts", self.described(_TEXTS, one_of(text, by_language))
        bound = self.closed(NOTE)
        yield (
            "note",
            one_of(reference("texts"), bound, list_of(one_of(reference("texts"), bound), minItems=1)),
        )
        yield "scenario", self.pattern(_SCENARIO_NAME, SCENARIO_NAME)
        yield "ask", self.closed(ASK)
        numbers = {"type": ["number", "boolean"]}, list_of(reference("numbers"))
        yield "numbers", self.described(_NUMBERS, one_of(*numbers))
        yield "expression", self.described(_EXPRESSION, {"type": "string", "minLength": 1})
        yield "formula", self.described(_FORMULA, {"type": "string", "minLength": 1})
        yield "leaf", one_of(reference("leaf-filled"), reference("leaf-file"), *numbers)
        yield "leaf-filled", self.opened(FILLED, map(self.with_init, INITS))
        yield "leaf-file", self.file()
        yield "node", one_of(reference("expression"), *(reference(f"node-{form}") for form in NODE_FORMS))
        for name, form in NODE_FORMS.items():
            operators = map(self.with_operator, OPS.values())
            yield f"node-{name}", self.opened(form, operators) if form is OPERATOR else self.closed(form)
        yield "carried", self.closed(CARRIED)
        yield "cell", self.closed(CELL)
        yield "own-operator", self.closed(OWN_OPERATOR)
        yield "expectation", self.expectation()
        yield "train", self.opened(TRAIN, map(self.with_optimizer, OPTIMIZERS))
        yield "batch", self.closed(BATCH)
        yield "running", self.closed(RUNNING)
        yield "schedule", self.opened(SCHEDULE, map(self.with_schedule, SCHEDULES))

    def pattern(self, words: Message, pattern: str) -> Fragment:
        """A text of a pattern; editors show the explanation in place of the pattern."""
        explained = self.say(words)
        return {
            "description": explained,
            "type": "string",
            "pattern": pattern,
            "patternErrorMessage": explained,
        }

    def file(self) -> Fragment:
        """A leaf from a file: archives have arrays by name."""
        in_archive = {"properties": {"file": {"pattern": any_case((".npz",))}}}
        shown = self.map_of(FILE_IN_ARCHIVE) | {"description": self.say(FILE.meaning), "required": ["file"]}
        then, otherwise = (
            {"properties": dict.fromkeys(form.names, True), "additionalProperties": False}
            for form in (FILE_IN_ARCHIVE, FILE)
        )
        return {**shown, "if": in_archive, "then": {**then, "required": ["key"]}, "else": otherwise}

    def expectation(self) -> Fragment:
        """A block of `expect`: it expects something, and says in one way how close."""
        something = one_of({"required": ["values"]}, {"required": ["grads"]})
        twice = one_of({"required": ["digits", "rtol"]}, {"required": ["digits", "atol"]})
        return {**self.closed(EXPECT), **something, "not": twice}

    # Settings that are beside the keys of an open form

    def beside(
        self, form: Form, by: str, value: str, settings: Fragment, needed: Sequence[str] = ()
    ) -> Fragment:
        """Where the key `by` has this value: these settings beside the keys of the form, and no others."""
        then = {
            "properties": {**dict.fromkeys(form.names, True), **settings},
            **({"required": list(needed)} if needed else {}),
            "additionalProperties": False,
        }
        return {"if": {"properties": {by: {"const": value}}, "required": [by]}, "then": then}

    def with_init(self, name: str) -> Fragment:
        """The settings of an init."""
        init = INITS[name]
        keys = [INIT_SETTINGS[setting] for setting in init.settings]
        settings = self.properties(keys)
        for setting, default in init.settings.items():
            settings[setting] |= {} if default is None else {"default": default}
        settings |= self.properties(RANDOM.keys) if init.random else {}
        settings |= self.properties(FANS.keys) if init.fans else {}
        needed = [setting for setting, default in init.settings.items() if default is None]
        needed += RANDOM.names if init.random else ()
        axes = self.axes(name, init)
        return self.beside(FILLED, "init", name, axes | settings, needed)

    def axes(self, name: str, init: Init) -> Fragment:
        """What an init asks of the shape."""
        if name == "eye":
            return {"shape": {"minItems": 2, "maxItems": 2}}
        return {"shape": {"minItems": 2}} if init.fans else {}

    def with_operator(self, op: Op) -> Fragment:
        """The operands and the attributes of an operator."""
        operand = self.described(_AN_OPERAND, self.kinds["operand"])
        settings: Fragment = {} if op.variadic else {"inputs": {"maxItems": len(op.operands)}}
        settings |= {} if op.variadic else dict.fromkeys(op.operands, operand)
        for attribute in op.attributes:
            default = {} if attribute.default in (..., None) else {"default": attribute.default}
            settings[attribute.name] = {
                "description": sentence(self.say(attribute.meaning)),
                **of_attribute(attribute),
                **default,
            }
        needed = [attribute.name for attribute in op.attributes if attribute.default is ...]
        return self.beside(OPERATOR, "op", op.name, settings, needed)

    def with_optimizer(self, name: str) -> Fragment:
        """The settings of an optimiser."""
        return self.beside(TRAIN, "optimizer", name, self.settings(OPTIMIZERS[name].settings))

    def with_schedule(self, name: str) -> Fragment:
        """The settings of a schedule."""
        settings = SCHEDULES[name].settings
        needed = [setting.name for setting in settings if setting.default is None]
        return self.beside(SCHEDULE, "kind", name, self.settings(settings), needed)

    def settings(self, settings: Iterable[Setting]) -> Fragment:
        """What each setting of an optimiser or of a schedule takes."""
        return {
            setting.name: self.described(
                setting.meaning,
                of_setting(setting) | ({} if setting.default is None else {"default": setting.default}),
            )
            for setting in settings
        }
