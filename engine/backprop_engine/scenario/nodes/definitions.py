"""What is under `nodes`: an expression, the long form of one operator, or instances of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.evaluation.calls import NO_OWN_OPERATORS, CallError, find_op
from backprop_engine.evaluation.derivative_operators import DERIVATIVES
from backprop_engine.evaluation.execution_plans import ExecutionPlan, plan_of
from backprop_engine.expressions import (
    Attribute,
    Expr,
    ExprError,
    FilledTemplate,
    Name,
    Number,
    SourceSpan,
    alone,
    fill,
    normalised,
    path,
)
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import near_one_of
from backprop_engine.ops import Op
from backprop_engine.scenario.format import CARRIED, EXPRESSION, INSTANCE, NODE_FORMS, OPERATOR, SCAN
from backprop_engine.scenario.read.layout_hints import SECTIONS
from backprop_engine.scenario.read.mistakes import (
    WRONG_TYPE,
    as_mapping,
    as_sequence,
    as_text,
    described,
    expression_mistake,
    is_absent,
    mistake,
    only_keys,
    parsed,
    syntax_mistake,
)
from backprop_engine.scenario.read.yaml_nodes import YamlEntry, YamlMapping, YamlNode, YamlScalar, plain

__all__ = [
    "Argument",
    "CellUse",
    "Expression",
    "Location",
    "LongForm",
    "NodeDefinition",
    "ScanUse",
    "definition_mistake",
    "operands_beside",
    "read_definition",
]

NODE_FORM = code("node-form", msg("A node is neither an expression nor a map with `op` or `expr`."))
NODE_CONSTANT = code("node-constant", msg("A node is only a number: numbers go under `constants`."))

_FORMS = msg(
    "a node is an expression, `{{op: …, inputs: […]}}`, `{{expr: …}}`, `{{cell: …}}` or `{{scan: …}}`"
)


Location: TypeAlias = SourceSpan | YamlNode
"""Where a part of a definition is: a stretch of its expression, or a node of the file."""


class Expression(Struct, frozen=True, eq=False, gc=False):
    """A node written as an expression, which is its template and what fills it; `plan` is the template's."""

    name: str
    key: YamlScalar
    scalar: YamlScalar
    filled: FilledTemplate
    plan: ExecutionPlan
    names: tuple[str, ...]
    """Every name that an operand is taken from, normalised, as often as it is there."""
    note: YamlNode | None = None

    @property
    def references(self) -> list[tuple[str, Location]]:
        """The names with their places, which take time to find."""
        places = (self.filled.span(part.span) for part in self.plan.names)
        return list(zip(self.names, places, strict=True))


class LongForm(Struct, frozen=True, eq=False):
    """A node written as an operator with its operands and attributes beside it."""

    name: str
    key: YamlScalar
    op: Op
    op_node: YamlScalar
    inputs: tuple[YamlScalar, ...]
    named: tuple[tuple[YamlEntry, bool], ...]
    """Entries beside the inputs, and whether each is an operand, rather than an attribute."""
    references: list[tuple[str, Location]]
    note: YamlNode | None = None

    @property
    def text(self) -> str:
        """The definition as a call."""
        named = (f"{entry.key.text}={clean(str(plain(entry.value)))}" for entry, _ in self.named)
        return f"{self.op.name}({', '.join((*(clean(operand.text) for operand in self.inputs), *named))})"


class Argument(Struct, frozen=True, eq=False):
    """What an input of a cell is given: a `name`, a number (in `scalar`), or an expression (`definition`)."""

    key: YamlScalar
    scalar: YamlScalar
    name: str = ""
    definition: Expression | None = None


class CellUse(Struct, frozen=True, eq=False):
    """One instance of a cell; `inputs` are by the cell's names for them."""

    name: str
    key: YamlScalar
    cell: str
    cell_node: YamlScalar
    inputs: dict[str, Argument]
    references: list[tuple[str, Location]]
    note: YamlNode | None = None


class Carry(Struct, frozen=True, eq=False):
    """An input that each instance of a scan takes from the one before it: from its node called `next`."""

    init: Argument
    next: str
    next_node: YamlScalar


class ScanUse(Struct, frozen=True, eq=False):
    """Instances of a cell along the leading axis of the tensors in `over`."""

    name: str
    key: YamlScalar
    cell: str
    cell_node: YamlScalar
    inputs: dict[str, Argument]
    over: dict[str, Argument]
    carry: dict[str, Carry]
    references: list[tuple[str, Location]]
    note: YamlNode | None = None


NodeDefinition: TypeAlias = Expression | LongForm | CellUse | ScanUse


def operands_beside(definition: LongForm | CellUse | ScanUse) -> Iterator[YamlNode]:
    """The operands of a definition other than an expression that may be numbers."""
    if isinstance(definition, LongForm):
        yield from definition.inputs
        yield from (entry.value for entry, named_operand in definition.named if named_operand)
        return
    arguments = [*definition.inputs.values()]
    if isinstance(definition, ScanUse):
        arguments += (carry.init for carry in definition.carry.values())
    yield from (argument.scalar for argument in arguments)


def path_text(part: Expr) -> str:
    """A name or a path as it is looked up: `states[-1].h`, normalised; empty for any other expression."""
    if type(part) is Name:
        return normalised(part.name)
    return _path_text(path(part) or ())


def _path_text(steps: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return normalised(text[1:])


def read_definition(
    name: str, key: YamlScalar, node: YamlNode, own: Mapping[str, Op] = NO_OWN_OPERATORS
) -> NodeDefinition:
    """The definition that `node` describes; `ScenarioError` if it does not describe one.

    `own` are the operators that the file defines.
    """
    if isinstance(node, YamlMapping):
        return _from_map(name, key, node, own)
    if not isinstance(node, YamlScalar):
        items = [
            item.text for item in node.items if isinstance(item, YamlScalar) and isinstance(item.value, str)
        ]
        hint = msg("put `{name}` under `constants`", name=name)
        if len(items) == len(node.items) == 1:
            hint = msg("leave the brackets out: `{text}`", text=shortened(clean(items[0]), 60))
        raise mistake(NODE_CONSTANT, node, msg("`{name}` is a list, not an expression", name=name), hint)
    return _expression(name, key, node, None, own)


def _expression(
    name: str, key: YamlScalar, node: YamlScalar, note: YamlNode | None, own: Mapping[str, Op]
) -> Expression:
    value = node.value
    if type(value) is not str:
        if value is None:
            raise mistake(NODE_FORM, key, msg("`{name}` has no expression", name=name), _FORMS)
        raise mistake(
            NODE_CONSTANT,
            node,
            msg("`{name}` is {found}, not something to compute", name=name, found=described(node)),
            _constant_hint(name, node.text),
        )
    try:
        filled = fill(node.text)
    except ExprError as error:
        raise syntax_mistake(node, error) from None
    definition = _filled_definition(name, key, node, filled, note, own)
    if not definition.names and not definition.plan.computed:
        raise expression_mistake(
            NODE_CONSTANT,
            node,
            filled.span(filled.template.tree.span),
            msg("`{name}` is a number, not something to compute", name=name),
            _constant_hint(name, node.text.strip()),
        )
    return definition


def expression_definition(
    name: str, key: YamlScalar, node: YamlScalar, tree: Expr, own: Mapping[str, Op]
) -> Expression:
    """The definition that computes `tree`, which the text of `node` has been parsed to."""
    return _filled_definition(name, key, node, alone(node.text, tree), None, own)


def _filled_definition(
    name: str,
    key: YamlScalar,
    node: YamlScalar,
    filled: FilledTemplate,
    note: YamlNode | None,
    own: Mapping[str, Op],
) -> Expression:
    plan = plan_of(filled.template, own)
    if plan.names_written is None:
        names = tuple(_path_text(filled.path(part) or ()) for part in plan.names)
    else:
        written = filled.written
        names = written if plan.names_alone else tuple([written[slot] for slot in plan.names_written])
        if not filled.text.isascii():
            names = tuple(map(normalised, names))
    return Expression(name, key, node, filled, plan, names, note)


def _constant_hint(name: str, text: str) -> Message:
    return msg("put it under `constants`: `{text}`", text=f"constants: {{{name}: {text}}}")


def _from_map(name: str, key: YamlScalar, node: YamlMapping, own: Mapping[str, Op]) -> NodeDefinition:
    """A node written as a map, distinguished by the key that it has."""
    forms = [form for form in NODE_FORMS if form in node]
    if len(forms) > 1:
        message = msg(
            "`{name}` has both `{first}` and `{second}`", name=name, first=forms[0], second=forms[1]
        )
        raise mistake(NODE_FORM, node.entries[forms[1]].key, message, msg("keep one of them"))
    if "cell" in node or "scan" in node:
        return read_cell_use(name, key, node, own) if "cell" in node else read_scan_use(name, key, node)
    if "expr" in node:
        only_keys(node, EXPRESSION.names, msg("a node with `expr`"))
        expression = node.entries["expr"].value
        if not isinstance(expression, YamlScalar):
            raise mistake(
                WRONG_TYPE,
                expression,
                msg("`expr` is an expression, found {found}", found=described(expression)),
            )
        return _expression(name, key, expression, node.get("note"), own)
    if "op" in node:
        return _long_form(name, key, node, own)
    near = near_one_of(node.entries, NODE_FORMS)
    if name in SECTIONS:
        near = msg("`{name}` is a section of the scenario: it must start in the first column", name=name)
    raise mistake(NODE_FORM, node, msg("`{name}` is a map without `op` or `expr`", name=name), near or _FORMS)


def _long_form(name: str, key: YamlScalar, node: YamlMapping, own: Mapping[str, Op]) -> LongForm:
    op_node = as_text(node.entries["op"].value, msg("an operator's name"))
    try:
        called = normalised(op_node.text)
        op = DERIVATIVES.get(called) or find_op(called, op_node, (), own)
    except CallError as error:
        raise mistake(error.kind, op_node, error.message, error.hint) from None
    inputs: tuple[YamlScalar, ...] = ()
    if "inputs" in node:
        given = node.entries["inputs"].value
        hint: Hint = (
            msg("write `{text}`", text=f"inputs: [{given.text}]")
            if isinstance(given, YamlScalar) and not is_absent(given)
            else ""
        )
        inputs = tuple(_operand(item) for item in as_sequence(given, msg("a list of names"), hint))
    named = tuple(
        (entry, normalised(entry.key.text) in op.operands)
        for entry in node
        if entry.key.text not in OPERATOR.names
    )
    operands = (*inputs, *(_operand(entry.value) for entry, is_operand in named if is_operand))
    names: list[tuple[str, Location]] = [
        (path_text(parsed(operand)), operand) for operand in operands if type(operand.value) is str
    ]
    return LongForm(name, key, op, op_node, inputs, named, names, node.get("note"))


def _operand(node: YamlNode) -> YamlScalar:
    """The name of an operand of the long form, or a number."""
    if isinstance(node, YamlScalar) and type(node.value) in (int, float):
        return node
    scalar = as_text(node, msg("the name of a leaf or node"))
    tree = parsed(scalar)
    if not isinstance(tree, Name | Attribute):
        hint = msg("give it a node of its own, or write the whole node as an expression")
        raise mistake(NODE_FORM, scalar, msg("the long form takes names of operands, not expressions"), hint)
    return scalar


def definition_mistake(
    definition: NodeDefinition, kind: Code, at: Location, message: Message, hint: Hint = ""
) -> ScenarioError:
    """A single mistake at `at` inside `definition`, ready to be raised."""
    if isinstance(at, SourceSpan):
        assert isinstance(definition, Expression)  # only expressions have stretches
        return expression_mistake(kind, definition.scalar, at, message, hint)
    return mistake(kind, at, message, hint)


SCAN_FORM = code("scan-form", msg("A scan has no `over`, or a carried input has no `init` or no `next`."))

_INPUTS = msg("such as `inputs: {{x: x0, h_prev: h0}}`")
_OVER = msg("such as `over: {{x: xs}}`, where `xs` has the time steps along its first axis")
_CARRY = msg("such as `carry: {{h_prev: {{init: h0, next: h}}}}`")


def read_cell_use(name: str, key: YamlScalar, node: YamlMapping, own: Mapping[str, Op]) -> CellUse:
    """One instance of a cell."""
    only_keys(node, INSTANCE.names, msg("a node with `cell`"))
    cell_node = as_text(node.entries["cell"].value, msg("the name of a cell"))
    inputs = _arguments(node.get("inputs"), "inputs", _INPUTS, own)
    cell = normalised(cell_node.text)
    return CellUse(name, key, cell, cell_node, inputs, _references(inputs), node.get("note"))


def read_scan_use(name: str, key: YamlScalar, node: YamlMapping) -> ScanUse:
    """Instances of a cell along an axis."""
    only_keys(node, SCAN.names, msg("a node with `scan`"))
    cell_node = as_text(node.entries["scan"].value, msg("the name of a cell"))
    over = _arguments(node.get("over"), "over", _OVER)
    if not over:
        at = node.entries["over"].key if "over" in node else node
        raise mistake(SCAN_FORM, at, msg("`{name}` has nothing to scan over", name=name), _OVER)
    inputs = _arguments(node.get("inputs"), "inputs", _INPUTS)
    carry = _carried(node.get("carry"))
    initial = {parameter: carried.init for parameter, carried in carry.items()}
    references = _references(over) + _references(initial) + _references(inputs)
    cell = normalised(cell_node.text)
    return ScanUse(name, key, cell, cell_node, inputs, over, carry, references, node.get("note"))


def _arguments(
    node: YamlNode | None, what: str, hint: Hint, own: Mapping[str, Op] | None = None
) -> dict[str, Argument]:
    """The arguments of a cell's inputs, by name; expressions, with a file's `own` operators, only if those
    are given.
    """
    if node is None or is_absent(node):
        return {}
    entries = as_mapping(
        node, msg("`{section}` as a map from the cell's inputs to names", section=what), hint
    )
    return {
        normalised(entry.key.text): _argument(entry, hint, own, number=what != "over") for entry in entries
    }


def _argument(
    entry: YamlEntry, hint: Hint, own: Mapping[str, Op] | None = None, *, number: bool = True
) -> Argument:
    key, value = entry
    if isinstance(value, YamlScalar) and type(value.value) in (int, float):
        if number:
            return Argument(key, value)
        raise mistake(
            WRONG_TYPE,
            value,
            msg("expected the name of a tensor, found {found}", found=described(value)),
            hint,
        )
    scalar = as_text(value, msg("the name of a leaf or node"), hint)
    tree = parsed(scalar)
    if isinstance(tree, Name | Attribute):
        return Argument(key, scalar, path_text(tree))
    if isinstance(tree, Number) or own is None:
        message = msg("expected the name of a leaf or node, found {found}", found=described(scalar))
        raise mistake(WRONG_TYPE, scalar, message, msg("give the expression a node of its own"))
    parameter = normalised(key.text)
    return Argument(key, scalar, definition=expression_definition(parameter, key, scalar, tree, own))


def _carried(node: YamlNode | None) -> dict[str, Carry]:
    if node is None or is_absent(node):
        return {}
    carried = {}
    for entry in as_mapping(
        node, msg("`carry` as a map from the cell's inputs to `{{init: …, next: …}}`"), _CARRY
    ):
        settings = as_mapping(entry.value, msg("a map with `init` and `next`"), _CARRY)
        only_keys(settings, CARRIED.names, msg("the carried input `{name}`", name=entry.key.text))
        missing = [part for part in CARRIED.names if is_absent(settings.get(part))]
        if missing:
            message = msg("the carried input `{name}` has no `{key}`", name=entry.key.text, key=missing[0])
            raise mistake(SCAN_FORM, settings, message, _CARRY)
        init = _argument(YamlEntry(entry.key, settings.entries["init"].value), _CARRY)
        next_node = as_text(settings.entries["next"].value, msg("the name of a node of the cell"), _CARRY)
        tree = parsed(next_node)
        if not isinstance(tree, Name | Attribute):
            raise mistake(WRONG_TYPE, next_node, msg("`next` is the name of a node of the cell"), _CARRY)
        carried[normalised(entry.key.text)] = Carry(init, path_text(tree), next_node)
    return carried


def _references(arguments: dict[str, Argument]) -> list[tuple[str, Location]]:
    """The names that arguments are; those in their expressions belong to the expressions' own definitions."""
    return [(argument.name, argument.scalar) for argument in arguments.values() if argument.name]
