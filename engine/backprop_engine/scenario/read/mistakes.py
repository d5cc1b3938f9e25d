"""Collecting the mistakes of a scenario, so that one run of the loader reports all that are independent.

Rooms raise a `ScenarioError` at the first mistake of what they read (a leaf, a node, a figure); the loader
goes on with the next one, inside `with mistakes.collected():`.

The worst come first, in `GROUPS`: those that hide most of the file from the reader, and so may be the cause
of others. Within a group they come as they are in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import nsmallest
from typing import Final, NoReturn

from backprop_engine.errors import Code, Diagnostic, ScenarioError, code
from backprop_engine.expressions import Expr, ExprError, SourceSpan, parse
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.scenario.read.layout_hints import key_hint, map_hint
from backprop_engine.scenario.read.yaml_nodes import (
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    is_blank,
)

__all__ = [
    "GROUPS",
    "HOPELESS",
    "MAX_REPORTED",
    "WRONG_TYPE",
    "Mistakes",
    "as_bool",
    "as_int",
    "as_mapping",
    "as_number",
    "as_sequence",
    "as_text",
    "described",
    "expression_mistake",
    "is_absent",
    "mistake",
    "only_keys",
    "parsed",
    "severity",
    "syntax_mistake",
]

MAX_REPORTED: Final = 20
_ENOUGH: Final = 50
HOPELESS: Final = 1000
"""The number of mistakes in one stage after which the loader gives up, since more would not be read
anyway.
"""

WRONG_TYPE = code(
    "wrong-type", msg("A value has the wrong type for its key, such as a list instead of text.")
)
EXPR_SYNTAX = code("expr-syntax", msg("A text is not a valid expression."))
UNKNOWN_KEY = code("unknown-key", msg("The format has no such key."))


GROUPS: Final[tuple[Message, ...]] = (
    msg("The file: it is not text, not YAML, or not a scenario."),
    msg("Its structure: keys that do not exist, and values of the wrong type."),
    msg(
        "Definitions: a leaf, a node, a cell or `train` cannot be read. Everything that belongs to no "
        "other group is here."
    ),
    msg(
        "Names: not allowed, used twice, or not defined; an output that does not exist; nodes that "
        "depend on each other."
    ),
    msg("Arguments of an operator or a cell: operands, settings, inputs."),
    msg("Shapes and sizes: operands whose shapes do not match, the seed, the memory of the run."),
    msg("Expected figures."),
    msg("Texts for people and for the debugger's prompt; a scenario runs without them."),
)
"""The groups of mistakes, the worst first; the first words of each are its title."""
_WORST_FIRST: Final[tuple[tuple[str, ...], ...]] = (
    ("file-", "yaml-", "no-scenario", "no-nodes"),
    ("unknown-key", "wrong-type", "dtype"),
    (),
    (
        *(
            "bad-name",
            "duplicate-name",
            "operator-name",
            "unknown-name",
            "unknown-op",
            "unknown-cell",
            "no-output",
            "output",
        ),
        *("output-ambiguous", "cycle", "cell-recursion"),
    ),
    ("operands", "attribute", "not-constant", "cell-inputs"),
    ("shapes", "scan-shapes", "class-target", "seed", "too-large", "too-much-work", "too-many-nodes"),
    ("expect-",),
    (
        *("bad-text", "bad-language", "unknown-note", "note-binding", "breakpoint", "watch"),
        *("scenario-name", "ask", "ask-answer"),
    ),
)
"""The codes of each group; one that ends in a hyphen stands for all that begin so."""
_DEFINITIONS: Final = 2


@lru_cache(maxsize=256)
def severity(code_name: str) -> int:
    """The number of the group that a kind of mistake belongs to; the worst have the smallest."""
    for number, names in enumerate(_WORST_FIRST):
        if code_name in names or any(name.endswith("-") and code_name.startswith(name) for name in names):
            return number
    return _DEFINITIONS


class Mistakes:
    """What has been found so far. A stage is a part of the loader's work that follows from those before."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._before_stage = 0
        self._passed_over = 0
        self._stopped = False

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def enough(self) -> bool:
        """Whether this stage found more than will be shown: what is costly to explain need not be.

        Those of earlier stages do not count, because a later one may find worse.
        """
        return len(self._found) - self._before_stage >= _ENOUGH

    def gives_up(self) -> bool:
        """Whether there is `enough`, so that the rest is left unread."""
        if len(self._found) - self._before_stage < _ENOUGH:
            return False
        self._stopped = True
        return True

    def pass_over(self) -> None:
        """Count a mistake that will not be shown."""
        self._passed_over += 1

    def stop(self) -> None:
        """Something is left unread, so more may be wrong than is counted."""
        self._stopped = True

    def refuse_more(self) -> None:
        """Read no further if a stage has found `HOPELESS` mistakes; raises as `raise_if_any` does."""
        if len(self._found) + self._passed_over - self._before_stage >= HOPELESS:
            self.stop()
            self.raise_if_any()

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Collect mistakes, each only once."""
        self._found.update(dict.fromkeys(diagnostics))

    def collected(self) -> Mistakes:
        """For `with`: a block ends at its first mistake, which is collected."""
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
            self._stopped |= error.stopped
            return False
        return True

    def next_stage(self) -> None:
        """Begin the next stage of loading."""
        self._before_stage = len(self._found)

    def raise_if_any(self) -> None:
        """Raise `ScenarioError` with the `MAX_REPORTED` worst mistakes, if there are any."""
        self.next_stage()
        if self._found:
            worst = nsmallest(MAX_REPORTED, self._found, key=_rank)
            raise ScenarioError(worst, len(self._found) + self._passed_over, stopped=self._stopped)


def _rank(diagnostic: Diagnostic) -> tuple[int, int, int]:
    place = diagnostic.place
    return (severity(diagnostic.code.name), place.line if place else 0, place.column if place else 0)


def mistake(kind: Code, node: YamlNode, message: Message, hint: Hint = "") -> ScenarioError:
    """A single mistake at the place of `node`, ready to be raised."""
    return ScenarioError([node.source.diagnostic(kind, message, node.place, hint)])


def described(node: YamlNode) -> Message | str:
    """What `node` is, for a sentence: "a list", "the number 3"."""
    if isinstance(node, YamlSequence):
        return msg("a list")
    if isinstance(node, YamlMapping):
        return msg("a map")
    if is_blank(node):
        return msg("a blank, `?`")
    shown = shortened(clean(node.text), 40)
    match node.value:
        case None:
            return msg("nothing")
        case bool():
            return f"`{shown}`"
        case int() | float():
            return msg("the number {number}", number=shown)
        case _:
            return msg("the text `{text}`", text=shown) if shown else msg("an empty text")


def is_absent(node: YamlNode | None) -> bool:
    """Whether a key is missing or has no value."""
    return node is None or (isinstance(node, YamlScalar) and node.value is None)


def as_mapping(node: YamlNode, what: str, hint: Hint = "") -> YamlMapping:
    """`node`, which must be a map; `what` is what the message says was expected."""
    return node if isinstance(node, YamlMapping) else _wrong(node, what, map_hint(node) or hint)


def as_sequence(node: YamlNode, what: str, hint: Hint = "") -> YamlSequence:
    """`node`, which must be a list."""
    return node if isinstance(node, YamlSequence) else _wrong(node, what, hint)


def as_text(node: YamlNode, what: str, hint: Hint = "") -> YamlScalar:
    """`node`, which must be a scalar that means text."""
    if isinstance(node, YamlScalar) and isinstance(node.value, str):
        return node
    return _wrong(node, what, hint)


def as_int(node: YamlNode, what: str, hint: Hint = "") -> int:
    """The whole number that `node` is."""
    if isinstance(node, YamlScalar) and type(node.value) is int:
        return node.value
    return _wrong(node, what, hint)


def as_number(node: YamlNode, what: str, hint: Hint = "") -> float:
    """The number that `node` is."""
    if isinstance(node, YamlScalar) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]  # the line above tells its type
    return _wrong(node, what, hint)


def as_bool(node: YamlNode, what: str, hint: Hint = "") -> bool:
    """The truth value that `node` is."""
    if isinstance(node, YamlScalar) and type(node.value) is bool:
        return node.value
    return _wrong(node, what, hint or msg("write `true` or `false`"))


def _wrong(node: YamlNode, what: str, hint: Hint) -> NoReturn:
    raise mistake(
        WRONG_TYPE, node, msg("expected {what}, found {found}", what=what, found=described(node)), hint
    )


def only_keys(mapping: YamlMapping, known: Iterable[str], of: str) -> None:
    """Refuse every key of `mapping` that is not `known`, all in one error."""
    known = tuple(known)
    every: Hint = ""
    found: list[Diagnostic] = []
    for key, _ in mapping:
        if key.text not in known:
            shown = "".join(
                character if character.isprintable() else "\ufffd" for character in clean(key.text)
            )
            message = msg("{what} has no key `{key}`", what=of, key=shortened(shown, 40))
            near = key_hint(key, mapping, known) if len(found) < MAX_REPORTED else ""
            every = every or msg("known keys: {names}", names=", ".join(known))
            found.append(key.source.diagnostic(UNKNOWN_KEY, message, key.place, near or every))
            if len(found) == HOPELESS:
                break
    if found:
        raise ScenarioError(found, stopped=len(found) == HOPELESS)


# Expressions


def parsed(scalar: YamlScalar) -> Expr:
    """The tree of the expression at `scalar`; `ScenarioError` if there is none."""
    try:
        return parse(scalar.text)
    except ExprError as error:
        raise syntax_mistake(scalar, error) from None


def syntax_mistake(scalar: YamlScalar, error: ExprError) -> ScenarioError:
    """What the parser says, at its place in the file."""
    return expression_mistake(EXPR_SYNTAX, scalar, error.span, error.message, error.hint)


def expression_mistake(
    kind: Code, scalar: YamlScalar, span: SourceSpan, message: Message, hint: Hint = ""
) -> ScenarioError:
    """A mistake at a stretch of the expression at `scalar`."""
    place = scalar.place_at(span.start, span.end - span.start)
    return ScenarioError([scalar.source.diagnostic(kind, message, place, hint)])
