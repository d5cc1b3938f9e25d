"""Attributes of operators: their Python types and limits, and what is wrong with a value beyond them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from backprop_engine.errors import Code, code
from backprop_engine.messages.message import Hint, Message, joined, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import Op, OpAttribute

__all__ = ["ATTRIBUTE", "CallError", "attribute_value", "shown_value", "type_words"]

ATTRIBUTE = code(
    "attribute", msg("A setting of an operator is missing, unknown, of the wrong type, or out of range.")
)


class CallError(Exception):
    """Something given to an operator that does not fit it; `at` says which, `None` the operator's name.

    A hint that is costly to find is given as a function, and found when it is asked for.
    """

    _hint: Hint | Callable[[], Hint]

    def __init__(self, kind: Code, message: Message, at: Any, hint: Hint | Callable[[], Hint] = "") -> None:
        self.kind, self.message, self.at, self._hint = kind, message, at, hint
        super().__init__(message)

    @property
    def hint(self) -> Hint:
        """What was probably meant, or nothing."""
        return self._hint() if callable(self._hint) else self._hint


def attribute_value(op: Op, attribute: OpAttribute, value: object, at: object) -> Any:
    """`value` in the attribute's Python type; `CallError` where it is of another, or beyond its limits."""
    import msgspec  # here, so that importing the library does not cost it

    expected = attribute.type
    if expected is tuple:  # the key of `index`, whose slices only brackets can write
        expected = int | tuple[int, ...]
    try:
        converted = msgspec.convert(value, expected, strict=True)
    except msgspec.ValidationError:
        hint: Hint = attribute.meaning
        if isinstance(value, str):
            choices = [choice for choice in _choices(expected) if isinstance(choice, str)]
            hint = did_you_mean(value, choices) or hint
        if attribute.type is tuple:
            hint = msg("write slices in brackets: `x[:, 1:]`")
        message = msg(
            "`{name}` of `{op}` must be {expected}, not {value}",
            name=attribute.name,
            op=op.name,
            expected=type_words(expected),
            value=shown_value(value),
        )
        raise CallError(ATTRIBUTE, message, at, hint) from None
    if not attribute.allows(converted):
        limits = attribute.limits or msg("a finite number")
        message = msg(
            "`{name}` of `{op}` must be {limits}, not {value}",
            name=attribute.name,
            op=op.name,
            limits=limits,
            value=shown_value(value),
        )
        raise CallError(ATTRIBUTE, message, at, attribute.meaning)
    if attribute.type is tuple and not isinstance(converted, tuple):
        return (converted,)
    return converted


def _choices(kind: Any) -> tuple[Any, ...]:
    """The values that a `Literal` allows, inside a union too."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(choice for part in get_args(kind) for choice in _choices(part)) if _is_union(kind) else ()


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


_ONE: Final = {
    int: msg("a whole number"),
    float: msg("a number"),
    bool: msg("`true` or `false`"),
    str: msg("quoted text"),
}
_SEVERAL: Final = {int: msg("whole numbers"), float: msg("numbers")}


@lru_cache(maxsize=256)
def type_words(kind: Any) -> str:
    """A type in words: "a whole number or a list of whole numbers"."""
    if _is_union(kind):
        return joined(msg(" or "), (type_words(part) for part in get_args(kind) if part is not NoneType))
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return joined(
            msg(" or "), (f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
        )
    if get_origin(kind) in (tuple, list):
        return msg("a list of {several}", several=_several(get_args(kind)[0]))
    return _ONE.get(kind) or str(getattr(kind, "__name__", kind))


def _several(kind: Any) -> str:
    """Things of a type in words: "lists of whole numbers"."""
    if get_origin(kind) in (tuple, list):
        return msg("lists of {several}", several=_several(get_args(kind)[0]))
    return _SEVERAL.get(kind) or f"{getattr(kind, '__name__', kind)}s"


def shown_value(value: object) -> str:
    """A plain value as it is written in an expression."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{shortened(clean(value), 40)}"'
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return shortened("[" + ", ".join(map(shown_value, value)) + "]", 60)
    if isinstance(value, Mapping):
        return msg("a map")
    return shortened(str(value), 40)
