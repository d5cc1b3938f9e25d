"""What stands under `nodes`: an expression, the long form of one operator, or instances of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.expressions import (
    Attribute,
    Expr,
    ExprError,
    Filled,
    Name,
    Number,
    Span,
    Template,
    fill,
    path,
)
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.ops import Op
from backprop_engine.scenario.calls import CallError, find_op
from backprop_engine.scenario.expressions import expression_mistake, parsed, syntax_mistake
from backprop_engine.scenario.format import EXPRESSION, NODE_FORMS, OPERATOR
from backprop_engine.scenario.mistakes import (
    WRONG_TYPE,
    as_sequence,
    as_text,
    described,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.nearest import one_is_near
from backprop_engine.scenario.nodes import Entry, Mapping, Node, Scalar, plain
from backprop_engine.scenario.plans import Plan, plan_of
from backprop_engine.scenario.slips import SECTIONS

__all__ = [
    "Argument",
    "At",
    "CellUse",
    "Expression",
    "LongForm",
    "ScanUse",
    "Unit",
    "expression_unit",
    "operands_beside",
    "path_text",
    "read_unit",
    "unit_mistake",
]

NODE_FORM = code("node-form", msg("A node is no expression and no map with `op` or `expr`."))
NODE_CONSTANT = code("node-constant", msg("A node that is only a number: numbers go under `constants`."))

_FORMS = msg(
    "a node is an expression, `{{op: …, inputs: […]}}`, `{{expr: …}}`, `{{cell: …}}` or `{{scan: …}}`"
)


At: TypeAlias = Span | Node
"""Where a part of a unit stands: a stretch of its expression, or a node of the file."""


class Expression(Struct, frozen=True, eq=False):
    """A node written as an expression, which is its template and what fills it; `plan` is the template's."""

    name: str
    key: Scalar
    scalar: Scalar
    filled: Filled
    plan: Plan
    names: tuple[str, ...]
    """Every name that an operand is taken from, normalised, as often as it stands there."""
    note: Node | None = None

    @property
    def references(self) -> list[tuple[str, At]]:
        """The names with their places, which take time to find."""
        places = (self.filled.span(part.span) for part in self.plan.names)
        return list(zip(self.names, places, strict=True))


class LongForm(Struct, frozen=True, eq=False):
    """A node written as an operator with its operands and attributes beside it."""

    name: str
    key: Scalar
    op: Op
    op_node: Scalar
    inputs: tuple[Scalar, ...]
    named: tuple[tuple[Entry, bool], ...]
    """Entries beside the inputs, and whether each is an operand, rather than an attribute."""
    references: list[tuple[str, At]]
    note: Node | None = None

    @property
    def text(self) -> str:
        """The unit as a call."""
        named = (f"{entry.key.text}={clean(str(plain(entry.value)))}" for entry, _ in self.named)
        return f"{self.op.name}({', '.join((*(clean(one.text) for one in self.inputs), *named))})"


class Argument(Struct, frozen=True, eq=False):
    """What an input of a cell is given: a `name`, a number (`scalar` has it), or an expression (`unit`)."""

    key: Scalar
    scalar: Scalar
    name: str = ""
    unit: Expression | None = None


class CellUse(Struct, frozen=True, eq=False):
    """One instance of a cell; `inputs` are by the cell's names for them."""

    name: str
    key: Scalar
    cell: str
    cell_node: Scalar
    inputs: dict[str, Argument]
    references: list[tuple[str, At]]
    note: Node | None = None


class Carry(Struct, frozen=True, eq=False):
    """An input that each instance of a scan takes from the one before it: from its node called `next`."""

    init: Argument
    next: str
    next_node: Scalar


class ScanUse(Struct, frozen=True, eq=False):
    """Instances of a cell along the leading axis of the tensors in `over`."""

    name: str
    key: Scalar
    cell: str
    cell_node: Scalar
    inputs: dict[str, Argument]
    over: dict[str, Argument]
    carry: dict[str, Carry]
    references: list[tuple[str, At]]
    note: Node | None = None


Unit: TypeAlias = Expression | LongForm | CellUse | ScanUse


def operands_beside(unit: LongForm | CellUse | ScanUse) -> Iterator[Node]:
    """What may be a number among the operands of a unit that is no expression."""
    if isinstance(unit, LongForm):
        yield from unit.inputs
        yield from (entry.value for entry, named_operand in unit.named if named_operand)
        return
    arguments = [*unit.inputs.values()]
    if isinstance(unit, ScanUse):
        arguments += (carry.init for carry in unit.carry.values())
    yield from (argument.scalar for argument in arguments)


def path_text(part: Expr) -> str:
    """A name or a path as it is looked up: `states[-1].h`, normalised; empty for any other expression."""
    if type(part) is Name:
        return normalised(part.name)
    return _path_text(path(part) or ())


def _path_text(steps: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return normalised(text[1:])


def read_unit(name: str, key: Scalar, node: Node) -> Unit:
    """The unit that `node` describes; `ScenarioError` where it describes none."""
    if isinstance(node, Mapping):
        return _from_map(name, key, node)
    if not isinstance(node, Scalar):
        items = [one.text for one in node.items if isinstance(one, Scalar) and isinstance(one.value, str)]
        hint = msg("put `{name}` under `constants`", name=name)
        if len(items) == len(node.items) == 1:
            hint = msg("leave the brackets out: `{text}`", text=shortened(clean(items[0]), 60))
        raise mistake(NODE_CONSTANT, node, msg("`{name}` is a list and no expression", name=name), hint)
    return _expression(name, key, node, None)


def _expression(name: str, key: Scalar, node: Scalar, note: Node | None) -> Expression:
    value = node.value
    if type(value) is not str:
        if value is None:
            raise mistake(NODE_FORM, key, msg("`{name}` has no expression", name=name), _FORMS)
        raise mistake(
            NODE_CONSTANT,
            node,
            msg("`{name}` is {found} and nothing to compute", name=name, found=described(node)),
            _constant_hint(name, node.text),
        )
    try:
        filled = fill(node.text)
    except ExprError as error:
        raise syntax_mistake(node, error) from None
    tree = filled.template.tree
    if type(tree) is Number:
        raise expression_mistake(
            NODE_CONSTANT,
            node,
            filled.span(tree.span),
            msg("`{name}` is a number and nothing to compute", name=name),
            _constant_hint(name, node.text.strip()),
        )
    return _filled_unit(name, key, node, filled, note)


def expression_unit(name: str, key: Scalar, node: Scalar, tree: Expr) -> Expression:
    """The unit that computes `tree`, which the text of `node` has been parsed to."""
    return _filled_unit(name, key, node, Filled(node.text, Template(node.text, tree)), None)


def _filled_unit(name: str, key: Scalar, node: Scalar, filled: Filled, note: Node | None) -> Expression:
    plan = plan_of(filled.template)
    if plan.names_written is None:
        names = tuple(_path_text(filled.path(part) or ()) for part in plan.names)
    else:
        names = plan.names_written(filled.written)
        if not filled.text.isascii():
            names = tuple(map(normalised, names))
    return Expression(name, key, node, filled, plan, names, note)


def _constant_hint(name: str, text: str) -> Message:
    return msg("put it under `constants`: `{text}`", text=f"constants: {{{name}: {text}}}")


def _from_map(name: str, key: Scalar, node: Mapping) -> Unit:
    """A node written as a map, told apart by the key that it has."""
    forms = [form for form in NODE_FORMS if form in node]
    if len(forms) > 1:
        message = msg(
            "`{name}` has both `{first}` and `{second}`", name=name, first=forms[0], second=forms[1]
        )
        raise mistake(NODE_FORM, node.entries[forms[1]].key, message, msg("keep one of them"))
    if "cell" in node or "scan" in node:
        from backprop_engine.scenario.instances import read_cell_use, read_scan_use

        return read_cell_use(name, key, node) if "cell" in node else read_scan_use(name, key, node)
    if "expr" in node:
        only_keys(node, EXPRESSION.names, msg("a node with `expr`"))
        expression = node.entries["expr"].value
        if not isinstance(expression, Scalar):
            raise mistake(
                WRONG_TYPE,
                expression,
                msg("`expr` is an expression, found {found}", found=described(expression)),
            )
        return _expression(name, key, expression, node.get("note"))
    if "op" in node:
        return _long_form(name, key, node)
    near = one_is_near(node.entries, NODE_FORMS)
    if name in SECTIONS:
        near = msg("`{name}` is a section of the scenario: it begins in the first column", name=name)
    raise mistake(NODE_FORM, node, msg("`{name}` is a map without `op` or `expr`", name=name), near or _FORMS)


def _long_form(name: str, key: Scalar, node: Mapping) -> LongForm:
    op_node = as_text(node.entries["op"].value, msg("an operator's name"))
    try:
        op = find_op(op_node.text, op_node)
    except CallError as error:
        raise mistake(error.kind, op_node, error.message, error.hint) from None
    inputs: tuple[Scalar, ...] = ()
    if "inputs" in node:
        given = node.entries["inputs"].value
        hint: Hint = (
            msg("write `{text}`", text=f"inputs: [{given.text}]")
            if isinstance(given, Scalar) and not is_absent(given)
            else ""
        )
        inputs = tuple(_operand(one) for one in as_sequence(given, msg("a list of names"), hint))
    named = tuple(
        (entry, entry.key.text in op.operands) for entry in node if entry.key.text not in OPERATOR.names
    )
    operands = (*inputs, *(_operand(entry.value) for entry, is_operand in named if is_operand))
    names: list[tuple[str, At]] = [
        (path_text(parsed(one)), one) for one in operands if type(one.value) is str
    ]
    return LongForm(name, key, op, op_node, inputs, named, names, node.get("note"))


def _operand(node: Node) -> Scalar:
    """The name of an operand of the long form, or a number."""
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        return node
    scalar = as_text(node, msg("the name of a leaf or node"))
    tree = parsed(scalar)
    if not isinstance(tree, Name | Attribute):
        hint = msg("give it a node of its own, or write the whole node as an expression")
        raise mistake(NODE_FORM, scalar, msg("the long form takes operands by name, not expressions"), hint)
    return scalar


def unit_mistake(unit: Unit, kind: Code, at: At, message: Message, hint: Hint = "") -> ScenarioError:
    """A single mistake at `at` inside `unit`, ready to be raised."""
    if isinstance(at, Span):
        assert isinstance(unit, Expression)  # only expressions have stretches
        return expression_mistake(kind, unit.scalar, at, message, hint)
    return mistake(kind, at, message, hint)
