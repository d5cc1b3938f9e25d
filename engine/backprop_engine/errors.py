"""Places in a file, and the errors that carry them.

Every mistake that a user can make ends as a `Diagnostic`: a stable code, a sentence, and where there is a
file, the place in it. Codes are declared here and nowhere else. All that is said is made by `msg`: as text
it is English, and `in_language` gives it in another language.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from backprop_engine.messages.message import Hint, Message, in_language, joined, msg
from backprop_engine.messages.plain_text import monospaced_width

__all__ = [
    "CODES",
    "HINT",
    "SEVERITIES",
    "BackpropError",
    "Code",
    "Diagnostic",
    "HasPlace",
    "Place",
    "Placed",
    "ScenarioError",
    "ShapeError",
    "UsageError",
    "code",
    "reason",
]


SEVERITIES: Final = {"error": msg("error"), "warning": msg("warning")}
HINT: Final = msg("hint")


class Place(Struct, frozen=True, order=True, gc=False):
    """A stretch of one line of a text file; `line` and `column` count from 1, in code points.

    The column is 0 where only the line is known.
    """

    path: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" + (f":{self.column}" if self.column else "")


class HasPlace(Protocol):
    """What is at a place in a file, which takes time to find."""

    @property
    def place(self) -> Place:
        """Where it is."""
        ...


Placed: TypeAlias = Place | HasPlace
"""A place, or what has one."""


class Code(NamedTuple):
    """A kind of mistake: its stable name, and what it means."""

    name: str
    meaning: Message


CODES: dict[str, Code] = {}


def code(name: str, meaning: Message) -> Code:
    """Declare a kind of mistake."""
    if name in CODES:
        raise ValueError(f"the error code {name} is declared twice")
    CODES[name] = Code(name, meaning)
    return CODES[name]


class Diagnostic(NamedTuple):
    """One mistake, ready to be shown.

    `quoted` is the line of the file that `place` points into, already fit for a terminal.
    """

    code: Code
    message: Message
    place: Place | None = None
    hint: Hint = ""
    quoted: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Its lines in `language`; what is quoted stays as it is."""
        where = f"{self.place}: " if self.place else ""
        kind = in_language(SEVERITIES[self.severity], language)
        lines = [
            f"{where}{kind}[{self.code.name}]: {in_language(self.message, language)}",
            *self.underlined(),
        ]
        if self.hint:
            lines.append(f"  {in_language(HINT, language)}: {in_language(self.hint, language)}")
        return "\n".join(lines)

    def underlined(self) -> list[str]:
        """The quoted line, and carets under the place; nothing where there is none."""
        return _underlined(self.quoted, self.place) if self.place and self.quoted else []


class BackpropError(Exception):
    """The base of all errors that a user can cause: one sentence, and often a hint, in any language.

    >>> from backprop_engine import BackpropError, load_scenario
    >>> try:
    ...     load_scenario("nodes: {f: x * 2}")
    ... except BackpropError as error:
    ...     print(error)
    <text>:1:12: error[unknown-name]: `x` is not defined
        1 | nodes: {f: x * 2}
          |            ^
    """

    @property
    def text(self) -> str:
        """The message: English text, which `in_language` can translate."""
        text = self.args[0] if self.args else ""
        return text if isinstance(text, str) else str(text)

    def in_language(self, language: str) -> str:
        """What it says, in `language`."""
        return in_language(self.text, language)


class ScenarioError(BackpropError):
    """A scenario that cannot be used; the worst of the independent mistakes found in it, in `diagnostics`.

    `count` is how many were found in all; with `stopped`, what comes after them was not read.

    >>> from backprop_engine import ScenarioError, load_scenario
    >>> try:
    ...     load_scenario({"inputs": {"x": 2}, "nodes": {"f": "sine(x)"}})
    ... except ScenarioError as error:
    ...     print(error.diagnostics[0].place, error.diagnostics[0].hint)
    <graph>:3:6 did you mean `sin`?
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], count: int = 0, *, stopped: bool = False) -> None:
        self.diagnostics = tuple(diagnostics)
        self.count, self.stopped = max(count, len(self.diagnostics)), stopped
        super().__init__(self.in_language("en"))

    @property
    def others(self) -> Hint:
        """How many mistakes are not in `diagnostics`; empty if all are."""
        more = self.count - len(self.diagnostics)
        if not more:
            return ""
        return (
            msg("and at least {more:,} more", more=more)
            if self.stopped
            else msg("and {more:,} more", more=more)
        )

    def in_language(self, language: str) -> str:
        """All the mistakes, in `language`."""
        shown = [diagnostic.in_language(language) for diagnostic in self.diagnostics]
        if self.others:
            shown.append(in_language(self.others, language))
        return "\n".join(shown)


class ShapeError(BackpropError):
    """Operands that an operator cannot take; raised by shape rules, before anything is computed.

    >>> from backprop_engine import GraphBuilder, Kind, ShapeError
    >>> builder = GraphBuilder()
    >>> W, x = builder.leaf("W", Kind.PARAM, (2, 3)), builder.leaf("x", Kind.INPUT, (2,))
    >>> try:
    ...     builder.apply("matmul", W, x)
    ... except ShapeError as error:
    ...     print(error.hint)
    did you mean W.T @ x?
    """

    message: Message
    hint: Hint

    def __init__(self, message: Message, hint: Hint = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(msg("{message} ({hint})", message=message, hint=hint) if hint else message)


class UsageError(BackpropError):
    """An invalid argument of the command line or of the library.

    >>> from backprop_engine import UsageError, load_scenario
    >>> try:
    ...     load_scenario("add_multiply").record().value("g")
    ... except UsageError as error:
    ...     print(error.message)
    the graph has no node called g
    """

    message: Message
    hint: Hint

    def __init__(self, message: Message, hint: Hint = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(joined(msg("; "), (message, hint)) if hint else message)


_REASONS: Final[dict[str, str]] = {
    text: text
    for text in (
        msg("No such file or directory"),
        msg("Permission denied"),
        msg("Operation not permitted"),
        msg("Is a directory"),
        msg("Not a directory"),
        msg("File exists"),
        msg("File name too long"),
        msg("File too large"),
        msg("No space left on device"),
        msg("Read-only file system"),
        msg("Too many levels of symbolic links"),
        msg("Exec format error"),
        msg("Input/output error"),
        msg("Address already in use"),
        msg("Broken pipe"),
    )
}
"""What systems say of files."""


def reason(problem: BaseException) -> str:
    """What is wrong, in the words of the system or of Python."""
    given = [getattr(problem, "strerror", None), *problem.args[:1]]
    text = next((text for text in given if isinstance(text, Message)), given[0] or str(problem))
    return _REASONS.get(text, text)


_QUOTE_WIDTH = 100


def _underlined(quoted: str, place: Place) -> list[str]:
    """The quoted line and carets under the place; a long line is shown from near the place only."""
    start = place.column - 1
    skipped = max(0, start - _QUOTE_WIDTH // 2) if len(quoted) > _QUOTE_WIDTH else 0
    shown = quoted[skipped : skipped + _QUOTE_WIDTH]
    lead = "…" if skipped else ""
    tail = "…" if skipped + _QUOTE_WIDTH < len(quoted) else ""
    before = lead + shown[: start - skipped]
    under = shown[start - skipped : start - skipped + place.width]
    gutter = f"{place.line:>5} | "
    carets = "^" * max(1, monospaced_width(under))
    return [f"{gutter}{lead}{shown}{tail}", " " * 6 + "| " + " " * monospaced_width(before) + carets]
