"""YAML text -> a tree of nodes with places, in the core schema of YAML 1.2.

PyYAML's event parser reads the syntax; what events mean is decided here, because PyYAML's own composer
follows YAML 1.1 (`y` is true, `1:30` is ninety), lets a later key replace an earlier one, and forgets places.

A ``?`` alone in place of a value is one addition to YAML, where it would begin a key: the blank of an
exercise, a plain scalar with that text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final, NamedTuple, TypeAlias

import yaml
from yaml.events import (
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import (
    BLANK,
    YamlEntry,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
)
from backprop_engine.scenario.read.yaml_scalars import (
    BEGINS_NUMBER,
    SAFE_DIGITS,
    WORDS,
    OutOfRangeError,
    ScalarValue,
    resolve,
)

__all__ = ["read"]

MAX_DEPTH: Final = 64
MAX_EXPANDED: Final = 100_000
MAX_REPEATED: Final = 2**20
"""How many characters aliases may repeat: a small file with long texts must not become a large one."""

YAML_EMPTY = code("yaml-empty", msg("The file is empty."))
YAML_DUPLICATE = code("yaml-duplicate-key", msg("A key occurs twice in one mapping."))
YAML_KEY = code("yaml-key", msg("A key is a list, a mapping or an alias instead of text."))
YAML_MERGE = code("yaml-merge-key", msg("Merge keys (`<<`) are not part of YAML 1.2."))
YAML_TAG = code("yaml-tag", msg("A tag is not in the core schema, or does not fit its value."))
YAML_ALIAS = code("yaml-alias", msg("An alias refers to an anchor that is not defined before it."))
YAML_CYCLE = code("yaml-cycle", msg("An alias is inside the node that it repeats."))
YAML_EXPANSION = code(
    "yaml-expansion", msg("Aliases repeat more than 100,000 nodes or a million characters.")
)
YAML_DEPTH = code("yaml-depth", msg("Lists and mappings are nested more than 64 levels deep."))
YAML_DOCUMENTS = code("yaml-documents", msg("The file contains more than one document."))
YAML_RANGE = code("yaml-number-range", msg("A number is too large for 64-bit floating point."))

# An event of PyYAML, whose stubs let marks and anchors be missing where the parser always gives them.
_Event: TypeAlias = Any

_CORE: Final = "tag:yaml.org,2002:"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}

_BLANK_PLACES: Final = re.compile(r"([:\[,{-][ \t]*)\?(?=[ \t]*(?:$|\r|[,\]}]|[ \t]#))", re.MULTILINE)
_FIRST_OF_NO_MEANING: Final = 0xE000
"""The first character of those that Unicode gives no meaning to."""

# The C parser is many times faster; wheels have it, some systems' own builds of PyYAML don't.
Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(source: Source) -> YamlNode:
    """The tree of the one document in `source`; raises `ScenarioError` at the first mistake."""
    return _Composer(source).compose()


def _with_marks(text: str) -> tuple[str, str]:
    """A character that stands for each blank, and the text with it; no character where there is no blank."""
    if BLANK not in text or _BLANK_PLACES.search(text) is None:
        return "", text
    mark = next(character for character in map(chr, count(_FIRST_OF_NO_MEANING)) if character not in text)
    return mark, _BLANK_PLACES.sub(rf"\g<1>{mark}", text)


_entry: Final[Callable[[tuple[YamlScalar, YamlNode]], YamlEntry]] = partial(tuple.__new__, YamlEntry)
"""Makes an entry in half the time that `YamlEntry` takes."""


class _Anchored(NamedTuple):
    """A node that aliases can repeat, with its number of nodes and how deep it nests."""

    node: YamlNode
    size: int
    height: int


class _Composer:
    """Builds the tree from the events of one document.

    Scalars are by far the most events, so a plain one takes a short path. `size` and `height` are those of
    the sequence, mapping or alias read last: a number of nodes, and how deep they nest.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mark, text = _with_marks(source.text)  # stands for a blank
        self.parser = Parser(text)
        self.next_event: Callable[[], _Event] = self.parser.get_event
        self.anchors: dict[str, _Anchored | None] = {}  # None while the anchored node is still open
        self.depth = 0
        self.opened = 0  # just after where the innermost sequence or mapping began
        self.size = self.height = 0
        self.expanded = self.repeated = 0  # nodes and characters that aliases repeat
        self.last: YamlScalar | None = None

    def compose(self) -> YamlNode:
        """The document's tree."""
        try:
            root = self.document()
        except yaml.YAMLError as error:
            raise self.refused(error) from None
        finally:
            self.parser.dispose()
        if root is None or (isinstance(root, YamlScalar) and root.start == root.end):
            raise self.source.error(
                YAML_EMPTY, msg("the file is empty"), 0, msg("a scenario needs at least `nodes:`")
            )
        return root

    def refused(self, error: yaml.YAMLError) -> ScenarioError:
        """The error for a text that PyYAML refuses."""
        from backprop_engine.scenario.read.yaml_mistakes import explained, problem_of  # as below

        problem = problem_of(error)
        if "nesting depth" in problem.words:
            return self.too_deep(problem.at)
        return explained(self.source, problem, self.last)

    def too_deep(self, at: int) -> ScenarioError:
        """Where brackets nest too deep, if PyYAML finds that before it hands out what leads there.

        From 6.0.4 on it has a bound of its own, and looks ahead for as many as a key may have characters.
        """
        depth, start = self.depth, max(self.last.end if self.last else 0, self.opened)
        for offset, sign in enumerate(self.source.text[start:at], start):
            depth += (sign in "[{") - (sign in "]}")
            if depth > MAX_DEPTH:
                at = offset
                break
        return self.source.error(
            YAML_DEPTH, msg("this is nested more than {depth} levels deep", depth=MAX_DEPTH), at
        )

    def document(self) -> YamlNode | None:
        """The node of the one document, if there is one."""
        root = None
        while type(event := self.next_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent and root is not None:
                raise self.error(
                    YAML_DOCUMENTS,
                    msg("a second document begins here"),
                    event,
                    msg("keep one document per file"),
                )
            if isinstance(event, NodeEvent):
                root = self.node(event, False)
        return root

    def node(self, event: _Event, flow: bool) -> YamlNode:
        """The node that begins with `event`, inside `{}` or `[]` if `flow`."""
        kind = type(event)
        if kind is ScalarEvent:
            return self.scalar(event, flow, False)
        if kind is SequenceStartEvent:
            return self.sequence(event)
        return self.mapping(event) if kind is MappingStartEvent else self.alias(event)

    # Scalars

    def scalar(self, event: _Event, flow: bool, is_key: bool) -> YamlScalar:
        """The node of a scalar; a key keeps to its text."""
        text = event.value
        if self.mark and self.mark in text:
            text = text.replace(self.mark, BLANK)
        start, end = event.start_mark.index, event.end_mark.index
        if end - start != len(text) or event.style or not text:
            return self.unlike_its_text(event, text, flow, is_key)
        value: ScalarValue = text
        if not is_key:  # as `resolved`, which most texts need not be asked for
            if text[0] not in BEGINS_NUMBER:
                value = WORDS.get(text, text)
            elif text.isdigit() and text.isascii() and len(text) < SAFE_DIGITS:
                value = int(text)
            else:
                value = self.resolved(event, text)
        node = self.last = YamlScalar(self.source, start, end, text, value, "")
        if flow and "(" in text:
            _refuse_open_bracket(node)
        return node

    def unlike_its_text(self, event: _Event, text: str, flow: bool, is_key: bool) -> YamlScalar:
        """The node of a scalar that is not written as it reads: quoted, folded, or with an anchor or tag."""
        style = event.style or ""
        start, end = event.start_mark.index, event.end_mark.index
        node = self.last = YamlScalar(self.source, start, end, text, text, style)
        if flow and not style and "(" in text:
            _refuse_open_bracket(node)
        if event.tag is not None or self.source.text.startswith("!", start):
            node = YamlScalar(self.source, start, end, text, self.tagged(event, text), style)
        elif not style and not is_key:
            node = YamlScalar(self.source, start, end, text, self.resolved(event, text), style)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
        return node

    def resolved(self, event: _Event, text: str) -> ScalarValue:
        """What a plain scalar means."""
        try:
            return resolve(text)
        except OutOfRangeError:
            message = msg("this number is too large for 64-bit floating point")
            raise self.error(YAML_RANGE, message, event, msg("`.inf` is infinity"), len(text)) from None

    def tagged(self, event: _Event, text: str) -> ScalarValue:
        """What a scalar with a tag means."""
        name = self.core_tag(event, "str", *_TYPES)
        if name == "str":
            return text
        value = self.resolved(event, text)
        if type(value) not in _TYPES[name]:
            raise self.error(
                YAML_TAG, msg("`{text}` does not fit its tag `!!{tag}`", text=text, tag=name), event
            )
        return float(value) if name == "float" and isinstance(value, int) else value

    def core_tag(self, event: _Event, *allowed: str) -> str:
        """The short name of an event's tag, which must be one of the core schema's for this kind of node."""
        tag = event.tag or "!"
        name = str(tag).removeprefix(_CORE)
        if name == tag or name not in allowed:
            shown = "!!" + name if name != tag else tag
            message = msg("the tag `{tag}` is not allowed here", tag=shown)
            raise self.error(YAML_TAG, message, event, msg("leave it out"), len(shown))
        return name

    # Sequences, mappings and aliases

    def sequence(self, opening: _Event) -> YamlSequence:
        """The node of a sequence, through its end."""
        self.enter(opening)
        flow = bool(opening.flow_style)
        next_event, scalar = self.next_event, self.scalar
        items: list[YamlNode] = []
        inner_size = inner_height = 0
        while type(event := next_event()) is not SequenceEndEvent:
            if type(event) is ScalarEvent:
                items.append(scalar(event, flow, False))
            else:
                items.append(self.node(event, flow))
                inner_size += self.size - 1
                inner_height = max(inner_height, self.height)
        node = YamlSequence(self.source, opening.start_mark.index, items)
        self.leave(opening, node, 1 + len(items) + inner_size, 1 + inner_height)
        return node

    def mapping(self, opening: _Event) -> YamlMapping:
        """The node of a mapping, through its end."""
        self.enter(opening)
        flow = bool(opening.flow_style)
        next_event, scalar = self.next_event, self.scalar
        node = YamlMapping(self.source, opening.start_mark.index, {})
        entries = node.entries
        inner_size = inner_height = 0
        while type(event := next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                raise self.no_key(event)
            key = scalar(event, flow, True)
            if key.text in entries or key.text == "<<":
                self.refuse_key(node, key)
            event = next_event()
            value: YamlNode
            if type(event) is ScalarEvent:
                value = scalar(event, flow, False)
                if flow and value.start == value.end:
                    _refuse_cut_text(node, key, value)
            else:
                value = self.node(event, flow)
                inner_size += self.size - 1
                inner_height = max(inner_height, self.height)
            entries[key.text] = _entry((key, value))
        self.leave(opening, node, 1 + 2 * len(entries) + inner_size, 1 + inner_height)
        return node

    def enter(self, opening: _Event) -> None:
        """Begin a sequence or mapping."""
        self.check_tag(opening)
        if self.depth >= MAX_DEPTH:
            raise self.error(
                YAML_DEPTH, msg("this is nested more than {depth} levels deep", depth=MAX_DEPTH), opening
            )
        self.depth += 1
        self.opened = opening.start_mark.index + 1
        if opening.anchor is not None:
            self.anchors[opening.anchor] = None

    def check_tag(self, opening: _Event) -> None:
        """Refuse a tag that is not that of a sequence or mapping."""
        if opening.tag is not None or self.source.text.startswith("!", opening.start_mark.index):
            self.core_tag(opening, "seq" if type(opening) is SequenceStartEvent else "map")

    def leave(self, opening: _Event, node: YamlSequence | YamlMapping, size: int, height: int) -> None:
        """End a sequence or mapping."""
        self.depth -= 1
        self.size, self.height = size, height
        if opening.anchor is not None:
            self.anchors[opening.anchor] = _Anchored(node, size, height)

    def refuse_key(self, parent: YamlMapping, key: YamlScalar) -> None:
        """Refuse a key that `parent` has already, and one that is a merge key."""
        name = key.text
        if name in parent.entries:
            first = parent.entries[name].key.place
            message = msg(
                "`{name}` occurs here a second time; the first is in line {line}, column {column}",
                name=name,
                line=first.line,
                column=first.column,
            )
            raise self.source.error(YAML_DUPLICATE, message, key.offset, width=len(name))
        if not key.style:
            hint = msg("write the entries out; an alias can repeat a whole value")
            raise self.source.error(
                YAML_MERGE, msg("merge keys are not part of YAML 1.2"), key.offset, hint, 2
            )

    def alias(self, event: _Event) -> YamlNode:
        """The node that an alias repeats."""
        name = event.anchor
        width = len(name) + 1
        if name not in self.anchors:
            hint = msg("an expression that begins with `*` must be quoted")
            raise self.error(
                YAML_ALIAS, msg("there is no `&{name}` before this", name=name), event, hint, width
            )
        anchored = self.anchors[name]
        if anchored is None:
            raise self.error(YAML_CYCLE, msg("`*{name}` is inside `&{name}`", name=name), event, width=width)
        node, self.size, self.height = anchored
        self.expanded += self.size
        if self.expanded > MAX_EXPANDED:
            message = msg("aliases repeat more than {most:,} nodes", most=MAX_EXPANDED)
            raise self.error(YAML_EXPANSION, message, event, width=width)
        self.repeated += _length(node)
        if self.repeated > MAX_REPEATED:
            message = msg("aliases repeat more than {most:,} characters", most=MAX_REPEATED)
            raise self.error(YAML_EXPANSION, message, event, width=width)
        if self.depth + self.height > MAX_DEPTH:
            message = msg(
                "with the repeated part, this is nested more than {depth} levels deep", depth=MAX_DEPTH
            )
            raise self.error(YAML_DEPTH, message, event)
        return _fresh(node)

    # Complaints

    def no_key(self, event: _Event) -> ScenarioError:
        """The error of a key that isn't a scalar."""
        if isinstance(event, CollectionStartEvent):
            self.check_tag(event)
            hint = msg("quote a text that begins with a bracket")
            return self.error(YAML_KEY, msg("a key must be text"), event, hint)
        hint = msg("an alias cannot be a key")
        return self.error(YAML_KEY, msg("a key must be written out"), event, hint, len(event.anchor) + 1)

    def error(
        self, kind: Code, message: Message, event: _Event, hint: Hint = "", width: int = 1
    ) -> ScenarioError:
        """A mistake at the beginning of an event."""
        return self.source.error(kind, message, event.start_mark.index, hint, width)


def _length(node: YamlNode) -> int:
    """How many characters the texts under `node` have."""
    match node:
        case YamlScalar():
            return len(node.text)
        case YamlSequence():
            return sum(map(_length, node.items))
        case _:
            return sum(len(entry.key.text) + _length(entry.value) for entry in node)


def _fresh(node: YamlNode) -> YamlNode:
    """`node` once more, with an identity of its own: each occurrence of a number is an operand of its own."""
    match node:
        case YamlScalar():
            return YamlScalar(node.source, node.start, node.end, node.text, node.value, node.style)
        case YamlSequence():
            return YamlSequence(node.source, node.start, [_fresh(item) for item in node.items])
        case _:
            entries = {
                name: YamlEntry(entry.key, _fresh(entry.value)) for name, entry in node.entries.items()
            }
            return YamlMapping(node.source, node.start, entries)


# What follows looks closer at what is most likely broken. Its patterns take long to make, and nearly no file
# needs them: they are imported when one does.


def _refuse_open_bracket(scalar: YamlScalar) -> None:
    """Refuse a plain scalar inside `{}` or `[]` that opens a `(` and leaves it open: cut by a comma."""
    if scalar.text.count("(") > scalar.text.count(")"):
        from backprop_engine.scenario.read.yaml_mistakes import cut_by_bracket

        raise cut_by_bracket(scalar)


def _refuse_cut_text(parent: YamlMapping, key: YamlScalar, value: YamlScalar) -> None:
    """Refuse the rest of a text after a comma inside `{}`, which YAML takes for a key without a value."""
    from backprop_engine.scenario.read.yaml_mistakes import cut_by_comma

    error = cut_by_comma(parent, key, value)
    if error is not None:
        raise error
