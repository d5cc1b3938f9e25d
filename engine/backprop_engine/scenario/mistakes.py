"""Collecting the mistakes of a scenario, so that one run of the loader reports all that are independent.

Rooms raise a `ScenarioError` at the first mistake of what they read (a leaf, a node, a figure); the loader
goes on with the next one, inside `with mistakes.collected():`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NoReturn

from backprop_engine.errors import Code, Diagnostic, ScenarioError, code
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Mapping, Node, Scalar, Sequence
from backprop_engine.text import clean, clip

__all__ = [
    "MAX_REPORTED",
    "NOT_YET",
    "UNKNOWN_KEY",
    "WRONG_TYPE",
    "Mistakes",
    "as_flag",
    "as_mapping",
    "as_real",
    "as_sequence",
    "as_text",
    "as_whole",
    "described",
    "is_absent",
    "mistake",
    "only_keys",
]

MAX_REPORTED: Final = 20

WRONG_TYPE = code("wrong-type", "A value is of another kind than its key takes: a list instead of text.")
UNKNOWN_KEY = code("unknown-key", "A key that the format does not know.")
NOT_YET = code("not-yet", "A part of the format that this version does not read yet.")


class Mistakes:
    """What has been found so far, stage by stage; within a stage in the file's order."""

    def __init__(self) -> None:
        self._earlier: list[Diagnostic] = []
        self._stage: dict[Diagnostic, None] = {}

    def __bool__(self) -> bool:
        return bool(self._earlier or self._stage)

    @property
    def enough(self) -> bool:
        """Whether there are as many as will be shown: what is costly to explain need not be."""
        return len(self._earlier) + len(self._stage) >= MAX_REPORTED

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take up mistakes of the present stage; one that is there already is not repeated."""
        self._stage.update(dict.fromkeys(diagnostics))

    def collected(self) -> Mistakes:
        """For `with`: a block ends at its first mistake, which is taken up."""
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if isinstance(error, ScenarioError):
            self.add(error.diagnostics)
            return True
        return False

    def attempt(self, room: Callable[..., object], *given: object) -> bool:
        """Run `room(*given)`; whether it found no mistake."""
        try:
            room(*given)
        except ScenarioError as error:
            self.add(error.diagnostics)
            return False
        return True

    def found(self) -> tuple[Diagnostic, ...]:
        """What has been found, as it came."""
        return (*self._earlier, *self._stage)

    def next_stage(self) -> None:
        """What follows is shown behind everything found so far."""
        self._earlier += sorted(self._stage, key=_position)
        self._stage = {}

    def raise_if_any(self) -> None:
        """Raise `ScenarioError` with the first `MAX_REPORTED` mistakes, if there are any."""
        self.next_stage()
        if self._earlier:
            raise ScenarioError(self._earlier[:MAX_REPORTED])


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    place = diagnostic.place
    return (place.line, place.column) if place else (0, 0)


def mistake(kind: Code, node: Node, message: str, hint: str = "") -> ScenarioError:
    """A single mistake at the place of `node`, ready to be raised."""
    return ScenarioError([node.source.diagnostic(kind, message, node.place, hint)])


def described(node: Node) -> str:
    """What `node` is, for a sentence: "a list", "the number 3"."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a map"
    shown = clip(clean(node.text), 40)
    match node.value:
        case None:
            return "nothing"
        case bool():
            return f"`{shown}`"
        case int() | float():
            return f"the number {shown}"
        case _:
            return f"the text `{shown}`" if shown else "an empty text"


def is_absent(node: Node | None) -> bool:
    """Whether a key is missing or has nothing behind it."""
    return node is None or (isinstance(node, Scalar) and node.value is None)


def as_mapping(node: Node, what: str, hint: str = "") -> Mapping:
    """`node`, which must be a map; `what` names the expected for the message."""
    return node if isinstance(node, Mapping) else _wrong(node, what, hint)


def as_sequence(node: Node, what: str, hint: str = "") -> Sequence:
    """`node`, which must be a list."""
    return node if isinstance(node, Sequence) else _wrong(node, what, hint)


def as_text(node: Node, what: str, hint: str = "") -> Scalar:
    """`node`, which must be a scalar that means text."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node
    return _wrong(node, what, hint)


def as_whole(node: Node, what: str, hint: str = "") -> int:
    """The whole number that `node` is."""
    if isinstance(node, Scalar) and type(node.value) is int:
        return node.value
    return _wrong(node, what, hint)


def as_real(node: Node, what: str, hint: str = "") -> float:
    """The number that `node` is."""
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]  # the line above tells its type
    return _wrong(node, what, hint)


def as_flag(node: Node, what: str, hint: str = "") -> bool:
    """The truth value that `node` is."""
    if isinstance(node, Scalar) and type(node.value) is bool:
        return node.value
    return _wrong(node, what, hint or "write `true` or `false`")


def _wrong(node: Node, what: str, hint: str) -> NoReturn:
    raise mistake(WRONG_TYPE, node, f"expected {what}, found {described(node)}", hint)


def only_keys(mapping: Mapping, known: Iterable[str], of: str) -> None:
    """Refuse every key of `mapping` that is not `known`, all in one error."""
    known = tuple(known)
    found = []
    for key, _ in mapping:
        if key.text not in known:
            message = f"{of} has no key `{clip(clean(key.text), 40)}`"
            hint = did_you_mean(key.text, known) or "known are " + ", ".join(known)
            found.append(key.source.diagnostic(UNKNOWN_KEY, message, key.place, hint))
    if found:
        raise ScenarioError(found)
