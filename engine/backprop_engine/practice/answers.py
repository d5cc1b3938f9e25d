"""What a person types as an answer: numbers, a shape, a choice, or a formula.

A formula is an expression over what is known before the step: the nodes by name, their gradients that have
arrived, and `upstream`, or `g`, for the gradient that flows in. Nothing is evaluated as Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, settle, shape_text
from backprop_engine.debugger.screen_words import FUNCTIONS, as_expression, named_tensor
from backprop_engine.debugger.typed_expressions import about, named, typed
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.translations import languages
from backprop_engine.practice.question import ChoiceQuestion, NumbersQuestion
from backprop_engine.practice.uses import Change, OperandUse

__all__ = ["EntryNumbers", "Given", "Whole", "read_choice", "read_numbers", "read_shape"]


class EntryNumbers(Struct, frozen=True, eq=False):
    """Numbers for the entries that were asked for, in their order."""

    numbers: tuple[float, ...]


class Whole(Struct, frozen=True, eq=False):
    """All of a tensor: what a formula gives, or every number of it."""

    tensor: Tensor


Given: TypeAlias = EntryNumbers | Whole

_NUMBER: Final = re.compile(
    r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:/(?:\d+\.?\d*|\.\d+))?|\.?(?i:nan|inf))"
)
_LONGEST: Final = 2000
_ASSIGNMENT: Final = re.compile(r"^\s*(?:[^=<>!()]+|grad\([^=()]*\))\s*=(?!=)")
_UPSTREAM: Final = ("upstream", "g")


def read_numbers(question: NumbersQuestion, text: str) -> Given:
    """What `text` gives: the entries asked for, or all of the tensor; `UsageError` where it is neither."""
    text = _plain(text)
    tokens = re.sub(r"[\[\](),;]", " ", text).split()
    asked, size = len(question.entries), question.right.size
    if tokens and all(_NUMBER.fullmatch(token) for token in tokens):
        numbers = tuple(map(_number, tokens))
        if len(numbers) == asked:
            return EntryNumbers(numbers)
        if len(numbers) == size:
            return Whole(np.array(numbers).reshape(question.right.shape))
        if not re.search(r"\d\s*[-+]\s*\d", text) or asked > 1:
            raise _other_count(asked, len(numbers))
    pieces = list(_pieces(text))
    if len(pieces) == asked > 1:
        found = [_formula(question, piece) for piece in pieces]
        if all(value.shape == () for value in found):
            return EntryNumbers(tuple(map(float, found)))
    value = _formula(question, text)
    if value.shape == () and asked == 1:
        return EntryNumbers((float(value),))
    return Whole(value)


def _plain(text: str) -> str:
    """The text without what is before an ``=``, with plain signs."""
    text = text.strip().replace("−", "-").replace("×", "*").replace("·", "*")
    if not text:
        raise UsageError(msg("nothing was typed"))
    if len(text) > _LONGEST:
        raise UsageError(msg("an answer has at most {most} characters", most=_LONGEST))
    return _ASSIGNMENT.sub("", text).strip() or text


def _number(token: str) -> float:
    above, slash, below = token.partition("/")
    with np.errstate(all="ignore"):
        return float(np.float64(above) / np.float64(below)) if slash else float(_NO_POINT.sub("", above))


_NO_POINT: Final = re.compile(r"\.(?=[a-zA-Z])")
"""YAML writes a point before NaN and infinity."""


def _other_count(asked: int, found: int) -> UsageError:
    if asked == 1:
        return UsageError(msg("expected one number, got {found}", found=found))
    return UsageError(
        msg(
            "expected {asked} numbers, got {found}; you can also type a formula",
            asked=asked,
            found=found,
        )
    )


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between the commas that are in no brackets."""
    depth, begin = 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character in ",;" and depth == 0:
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]


def _formula(question: NumbersQuestion, text: str) -> Tensor:
    """The value of a formula from what is known before the step."""
    before, graph = question.before, question.trace.graph
    task = question.task

    def value_of(name: str) -> Tensor | None:
        name = named(name)
        if name in _UPSTREAM and name not in graph and isinstance(task, OperandUse):
            return task.g
        if name in _UPSTREAM and name not in graph and isinstance(task, Change):
            return task.gradient
        if isinstance(task, Change):
            settings = task.training.settings_at(task.iteration)
            if name in settings and name not in graph:
                return settle(settings[name], np.dtype(np.float64))
        found = named_tensor(name, graph)
        if found is None:
            raise LookupError(msg("`{name}` is not defined", name=name))
        return before.gradient(found.node) if found.gradient else before.value(found.node)

    def gradient_of(name: str) -> Tensor | None:
        found = named_tensor(name := named(name), graph)
        if found is None:
            raise LookupError(msg("`{name}` is not defined", name=name))
        return before.gradient(found.node)

    try:
        tree = typed(as_expression(text, graph))
        value = evaluate(tree, value_of, gradient_of, graph.dtype, graph.operators, FUNCTIONS)
    except EvaluationError as error:
        raise about(text, error.message, error.hint) from None
    if value is None:
        raise UsageError(
            msg("{text}: part of this has not been computed at this step", text=shortened(clean(text), 60))
        )
    return value


_SHAPE: Final = re.compile(r"[(\[]?\s*(\d+(?:\s*[x×*,\s]\s*\d+)*)?\s*,?\s*[)\]]?")


def read_shape(text: str) -> Shape:
    """A shape: ``3×4``, ``3x4``, ``(3, 4)``, and ``()`` for a scalar; `UsageError` for anything else."""
    text = text.strip().lower()
    if text in ("()", "scalar", "스칼라"):
        return ()
    match = _SHAPE.fullmatch(text)
    sizes = re.findall(r"\d+", text) if match and match[1] else []
    if not sizes or len(sizes) > _MOST_AXES or any(len(size) > _LONGEST_SIZE for size in sizes):
        hint = msg("write {example}, or () for a scalar", example=shape_text((3, 4)))
        raise UsageError(msg("{text} is not a shape", text=shortened(clean(text), 40)), hint)
    return tuple(map(int, sizes))


_MOST_AXES: Final = 32
_LONGEST_SIZE: Final = 9


def read_choice(question: ChoiceQuestion, text: str) -> int:
    """The index of the choice that is meant: by its number from 1, or as it is written."""
    text = text.strip()
    count = len(question.choices)
    if text.isdecimal() and 1 <= int(text[:9]) <= count:
        return int(text) - 1
    wanted = _letters(text)
    for at, choice in enumerate(question.choices):
        written = (in_language(choice.text, language) for language in languages())
        if wanted and wanted in map(_letters, written):
            return at
    raise UsageError(msg("type the number of a choice, 1 to {count}", count=count))


def _letters(text: str) -> list[str]:
    return re.findall(r"[^\s,→>]+", text.replace("->", " "))
