"""The mutants of a source file: each is the file with one small change of its syntax tree.

What is changed are comparisons, arithmetic, numbers, truth values and conditions, what is returned, the ends
of slices, and statements that could be left out. Texts, type annotations, names and the declarations of
classes stay as they are, and so do samples, which are input of tests.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["Mutant", "mutants_of"]

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CONDITIONS: Final = (ast.If, ast.IfExp, ast.While, ast.match_case, ast.comprehension)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Change: TypeAlias = Callable[[ast.AST], ast.AST]


Path: TypeAlias = tuple[tuple[str, int | None], ...]
"""How to get to a node from the module: fields, and the index in each that is a list."""


class _Spot(NamedTuple):
    """A node that may be changed; where it and its statement are."""

    node: Any
    path: Path
    statement: Path
    function: int | None


@dataclass(frozen=True, eq=False)
class Mutant:
    """A file with one change in it: `file` is relative to the engine, `kind` says what is changed."""

    file: str
    kind: str
    _module: ast.Module
    _spot: _Spot
    _change: Change

    @property
    def lines(self) -> range:
        """The lines of what is changed."""
        node = self._spot.node
        first, last = (node.target, node.iter) if isinstance(node, ast.comprehension) else (node, node)
        if isinstance(node, ast.match_case):
            first, last = node.pattern, node.guard
        return range(first.lineno, last.end_lineno + 1)

    @property
    def around(self) -> range:
        """The lines of the statement around it."""
        statement = _found(self._module, self._spot.statement)
        return range(statement.lineno, statement.end_lineno + 1)

    @property
    def function(self) -> int | None:
        """The line of the innermost function around it; None where importing the module makes the change."""
        return self._spot.function

    @property
    def words(self) -> frozenset[str]:
        """The names and texts of one word in the statement around it, by which tests may be called."""
        statement = _found(self._module, self._spot.statement)
        return frozenset(
            word
            for node in ast.walk(statement)
            for word in (getattr(node, "id", None), getattr(node, "value", None))
            if isinstance(word, str) and word.isidentifier()
        )

    def tree(self) -> ast.Module:
        """The module with the change in it; every line keeps its number."""
        changed = deepcopy(self._module)
        _replace(changed, self._spot.path, self._change)
        return ast.fix_missing_locations(changed)

    def __str__(self) -> str:
        before, after = (_found(tree, self._spot.statement) for tree in (self._module, self.tree()))
        one, other = _difference(before, after)
        return f"{self.file}:{self.lines.start}  {self.kind}\n    - {one}\n    + {other}"


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of the source, from its first line to its last."""
    module = ast.parse(source)
    return [
        Mutant(file, kind, module, spot, change)
        for spot in _spots(module, (), (), None)
        for kind, change in _changes(spot.node)
    ]


def _spots(
    node: ast.AST,
    path: Path,
    statement: Path,
    function: int | None,
) -> Iterator[_Spot]:
    """What may be changed of what the node consists of."""
    for name, value in ast.iter_fields(node):
        if _stays(node, name):
            continue
        inside = node.lineno if isinstance(node, _FUNCTIONS) and name == "body" else function
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            place = (*path, (name, index))
            own = place if isinstance(child, ast.stmt) else statement
            yield _Spot(child, place, own, inside)
            yield from _spots(child, place, own, inside)


def _stays(node: ast.AST, field: str) -> bool:
    """Whether a field of a node declares something, or is a text."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return field in ("decorator_list", "returns")
        case ast.ClassDef():
            return field in ("decorator_list", "bases", "keywords")
        case ast.arg() | ast.JoinedStr():
            return True
        case ast.AnnAssign():
            return field == "annotation"
    return field in ("ops", "op", "type_params", "ctx")


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.Call(func=ast.Name(id="TypeVar" | "cast" | "Sample")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.keyword(arg="samples"):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.FunctionDef(decorator_list=[ast.Name(id="overload"), *_]):
            return True
    return False


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """The kinds of changes that fit a node, and what each makes of a copy of it."""
    match node:
        case ast.Compare(ops=operators):
            for index, operator in enumerate(operators):
                yield "comparison", _with_item("ops", index, _COMPARISONS[type(operator)]())
        case ast.BinOp(op=operator) if type(operator) in _ARITHMETIC and not _is_text(node):
            yield "arithmetic", _with("op", _ARITHMETIC[type(operator)]())
        case ast.BinOp(op=ast.MatMult()):
            yield "arithmetic", lambda copy: ast.BinOp(copy.right, ast.MatMult(), copy.left)  # type: ignore[attr-defined]
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield "sign", lambda copy: copy.operand  # type: ignore[attr-defined, no-any-return]
        case ast.BoolOp(op=ast.And()):
            yield "and, or", _with("op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "and, or", _with("op", ast.And())
        case ast.Constant(value=bool(truth)):
            yield "truth", _with("value", not truth)
        case ast.Constant(value=int() | float()):
            yield "number", _with("value", node.value + 1)
            yield "number", _with("value", node.value - 1)
        case ast.Slice(lower=lower, upper=upper):
            yield "slice", _with("lower", _one_more(lower) if lower else ast.Constant(1))
            if upper is not None:
                yield "slice", _with("upper", _one_more(upper))
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield "return", _with("value", ast.Constant(None))
        case ast.Break():
            yield "jump", lambda _: ast.Continue()
        case ast.Continue():
            yield "jump", lambda _: ast.Break()
        case ast.Raise() | ast.Expr() | ast.Delete():
            yield "left out", lambda _: ast.Pass()
        case ast.AugAssign(op=operator):
            yield "left out", lambda _: ast.Pass()
            if type(operator) in _ARITHMETIC:
                yield "arithmetic", _with("op", _ARITHMETIC[type(operator)]())
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "left out", lambda _: ast.Pass()
    if isinstance(node, _CONDITIONS):
        yield from _negations(node)


def _negations(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """The node with the contrary of each of its conditions; some have one without."""
    match node:
        case ast.comprehension(ifs=conditions):
            for index, condition in enumerate(conditions):
                if not _has_a_contrary(condition):
                    yield "condition", _with_item("ifs", index, ast.UnaryOp(ast.Not(), condition))
        case ast.match_case(guard=ast.expr() as guard) if not _has_a_contrary(guard):
            yield "condition", _with("guard", ast.UnaryOp(ast.Not(), guard))
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if not _has_a_contrary(test):
            yield "condition", _with("test", ast.UnaryOp(ast.Not(), test))


def _has_a_contrary(test: ast.expr) -> bool:
    """Whether another change already turns the whole test into its contrary."""
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            return True
    return False


def _with(field: str, value: Any) -> Change:
    def changed(copy: ast.AST) -> ast.AST:
        setattr(copy, field, deepcopy(value))
        return copy

    return changed


def _with_item(field: str, index: int, value: ast.AST) -> Change:
    def changed(copy: ast.AST) -> ast.AST:
        getattr(copy, field)[index] = deepcopy(value)
        return copy

    return changed


def _one_more(end: ast.expr) -> ast.expr:
    return ast.BinOp(end, ast.Add(), ast.Constant(1))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _is_text(node: ast.BinOp) -> bool:
    """Whether texts or tuples are joined: anything else ends in an error that says nothing."""
    return any(
        isinstance(side, ast.JoinedStr | ast.Tuple | ast.List)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _found(tree: ast.Module, path: Path) -> Any:
    node: Any = tree
    for field, index in path:
        node = getattr(node, field) if index is None else getattr(node, field)[index]
    return node


def _replace(tree: ast.Module, path: Path, change: Change) -> None:
    parent = _found(tree, path[:-1])
    field, index = path[-1]
    node = _found(tree, path)
    changed = change(node)
    if changed is not node and isinstance(node, ast.expr | ast.stmt):
        ast.copy_location(changed, node)
    if index is None:
        setattr(parent, field, changed)
    else:
        getattr(parent, field)[index] = changed


def _difference(before: ast.stmt, after: ast.stmt) -> tuple[str, str]:
    """The line of the statement in which the two differ, as each has it."""
    lines = [ast.unparse(ast.fix_missing_locations(deepcopy(one))).splitlines() for one in (before, after)]
    for one, other in zip(*lines, strict=False):
        if one != other:
            return _around_difference(one.strip(), other.strip())
    return lines[0][0], lines[1][0]


def _around_difference(one: str, other: str) -> tuple[str, str]:
    """Both lines, of long ones only what is near the first difference."""
    if max(len(one), len(other)) <= 160:
        return one, other
    begin = next(at for at in range(len(one) + 1) if one[at : at + 1] != other[at : at + 1])
    start = max(0, begin - 80)
    return "…" + one[start : begin + 80] + "…", "…" + other[start : begin + 80] + "…"
