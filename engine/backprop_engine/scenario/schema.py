"""The JSON Schema (2020-12) of scenario files, for editors: completion, explanations, and checking.

It is made from what the loader knows: the declarations of the format, and the tables of operators, inits and
optimisers. What the loader reads is valid under it. What only a graph can tell is left to the loader: names
that are missing, shapes, and whether an expression is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Op
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.scenario.form import Form, Key
from backprop_engine.scenario.format import (
    CARRIED,
    CELL,
    EXPECT,
    LANGUAGE,
    NODE_FORMS,
    OPERATOR,
    SCENARIO,
    TRAIN,
)
from backprop_engine.scenario.initialise import INITS, Init
from backprop_engine.scenario.leaf_format import (
    FANS,
    FILE,
    FILE_IN_ARCHIVE,
    FILLED,
    INIT_SETTINGS,
    RANDOM,
)
from backprop_engine.scenario.names import MAX_LENGTH
from backprop_engine.scenario.schema_parts import (
    NAME,
    PATH,
    Fragment,
    any_case,
    list_of,
    of_attribute,
    of_setting,
    one_of,
    or_nothing,
    reference,
    sentence,
)
from backprop_engine.scenario.schema_values import value_of, values_by_kind

__all__ = ["schema"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTITY: Final = "urn:backprop-tui:scenario"

_NAME: Final = Words(
    f"A name has letters of any script, digits and `_`, does not begin with a digit, is no word of Python, "
    f"and has at most {MAX_LENGTH} characters.",
    f"이름에는 모든 문자 체계의 글자, 숫자, `_`를 쓸 수 있습니다. 숫자로 시작하지 않고, 파이썬의 예약어가 "
    f"아니며, {MAX_LENGTH}자를 넘지 않습니다.",
)
_PATH: Final = Words(
    "A name, or a path into an instance: `q`, `states[-1].h`, `f#1`.",
    "이름, 또는 인스턴스 안의 경로입니다: `q`, `states[-1].h`, `f#1`.",
)
_TITLE: Final = Words("A scenario of backprop-tui", "backprop-tui 시나리오")
_NUMBERS: Final = Words("A number, or a nested list of one depth.", "수, 또는 깊이가 일정한 중첩 목록입니다.")
_EXPRESSION: Final = Words(
    "An expression: `W @ x + b`, `tanh(a)`, `softmax_with_loss(h, target=t)`, `x[0]`, `W.T`.",
    "식입니다: `W @ x + b`, `tanh(a)`, `softmax_with_loss(h, target=t)`, `x[0]`, `W.T`.",
)
_FORMULA: Final = Words(
    "A gradient written by hand: an expression with `grad(NAME)`, such as `outer(grad(a), x)`.",
    "손으로 쓴 그래디언트입니다. `outer(grad(a), x)`처럼 `grad(NAME)`을 쓴 식입니다.",
)
_TEXTS: Final = Words(
    "A text, or a text by language: `{en: …, ko: …}`.", "텍스트, 또는 언어별 텍스트입니다: `{en: …, ko: …}`."
)
_AN_OPERAND: Final = Words("An operand, by its name.", "피연산자의 이름입니다.")


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

    def say(self, words: Words) -> str:
        """One of our sentences."""
        return words.in_language(self.language)

    def described(self, words: Words, part: Fragment) -> Fragment:
        """A part with its explanation before it."""
        return {"description": sentence(self.say(words)), **part}

    # Maps

    def properties(self, keys: Iterable[Key]) -> Fragment:
        """What stands behind each of the keys."""
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
        """What the keys refer to."""
        text = self.kinds["text"]
        by_language = {"type": "object", "propertyNames": {"pattern": f"^(?:{LANGUAGE.pattern})$"}}
        by_language["additionalProperties"] = or_nothing(text)
        yield "name", self.pattern(_NAME, NAME)
        yield "path", self.pattern(_PATH, PATH)
        yield "texts", self.described(_TEXTS, one_of(text, by_language))
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
        yield "expectation", self.expectation()
        yield "train", self.opened(TRAIN, map(self.with_optimizer, OPTIMIZERS))

    def pattern(self, words: Words, pattern: str) -> Fragment:
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

    # Settings that stand beside the keys of an open form

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
        for one in op.attributes:
            default = {} if one.default in (..., None) else {"default": one.default}
            settings[one.name] = {
                "description": sentence(self.say(one.meaning)),
                **of_attribute(one),
                **default,
            }
        needed = [one.name for one in op.attributes if one.default is ...]
        return self.beside(OPERATOR, "op", op.name, settings, needed)

    def with_optimizer(self, name: str) -> Fragment:
        """The settings of an optimiser."""
        settings = {
            one.name: self.described(one.meaning, of_setting(one) | {"default": one.default})
            for one in OPTIMIZERS[name].settings
        }
        return self.beside(TRAIN, "optimizer", name, settings)
