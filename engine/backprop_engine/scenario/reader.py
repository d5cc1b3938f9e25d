"""YAML text -> a tree of nodes with places, in the core schema of YAML 1.2.

PyYAML's event parser reads the syntax; what events mean is decided here, because PyYAML's own composer
follows YAML 1.1 (`y` is true, `1:30` is ninety), lets a later key replace an earlier one, and forgets places.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.scenario.nodes import Entry, Mapping, Node, Scalar, Sequence, plain
from backprop_engine.scenario.scalars import OutOfRangeError, ScalarValue, resolve
from backprop_engine.scenario.source import Source
from backprop_engine.scenario.yaml_mistakes import Problem, explained, split_by_bracket, split_by_comma

__all__ = ["MAX_DEPTH", "MAX_EXPANDED", "Entry", "Mapping", "Node", "Scalar", "Sequence", "plain", "read"]

MAX_DEPTH: Final = 64
MAX_EXPANDED: Final = 100_000

YAML_EMPTY = code("yaml-empty", "The file holds nothing.")
YAML_DUPLICATE = code("yaml-duplicate-key", "A key stands twice in one mapping.")
YAML_KEY = code("yaml-key", "A key is a list, a mapping or an alias instead of text.")
YAML_MERGE = code("yaml-merge-key", "Merge keys (`<<`) are not part of YAML 1.2.")
YAML_TAG = code("yaml-tag", "A tag other than those of the core schema, or one that does not fit its value.")
YAML_ALIAS = code("yaml-alias", "An alias names no anchor before it.")
YAML_CYCLE = code("yaml-cycle", "An alias stands inside the node that it repeats.")
YAML_EXPANSION = code("yaml-expansion", "Aliases repeat more than 100,000 nodes.")
YAML_DEPTH = code("yaml-depth", "Lists and mappings nest deeper than 64.")
YAML_DOCUMENTS = code("yaml-documents", "The file holds more than one document.")
YAML_RANGE = code("yaml-number-range", "A number is too large for 64-bit floating point.")

# An event of PyYAML, whose stubs let marks and anchors be missing where the parser always gives them.
_Event: TypeAlias = Any

_CORE: Final = "tag:yaml.org,2002:"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}

# The C parser is many times faster; wheels have it, some systems' own builds of PyYAML don't.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(source: Source) -> Node:
    """The tree of the one document in `source`; raises `ScenarioError` at the first mistake."""
    return _Composer(source).compose()


class _Open:
    """A sequence or mapping whose end has not come yet."""

    __slots__ = ("anchor", "before", "flow", "height", "key", "node")

    def __init__(self, node: Sequence | Mapping, anchor: str | None, flow: bool, before: int) -> None:
        self.node = node
        self.anchor = anchor
        self.flow = flow
        self.before = before  # nodes counted before this one
        self.height = 1  # how deep it nests inside
        self.key: Scalar | None = None  # of a mapping, the key whose value comes next


class _Anchored:
    """A node that aliases can repeat, with its number of nodes and how deep it nests."""

    __slots__ = ("height", "node", "size")

    def __init__(self, node: Node, size: int, height: int) -> None:
        self.node, self.size, self.height = node, size, height


class _Composer:
    """Builds the tree from the events of one document."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.anchors: dict[str, _Anchored | None] = {}  # None while the anchored node is still open
        self.count = 0  # nodes so far, with those that aliases repeat
        self.expanded = 0  # those that aliases repeat
        self.documents = 0
        self.last: Scalar | None = None

    def compose(self) -> Node:
        """The document's tree."""
        parser = _Parser(self.source.text)
        next_event = parser.get_event
        try:
            while True:
                event = next_event()
                kind = type(event)
                if kind is ScalarEvent:
                    self.add(self.scalar(event))
                elif kind is SequenceStartEvent or kind is MappingStartEvent:
                    self.enter(event)
                elif kind is SequenceEndEvent or kind is MappingEndEvent:
                    self.leave()
                elif kind is AliasEvent:
                    self.add(self.alias(event))
                elif kind is DocumentStartEvent:
                    self.begin(event)
                elif kind is StreamEndEvent:
                    break
        except yaml.YAMLError as error:
            raise explained(self.source, _problem(error), self.last) from None
        finally:
            parser.dispose()
        root = self.root
        if root is None or (isinstance(root, Scalar) and root.start == root.end):
            raise self.source.error(YAML_EMPTY, "the file is empty", 0, "a scenario has at least `nodes:`")
        return root

    def begin(self, event: _Event) -> None:
        """Begin the document, of which there is only one."""
        self.documents += 1
        if self.documents > 1:
            raise self.error(YAML_DOCUMENTS, "a second document begins here", event, "keep one a file")

    # Nodes

    def scalar(self, event: _Event) -> Scalar:
        """The node of a scalar; as a key it keeps to its text."""
        text = event.value
        style = event.style or ""
        start = event.start_mark.index
        node = Scalar(self.source, start, event.end_mark.index, text, text, style)
        self.last = node
        self.count += 1
        if not style and "(" in text and self.open and self.open[-1].flow:
            split_by_bracket(node)
        if event.tag is not None or self.source.text[start : start + 1] == "!":
            node.value = self.tagged(event, text)
        elif not style and not self.awaits_key():
            node.value = self.resolved(event, text)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
        return node

    def resolved(self, event: _Event, text: str) -> ScalarValue:
        """What a plain scalar means."""
        try:
            return resolve(text)
        except OutOfRangeError:
            message = "this number is too large for 64-bit floating point"
            raise self.error(YAML_RANGE, message, event, "`.inf` is infinity", len(text)) from None

    def tagged(self, event: _Event, text: str) -> ScalarValue:
        """What a scalar with a tag means."""
        name = self.core_tag(event, "str", *_TYPES)
        if name == "str":
            return text
        value = self.resolved(event, text)
        if type(value) not in _TYPES[name]:
            raise self.error(YAML_TAG, f"`{text}` does not fit its tag `!!{name}`", event)
        return float(value) if name == "float" and isinstance(value, int) else value

    def core_tag(self, event: _Event, *allowed: str) -> str:
        """The short name of an event's tag, which must be one of the core schema's for this kind of node."""
        tag = event.tag or "!"
        name = str(tag).removeprefix(_CORE)
        if name == tag or name not in allowed:
            shown = "!!" + name if name != tag else tag
            message = f"the tag `{shown}` is not allowed here"
            raise self.error(YAML_TAG, message, event, "leave it out", len(shown))
        return name

    def alias(self, event: _Event) -> Node:
        """The node that an alias repeats."""
        name = event.anchor
        width = len(name) + 1
        if self.awaits_key():
            hint = "an alias can't stand for a key"
            raise self.error(YAML_KEY, "a key must be written out", event, hint, width)
        if name not in self.anchors:
            hint = "an expression that begins with `*` must be quoted"
            raise self.error(YAML_ALIAS, f"nothing before this is called `&{name}`", event, hint, width)
        anchored = self.anchors[name]
        if anchored is None:
            raise self.error(YAML_CYCLE, f"`*{name}` stands inside `&{name}`", event, width=width)
        self.count += anchored.size
        self.expanded += anchored.size
        if self.expanded > MAX_EXPANDED:
            message = f"aliases repeat more than {MAX_EXPANDED:,} nodes"
            raise self.error(YAML_EXPANSION, message, event, width=width)
        if self.open:
            self.deepen(event, anchored.height)
        return anchored.node

    # Structure

    def awaits_key(self) -> bool:
        """Whether the next node is a mapping's key."""
        if not self.open:
            return False
        top = self.open[-1]
        return top.key is None and type(top.node) is Mapping

    def enter(self, event: _Event) -> None:
        """Begin a sequence or mapping."""
        start = event.start_mark.index
        node: Sequence | Mapping
        if type(event) is SequenceStartEvent:
            node, tag = Sequence(self.source, start, []), "seq"
        else:
            node, tag = Mapping(self.source, start, {}), "map"
        if event.tag is not None or self.source.text[start : start + 1] == "!":
            self.core_tag(event, tag)
        if self.awaits_key():
            raise self.error(YAML_KEY, "a key must be text", event, "quote a text that begins with a bracket")
        if len(self.open) >= MAX_DEPTH:
            raise self.error(YAML_DEPTH, f"this nests more than {MAX_DEPTH} deep", event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(_Open(node, event.anchor, bool(event.flow_style), self.count))
        self.count += 1

    def leave(self) -> None:
        """End a sequence or mapping."""
        done = self.open.pop()
        if done.anchor is not None:
            self.anchors[done.anchor] = _Anchored(done.node, self.count - done.before, done.height)
        if self.open and self.open[-1].height <= done.height:
            self.open[-1].height = done.height + 1
        self.add(done.node)

    def deepen(self, event: _Event, height: int) -> None:
        """Count the depth of what an alias repeats."""
        if len(self.open) + height > MAX_DEPTH:
            raise self.error(
                YAML_DEPTH, f"with what is repeated here this nests more than {MAX_DEPTH} deep", event
            )
        self.open[-1].height = max(self.open[-1].height, height + 1)

    def add(self, node: Node) -> None:
        """Put a node where it belongs: into the innermost open sequence or mapping."""
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        parent = top.node
        if type(parent) is Sequence:
            parent.items.append(node)
        elif type(parent) is Mapping:
            key = top.key
            if key is None:
                top.key = self.key(parent, node) if type(node) is Scalar else None
                return
            if top.flow and type(node) is Scalar and node.start == node.end:
                split_by_comma(parent, key, node)
            parent.entries[key.text] = Entry(key, node)
            top.key = None

    def key(self, parent: Mapping, node: Scalar) -> Scalar:
        """`node` as a key of `parent`."""
        name = node.text
        if name in parent.entries:
            first = parent.entries[name].key.place
            where = f"line {first.line}, column {first.column}"
            message = f"`{name}` stands here a second time; the first is in {where}"
            raise self.source.error(YAML_DUPLICATE, message, node.offset, width=len(name))
        if name == "<<" and not node.style:
            hint = "write the entries out; an alias can repeat a whole value"
            raise self.source.error(YAML_MERGE, "merge keys are not part of YAML 1.2", node.offset, hint, 2)
        return node

    def error(self, kind: Code, message: str, event: _Event, hint: str = "", width: int = 1) -> ScenarioError:
        """A mistake at the beginning of an event."""
        return self.source.error(kind, message, event.start_mark.index, hint, width)


def _problem(error: yaml.YAMLError) -> Problem:
    """What PyYAML says, in plain values."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    at = mark.index if mark else getattr(error, "position", 0)
    words = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return Problem(words, at, getattr(error, "context", None) or "", opened.index if opened else None)
